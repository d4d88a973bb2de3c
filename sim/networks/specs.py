"""What a network may be made from: the dictionary of generators. One model for each; nothing here draws.

Numbers are plain ones, or ``{ value = 3, source = "..." }``: a network is made once and is the same for all
runs, so that none of its numbers has an interval.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from sim.errors import not_found
from sim.words import TieKind

TIE_KINDS = tuple(kind.key for kind in TieKind)


def check_kind(kind: str) -> str:
    """Return a kind of tie; raise ValueError where there is none of that name."""
    if kind not in TIE_KINDS:
        raise ValueError(not_found("kind of tie", kind, TIE_KINDS))
    return kind


def plain_value(raw: Any) -> Any:
    """Return the value of a number that is written with its source; anything else as it is."""
    if isinstance(raw, dict) and set(raw) <= {"value", "source"} and "value" in raw:
        return raw["value"]
    return raw


def _number(meaning: str, unit: str, **bounds: float):
    told = f"{meaning} ({unit})"
    return Annotated[
        float, BeforeValidator(plain_value), Field(description=told, allow_inf_nan=False, **bounds)
    ]


def _count(meaning: str, unit: str, **bounds: float):
    told = f"{meaning} ({unit})"
    return Annotated[int, BeforeValidator(plain_value), Field(description=told, strict=True, **bounds)]


class Spec(BaseModel):
    """What all networks have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    source: str | None = Field(None, description="where the numbers come from")


class Generated(Spec):
    """What all generated networks have in common: what their ties are."""

    kinds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        {"collaboration": 1.0}, description="kinds of ties, and the share of ties that are of each; sums to 1"
    )
    strength: _number("median strength of a tie: share of the normal flow", "ratio", ge=0) = 1.0
    strength_spread: _number("standard deviation of the logarithm of the strength", "log", ge=0, le=10) = 0.0

    @field_validator("kinds")
    @classmethod
    def _kinds_are_shares(cls, kinds: dict[str, float]) -> dict[str, float]:
        for kind in kinds:
            check_kind(kind)
        if abs(sum(kinds.values()) - 1.0) > 1e-9:
            raise ValueError(f"the shares sum to {sum(kinds.values()):g}; they must sum to 1")
        return kinds


class BarabasiAlbert(Generated):
    """Growth by preferential attachment (Barabasi, Albert 1999): a few hubs, many with little."""

    generator: Literal["barabasi-albert"] = "barabasi-albert"
    attached: _count("ties that each newcomer makes", "ties", ge=1)


class WattsStrogatz(Generated):
    """A ring of neighbours, some ties rewired (Watts, Strogatz 1998): clusters and short ways."""

    generator: Literal["watts-strogatz"] = "watts-strogatz"
    neighbours: _count("ties of each node on the ring; an even number", "ties", ge=2, multiple_of=2)
    rewired: _number("share of ties whose far end is drawn anew", "share", ge=0, le=1)


class Communities(Generated):
    """Communities of many sizes, after the benchmark of Lancichinetti, Fortunato, Radicchi (2008).

    Degrees and sizes follow power laws; each node has a share of its ties outside its community. Where few
    nodes leave no other way, single ties are left out.
    """

    generator: Literal["communities"] = "communities"
    degree: _number("mean number of ties of a node", "ties", gt=0)
    most_degree: _count("largest number of ties of a node", "ties", ge=1)
    degree_exponent: _number("exponent of the power law of degrees", "exponent", gt=1, le=10) = 2.5
    least_size: _count("smallest community", "nodes", ge=2)
    most_size: _count("largest community", "nodes", ge=2)
    size_exponent: _number("exponent of the power law of sizes", "exponent", gt=1, le=10) = 1.5
    mixing: _number("share of a node's ties that leave its community", "share", ge=0, le=1)

    @model_validator(mode="after")
    def _bounds_are_in_order(self):
        if self.least_size > self.most_size:
            raise ValueError(
                f"least_size: {self.least_size} lies above most_size ({self.most_size}); swap them"
            )
        if not 1 <= self.degree <= self.most_degree:
            raise ValueError(
                f"degree: {self.degree:g} is out of bounds: must be between 1 and most_degree "
                f"({self.most_degree})"
            )
        return self


