"""Scenarios: reading, checking, changing. A scenario is data; nothing here simulates.

``load("gpt3")`` finds ``configs/gpt3.toml``; a path works as well. ``extends`` names another scenario
that is read first. ``sets`` change single numbers by their dotted path.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.kinds import REGISTRY
from sim.errors import UserError, nearest, not_found
from sim.joint import check_joint, check_not_chosen, find_posterior
from sim.levers import check_levers
from sim.networks.specs import (
    FILE_FIELDS,
    GENERATORS,
    files_of,
    generator_in,
    plain_value,
    stamp_of,
)
from sim.paths import join_path, split_path
from sim.schema import (
    DRAWING,
    EVER,
    ROW_TABLES,
    SETTINGS,
    Kind,
    Option,
    ScenarioFile,
    date_of_months,
    months_of_date,
    number_fields,
)
from sim.tail.checking import check_populations
from sim.words import ArtifactKind, TieKind

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
LARGEST_FILE = 20_000_000  # bytes
LONGEST_MONTHS = 1200
MOST_PROBLEMS = 8
NAME = re.compile(r"[\w-][\w.-]{0,99}")  # it names files and folders
_EXPECTED = {
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "list_type": "a list",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
EARLIEST, LATEST = months_of_date("1950-01"), months_of_date("2200-01")


@dataclass(frozen=True, eq=False)
class Scenario:
    """A checked scenario.

    ``file``: what it says. ``raw``: the same as plain data (for manifests). ``origin``: the file it
    came from. ``sets``: the changes made to it. ``policies``: what was laid over it.
    """

    name: str
    file: ScenarioFile
    raw: dict[str, Any]
    origin: str
    sets: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()

    @property
    def start(self) -> float:
        """The first month, in months since the year 0."""
        return months_of_date(self.file.scenario.start)

    @property
    def months(self) -> int:
        """The number of months simulated."""
        return round(months_of_date(self.file.scenario.end) - self.start) + 1

    def date(self, months: float):
        """Return the calendar day of a time in months since the start."""
        return date_of_months(self.start + months)

    @property
    def fingerprint(self) -> str:
        """A hash of all that the scenario says."""
        text = json.dumps(self.raw, sort_keys=True, default=str)
        digest = hashlib.blake2b(text.encode(), digest_size=16)
        if self.posterior_file:
            digest.update(self.posterior_file.read_bytes())
        if self.file.network is not None:
            for path in files_of(self.file.network, Path(self.origin).parent):
                digest.update(_digest_of(path, stamp_of(path)))
        return digest.hexdigest()

    @property
    def posterior_file(self) -> Path | None:
        """The file of the sample that inputs are drawn from; None if intervals are."""
        return find_posterior(self.file, self.origin, CONFIGS)

    @property
    def follow_class(self) -> str:
        """The class whose diffusion is in question."""
        return self.file.scenario.follow_class or list(self.file.classes)[-1]

    def _repr_html_(self) -> str:
        """Return what it is, who is there and how it was changed, for notebooks."""
        from collections import Counter

        from sim.display import as_html

        about = self.file.scenario
        kinds = Counter(actor.kind.replace("_", " ") for actor in self.file.actors.values())
        who = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        facts = [
            about.about,
            f"{about.start} to {about.end}; the class in question: {self.follow_class}",
            f"{len(self.file.actors)} actors: {who}",
            f"with {' ++ '.join(self.policies)}" if self.policies else "",
            f"changed: {'; '.join(self.sets)}" if self.sets else "",
        ]
        return as_html(f"Scenario {self.name}: {about.title}", facts)


@functools.lru_cache(maxsize=8)
def _digest_of(path: Path, _stamp: tuple[int, int]) -> bytes:
    """Return the hash of the bytes of a file, which may be large: it is read once as long as it stays."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()


def names() -> list[str]:
    """Return the names of the scenarios that come with the product."""
    return sorted(path.stem for path in CONFIGS.glob("*.toml"))


def load(scenario: str | Path | Scenario, sets: tuple[str, ...] | list[str] = ()) -> Scenario:
    """Read and check a scenario by name or path, with changes of the form "path=value".

    Raises UserError with file, dotted path, the value given and what is allowed.

    >>> load("toy").months
    36
    """
    if isinstance(scenario, Scenario):
        if not sets:
            return scenario
        sets_before, policies = scenario.sets, scenario.policies
        return from_data(scenario.raw, scenario.origin, (*sets_before, *sets), sets, policies, scenario.name)
    path = find(scenario)
    data = _read_chain(path, [])
    return from_data(data, str(path), tuple(sets), sets)


