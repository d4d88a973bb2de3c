"""The picture of an attribution: what each player contributed, and which pairs overlap or need each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink
from experiments.figures.captions import basis_of
from experiments.figures.sheet import (
    BODY,
    LINE,
    POINT,
    SMALL,
    WIDE,
    Sheet,
    draw_names,
    names_room,
    say,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.attribution import Attribution

ROW, CELL, LEAST_CELL = 4.4, 8.5, 4.6  # mm: of a bar, of a pair
MOST_BARS, MOST_CELLS = 30, 13  # players drawn: those with the largest part
NAMES = 0.24  # of the paper


def draw_attribution(attribution: Attribution, path: str | Path) -> Path:
    """Draw an attribution to a file (.png, .svg, .pdf) and return its path.

    Raises UserError if it cannot be written.
    """
    facts = {"Description": basis_of("attribution", attribution).text}
    return ink.save(lambda: compose(attribution), path, facts, 200)


def compose(attribution: Attribution, width: float = WIDE) -> Figure:
    """Return the figure: bars, then pairs below (or beside, where there is room), words at the foot."""
    from experiments.attribution import meaning, notes
    from experiments.players import sort_of

    bars, left_out = _bars(attribution)
    names, cells, unclear = _cells(attribution)
    said = notes(attribution, drawn=True)
    if left_out:
        said.insert(0, f"{left_out} players with smaller parts are not drawn.")
    metric = attribution.outcome.metric
    title = f"Who brings {metric.name} forward" if metric.is_date else f"Who raises {metric.name}"
    below = (
        f"{metric.name}: {meaning(metric)}. Players: {sort_of(attribution.over).many}; "
        f"{len(attribution.values_of)} coalitions, {attribution.runs} runs of each."
    )
    sheet = Sheet(width, f"{title}: {attribution.result.scenario.file.scenario.title}", below)
    sheet.legend(_keys(attribution))
    left = max(14.0, names_room([row["name"] for row in bars], BODY, NAMES * sheet.room))
    axes = sheet.panel(max(16.0, ROW * len(bars)), left, 3.0)
    draw_bars(axes, bars, attribution, left)
    if len(names) > 1:
        _pairs(sheet, names, cells, unclear, metric.unit, left)
    return sheet.whole(f"{' '.join(said)} {basis_of('attribution', attribution).text}")


def draw_bars(axes: Axes, rows: list[dict], attribution: Attribution, left: float) -> None:
    """Draw one bar per player: its mean part, the spread over runs, and what other divisions give it."""
    draw_names(axes, [row["name"] for row in rows], left)
    axes.use_sticky_edges = False  # room for marks at zero
    for place, row in enumerate(rows):
        group = row["level"] != "player"
        axes.barh(place, row["mean"], 0.62, color=ink.PALE if group else ink.SKY, zorder=2)
        axes.plot([row["q5"], row["q95"]], [place, place], color=ink.BLACK, linewidth=0.7, zorder=3)
        axes.plot(
            [row["q25"], row["q75"]], [place, place], color=ink.BLACK, linewidth=2.4, zorder=3,
            solid_capstyle="butt",
        )  # fmt: skip
        if not group:
            axes.plot(row["leave_one_out"], place, "o", markersize=4, markerfacecolor="white",
                      markeredgecolor=ink.VERMILLION, markeredgewidth=1.1, zorder=4)  # fmt: skip
            axes.plot(
                row["first_in"], place, "x", markersize=4, color=ink.BLUE, markeredgewidth=1.2, zorder=4
            )
    axes.axvline(0, color=ink.BLACK, linewidth=0.6, zorder=1)
    tidy(axes)
    axes.spines["left"].set_visible(False)
    ink.plain_ticks(axes.xaxis, 8)
    metric = attribution.outcome.metric
    word = "earlier" if metric.is_date else "more"
    axes.set_xlabel(
        f"{metric.unit} {word} through its presence (n = {attribution.runs:,} runs)",
        fontsize=SMALL,
    )
    if not rows:
        say(axes, "There is nobody to attribute it to.", 60.0)


def _keys(attribution: Attribution) -> list:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Patch(color=ink.SKY, label=f"{attribution.method.capitalize()} value, mean over runs"),
        Line2D([], [], color=ink.BLACK, linewidth=2.4, label="50 %"),
        Line2D([], [], color=ink.BLACK, linewidth=0.7, label="90 % of runs"),
        Line2D([], [], linestyle="", marker="o", markersize=4, markerfacecolor="white",
               markeredgecolor=ink.VERMILLION, label="if it alone is left out"),
        Line2D([], [], linestyle="", marker="x", markersize=4, color=ink.BLUE, label="if it alone is there"),
    ]  # fmt: skip
    if attribution.groups is not None:
        handles.insert(1, Patch(color=ink.PALE, label="group (sum of its members)"))
    return handles


def _pairs(sheet: Sheet, names: list[str], cells, unclear, unit: str, left: float) -> None:
    """Draw the interaction of each pair below the bars: as many players as there is room for."""
    most = int((sheet.room - left) / LEAST_CELL) + 1
    names, cells, unclear = names[:most], cells[:most, :most], unclear[:most, :most]
    count = len(names)
    cell = min(CELL, (sheet.room - left) / (count - 1))
    sheet.heading(f"Pairs: what two add together beyond each alone ({unit})")
    sheet.paragraph("Blue: complements; orange: substitutes; in brackets: unclear; blank: not known.")
    sheet.top += 0.8
    room = min(24.0, max(ink.width_of(name, SMALL) for name in names))
    deep = 0.72 * room + SMALL * LINE * POINT + 1.5
    axes = sheet.panel(0.62 * cell * (count - 1), left, sheet.room - left - cell * (count - 1), deep)
    draw_pairs(axes, names, cells, unclear, left, min(SMALL, 0.72 * cell), room)


def draw_pairs(
    axes: Axes, names, cells: np.ndarray, unclear: np.ndarray, left: float, size: float, room: float
):
    """Draw the interaction of each pair as a cell: blue for complements, orange for substitutes."""
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    largest = max(float(np.nanmax(np.abs(cells), initial=0.0)), 1e-9)
    colour_map = LinearSegmentedColormap.from_list("pairs", [ink.ORANGE, "#FFFFFF", ink.BLUE])
    axes.imshow(cells, cmap=colour_map, norm=Normalize(-largest, largest), aspect="auto")
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value) and row > column:
            text = (
                ink.amount(float(f"{value:.2g}"))
                if largest >= 1e4
                else f"{value:+.{1 if largest >= 1 else 2}f}"
            )
            text = "0" if value == 0 or text.lstrip("+-").replace(".", "").strip("0") == "" else text
            text = f"({text})" if unclear[row, column] and value else text
            colour = "white" if value > 0.6 * largest else ink.BLACK
            ink.write(axes, column, row, text, ha="center", va="center", fontsize=size, color=colour)
    count = len(names)
    axes.set_xlim(-0.5, count - 1.5)
    axes.set_ylim(count - 0.5, 0.5)
    axes.set_yticks(
        range(1, count),
        [ink.fitted(name, BODY, left - 1.5) for name in names[1:]],
        parse_math=False,
        fontsize=BODY,
    )
    axes.set_xticks([])
    for column, name in enumerate(names[:-1]):
        axes.annotate(
            ink.fitted(name, SMALL, room), (column, 0), (0, -1.5), xycoords=("data", "axes fraction"),
            textcoords="offset points", rotation=40, rotation_mode="anchor", ha="right", va="top",
            fontsize=SMALL, parse_math=False, annotation_clip=False,
        )  # fmt: skip
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _bars(attribution: Attribution) -> tuple[list[dict], int]:
    """Return what the bars show, groups before their members, and how many players are not drawn."""
    values = attribution.values
    players = values[values.level == "player"]
    main = players[players.measure == attribution.method].set_index("player")
    for measure in ("leave_one_out", "first_in"):
        main[measure] = players[players.measure == measure].set_index("player")["mean"]
    main["name"] = [
        f"{name} (absent)" if absent else name for name, absent in zip(main.index, main.absent, strict=True)
    ]
    main = main.sort_values("mean", ascending=False)
    kept = main.reindex(main["mean"].abs().sort_values(ascending=False).index[:MOST_BARS])
    kept = main[main.index.isin(kept.index)]
    if attribution.groups is None:
        return kept.to_dict("records"), len(main) - len(kept)
    rows = []
    groups = values[values.level == "group"].sort_values("mean", ascending=False)
    for group in groups.to_dict("records"):
        rows.append({**group, "name": group["player"].upper()})
        rows += kept[kept.group == group["player"]].to_dict("records")
    return rows, len(main) - len(kept)


def _cells(attribution: Attribution) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the names of those with the largest parts, and what each pair adds and whether it is unclear."""
    values = attribution.values
    unit = "player" if attribution.groups is None else "group"
    measure = attribution.method if attribution.groups is None else "shapley"
    chosen = values[(values.level == unit) & (values.measure == measure)]
    order = chosen["mean"].abs().sort_values(ascending=False).index[:MOST_CELLS]
    names = list(chosen.loc[order].sort_values("mean", ascending=False)["player"])
    cells = np.full((len(names), len(names)), np.nan)
    unclear = np.zeros_like(cells, bool)
    place = {name: row for row, name in enumerate(names)}
    for row in attribution.interactions.to_dict("records"):
        if row["first"] in place and row["second"] in place:
            low, high = sorted((place[row["first"]], place[row["second"]]))
            cells[high, low] = row["mean"]
            unclear[high, low] = row["relation"] not in ("substitutes", "complements")
    return names, cells, unclear
