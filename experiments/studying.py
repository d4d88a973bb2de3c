"""The studies as commands: answer one and keep it in a folder, list them, write docs/questions.md."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.folder import MANIFEST, OutputFolder, explained
from experiments.savings import BASE
from experiments.study import Answer, Study, answer_study, read_study, study_names

if TYPE_CHECKING:
    from sim.result import Result

ANSWER_FILE, FIGURE_FILE, RUNS_FILE, DRIVERS_FILE = (
    "answer.txt",
    "study.png",
    "runs.parquet",
    "drivers.parquet",
)


NOTES = ("What drives it: ", "Not answered: ")


def list_of_studies() -> list[tuple[str, int | None, str]]:
    """Return name, number of the question and title of the studies that come with the product."""
    found = []
    for name in study_names():
        file = read_study(name).file
        found.append((name, file.question, file.title))
    return found


def study_and_save(
    study: Study,
    out: str | Path,
    *,
    runs: int | None,
    seed: int,
    threads: int | None = None,
    logs: int = 0,
    planned: Callable[[int], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Answer, list[Path]]:
    """Answer a study and leave tables, text, figure and manifest in a folder; return answer and files.

    ``logs``: of how many runs of every arm the event logs are left there too.
    """
    from experiments.manifest import now

    started = now()
    with OutputFolder(out) as folder:
        answer = answer_study(
            study, runs, seed, threads=threads, logs=logs, planned=planned, progress=progress
        )
        return answer, _write(answer, folder, study.file.runs if runs is None else runs, logs, started)


def _write(answer: Answer, folder: OutputFolder, asked: int, logs: int, started) -> list[Path]:
    import pandas as pd

    from experiments.answers.page import PANELS_FILE, page_of, page_text
    from experiments.figures.study import draw_page
    from experiments.manifest import content_hash, key_facts
    from experiments.run import log_writers

    tables = {
        f"{place + 1}_{finding.kind}.parquet": finding.rows
        for place, finding in enumerate(answer.findings)
        if finding.rows
    }
    if answer.drivers:
        tables[DRIVERS_FILE] = answer.drivers
    writers: dict[str, Callable[[Path], Any]] = {
        name: lambda path, rows=rows: pd.DataFrame(rows).to_parquet(path, index=False)  # type: ignore[misc]
        for name, rows in tables.items()
    }
    writers[RUNS_FILE] = lambda path: runs_table(answer).to_parquet(path, index=False)
    writers[ANSWER_FILE] = lambda path: path.write_text(page(answer), encoding="utf-8")
    if any(finding.panels for finding in answer.findings):
        writers[FIGURE_FILE] = lambda path: draw_page(page_of(answer), path)
    writers[PANELS_FILE] = lambda path: path.write_text(page_text(page_of(answer)), encoding="utf-8")
    kept = logged_results(answer, logs)
    manifest = describe_answer(answer, asked, started) | {"logs": sorted(kept[BASE].logs)}
    writers |= log_writers(kept, key_facts(manifest))
    files: dict[str, Any] = {}
    for name, write in writers.items():
        path = folder.path(name)
        with explained(folder.target / name, folder):
            write(path)
            files[name] = {"bytes": path.stat().st_size, "blake2b": content_hash(path)}
    with explained(folder.target / MANIFEST, folder):
        text = json.dumps(manifest | {"files": files}, indent=1, ensure_ascii=False, allow_nan=False)
        folder.path(MANIFEST).write_text(text + "\n", encoding="utf-8")
    return folder.keep()


def logged_results(answer: Answer, logs: int) -> dict[str, Result]:
    """Return the first logs of the baseline and of every arm as results; the control arm is the baseline."""
    from experiments.study import BASELINE
    from sim.result import Result

    outcome = answer.outcome
    found = {}
    for label in (BASELINE, *outcome.study.arms):
        played = outcome.played[label]
        first = {run: played.logs[run] for run in sorted(played.logs)[:logs]}
        numbers = np.arange(outcome.runs)
        values = np.empty((outcome.runs, 0))
        name = BASE if label == BASELINE else label
        found[name] = Result(played.compiled, outcome.seed, [], numbers, values, played.draws, first)
    return found


def runs_table(answer: Answer):
    """Return one row per arm and run: the metrics, and in the baseline's rows the drawn inputs."""
    import pandas as pd

    outcome, frames = answer.outcome, []
    for label, played in outcome.played.items():
        named: dict[str, Any] = {"arm": label, "run": np.arange(outcome.runs)} | played.metrics
        if label == "baseline":
            named |= {f"input:{name}": played.draws[:, i] for i, name in enumerate(outcome.inputs)}
        frames.append(pd.DataFrame(named))
    return pd.concat(frames, ignore_index=True)


