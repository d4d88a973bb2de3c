"""Drawing: any result or folder of results, any kind of figure, into any form of file.

Every picture is read off what is there: event logs, tables, the store of a sweep. Nothing is simulated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.figures import ink
from experiments.figures.kinds import Asked, Kind, check_asked, chosen, kinds_of
from experiments.folder import PICTURES, check_picture, write_bytes
from experiments.reopening import reopen, sort_of_folder
from sim.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILMS = (".gif", ".html")
PRINT = 300  # dots per inch
_CLASSES = {  # class of an object -> sort of folder in which such things are kept
    "Result": "run", "Comparison": "compare", "Store": "sweep", "Attribution": "attribution",
    "EvidenceTable": "evidence", "Calibrated": "calibration", "Page": "study", "Answer": "study",
    "Report": "analysis",
}  # fmt: skip


def plot(source: Any, kind: str, out: str | Path | None = None, **options: Any) -> Path | Figure:
    """Draw a figure, into a file if one is named; return the file, or the figure.

    Args:
        source: a result (of ``simulate``, ``compare``, ...), or the folder of one.
        kind: of figure (``kinds_for`` lists them).
        out: its ending says the form: .png, .svg, .pdf; .gif or .html of what moves.
        options: ``width`` (mm), ``run``, ``only``, ``arms``, ``metric``, ``when``, ``goals``: see ``Asked``.

    Raises:
        UserError: for what cannot be drawn from this source, and for a file that cannot be written.
    """
    sort, holds, where, manifest = _opened(source)
    named = chosen(kind, sort, holds, where)
    known = Asked.__dataclass_fields__
    for name in options:
        if name not in known:
            raise TypeError(
                f"plot() got an unexpected keyword argument {name!r}; it takes: {', '.join(known)}"
            )
    lists = {"only", "arms", "when", "goals"}
    given: dict[str, Any] = {
        name: _listed(value) if name in lists else value for name, value in options.items()
    }
    asked = Asked(**given)
    check_asked(named, asked)
    if out is None:
        if named.moving:
            raise UserError(f"{kind}: moves; name a file that ends in .gif or .html")
        return _styled(named, holds, asked)
    path = Path(out)
    check_picture(path, forms=FILMS if named.moving else PICTURES)
    facts = facts_of(sort, holds, named, asked, manifest)
    if named.moving:
        film: Any = named.draw(holds, asked)
        return write_bytes(path, film.content(path.suffix.lower()[1:], facts))
    return ink.save(lambda: named.draw(holds, asked), path, facts, PRINT)  # type: ignore[arg-type, return-value]


def kinds_for(source: Any) -> dict[str, str]:
    """Return the kinds of figures that can be drawn from a result or a folder, and what each shows."""
    sort, holds, _, _ = _opened(source)
    return {name: each.says for name, each in kinds_of(sort).items() if not each.lacks(holds)}


def facts_of(sort: str, holds: Any, kind: Kind, asked: Asked, manifest: dict[str, Any]) -> dict[str, str]:
    """Return what the file says of itself: enough to make the figure again. No dates, no places."""
    from experiments.figures.captions import basis_of

    basis = basis_of(sort, holds)
    asks = {name: value for name, value in {"width": asked.width, **asked.given()}.items()}
    facts = {
        "Title": f"{basis.title}: {kind.name}",
        "Software": "diffusion-cascades",
        "Figure": kind.name,
        "Options": json.dumps(asks, ensure_ascii=False),
        "Scenario": basis.scenario,
        "Fingerprint": basis.fingerprint,
        "Runs": str(basis.runs),
        "Seed": "" if basis.seed is None else str(basis.seed),
        "Sets": "; ".join(basis.sets),
        "Policies": "; ".join(basis.policies),
    }
    kept = {name: value for name, value in manifest.items() if name in _KEPT}
    return facts | {"Manifest": json.dumps(kept, ensure_ascii=False, default=str)}


_KEPT = (  # of the manifest; the scenario in full stays in the folder, its fingerprint tells which it was
    "made_by", "version", "command", "commit", "rules", "versions", "scenario_name", "fingerprint", "seed",
    "sets", "policies", "runs_asked", "runs_completed", "interrupted", "inputs", "analysis", "asked", "sweep",
    "study", "attribution", "design", "points", "blocks",
)  # fmt: skip


def _styled(kind: Kind, holds: Any, asked: Asked) -> Figure:
    import matplotlib

    with matplotlib.rc_context(ink.STYLE):
        return kind.draw(holds, asked)  # type: ignore[return-value]


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _opened(source: Any) -> tuple[str, Any, str, dict[str, Any]]:
    """Return the sort of a source, what it holds, its name in messages, and its manifest."""
    if isinstance(source, (str, Path)):
        sort, manifest = sort_of_folder(source)
        return sort.name, reopen(source), str(source), manifest
    named = type(source).__name__
    if named not in _CLASSES:
        raise UserError(f"{named}: cannot be drawn; give a result, or the folder of one")
    sort_name = _CLASSES[named]
    where = f"this {named}"
    if named in ("Answer", "Report"):
        from experiments.answers.page import page_of

        source = page_of(source)
    if named == "Result":
        from experiments.manifest import describe_result

        return sort_name, source, where, describe_result(source, len(source.run_numbers))
    return sort_name, source, where, dict(getattr(source, "manifest", {}))
