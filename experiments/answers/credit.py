"""Which players brought an outcome about: Shapley values by ``experiments.attribute``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from experiments.answers.finding import Analysis, Finding, Panel, estimate, number, span
from experiments.statistics import NORMAL_90, Bounds


class Attribution(Analysis):
    """Fair shares of players in an outcome of the baseline, and the pairs that interact.

    Every combination of players is simulated in the same luck, so few runs take long.
    """

    kind: Literal["attribution"]
    outcome: str = "lag_5"
    over: str = "artifact-kinds"
    players: list[str] = Field([], description="all of the sort if empty")
    runs: int = Field(100, ge=2)
    most: int = Field(3, ge=0, description="pairs that are named")

    def metrics_read(self):
        return [self.outcome]

    def find(self, outcome):
        from experiments import attribute

        found = attribute(
            outcome.scenario,
            self.outcome,
            over=self.over,
            runs=min(self.runs, outcome.runs),
            seed=outcome.seed,
            players=self.players,
            threads=outcome.threads,
        )
        unit, words = outcome.unit(self.outcome), outcome.study.words_for(self.outcome)
        rows, marks, said = [], [], []
        table = found.values
        shares = table[(table.level == "player") & (table.measure == "shapley")]
        shares = shares.sort_values("mean", ascending=False)
        alone = table[(table.level == "player") & (table.measure == "leave_one_out")].set_index("player")
        for row in shares.itertuples():
            half = NORMAL_90 * float(row.standard_error)
            interval = Bounds(row.mean - half, row.mean + half)
            rows.append(
                {
                    "player": row.player,
                    "shapley": row.mean,
                    "interval_low": interval.low,
                    "interval_high": interval.high,
                    "q5": row.q5,
                    "median": row.q50,
                    "q95": row.q95,
                    "left_out": float(alone["mean"][row.player]),
                }
            )
            name, left_out = row.player.replace("_", " "), float(alone["mean"][row.player])
            said.append(
                f"{name} {number(row.mean, unit, True)} ({span(interval, unit)}; left out alone "
                f"{number(left_out, unit, True)})"
            )
            marks.append(estimate(name, "fair share (Shapley)", row.mean, interval))
        pairs = found.interactions
        pairs = pairs[pairs.relation.isin(["complements", "substitutes"])]
        pairs = pairs.sort_values("mean", key=abs, ascending=False).head(self.most)
        together = "; ".join(
            f"{row.first} and {row.second} {number(row.mean, unit, True)} ({row.relation})"
            for row in pairs.itertuples()
        )
        total = float(found.total.mean())
        sentences = [
            f"Fair shares ({found.runs} runs of every combination; mean, 90 % interval) of what these bring "
            f"about together in {words}, {number(total, unit, True)} {unit} (as an attribution counts: "
            f"{found.outcome.convention.rstrip('.').lower()}): {'; '.join(said)}.",
            f"Pairs that interact most: {together}." if together else "No pair interacts beyond chance.",
        ]
        panel = Panel(
            "intervals",
            self.title or f"Who brings about {words}",
            f"fair share ({unit}; 90 % interval of the mean)",
            marks=marks,
        )
        return Finding(
            self.kind, sentences, rows, [panel], None, f"largest fair shares: {'; '.join(said[:3])}"
        )
