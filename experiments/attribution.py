"""What an attribution says: each player's part of an outcome in every run, as tables, words and files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import games
from experiments.origins import moved
from experiments.players import sort_of
from experiments.table import laid_out

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from sim.metrics import Metric
    from sim.result import Result
    from sim.world import Compiled

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
COMPARED_LOGS = 20  # runs in which a player without whom no event changes counts as absent
MOST_PAIRS = 5  # of interacting players, in words
_HEADINGS = ("", "mean", "±", "50 % of runs", "90 % of runs", "share", "left out", "alone")


@dataclass(frozen=True)
class Outcome:
    """What is attributed: a metric, and ``limit`` (runs,): dates count as at most so many months.

    A date that never comes cannot be averaged; the months within the window can, as in a restricted mean
    survival time. ``limit`` is the horizon; for a lag, the months from the reveal to the horizon, in the same
    run of the world with all players. None for what is no date.
    """

    metric: Metric
    limit: np.ndarray | None

    def worth(self, values: np.ndarray) -> np.ndarray:
        """Return what a coalition is worth per run: more is earlier (dates), or more (all else)."""
        if self.limit is None:
            return values
        return self.limit - np.minimum(values, self.limit)

    def within(self, values: np.ndarray) -> np.ndarray:
        """Return values that can be averaged: dates and lags within the window."""
        return values if self.limit is None else np.minimum(values, self.limit)

    def late(self, values: np.ndarray) -> np.ndarray:
        """Return whether an outcome is censored: not within the window."""
        return np.zeros(len(values), bool) if self.limit is None else ~(values < self.limit)

    @property
    def convention(self) -> str:
        """The sign convention in words."""
        if self.limit is None:
            return f"Positive: its presence raised {self.metric.name}."
        return "Positive: its presence brought the date forward (made a length of time shorter)."


@dataclass
class Attribution:
    """What each player contributed to an outcome, in every run.

    ``worth`` maps a coalition (bit p: player p is there) to its worth per run, ``values`` to its metric.
    ``groups``: names and members, for Owen values. ``orders`` (orders, players): sampled ones, None if exact.
    ``absent``: players without whom no event changes. ``reveal_moves``: whether a lag counts from another
    date where players are removed. ``result``: of the world with all players.
    """

    result: Result
    outcome: Outcome
    over: str
    players: list[str]
    values_of: dict[int, np.ndarray]
    groups: dict[str, list[int]] | None = None
    orders: np.ndarray | None = None
    absent: list[str] = field(default_factory=list)
    reveal_moves: bool = False
    interrupted: bool = False
    asked: int = 0

    @property
    def everybody(self) -> int:
        return (1 << len(self.players)) - 1

    @property
    def runs(self) -> int:
        """The number of runs that were completed in every coalition."""
        return len(self.values_of[0])

    @cached_property
    def worth(self) -> games.Worth:
        return {coalition: self.outcome.worth(values) for coalition, values in self.values_of.items()}

    @property
    def total(self) -> np.ndarray:
        """What all players together are worth, shape (runs,)."""
        return self.worth[self.everybody] - self.worth[0]

    @property
    def method(self) -> str:
        """The name of the division: shapley, or owen where players stand in groups."""
        return "shapley" if self.groups is None else "owen"

    @cached_property
    def shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Shapley or Owen values (players, runs), and the error of sampling of their means (players,)."""
        n = len(self.players)
        if self.orders is not None:
            return games.by_orders(self.worth, self.orders)
        exact = games.shapley(self.worth, n) if self.groups is None else games.owen(self.worth, self._members)
        return exact, np.zeros(n)

    @property
    def _members(self) -> list[list[int]]:
        return list((self.groups or {}).values())

    @cached_property
    def values(self) -> pd.DataFrame:
        """One row per player (or group) and measure: mean, errors, quantiles over runs, share."""
        import pandas as pd

        n = len(self.players)
        shares, errors = self.shares
        group_of = {player: name for name, members in (self.groups or {}).items() for player in members}
        rows = []
        for measure, table, sampling in (
            (self.method, shares, errors),
            ("leave_one_out", games.leave_one_out(self.worth, n), np.zeros(n)),
            ("first_in", games.first_in(self.worth, n), np.zeros(n)),
        ):
            for player, name in enumerate(self.players):
                rows.append(
                    {
                        "level": "player",
                        "player": name,
                        "group": group_of.get(player, ""),
                        "measure": measure,
                        **self._spread(table[player], sampling[player]),
                        "absent": name in self.absent,
                    }
                )
        for place, name in enumerate(self.groups or {}):
            spread = self._spread(self.of_groups[0][place], self.of_groups[1][place])
            rows.append({"level": "group", "player": name, "group": name, "measure": "shapley", **spread})
        whole = self._spread(self.total, 0.0)
        rows.append({"level": "total", "player": "all", "group": "", "measure": "all - none", **whole})
        return pd.DataFrame(rows).fillna({"absent": False})

    @cached_property
    def of_groups(self) -> tuple[np.ndarray, np.ndarray]:
        """Shapley values of the groups (groups, runs), the sums of their members', and sampling errors."""
        worth = games.between_groups(self.worth, self._members)
        if self.orders is not None:
            return games.by_orders(worth, self._orders_of_units)
        return games.shapley(worth, len(self._members)), np.zeros(len(self._members))

    def _spread(self, values: np.ndarray, sampling: float) -> dict[str, float]:
        mean, total = float(values.mean()), float(self.total.mean())
        levels = np.quantile(values, LEVELS)
        return {
            "mean": mean,
            "standard_error": _standard_error(values),
            "sampling_error": float(sampling),
            **{f"q{round(100 * q)}": float(level) for q, level in zip(LEVELS, levels, strict=True)},
            "share": mean / total if total else math.nan,
            "positive": float((values > 0).mean()),
            "negative": float((values < 0).mean()),
        }

    @cached_property
    def interactions(self) -> pd.DataFrame:
        """One row per pair of players (of groups, where there are any): the Shapley interaction index.

        Below zero: substitutes; above: complements; "unclear" within two standard errors of zero.
        """
        import pandas as pd

        names = self.players if self.groups is None else list(self.groups)
        worth = self.worth if self.groups is None else games.between_groups(self.worth, self._members)
        pairs = games.pairs(len(names))
        samples = np.zeros(len(pairs), int)
        if self.orders is None:
            found, errors = games.interactions(worth, len(names)), np.zeros(len(pairs))
        else:
            found, errors, samples = games.interactions_by_orders(worth, self._orders_of_units)
        rows = []
        for row, (a, b) in enumerate(pairs):
            spread = self._spread(found[row], errors[row])
            del spread["share"]
            error = math.hypot(spread["standard_error"], spread["sampling_error"])
            clear = abs(spread["mean"]) > 2 * error
            relation = ("complements" if spread["mean"] > 0 else "substitutes") if clear else "unclear"
            if not np.any(found[row]):
                relation = "none"
            pair = {"first": names[a], "second": names[b], "relation": relation, "samples": int(samples[row])}
            rows.append({"level": "player" if self.groups is None else "group", **pair, **spread})
        columns = ["level", "first", "second", "relation", "samples", "mean"]
        return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)

    @property
    def _orders_of_units(self) -> np.ndarray:
        """The sampled orders of players, or of groups where there are any."""
        assert self.orders is not None
        return self.orders if self.groups is None else games.group_orders(self.orders, self._members)

    @cached_property
    def coalitions(self) -> pd.DataFrame:
        """One row per coalition and run: who is present, the metric, and its worth."""
        import pandas as pd

        present = [
            "+".join(self.players[player] for player in games.members_of(coalition)) or "none"
            for coalition in self.values_of
        ]
        count = len(present)
        return pd.DataFrame(
            {
                "coalition": np.repeat(list(self.values_of), self.runs),
                "present": pd.Categorical.from_codes(np.repeat(np.arange(count), self.runs), present),
                "run": np.tile(self.result.run_numbers[: self.runs], count),
                self.outcome.metric.name: np.concatenate(list(self.values_of.values())),
                "worth": np.concatenate(list(self.worth.values())),
                "limit": np.nan
                if self.outcome.limit is None
                else np.tile(self.outcome.limit[: self.runs], count),
            }
        )

    def in_words(self) -> str:
        """Return the attribution as a table of plain text, with what it rests on."""
        return in_words(self)

    def plot(self, kind: str = "attribution", out: str | Path | None = None, **options: Any) -> Any:
        """Draw a figure of it: see ``experiments.plot``."""
        from experiments.figures.plotting import plot

        return plot(self, kind, out, **options)

    def figure(self, path: str | Path) -> Path:
        """Draw the attribution to a file (.png, .svg, .pdf) and return its path."""
        from experiments.figures.attribution import draw_attribution

        return draw_attribution(self, path)

    def save(self, out: str | Path) -> list[Path]:
        """Leave tables, figure and manifest in a folder, as ``cascades attribute`` does; return the files.

        Raises UserError where the folder cannot be written or holds what others made.
        """
        from experiments.folder import OutputFolder

        with OutputFolder(out) as folder:
            return write_attribution(self, folder)


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def in_words(attribution: Attribution) -> str:
    """Return an attribution as a table of plain text, with what it rests on."""
    metric = attribution.outcome.metric
    sort, heading = sort_of(attribution.over), attribution.result.scenario.file.scenario
    values = attribution.values
    main = values[(values.level == "player") & (values.measure == attribution.method)]
    main = main.set_index("player").sort_values("mean", ascending=False, key=abs)
    others = values[values.level == "player"].pivot(index="player", columns="measure", values="mean")
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for name, row in main.iterrows():
        rows.append(_cells(name, row, f"{others.leave_one_out[name]:+.2f}", f"{others.first_in[name]:+.2f}"))
    for _, row in values[values.level != "player"].iterrows():
        title = "all together" if row.level == "total" else f"group {row.player}"
        rows.append(_cells(title, row, "", ""))
    lines = laid_out(rows, right=range(1, len(_HEADINGS)))
    runs = f"{attribution.runs} run{'s' if attribution.runs > 1 else ''}"
    title = f"{heading.title}: {metric.name} ({meaning(metric)}), in {metric.unit}, by {sort.one}."
    ends = [_extreme(attribution, attribution.everybody, "all"), _extreme(attribution, 0, "none")]
    return "\n".join(
        [
            title,
            f"{runs} of each of {len(attribution.values_of)} coalitions, seed "
            f"{attribution.result.seed}. With {ends[0]}; with {ends[1]}.",
            "",
            *lines,
            "",
            *notes(attribution),
        ]
    )