def from_data(
    data: dict[str, Any], origin: str = "<data>", sets=(), new_sets=(), policies=(), name: str = ""
) -> Scenario:
    """Check a scenario that is given as plain data (what a TOML file would hold)."""
    name = name or Path(origin).stem
    if isinstance(data.get("scenario"), dict):
        name = data["scenario"].get("name") or name
    file = _validate(data, origin)
    for change in new_sets:
        data = _changed(data, file, change, origin)
        file = _validate(data, origin, change)
    ordered = sorted(file.classes, key=lambda klass: file.classes[klass].flop.value)
    if ordered != list(file.classes):  # a level is a place in this order, whichever file names it
        data = {**data, "classes": {klass: data["classes"][klass] for klass in ordered}}
        file = _validate(data, origin)
    _check_references(file, f"{origin} with --set {' --set '.join(new_sets)}" if new_sets else origin)
    return Scenario(name, file, data, origin, tuple(sets), tuple(policies))


def find(scenario: str | Path, otherwise: str = "") -> Path:
    """Return the file of a scenario given by name or path; ``otherwise``: what to say where none is."""
    text = str(scenario)
    path = Path(text)
    try:
        if path.suffix == ".toml" or path.is_file():
            if path.is_dir():
                raise UserError(f"{text}: is a folder, not a scenario file")
            if not path.is_file():
                raise UserError(f"{text}: no such file")
            return path
        named = CONFIGS / f"{text}.toml"
        if "/" not in text and "\\" not in text and named.is_file():
            return named
    except OSError as error:  # such as a name that is too long
        raise UserError(f"{_short(text)}: cannot be read ({error.strerror})") from None
    raise UserError(otherwise or not_found("scenario", text, names()))


def _short(text: str) -> str:
    return text if len(text) < 60 else text[:57] + "..."


def _read_chain(path: Path, above: list[Path]) -> dict[str, Any]:
    path = path.resolve()
    if path in above:
        circle = " -> ".join(p.name for p in [*above, path])
        raise UserError(f"{path}: extends: a circle: {circle}")
    data = read_toml(path)
    base = data.pop("extends", None)
    if base is None:
        return data
    if not isinstance(base, str):
        raise UserError(f"{path}: extends: must be a name or a path in quotes, not {base!r}")
    beside = path.parent / (base if base.endswith(".toml") else f"{base}.toml")
    try:
        below = beside if len(base) < 1000 and beside.is_file() else find(base)
    except (UserError, OSError) as error:
        raise UserError(f"{path}: extends: {error}") from None
    inherited = _seen_from(path.parent, _read_chain(below, [*above, path]), below.resolve().parent)
    return merge(inherited, data, str(path))


def _seen_from(folder: Path, data: dict[str, Any], home: Path) -> dict[str, Any]:
    """Return the data of a file in ``home`` with the relative paths in it as they are from a folder."""
    network = data.get("network")
    if folder == home or not isinstance(network, dict):
        return data
    moved = {
        field: os.path.relpath(home / network[field], folder)
        for field in FILE_FIELDS
        if isinstance(network.get(field), str) and not Path(network[field]).is_absolute()
    }
    return {**data, "network": {**network, **moved}}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; raise UserError with the reason where that fails."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UserError(
                f"{path}: {size / 1e6:.0f} MB is too large for a scenario; at most "
                f"{LARGEST_FILE / 1e6:.0f} MB"
            )
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        text = content.decode("utf-8-sig")  # some editors put a mark before the text
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text (byte {error.start})") from None
    if not text.strip():
        raise UserError(f"{path}: the file is empty")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = ""
        if "Cannot declare" in str(error) or "Cannot overwrite" in str(error):
            hint = "; a table or key stands there twice"
        raise UserError(f"{path}: not valid TOML: {error}{hint}") from None
    except RecursionError:
        raise UserError(f"{path}: not valid TOML: nested too deeply") from None
    except ValueError:
        raise UserError(f"{path}: a number in it has more digits than can be read") from None


ADDED_TO = ("orders", "changes")  # lists that grow; any other list is replaced