def page(answer: Answer) -> str:
    """Return the answer as a page of plain text: the question, what the runs say, how to read it."""
    import textwrap

    file = answer.study.file
    number = "" if file.question is None else f"Question {file.question}. "
    blocks = [f"{number}{file.title}", *answer.sentences, f"How to read it: {' '.join(file.reading.split())}"]
    return "\n\n".join(textwrap.fill(block, 100) for block in blocks) + "\n"


def describe_answer(answer: Answer, asked: int, started=None) -> dict[str, Any]:
    """Return what an answer was made from, as plain data."""
    from experiments.manifest import describe_scenario

    outcome, study = answer.outcome, answer.study
    return describe_scenario(outcome.scenario, outcome.seed, started) | {
        "study": study.name,
        "question": study.file.question,
        "answer": answer.sentences,
        "arms": {
            label: {"policy": outcome.spec(label), "fingerprint": played.scenario.fingerprint}
            for label, played in outcome.played.items()
            if label in study.arms
        },
        "control": study.file.control,
        "runs_asked": int(asked),
        "runs_completed": int(outcome.runs),
        "interrupted": bool(outcome.interrupted),
        "inputs": "drawn",
        "study_file": json.loads(study.file.model_dump_json(by_alias=True)),
    }


def as_data(answer: Answer, asked: int) -> dict[str, Any]:
    """Return an answer as plain data for --json; numbers without value are null, endless ones text."""
    return plain(
        {
            **describe_answer(answer, asked),
            "answer": answer.sentences,
            "findings": [{"kind": f.kind, "sentences": f.sentences, "rows": f.rows} for f in answer.findings],
            "drivers": answer.drivers,
        }
    )


def plain(node: Any) -> Any:
    """Return data in which every number can stand in JSON."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [plain(value) for value in node]
    if isinstance(node, float):
        if math.isnan(node):
            return None
        return ("inf" if node > 0 else "-inf") if math.isinf(node) else node
    return node.item() if hasattr(node, "item") else node


def write_questions(
    path: Path,
    out: Path,
    *,
    runs: int | None = None,
    seed: int = 1,
    threads: int | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Answer all studies and write the page that shows each command with the answer that it gave."""
    import time

    import sim

    parts = []
    for name in study_names():
        study, begun = read_study(name), time.monotonic()
        answer, _ = study_and_save(study, out / name, runs=runs, seed=seed, threads=threads)
        parts.append(_entry(answer))
        say(f"{name}: {time.monotonic() - begun:.0f} s")
    head = (
        "# Questions and answers\n\n"
        f"Made by `make studies` with cascades {sim.__version__}. Each answer is what the command printed: "
        "it says what follows from this model and these inputs, not what will or would happen. "
        "[docs/studies.md](studies.md) says how to read and write studies.\n\n"
    )
    contents = "".join(
        f"{study_number(name)}. [{read_study(name).file.title}](#{name})\n" for name in study_names()
    )
    text = head + contents + "\n" + "\n".join(parts)
    path.write_text(text, encoding="utf-8")


def study_number(name: str) -> int:
    """Return the number of the question of a study."""
    return read_study(name).file.question or 0


def _entry(answer: Answer) -> str:
    import sim

    study, outcome = answer.study, answer.outcome
    facts = (
        f"Scenario `{outcome.scenario.name}`, {outcome.runs} runs, seed {outcome.seed}, "
        f"cascades {sim.__version__}, inputs {outcome.scenario.fingerprint[:8]}."
    )
    heading, short, *rest = answer.sentences
    lines = [
        f'<a id="{study.name}"></a>\n',
        f"## {study.file.question}. {study.file.title}\n",
        f"    cascades study {study.name}\n",
        facts + "\n",
        f"{heading}\n\n**{short}**\n",
        *(f"{sentence}\n" for sentence in rest if sentence.startswith(NOTES)),
        f"*How to read it.* {' '.join(study.file.reading.split())}\n",
        "<details><summary>All that it says</summary>\n",
        *(f"- {sentence}" for sentence in rest if not sentence.startswith(NOTES)),
        "\n</details>\n",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write docs/questions.md; see ``make studies``."""
    import argparse

    parser = argparse.ArgumentParser(description="Answer all studies and write the page of questions.")
    parser.add_argument("--page", type=Path, default=Path("docs/questions.md"))
    parser.add_argument("--out", type=Path, default=Path("out/studies"))
    parser.add_argument("--runs", type=int, default=None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=None)
    given = parser.parse_args()
    write_questions(given.page, given.out, runs=given.runs, seed=given.seed, threads=given.threads)


if __name__ == "__main__":
    main()
