"""The gallery: every kind of figure once, each with the command that draws it; see ``make gallery``.

The runs are small and named, and are made anew each time: what is drawn is of this model and its inputs.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from experiments.figures.kinds import Kind, every_kind
from experiments.figures.moving import in_palette, palette_of
from experiments.figures.plotting import kinds_for, plot
from experiments.reopening import sort_of_folder
from sim.errors import UserError

PAGE, PICTURES, RUNS = Path("docs/gallery.md"), Path("docs/gallery"), Path("out/gallery")
MOST_BYTES = 6_000_000  # of all pictures


@dataclass(frozen=True)
class Example:
    """A folder that is drawn: its name in RUNS, the command that makes it, and options of single kinds."""

    name: str
    command: str
    skipped: tuple[str, ...] = ()  # kinds that another example shows


EXAMPLES = (
    Example("run", "cascades run gpt3 --runs 500 --logs 20"),
    Example("compare", "cascades compare gpt3 code-never gpt3-delay:months=6 moratorium --runs 100"),
    Example("attribution", "cascades attribute gpt3 --outcome lag_5 --over sponsors --runs 20"),
    Example("effects", "cascades sweep effects --runs 4", ("points", "pareto", "tornado")),
    Example("openness", "cascades sweep openness --runs 10", ("sensitivity", "over-time", "boxes")),
    Example("boxes", "cascades discover {effects} --when 'lag_5 > 16'", ("analysis",)),
    Example(
        "front", "cascades robust {openness} --goal t_owner_6:more --goal n_dev:more", ("boxes", "over-time")
    ),
    Example("study", "cascades study scooped --runs 20"),
    Example("evidence", "cascades evidence gpt3 --only structural --runs 20"),
    Example(
        "calibration",
        "cascades calibrate docs/gallery/world.toml --claims docs/gallery/claims.toml --evaluations 200 "
        "--replicates 6 --check 5 --runs 40 --left-out-runs 0",
    ),
)
OPTIONS = {  # (example, kind) -> options of the command
    ("effects", "sensitivity"): "--metric lag_5",
    ("effects", "over-time"): "--metric lag_5",
    ("effects", "boxes"): "--when 'lag_5 > 16'",
    ("openness", "pareto"): "--goal t_owner_6:more --goal n_dev:more",
    ("openness", "tornado"): "--metric t_owner_6",
    ("openness", "points"): "--metric t_owner_6",
    ("run", "tornado"): "--metric lag_5",
    ("run", "moving-network"): "--run 1 --width 90",
    ("run", "moving-timeline"): "--width 110",
}


def make(example: Example, python: str) -> Path:
    """Make the folder of an example and return it."""
    folder = RUNS / example.name
    shutil.rmtree(folder, ignore_errors=True)
    command = shlex.split(example.command.format(**{one.name: str(RUNS / one.name) for one in EXAMPLES}))
    subprocess.run([python, "-m", "experiments", *command[1:], "--out", str(folder)], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    return folder


def drawn_kinds(example: Example, folder: Path) -> list[Kind]:
    """Return the kinds that an example shows."""
    sort, _ = sort_of_folder(folder)
    can = kinds_for(folder)
    return [
        each
        for each in every_kind()
        if each.sort == sort.name and each.name in can and each.name not in example.skipped
    ]


def write_page(page: Path, pictures: Path) -> None:
    """Make the runs, draw every kind, and write the page. Raises UserError if they grow too large."""
    parts, total = [], 0
    pictures.mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        folder = make(example, sys.executable)
        made = example.command.format(**{one.name: str(RUNS / one.name) for one in EXAMPLES})
        parts.append(f"## From `{made.split(' ')[1]}`: {example.name}\n\n    {made} --out {folder}\n")
        for kind in drawn_kinds(example, folder):
            entry, size = _draw(example, kind, folder, pictures)
            parts.append(entry)
            total += size
    if total > MOST_BYTES:
        raise UserError(
            f"{pictures}: {total / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:g}: draw fewer or smaller ones"
        )
    head = (
        "# Gallery\n\nMade by `make gallery`: every kind of figure, with the command that drew it from a "
        "folder of results. Nothing is simulated to draw. How to ask for one, or for other files: "
        "[figures.md](figures.md). All of it is conditional on the model and its inputs; the runs are few, "
        "so that they are made quickly.\n"
    )
    page.write_text(head + "\n" + "\n".join(parts), encoding="utf-8")


def _draw(example: Example, kind: Kind, folder: Path, pictures: Path) -> tuple[str, int]:
    options = OPTIONS.get((example.name, kind.name), "")
    name = f"{example.name}-{kind.name}.{'gif' if kind.moving else 'png'}"
    path = plot(folder, kind.name, pictures / name, **_read(options))
    assert isinstance(path, Path)
    if not kind.moving:
        _thin(path)
    command = " ".join(part for part in ("cascades plot", kind.name, str(folder), options) if part)
    entry = f"### {kind.name}\n\n{kind.says}.\n\n    {command}\n\n![{kind.says}](gallery/{name})\n"
    return entry, path.stat().st_size


def _read(options: str) -> dict:
    """Return options of the command as those of ``plot``."""
    given: dict = {}
    words = shlex.split(options)
    for name, value in zip(words[::2], words[1::2], strict=True):
        key = {"goal": "goals", "arm": "arms"}.get(name[2:], name[2:])
        if key in ("goals", "arms", "when", "only"):
            given.setdefault(key, []).append(value)
        else:
            given[key] = int(value) if key == "run" else float(value) if key == "width" else value
    return given


def _thin(path: Path) -> None:
    """Write a picture again with fewer dots and colours, for a screen; what it says of itself stays."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    with Image.open(path) as picture:
        for name, text in picture.text.items():  # type: ignore[attr-defined]
            said.add_itxt(name, text)
        half = picture.convert("RGB").resize(
            (picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS
        )
    thin = in_palette(half, palette_of(half))
    thin.save(path, optimize=True, pnginfo=said)


def main() -> None:
    """Write docs/gallery.md; see ``make gallery``."""
    parser = argparse.ArgumentParser(description="Draw every kind of figure and write the page.")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--pictures", type=Path, default=PICTURES)
    given = parser.parse_args()
    write_page(given.page, given.pictures)


if __name__ == "__main__":
    main()
