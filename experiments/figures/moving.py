"""Figures that move: a network or a timeline through time, as GIF or as a page that plays its frames."""

from __future__ import annotations

import base64
import html
import io
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink, ties
from experiments.figures.cascade import chosen_actors
from experiments.figures.kinds import Asked, kind
from experiments.figures.sheet import BODY
from experiments.figures.timelines import _compose, no_logs
from sim.schema import date_of_months

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from sim.result import Result

FRAMES = 40
DOTS_PER_INCH = 130
STEP = 140  # milliseconds that a frame stands; the last one stands longer
REST = 2000
COMMON = 112  # colours of a picture that is to be small, beside those of figures


@dataclass(frozen=True)
class Film:
    """Frames with what each shows in words (a date)."""

    title: str
    frames: list[Image]
    words: list[str]

    def content(self, form: str, facts: dict[str, str]) -> bytes:
        """Return the film as a file: "gif", or "html"."""
        return self._gif(facts) if form == "gif" else self._page(facts).encode("utf-8")

    def _gif(self, facts: dict[str, str]) -> bytes:
        picture = io.BytesIO()
        first, *rest = self._thinned()
        first.save(
            picture, "GIF", save_all=True, append_images=rest, loop=0, optimize=False, disposal=1,
            duration=[STEP] * len(rest) + [REST], comment=json.dumps(facts)[:60_000].encode(),
        )  # fmt: skip
        return picture.getvalue()

    def _page(self, facts: dict[str, str]) -> str:
        pictures = []
        for frame in self._thinned():
            picture = io.BytesIO()
            frame.save(picture, "PNG", optimize=True)
            pictures.append(base64.b64encode(picture.getvalue()).decode())
        data = {"frames": pictures, "words": self.words, "step": STEP, "facts": facts}
        text = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c").replace("&", "\\u0026")
        return PLAYER.replace("{{title}}", html.escape(self.title)).replace("{{data}}", text)

    def _thinned(self) -> list[Image]:
        """Return the frames with few colours, those of the last one: it shows everything."""
        palette = palette_of(self.frames[-1])
        return [in_palette(frame, palette) for frame in self.frames]