def merge(base: dict[str, Any], change: Mapping[str, Any], origin: str = "") -> dict[str, Any]:
    """Return ``base`` with the tables of ``change`` laid over it; a number replaces a number.

    ``remove = ["actors.NAME", ...]`` first takes rows away, an actor with all that refers to it.
    """
    change = dict(change)
    check_removes(change, origin)
    for path in change.pop("remove", []):
        base = _without(base, path, origin)
    if "alternatives" in base and "alternatives" not in change:
        for path in _numbers_in(change):
            check_not_chosen(base, path, origin)
    merged = _merged(base, change)
    if "posterior" in base:
        for path in _numbers_in(change):
            if _is_uncertain(base, path):  # what is laid over it is not the number that was learned
                merged = _left_out_of_posterior(merged, path)
    for key in ADDED_TO:
        if isinstance(base.get(key), list) and isinstance(change.get(key), list):
            merged[key] = [*base[key], *change[key]]
    return merged


def check_removes(change: Mapping[str, Any], origin: str) -> None:
    """Raise UserError where ``remove`` is no list."""
    if not isinstance(change.get("remove", []), list):
        raise UserError(f'{origin}: remove: must be a list such as ["actors.NAME"], not {change["remove"]!r}')


def _merged(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        if not isinstance(value, dict) or not isinstance(old, dict) or is_number_table(value):
            merged[key] = value
        elif value.get("generator", old.get("generator")) != old.get("generator"):
            merged[key] = value  # numbers of one generator mean nothing to another
        else:
            merged[key] = _merged(old, value)
    return merged


def _numbers_in(node: Any, path: tuple = ()):
    """Yield the dotted path of everything that stands in nested data."""
    if isinstance(node, dict) and not is_number_table(node):
        for key, below in node.items():
            yield from _numbers_in(below, (*path, key))
    else:
        yield join_path(path)


def _without(data: dict[str, Any], path: Any, origin: str) -> dict[str, Any]:
    """Return a scenario's data without one row; without an actor, also without its ties and rows."""
    parts = split_path(path) if isinstance(path, str) else []
    table = data.get(parts[0]) if parts else None
    if len(parts) != 2 or not isinstance(table, dict):
        raise UserError(f"{origin}: remove: {path!r}: write TABLE.ROW, such as actors.NAME")
    if parts[1] not in table:
        raise UserError(f"{origin}: remove: {not_found('row of ' + parts[0], parts[1], table)}")
    data = {**data, parts[0]: {key: row for key, row in table.items() if key != parts[1]}}
    data = _left_out_of_posterior(data, join_path(parts))
    if parts[0] == "actors":
        gone = parts[1]
        data["ties"] = [tie for tie in data.get("ties", []) if gone not in (tie.get("from"), tie.get("to"))]
        for key, owner in (("scripted_artifacts", "owner"), ("scripted_projects", "actor")):
            data[key] = {name: row for name, row in data.get(key, {}).items() if row.get(owner) != gone}
        for table in ("policies", "motives"):
            data[table] = {key: rows for key, rows in data.get(table, {}).items() if key != gone}
    return data


def _is_uncertain(data: Any, path: str) -> bool:
    """Return whether an interval, or a pool of opinions, stands at a path of a scenario's data."""
    for part in split_path(path):
        data = data.get(part) if isinstance(data, dict) else None
    return isinstance(data, dict) and any(key in data for key in ("low", "pool", "probability"))


def _left_out_of_posterior(data: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a scenario's data whose posterior, if it has one, leaves a number or a row alone."""
    posterior = data.get("posterior")
    if not isinstance(posterior, dict):
        return data
    return {**data, "posterior": {**posterior, "except": [*posterior.get("except", []), path]}}


def is_number_table(value: Mapping[str, Any]) -> bool:
    """Return whether a table is one number: with a source, an interval, or opinions."""
    return any(key in value for key in ("value", "centre", "pool", "probability"))


def _changed(data, file: ScenarioFile, change: str, origin: str) -> dict[str, Any]:
    path, equals, text = change.partition("=")
    path = path.strip()
    if not equals or not path:
        raise UserError(f"--set {change!r}: write path=value, such as actors.NAME.people=30")
    parts = _resolve(split_path(path), data, file, change)
    check_not_chosen(data, join_path(parts), f"--set {change!r}")
    if parts[0] != "posterior":  # what the user says wins
        data = _left_out_of_posterior(data, join_path(parts))
    try:
        value = tomllib.loads(f"x = {text.strip()}")["x"]
    except (ValueError, RecursionError):
        value = text.strip()
    if parts[0] not in DRAWING and not isinstance(value, (dict, bool, str)):
        value = {"value": value, "source": f"set by the user ({origin})"}
    return _with(data, parts, value)


def _with(data, parts: list, value):
    first, *rest = parts
    copy = list(data) if isinstance(data, list) else dict(data)
    if not rest:
        copy[first] = value
        return copy
    below = copy[first] if isinstance(first, int) or first in copy else {}
    copy[first] = _with(below, rest, value)
    return copy


def _resolve(parts: list[str], data, file: ScenarioFile, change: str) -> list:
    """Return the parts of a path into ``data``, or raise UserError with the nearest that exists."""

    def missing(what, name, allowed):
        return UserError(f"--set {change!r}: {not_found(what, name, allowed)}")

    node: Any = file
    resolved: list[Any] = []
    for part in parts:
        if isinstance(node, BaseModel):
            fields = {info.alias or name: name for name, info in type(node).model_fields.items()}
            fields.pop("extends", None)  # was followed when the file was read
            if part not in fields:
                if isinstance(node, ScenarioFile):
                    raise missing("table", part, fields)
                raise missing(f"field of {join_path(resolved)}", part, fields)
            resolved.append(part)
            node = getattr(node, fields[part])
        elif isinstance(node, dict):
            if part not in node:
                raise missing(f"row of {join_path(resolved)}", part, node)
            resolved.append(part)
            node = node[part]
            if isinstance(node, list) and len(node) == 1 and resolved[0] == "policies":
                below = data
                for step in resolved:
                    below = below[step]
                if isinstance(below, list):
                    resolved.append(0)
                node = node[0]
        elif isinstance(node, list):
            if not (part.isascii() and part.isdigit()) or int(part) >= len(node):
                raise missing(f"row of {join_path(resolved)}", part, map(str, range(len(node))))
            resolved.append(int(part))
            node = node[int(part)]
        else:
            raise UserError(f"--set {change!r}: {join_path(resolved)} has no parts")
    if isinstance(node, (BaseModel, dict, list)):
        inside: list = list(type(node).model_fields) if isinstance(node, BaseModel) else list(node)
        if isinstance(node, list):
            inside = list(range(len(node)))
        raise UserError(
            f"--set {change!r}: names a table, not a number; it holds: {', '.join(map(str, inside[:12]))}"
        )
    return resolved


def _validate(data: dict[str, Any], origin: str, change: str | None = None) -> ScenarioFile:
    where = f"--set {change!r}" if change else origin
    try:
        return ScenarioFile.model_validate(data)
    except ValidationError as error:
        problems = [problem_of(detail) for detail in error.errors()]
        shown = problems[:MOST_PROBLEMS]
        more = len(problems) - len(shown)
        lines = [f"{where}: {problem}" for problem in shown]
        if more > 0:
            lines.append(f"{where}: and {more} more")
        raise UserError("\n".join(lines)) from None


def problem_of(detail: Mapping[str, Any], allowed_at: Callable[[list], list[str]] | None = None) -> str:
    """Return one line for one problem that pydantic found: dotted path, what is wrong, the cure.

    ``allowed_at``: what keys there are under a path; those of a scenario if None.
    """
    location, generator = generator_in(list(detail["loc"]))
    if len(location) > 3 and location[0] == "policies" and location[3] == 0:
        del location[3]
    path = join_path(location)
    kind, given = detail["type"], plain_value(detail.get("input"))
    if kind == "union_tag_invalid":
        wrong = not_found("generator", detail["ctx"]["tag"], GENERATORS)
        return f"{join_path([*location, 'generator'])}: {wrong}"
    if kind == "union_tag_not_found":
        return f"{join_path([*location, 'generator'])}: is missing; there is: {', '.join(GENERATORS)}"
    if kind == "extra_forbidden":
        allowed = list(generator.model_fields) if generator else (allowed_at or _allowed_at)(location[:-1])
        return f"{path}: unknown key{nearest(str(location[-1]), allowed)}; allowed: {', '.join(allowed)}"
    if kind == "missing":
        return f"{path}: is missing"
    if kind == "literal_error":
        return f"{path}: {given!r} is not allowed; use {detail['ctx']['expected']}"
    message = detail["msg"].removeprefix("Value error, ")
    if kind in ("value_error", "assertion_error"):
        return f"{path}: {message}"
    if kind in _EXPECTED:
        return f"{path}: must be {_EXPECTED[kind]}, not {_short(repr(given))}"
    return f"{path}: {message.lower()}, not {_short(repr(given))}"


def _allowed_at(location: list) -> list[str]:
    model: Any = ScenarioFile
    if location:
        top = location[0]
        model = (ROW_TABLES | SETTINGS | DRAWING).get(top)
        if top == "alternatives" and "options" in location:
            model = Option
        if model is None:
            model = ScenarioFile.model_fields[top].annotation
    fields = getattr(model, "model_fields", {})
    return [info.alias or name for name, info in fields.items()]


def _check_references(file: ScenarioFile, origin: str) -> None:
    """Check what a single field cannot know: names that must exist, dates, the horizon."""

    def check(name, allowed, what, path):
        if name not in allowed:
            raise UserError(f"{origin}: {path}: {not_found(what, name, allowed)}")

    heading = file.scenario
    if heading.name and not NAME.fullmatch(heading.name):
        raise UserError(
            f"{origin}: scenario.name: {heading.name!r} is not a name; use letters, digits, - and _"
        )
    for field in ("start", "end"):
        try:
            months = months_of_date(getattr(heading, field))
        except ValueError as error:
            raise UserError(f"{origin}: scenario.{field}: {error}") from None
        if months % 1:
            raise UserError(f"{origin}: scenario.{field}: give a month, YYYY-MM")
    start, end = months_of_date(heading.start), months_of_date(heading.end) + 1
    if not 1 <= end - start <= LONGEST_MONTHS:
        raise UserError(
            f"{origin}: scenario.end: {heading.end} makes {end - start:.0f} months from "
            f"{heading.start}; allowed: 1 to {LONGEST_MONTHS}"
        )
    if heading.follow_class:
        check(heading.follow_class, file.classes, "class", "scenario.follow_class")
    for table in ("regions", "classes", "kinds", "actors"):
        if not getattr(file, table):
            raise UserError(f"{origin}: {table}: is empty; at least one row is needed")
    kinds = [kind.key for kind in ArtifactKind]
    for kind in file.kinds:
        check(kind, REGISTRY, "kind of actor", f"kinds.{kind}")
    for effect in file.effects:
        check(effect, kinds, "kind of artifact", f"effects.{effect}")
    families = sorted({chip.family for chip in file.chips.values()})
    lowered: dict[str, str] = {}
    for name, actor in file.actors.items():
        path = join_path(["actors", name])
        if name.lower() in lowered:
            raise UserError(f"{origin}: {path}: there is already an actor {lowered[name.lower()]!r}")
        lowered[name.lower()] = name
        check(actor.kind, file.kinds, "kind", f"{path}.kind")
        check(actor.region, file.regions, "region", f"{path}.region")
        if actor.family:
            check(actor.family, families, "family of chips", f"{path}.family")
        elif file.kinds[actor.kind].develops or file.kinds[actor.kind].sponsors:
            raise UserError(f"{origin}: {path}.family: is missing; there is: {', '.join(families)}")
        if actor.reached:
            check(actor.reached, file.classes, "class", f"{path}.reached")
        if actor.grant_chip:
            own = [name for name, chip in file.chips.items() if chip.family == actor.family]
            check(actor.grant_chip, own, "generation of its family of chips", f"{path}.grant_chip")
        if file.kinds[actor.kind].sponsors and not actor.grant:
            raise UserError(f"{origin}: {path}.grant: is missing; a sponsor gives something")
        if lacks_patience(file.kinds[actor.kind]):
            patience = join_path(["kinds", actor.kind, "patience_months"])
            raise UserError(
                f"{origin}: {patience}: is missing, so that who decides for a model would give up at once"
            )
    ties = [kind.key for kind in TieKind]
    for row, tie in enumerate(file.ties):
        path = f"ties.{row}"
        check(tie.a, file.actors, "actor", f"{path}.from")
        check(tie.b, file.actors, "actor", f"{path}.to")
        check(tie.kind, ties, "kind of tie", f"{path}.kind")
        if tie.a == tie.b:
            raise UserError(f"{origin}: {path}: a tie of {tie.a!r} to itself")
    for kind in file.flows:
        check(kind, ties, "kind of tie", f"flows.{kind}")
    for holder, rows in file.policies.items():
        check(holder, [*file.actors, *file.kinds], "actor or kind", join_path(["policies", holder]))
        for kind in rows:
            check(kind, kinds, "kind of artifact", join_path(["policies", holder, kind]))
        for policy in rows.get("weights", []):
            if policy.access == "arms_length":
                path = join_path(["policies", holder, "weights", "access"])
                raise UserError(f"{origin}: {path}: weights are held, not used at arm's length; use api")
    for holder in file.motives:
        check(holder, [*file.actors, *file.kinds], "actor or kind", join_path(["motives", holder]))
    for kind in file.stakes:
        check(kind, kinds, "kind of artifact", f"stakes.{kind}")
    if file.publication.staged_from.value > file.publication.open_from.value:
        raise UserError(f"{origin}: publication.staged_from: must not lie above open_from")
    for name, insight in file.insights.items():
        if insight.needs:
            check(insight.needs, file.classes, "class", join_path(["insights", name, "needs"]))
    for table in ("scripted_artifacts", "scripted_projects"):
        for name, row in getattr(file, table).items():
            path = join_path([table, name])
            owner = row.owner if table == "scripted_artifacts" else row.actor
            check(owner, file.actors, "actor", f"{path}.owner")
            if table == "scripted_projects" and not file.kinds[file.actors[owner].kind].develops:
                kind = file.actors[owner].kind
                raise UserError(f"{origin}: {path}.actor: {owner!r} does not develop (kind {kind!r})")
            if row.class_:
                check(row.class_, file.classes, "class", f"{path}.class")
            if table == "scripted_artifacts":
                check(row.kind, kinds, "kind of artifact", f"{path}.kind")
            else:
                for kind, months in row.releases.items():
                    if months.uncertain:
                        raise UserError(f"{origin}: {path}.releases.{kind}: must be a plain number")
                    check(kind, kinds, "kind of artifact", f"{path}.releases.{kind}")
    _check_dates(file, origin, start, end)
    check_levers(file, origin, start, end)
    check_populations(file, origin)
    check_joint(file, origin)


def lacks_patience(kind: Kind) -> bool:
    """Return whether actors of a kind decide for models, and nobody says how long they look for the means."""
    return kind.develops and kind.start_rate.value > 0.0 and "patience_months" not in kind.model_fields_set


def _check_dates(file: ScenarioFile, origin: str, start: float, end: float) -> None:
    for table, model in (ROW_TABLES | SETTINGS).items():
        dates = [name for name, unit in number_fields(model).items() if unit.date]
        rows = getattr(file, table)
        if not dates or table in ("policies", "orders", "changes") or rows is None:
            continue
        items = rows.items() if table in ROW_TABLES else [("", rows)]
        for name, row in items:
            for field in dates:
                value = getattr(row, field).value
                path = join_path([table, *([name] if name else []), field])
                scripted = table.startswith("scripted") and value < float("inf")
                if abs(value) < EVER and not EARLIEST <= value <= LATEST:
                    raise UserError(f"{origin}: {path}: lies outside the years 1950 to 2200")
                if scripted and field != "made" and abs(value) < EVER and value > end:
                    raise UserError(
                        f"{origin}: {path}: {date_of_months(value)} lies outside the horizon "
                        f"({file.scenario.start} to {file.scenario.end})"
                    )
    for holder, kinds in file.policies.items():
        for kind, several in kinds.items():
            for row in several:
                path = join_path(["policies", holder, kind])
                for field, date in (("from", row.from_.value), ("until", row.until.value)):
                    if abs(date) < EVER and not EARLIEST <= date <= LATEST:
                        raise UserError(f"{origin}: {path}.{field}: lies outside the years 1950 to 2200")
                if row.from_.value >= row.until.value:
                    raise UserError(f"{origin}: {path}: from must lie before until")
    for name, row in file.scripted_projects.items():
        path = join_path(["scripted_projects", name])
        if not row.started.value <= row.trained.value <= row.announced.value:
            raise UserError(f"{origin}: {path}: started, trained and announced are out of order")
        begins = file.actors[row.actor].active_from.value
        if row.trained.value < begins:
            if begins >= EVER:
                raise UserError(
                    f"{origin}: {path}.actor: {row.actor!r} never comes into being; remove the project too"
                )
            raise UserError(
                f"{origin}: {path}.actor: {row.actor!r} comes into being only on {date_of_months(begins)}"
            )