class StochasticBlock(Generated):
    """Blocks whose members are tied with a probability that goes by their blocks (Holland et al. 1983)."""

    generator: Literal["stochastic-block"] = "stochastic-block"
    blocks: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        min_length=1, max_length=1000, description="share of the nodes in each block, in order; sums to 1"
    )
    probability: list[list[Annotated[float, Field(ge=0, le=1)]]] = Field(
        description="probability of a tie between two nodes: a row for each block, a number for each other"
    )

    @model_validator(mode="after")
    def _probability_is_a_symmetric_square(self):
        count = len(self.blocks)
        if abs(sum(self.blocks) - 1.0) > 1e-9:
            raise ValueError(f"blocks: the shares sum to {sum(self.blocks):g}; they must sum to 1")
        for i, row in enumerate(self.probability):
            if len(row) != count:
                raise ValueError(
                    f"probability.{i}: has {len(row)} numbers; it needs one for each of {count} blocks"
                )
        if len(self.probability) != count:
            raise ValueError(
                f"probability: has {len(self.probability)} rows; it needs one for each of {count} blocks"
            )
        for i, row in enumerate(self.probability):
            for j in range(i):
                if row[j] != self.probability[j][i]:
                    raise ValueError(
                        f"probability.{i}.{j}: {row[j]:g} is not what probability.{j}.{i} says "
                        f"({self.probability[j][i]:g}); ties go both ways, so the two must be equal"
                    )
        return self


class Configuration(Generated):
    """A network with given degrees, all else by chance: no loops, no double ties.

    Degrees are a list, a file (one column, ``degree``), or a power law.
    """

    generator: Literal["configuration"] = "configuration"
    degrees: list[Annotated[int, Field(strict=True)]] | None = Field(
        None, description="ties of each node, in order"
    )
    degrees_file: str | None = Field(None, description="CSV or Parquet file with a column 'degree'")
    exponent: _number("exponent of a power law of degrees", "exponent", gt=1, le=10) | None = None
    least_degree: _count("smallest degree of the power law", "ties", ge=1) = 1
    most_degree: _count("largest degree of the power law", "ties", ge=1) | None = None

    @model_validator(mode="after")
    def _says_degrees_once(self):
        given = [name for name in ("degrees", "degrees_file", "exponent") if getattr(self, name) is not None]
        if len(given) != 1:
            told = f"not {' and '.join(given)}" if given else "none of them is given"
            raise ValueError(f"degrees: give one of degrees, degrees_file, exponent; {told}")
        if self.most_degree is not None and self.most_degree < self.least_degree:
            raise ValueError(f"most_degree: {self.most_degree} lies below least_degree ({self.least_degree})")
        return self


class ErdosRenyi(Generated):
    """Every pair is tied with the same probability (Erdos, Renyi 1959; Gilbert 1959)."""

    generator: Literal["erdos-renyi"] = "erdos-renyi"
    degree: _number("mean number of ties of a node", "ties", ge=0) | None = None
    probability: _number("probability of a tie between two nodes", "share", ge=0, le=1) | None = None

    @model_validator(mode="after")
    def _says_density_once(self):
        if (self.degree is None) == (self.probability is None):
            told = "neither is" if self.degree is None else "both are"
            raise ValueError(f"degree: give either degree or probability; {told} given")
        return self


class Complete(Generated):
    """Everybody is tied to everybody."""

    generator: Literal["complete"] = "complete"


class FromFile(Spec):
    """A network from a file: an edge list (.csv, .parquet) or GraphML (.graphml)."""

    generator: Literal["file"] = "file"
    path: str = Field(description="the file; a relative path starts from the folder of the scenario")
    directed: bool | None = Field(
        None,
        description="true: a row is a tie from its first node to its second only; GraphML says it itself",
    )
    kind: str = Field("collaboration", description="kind of the ties of a file that does not say it")
    columns: dict[str, str] = Field(
        {}, description="what a column of an edge list is called: strength = 'hours'"
    )
    ignore: list[str] = Field([], description="names of columns that are left out")
    start: str | None = Field(None, description="date that since and until count from, where they are dates")

    @field_validator("kind")
    @classmethod
    def _kind_exists(cls, kind: str) -> str:
        return check_kind(kind)


_SPECS = (
    BarabasiAlbert, WattsStrogatz, Communities, StochasticBlock, Configuration, ErdosRenyi, Complete,
    FromFile,
)  # fmt: skip
GENERATORS: dict[str, type[Spec]] = {model.model_fields["generator"].default: model for model in _SPECS}
NetworkSpec = Annotated[Union[_SPECS], Field(discriminator="generator")]  # noqa: UP007


FILE_FIELDS = ("path", "degrees_file")  # fields of a network that name a file


def files_of(spec: Spec, folder: str | Path) -> list[Path]:
    """Return the files that a network is made from, as far as they are there; relative to a folder."""
    names = [getattr(spec, field, None) for field in FILE_FIELDS]
    return [path for name in names if name is not None and (path := Path(folder) / name).is_file()]


def stamp_of(path: Path) -> tuple[int, int]:
    """Return what changes when a file does: the time of its last change (ns) and its size (bytes)."""
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_size


def generator_in(location: list) -> tuple[list, type[Spec] | None]:
    """Return a path into data without the name of the generator that pydantic puts into it, and its model."""
    for at, part in enumerate(location):
        if part in GENERATORS and (at == 0 or location[at - 1] == "network"):
            return [*location[:at], *location[at + 1 :]], GENERATORS[part]
    return location, None
