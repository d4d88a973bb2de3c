"""Analyses of a study as data: each kind of ``[[analysis]]`` by its name. See docs/studies.md."""

from __future__ import annotations

from experiments.answers.choices import Information, Pareto, Robustness
from experiments.answers.credit import Attribution
from experiments.answers.differences import Contrasts, Differences, Ratio
from experiments.answers.factors import Factorial
from experiments.answers.finding import Analysis
from experiments.answers.inputs import Drivers, Sensitivity
from experiments.answers.places import Groups, Shares
from experiments.answers.signs import Counts, Edges, Warning_
from experiments.answers.sweeps import Event, Slope, Tipping

ANALYSES: dict[str, type[Analysis]] = {
    "differences": Differences,
    "contrasts": Contrasts,
    "ratio": Ratio,
    "slope": Slope,
    "event": Event,
    "tipping": Tipping,
    "factorial": Factorial,
    "robustness": Robustness,
    "pareto": Pareto,
    "information": Information,
    "sensitivity": Sensitivity,
    "drivers": Drivers,
    "shares": Shares,
    "groups": Groups,
    "edges": Edges,
    "counts": Counts,
    "attribution": Attribution,
    "warning": Warning_,
}