def meaning(metric: Metric) -> str:
    """Return what a metric means, with its number in place of K."""
    k = int(metric.row[4])
    return metric.meaning.replace("K-th", {1: "first", 2: "second", 3: "third"}.get(k, f"{k}th"))


def notes(attribution: Attribution, drawn: bool = False) -> list[str]:
    """Return what a reader must know to read the numbers right (``drawn``: beside a figure)."""
    what = attribution.outcome
    said = [f"{what.convention} Removed means: {sort_of(attribution.over).absence}."]
    if what.limit is not None:
        low, high = what.limit.min(), what.limit.max()
        window = f"{high:.1f}" if low == high else f"{low:.1f} to {high:.1f}"
        said.append(
            f"Dates are counted within the window: at most {window} months, to the horizon; what is not "
            "over by then counts as so many (restricted mean)."
        )
    if attribution.reveal_moves:
        said.append(moved("To remove players moves"))
    name = "Shapley" if attribution.groups is None else "Owen"
    if drawn and attribution.orders is None:
        said.append(f"{name} values: all coalitions are simulated.")
    elif drawn and attribution.orders is not None:
        said.append(
            f"{name} values and pairs are estimated from {len(attribution.orders)} sampled orders; standard "
            "errors stand in the tables, pairs that were never neighbours are blank."
        )
    elif attribution.orders is None:
        said.append(f"{name} values are exact; ± is the standard error of the mean over runs.")
    else:
        said.append(
            f"{name} values are estimated from {len(attribution.orders)} sampled orders; ± is the standard "
            "error of the mean, over runs and orders."
        )
    if attribution.absent:
        said.append(
            f"Absent already (no event of the first {COMPARED_LOGS} runs changes without it): "
            f"{', '.join(attribution.absent)}."
        )
    clear = attribution.interactions
    clear = clear[clear.relation.isin(["substitutes", "complements"])]
    clear = clear.sort_values("mean", ascending=False, key=abs)
    for _, row in clear.head(0 if drawn else MOST_PAIRS).iterrows():
        together = "less" if row["mean"] < 0 else "more"
        said.append(
            f"{row['first']} and {row['second']} are {row.relation}: together {abs(row['mean']):.2f} "
            f"{together} than apart, in the mean over who else is there."
        )
    said.append("This says what follows from this scenario's inputs, not what would have happened.")
    return said


