"""The picture of an attribution: what each player contributed, and which pairs overlap or need each other."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.figures import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from experiments.attribution import Attribution

WIDTH, ROW = 11.0, 0.27  # inches
MOST_BARS, MOST_CELLS = 30, 13  # players drawn: those with the largest part
CELL, WIDEST, LEAST = 0.34, 4.2, 2.4  # inches: of the pairs
CAPTION_CHARACTERS = 190


def draw_attribution(attribution: Attribution, path: str | Path) -> Path:
    """Draw an attribution to a PNG file and return its path; raise UserError if it cannot be written."""
    return ink.save(lambda: compose(attribution), path)


def compose(attribution: Attribution) -> Figure:
    """Return the figure, not yet drawn: bars at the left, pairs at the right, words below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from experiments.attribution import meaning, notes
    from experiments.players import sort_of

    bars, left_out = _bars(attribution)
    names, cells, unclear = _cells(attribution)
    said = notes(attribution, drawn=True)
    if left_out:
        said.insert(0, f"{left_out} players with smaller parts are not drawn.")
    caption = textwrap.fill(" ".join(said), CAPTION_CHARACTERS)
    square = (len(names) - 1) * min(CELL, WIDEST / len(names)) if len(names) > 1 else 0.0
    below, above = (1.25 if square else 0.75), 1.15
    foot = below + 0.14 * (caption.count("\n") + 1)
    height = max(ROW * len(bars), square) + above + foot
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    margin = 1.75  # names
    gap = 1.65 if square else 0.3
    edge = max(0.25, LEAST - square) if square else 0.25  # what is written above needs room
    wide = WIDTH - margin - gap - square - edge
    axes = figure.add_axes((
        margin / WIDTH, (height - above - ROW * len(bars)) / height, wide / WIDTH, ROW * len(bars) / height,
    ))  # fmt: skip
    metric = attribution.outcome.metric
    draw_bars(axes, bars, attribution)
    if square:
        left, bottom = (margin + wide + gap) / WIDTH, (height - above - square) / height
        pairs = figure.add_axes((left, bottom, square / WIDTH, square / height))
        draw_pairs(pairs, names, cells, unclear, metric.unit)
    heading = attribution.result.scenario.file.scenario
    words: dict = {"ha": "left", "va": "top", "parse_math": False}
    title = f"Who brings {metric.name} forward" if metric.is_date else f"Who raises {metric.name}"
    figure.text(0.25 / WIDTH, 1 - 0.14 / height, f"{title}: {heading.title}", size=11, weight="bold", **words)
    under = (
        f"{metric.name}: {meaning(metric)}. Players: {sort_of(attribution.over).many}. "
        f"{attribution.runs} runs of each of {len(attribution.values_of)} coalitions, seed "
        f"{attribution.result.seed}."
    )
    figure.text(0.25 / WIDTH, 1 - 0.38 / height, under, color=ink.GREY, **words)
    figure.text(0.25 / WIDTH, 0.12 / height, caption, color=ink.GREY, size=7.5, **(words | {"va": "bottom"}))
    return figure


def draw_bars(axes: Axes, rows: list[dict], attribution: Attribution) -> None:
    """Draw one bar per player: its mean part, the spread over runs, and what other divisions give it."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    ink.draw_lanes(axes, [row["name"] for row in rows], 8.0)
    axes.use_sticky_edges = False  # room for marks at zero
    for place, row in enumerate(rows):
        group = row["level"] != "player"
        axes.barh(place, row["mean"], 0.62, color=ink.PALE if group else ink.SKY, zorder=2)
        axes.plot([row["q5"], row["q95"]], [place, place], color=ink.BLACK, linewidth=0.7, zorder=3)
        axes.plot(
            [row["q25"], row["q75"]], [place, place], color=ink.BLACK, linewidth=2.6, zorder=3,
            solid_capstyle="butt",
        )  # fmt: skip
        if not group:
            axes.plot(row["leave_one_out"], place, "o", markersize=4.5, markerfacecolor="white",
                      markeredgecolor=ink.VERMILLION, markeredgewidth=1.1, zorder=4)  # fmt: skip
            axes.plot(
                row["first_in"], place, "x", markersize=4.5, color=ink.BLUE, markeredgewidth=1.3, zorder=4
            )
    axes.axvline(0, color=ink.BLACK, linewidth=0.6, zorder=1)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.5, zorder=0)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    metric = attribution.outcome.metric
    axes.set_xlabel(f"{metric.unit} {'earlier' if metric.is_date else 'more'} through its presence")
    method = attribution.method.capitalize()
    handles = [
        Patch(color=ink.SKY, label=f"{method} value, mean over runs"),
        Line2D([], [], color=ink.BLACK, linewidth=2.6, label="50 %"),
        Line2D([], [], color=ink.BLACK, linewidth=0.7, label="90 % of runs"),
        Line2D([], [], linestyle="", marker="o", markerfacecolor="white", markeredgecolor=ink.VERMILLION,
               label="if it alone is left out"),
        Line2D([], [], linestyle="", marker="x", color=ink.BLUE, label="if it alone is there"),
    ]  # fmt: skip
    if attribution.groups is not None:
        handles.insert(1, Patch(color=ink.PALE, label="group (sum of its members)"))
    left = -1.5 / (axes.get_position().width * WIDTH)  # begins where the names do
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(left, 1.0), ncols=3, frameon=False, fontsize=7,
        handlelength=1.2, columnspacing=1.0, handletextpad=0.5, borderaxespad=0.2,
    )  # fmt: skip


def draw_pairs(axes: Axes, names: list[str], cells: np.ndarray, unclear: np.ndarray, unit: str) -> None:
    """Draw the interaction of each pair as a cell: blue for complements, orange for substitutes."""
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    largest = max(float(np.nanmax(np.abs(cells), initial=0.0)), 1e-9)
    colour_map = LinearSegmentedColormap.from_list("pairs", [ink.ORANGE, "#FFFFFF", ink.BLUE])
    axes.imshow(cells, cmap=colour_map, norm=Normalize(-largest, largest), aspect="auto")
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value) and row > column:
            text = f"{value:+.1f}" if largest >= 1 else f"{value:+.2f}"
            text = text if float(text) else "0"
            text = f"({text})" if unclear[row, column] and value else text
            colour = "white" if value > 0.6 * largest else ink.BLACK
            ink.write(axes, column, row, text, ha="center", va="center", fontsize=6.0, color=colour)
    count = len(names)
    axes.set_xlim(-0.5, count - 1.5)
    axes.set_ylim(count - 0.5, 0.5)
    axes.set_yticks(range(1, count), [ink.shorten(name, 20) for name in names[1:]], parse_math=False)
    axes.set_xticks(
        range(count - 1), [ink.shorten(name, 20) for name in names[:-1]], rotation=40, ha="right",
        rotation_mode="anchor", parse_math=False,
    )  # fmt: skip
    axes.tick_params(length=0, labelsize=7.5)
    for side in axes.spines.values():
        side.set_visible(False)
    title = (
        f"Pairs: what two add together beyond each alone, in {unit}\n"
        "blue: complements; orange: substitutes; in brackets: unclear"
    )
    axes.annotate(
        title, (0, 1), (-1.1 * 72, 8), xycoords="axes fraction", textcoords="offset points", va="bottom",
        fontsize=7.5,
    )  # fmt: skip


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
