"""Levers of a scenario: what orders and changes name, and whether they can be carried out."""

from __future__ import annotations

from sim.errors import UserError, not_found
from sim.paths import join_path, quantities, split_path
from sim.schema import NEVER, Change, Order, ScenarioFile, Unit, check_bounds
from sim.words import ArtifactKind, Reader

GENERAL = "general"  # stands for the class of what belongs to none
# Numbers that only the start of a run reads, but that a later change moves in the state.
READERS = {
    ("actors", "people"): Reader.PEOPLE,
    ("actors", "experience"): Reader.EXPERIENCE,
    ("actors", "money_usd"): Reader.MONEY,
}
START_ONLY = (
    ("chips", "released"),
    ("actors", "active_from"),
    ("actors", "chips_until"),
    ("conviction", "spread"),
)
NOT_CHANGED = {  # table -> what to use instead
    "policies": "use [[orders]]",
    "orders": "change the order itself",
    "changes": "change the change itself",
    "scripted_artifacts": "use [[orders]], or lay the row over",
    "scripted_projects": "use [[orders]], or lay the row over",
    "deployment": "lay the number over; it is read where results are",
    "harms": "lay the weight over; it is read where results are",
}


def is_named(file: ScenarioFile, actor: str, names: list[str]) -> bool:
    """Return whether a list of names, kinds and regions ("all": everybody) covers an actor."""
    row = file.actors[actor]
    return any(name in ("all", actor, row.kind, row.region) for name in names)


def touched(file: ScenarioFile, change: Change):
    """Yield (place in the vector, path parts, unit) of every number that a change touches."""
    wanted = split_path(change.path)
    for place, (parts, _, unit, _) in enumerate(quantities(file)):
        if len(parts) != len(wanted):
            continue
        if not all(word in ("*", str(part)) for word, part in zip(wanted, parts, strict=True)):
            continue
        if (
            change.only
            and "all" not in change.only
            and not (parts[0] == "actors" and is_named(file, parts[1], change.only))
        ):
            continue
        yield place, parts, unit


def check_levers(file: ScenarioFile, origin: str, start: float, end: float) -> None:
    """Check orders and changes: names and paths that must exist, and orders that contradict each other."""
    who = ["all", *file.actors, *file.kinds, *file.regions]
    kinds = [kind.key for kind in ArtifactKind]
    taken: list[tuple[int, Order]] = []
    for row, order in enumerate(file.orders):
        path = f"{origin}: orders.{row}"
        for field, names_given, allowed in (
            ("actors", order.actors, who),
            ("except", order.except_, who),
            ("artifacts", order.artifacts, ["all", *kinds]),
            ("classes", order.classes, ["all", GENERAL, *file.classes]),
        ):
            for name in names_given:
                if name not in allowed:
                    raise UserError(f"{path}.{field}: {not_found('name', name, allowed)}")
            if not names_given and field != "except":
                raise UserError(f'{path}.{field}: is empty; write ["all"] or names')
        if order.compliance.value < 1.0 and not order.name:
            raise UserError(
                f"{path}.name: is missing; luck knows by it who complies (compliance = "
                f'{order.compliance.value:g}); write name = "..."'
            )
        if order.until.value <= order.from_.value < NEVER.value:  # from "never": a lever that is off
            raise UserError(f"{path}: from must lie before until")
        if not any(
            is_named(file, name, order.actors) and not is_named(file, name, order.except_)
            for name in file.actors
        ):
            raise UserError(f"{path}: names nobody of this scenario")
        for other_row, other in taken:
            what = _contradiction(file, order, other)
            if what:
                raise UserError(f"{path}: contradicts orders.{other_row}: {what}")
        taken.append((row, order))
    for row, change in enumerate(file.changes):
        path = f"{origin}: changes.{row}.path"
        cells = list(touched(file, change))
        if not cells:
            _explain_no_cell(file, change, path)
        table, field = cells[0][1][0], cells[0][1][-1]
        if table in NOT_CHANGED:
            raise UserError(
                f"{path}: {change.path!r}: numbers of {table} are not changed; {NOT_CHANGED[table]}"
            )
        if table == "motives" and len(cells) == 1:
            _, holder, incentive = cells[0][1]
            if holder in file.actors and incentive not in file.motives[holder].model_fields_set:
                kind = file.actors[holder].kind
                raise UserError(
                    f"{path}: {change.path!r} is not in the row of {holder!r}, where it weighs as for its "
                    f"kind; give it there, or change motives.{kind}.{incentive}"
                )
        if cells[0][2].date and change.operation != "add":
            raise UserError(f'{path}: {change.path!r} is a date; use operation = "add" with months')
        _check_value(change, cells[0][2], f"{origin}: changes.{row}.value")
        dated = change.from_.value > start or change.until.value < end
        if dated and (table, field) in START_ONLY:
            raise UserError(f"{path}: {change.path!r} is read at the start only; leave out from and until")
        if change.until.value <= change.from_.value < NEVER.value:
            raise UserError(f"{origin}: changes.{row}: from must lie before until")


def _check_value(change: Change, unit: Unit, what: str) -> None:
    """Raise UserError where a number is set to what its unit does not allow; others are kept in."""
    if change.operation == "set":
        try:
            check_bounds(change.value, unit)
        except ValueError as error:
            raise UserError(f"{what}: {change.path} set to {error}") from None


def _explain_no_cell(file: ScenarioFile, change: Change, path: str) -> None:
    paths = [join_path(parts) for parts, *_ in quantities(file)]
    if change.only and "all" not in change.only:
        allowed = [*file.actors, *file.kinds, *file.regions]
        for name in change.only:
            if name not in allowed:
                raise UserError(f"{path.removesuffix('path')}only: {not_found('name', name, allowed)}")
        raise UserError(f"{path}: {change.path!r} with only = {change.only} touches no number")
    raise UserError(f"{path}: {not_found('number', change.path, paths)}")


def _contradiction(file: ScenarioFile, order: Order, other: Order) -> str:
    """Return in what two orders contradict each other where both apply, or nothing."""
    if order.from_.value >= other.until.value or other.from_.value >= order.until.value:
        return ""
    shared = _shared(order.artifacts, other.artifacts) and _shared(order.classes, other.classes)
    both = [
        name
        for name in file.actors
        if all(is_named(file, name, o.actors) and not is_named(file, name, o.except_) for o in (order, other))
    ]
    if not shared or not both:
        return ""
    if {order.action, other.action} == {"forbid", "require"}:
        return f"one forbids what the other requires of {both[0]}"
    if order.access and other.access and order.access != other.access:
        return f"{order.access} here and {other.access} there for {both[0]}"
    return ""


def _shared(some: list[str], others: list[str]) -> bool:
    return "all" in some or "all" in others or not set(some).isdisjoint(others)