def _extreme(attribution: Attribution, coalition: int, who: str) -> str:
    values, what = attribution.values_of[coalition], attribution.outcome
    late = f" ({what.late(values).mean():.0%} not within the window)" if what.limit is not None else ""
    return f"{who}: mean {what.within(values).mean():.2f}{late}"


def _cells(name: str, row, alone_out: str, alone_in: str) -> tuple[str, ...]:
    error = math.hypot(row.standard_error, row.sampling_error)
    share = "" if math.isnan(row.share) else f"{row.share:.0%}"
    spreads = [f"{row[low]:+.2f} to {row[high]:+.2f}" for low, high in (("q25", "q75"), ("q5", "q95"))]
    return (name, f"{row['mean']:+.2f}", f"{error:.2f}", *spreads, share, alone_out, alone_in)


def write_attribution(attribution: Attribution, folder, started=None) -> list[Path]:
    """Write the files of an attribution to an open folder and bring them into force."""
    import json

    from experiments.folder import MANIFEST, explained
    from experiments.manifest import content_hash, describe_result, key_facts

    manifest = describe_result(attribution.result, attribution.asked, started)
    manifest["runs_completed"] = attribution.runs
    manifest["interrupted"] = attribution.interrupted
    manifest["attribution"] = describe(attribution)
    facts = key_facts(manifest) | {"attribution": manifest["attribution"]}
    writers: dict[str, Callable[[Path], object]] = {
        "attribution.parquet": lambda path: _write(attribution.values, path, facts),
        "interactions.parquet": lambda path: _write(attribution.interactions, path, facts),
        "coalitions.parquet": lambda path: _write(attribution.coalitions, path, facts),
        "attribution.png": attribution.figure,
    }
    manifest["files"] = {}
    for name, write in writers.items():
        path = folder.path(name)
        with explained(folder.target / name, folder):
            write(path)
            manifest["files"][name] = {"bytes": path.stat().st_size, "blake2b": content_hash(path)}
    with explained(folder.target / MANIFEST, folder):
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False)
        folder.path(MANIFEST).write_text(text + "\n", encoding="utf-8")
    return folder.keep()


