"""Dotted paths: every number of a scenario has one, such as ``actors."Meta AI".people``."""

from __future__ import annotations

from sim.schema import ROW_TABLES, SETTINGS, Quantity, ScenarioFile, number_fields
from sim.words import ArtifactKind, TieKind


def split_path(path: str) -> list[str]:
    """Split a dotted path; a part that holds dots or spaces may stand in quotes.

    >>> split_path('actors."Meta AI".people')
    ['actors', 'Meta AI', 'people']
    """
    parts, part, quote = [], "", ""
    for character in path:
        if quote:
            if character == quote:
                quote = ""
            else:
                part += character
        elif character in "\"'":
            quote = character
        elif character == ".":
            parts.append(part)
            part = ""
        else:
            part += character
    return [*parts, part]


def join_path(parts) -> str:
    """Join the parts of a dotted path, with quotes where a part needs them."""
    return ".".join(
        f'"{part}"' if isinstance(part, str) and ("." in part or " " in part) else str(part) for part in parts
    )


def quantities(file: ScenarioFile):
    """Yield (path parts, quantity, unit, source) for every number of a scenario, in table order."""
    for table, model in ROW_TABLES.items():
        units = number_fields(model)
        for parts, row in _rows(table, getattr(file, table)):
            for field, unit in units.items():
                info = model.model_fields[field]
                quantity: Quantity = getattr(row, field)
                yield (*parts, info.alias or field), quantity, unit, quantity.source or row.source
    for table, model in SETTINGS.items():
        row = getattr(file, table)
        if row is None:
            continue
        for field, unit in number_fields(model).items():
            quantity = getattr(row, field)
            yield (table, field), quantity, unit, quantity.source or row.source


def _rows(table: str, rows):
    """Yield (path parts, row) of a table in the order in which the numbers are laid out."""
    if table in ("effects", "stakes", "flows"):  # one row for every kind, named or not
        model = ROW_TABLES[table]
        words = TieKind if table == "flows" else ArtifactKind
        for word in words:
            yield (table, word.key), rows.get(word.key) or _blank(model)
    elif table == "policies":
        for holder, kinds in rows.items():
            for kind, several in kinds.items():
                for place, row in enumerate(several):
                    parts = (table, holder, kind)
                    yield (parts if len(several) == 1 else (*parts, place)), row
    elif isinstance(rows, list):
        for place, row in enumerate(rows):
            yield (table, place), row
    else:
        for name, row in rows.items():
            yield (table, name), row


def _blank(model):
    if model.__name__ == "Effect":
        return model(uptake_months=1.0, obsolescence_months=120.0, spread=0.0)
    return model()


def meaning_of(path: str) -> str:
    """Return what the number at a dotted path says, in the words of the data dictionary; "" if it is none.

    >>> meaning_of("trends.rent_decline")
    'fall of the rent of one generation after its release'
    """
    parts = split_path(path)
    model = SETTINGS.get(parts[0]) or ROW_TABLES.get(parts[0])
    if model is None or len(parts) < 2:
        return ""
    for field in number_fields(model):
        info = model.model_fields[field]
        if parts[-1] in (field, info.alias):
            return info.description or ""
    return ""