PLAYER = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{title}}</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 14px/1.4 sans-serif; margin: 1em auto; max-width: 60em; padding: 0 1em; }
img { max-width: 100%; display: block; border: 1px solid #ddd; }
form { display: flex; gap: .7em; align-items: center; margin: .6em 0; }
input { flex: 1; } button { min-width: 5em; } output { min-width: 6em; font-variant-numeric: tabular-nums; }
</style>
<h1 style="font-size:1.1em">{{title}}</h1>
<form onsubmit="return false">
<button type="button" id="play" aria-pressed="false">Play</button>
<input type="range" id="place" min="0" value="0" aria-label="date"><output id="when" for="place"></output>
</form>
<img id="frame" alt="">
<details><summary>How it was made</summary><pre id="facts" style="white-space:pre-wrap"></pre></details>
<script type="application/json" id="data">{{data}}</script>
<script>
const film = JSON.parse(document.getElementById("data").textContent);
const [play, place, when, frame] = ["play", "place", "when", "frame"].map(id => document.getElementById(id));
document.getElementById("facts").textContent =
  Object.entries(film.facts).map(([name, value]) => name + ": " + value).join("\\n");
let timer = null;
place.max = film.frames.length - 1;
function show(number) {
  place.value = number;
  when.textContent = film.words[number];
  frame.src = "data:image/png;base64," + film.frames[number];
  frame.alt = document.title + ", " + film.words[number];
}
function stop() {
  clearInterval(timer); timer = null;
  play.textContent = "Play"; play.setAttribute("aria-pressed", "false");
}
function next() {
  if (+place.value >= film.frames.length - 1) { stop(); return; }
  show(+place.value + 1);
}
play.onclick = () => {
  if (timer) { stop(); return; }
  if (+place.value >= film.frames.length - 1) show(0);
  play.textContent = "Pause"; play.setAttribute("aria-pressed", "true");
  timer = setInterval(next, film.step);
};
place.oninput = () => { stop(); show(+place.value); };
show(0);
</script>
</html>
"""


def palette_of(picture: Image) -> Image:
    """Return a palette for a picture: its commonest colours, white, and those of figures, however rare."""
    from PIL import Image as images

    own = picture.convert("RGB").quantize(COMMON).getpalette() or []
    common = [own[first : first + 3] for first in range(0, 3 * COMMON, 3)]
    chosen = [255, 255, 255]  # and nothing that is nearly white: Pillow takes one for the other
    chosen += [part for colour in common if min(colour, default=255) < 248 for part in colour]
    for colour in (
        ink.BLACK,
        ink.ORANGE,
        ink.SKY,
        ink.GREEN,
        ink.YELLOW,
        ink.BLUE,
        ink.VERMILLION,
        ink.PURPLE,
    ):
        for strength in (1.0, 0.7, 0.4):
            chosen += [round(255 * part) for part in ink.mixed(colour, strength)]
    palette = images.new("P", (1, 1))
    palette.putpalette(chosen)
    return palette


def painted(figure: Figure) -> Image:
    """Return a figure as a picture."""
    from PIL import Image as images

    figure.set_dpi(DOTS_PER_INCH)
    figure.canvas.draw()
    return images.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3].copy())  # type: ignore[attr-defined]


def _times(result: Result) -> list[float]:
    return [float(time) for time in np.linspace(0.0, result.compiled.horizon, FRAMES)]


def _date(result: Result, time: float) -> str:
    last = math.nextafter(result.compiled.horizon, 0.0)
    return f"{date_of_months(result.scenario.start + min(time, last)):%Y-%m}"


@kind("moving-network", "run", ("run", "only", "by"), no_logs, moving=True)
def moving_network(result: Result, asked: Asked) -> Film:
    """The network as it comes to be, month by month (.gif, .html)."""
    import matplotlib

    logs = ties.logs_of(result, asked.run)
    among = set(chosen_actors(result.compiled, asked.only))
    whole = ties.flows_of(logs)
    largest, frames, words = ties.largest_of(whole), [], []
    with matplotlib.rc_context(ink.STYLE):
        sheet, axes = ties.paper(result, asked, "What flowed between actors")
        figure = sheet.whole(ties.caption(result, len(logs), whole, among))
        for time in _times(result):
            date = _date(result, time)
            axes.clear()
            flows = ties.flows_of(logs, time)
            ties.draw_network(axes, result, logs, flows, among, time, asked.by or "kind", largest)
            ink.write(axes, -0.98, 0.98, f"by {date}", fontsize=BODY + 1, fontweight="bold", va="top")
            frames.append(painted(figure))
            words.append(date)
    return Film(f"{result.scenario.file.scenario.title}: what flowed between actors", frames, words)


@kind("moving-timeline", "run", ("run", "only", "by"), no_logs, moving=True)
def moving_timeline(result: Result, asked: Asked) -> Film:
    """One run's cascade as time goes on (.gif, .html)."""
    import matplotlib
    from PIL import Image as images

    with matplotlib.rc_context(ink.STYLE):
        figure = _compose(result, asked, "b")
        whole = np.asarray(painted(figure), np.float32)
    frames, words = [], []
    for time in _times(result):
        now = whole.copy()
        for axes in figure.axes:
            box, (x, _) = axes.get_window_extent(), axes.transData.transform((time, 0.0))
            top, bottom = int(len(whole) - box.y1) - 3, int(len(whole) - box.y0)
            left, right = int(max(box.x0 + 1, x)), int(box.x1) + 8
            if left < right - 8:
                now[max(0, top) : bottom, left:right] = 252.0
                now[max(0, top) : bottom, left : left + 1] = 120.0
        frames.append(images.fromarray(now.astype(np.uint8)))
        words.append(_date(result, time))
    return Film(f"{result.scenario.file.scenario.title}: one run's cascade", frames, words)


def in_palette(picture: Image, palette: Image) -> Image:
    """Return a picture in the colours of a palette, each the nearest (Pillow searches coarsely)."""
    import numpy as np
    from PIL import Image as images

    given = np.array(palette.getpalette(), np.int32).reshape(-1, 3)
    colours, places = np.unique(
        np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0, return_inverse=True
    )
    nearest = np.concatenate(
        [
            ((part[:, None].astype(np.int32) - given[None]) ** 2).sum(-1).argmin(1)
            for part in np.array_split(colours, max(1, len(colours) // 4096))
        ]
    )
    found = images.fromarray(nearest[places.ravel()].astype(np.uint8).reshape(picture.size[::-1]), "P")
    found.putpalette(given.ravel().tolist())
    return found