def describe(attribution: Attribution) -> dict[str, Any]:
    """Return what was attributed to whom and how, as plain data."""
    groups = attribution.groups
    return {
        "outcome": attribution.outcome.metric.name,
        "unit": attribution.outcome.metric.unit,
        "sign": attribution.outcome.convention,
        "over": attribution.over,
        "removed_means": sort_of(attribution.over).absence,
        "players": attribution.players,
        "absent": attribution.absent,
        "groups": groups
        and {name: [attribution.players[p] for p in members] for name, members in groups.items()},
        "method": attribution.method,
        "coalitions": len(attribution.values_of),
        "permutations": 0 if attribution.orders is None else len(attribution.orders),
        "reveal_moves": attribution.reveal_moves,
    }


def reopened(manifest: dict[str, Any], compiled: Compiled, coalitions: pa.Table) -> Attribution:
    """Return an attribution as it was saved: from its manifest and the table of its coalitions."""
    from sim.metrics import parse_metric
    from sim.result import Result

    said, runs = manifest["attribution"], int(manifest["runs_completed"])
    metric = parse_metric(said["outcome"], compiled)
    columns = {name: coalitions[name].to_numpy() for name in ("coalition", "run", metric.name, "limit")}
    values = {
        int(columns["coalition"][first]): columns[metric.name][first : first + runs]
        for first in range(0, len(columns["coalition"]), runs)
    }
    numbers, limit = columns["run"][:runs], columns["limit"][:runs]
    players, seed = list(said["players"]), int(manifest["seed"])
    groups = said["groups"] and {
        name: [players.index(member) for member in members] for name, members in said["groups"].items()
    }
    orders = None
    if said["permutations"]:
        members = list(groups.values()) if groups else None
        orders = games.sample_orders(len(players), said["permutations"], seed, members)
    everybody = values[(1 << len(players)) - 1][:, None]
    result = Result(compiled, seed, [metric], numbers, everybody, np.empty((runs, 0)))
    return Attribution(
        result, Outcome(metric, None if np.isnan(limit).all() else limit), said["over"], players, values,
        groups, orders, list(said["absent"]), bool(said["reveal_moves"]), bool(manifest["interrupted"]),
        int(manifest["runs_asked"]),
    )  # fmt: skip


def _write(frame: pd.DataFrame, path: Path, facts: dict[str, Any]) -> None:
    import json

    import pyarrow as pa
    import pyarrow.parquet as parquet

    table = pa.Table.from_pandas(frame, preserve_index=False)
    parquet.write_table(
        table.replace_schema_metadata({"diffusion-cascades": json.dumps(facts)}), path, compression="zstd"
    )
