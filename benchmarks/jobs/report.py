"""The section of the page on the jobs: times, memory, ratios, agreement."""

from __future__ import annotations

from benchmarks.jobs.agreement import FINE, LEVEL, NODES, SEEDS, SHOWN, Compared
from benchmarks.jobs.job import ATTACHED, JOBS, ORIGINS
from benchmarks.jobs.programs import LIMIT, OURS, PROGRAMS

TITLES = {
    "sir": "SIR, 60 months",
    "si": "SI, 60 months",
    "cascade": "independent cascade",
    "threshold": "linear threshold",
}


def jobs_in_words(rows: list[dict]) -> str:
    """Return the section on times and memory."""
    given = JOBS["sir"]
    lines = [
        "## A million on one network",
        "",
        f"One artifact on a Barabasi-Albert graph, m = {ATTACHED}, from its {len(ORIGINS)} oldest nodes.",
        f"SIR: it passes along each tie at {given.rate:g} a month, and who has it passes it on no more after",
        f"{1 / given.recovery:g} months, on average. Cascade: each tie is tried once, with probability",
        f"{JOBS['cascade'].probability:g}.",
        "",
        "Every program runs in a process of its own, compiled and warmed up before. Building is from an",
        "array of pairs to the first step (ours: a file is written, read, checked; the scenario compiled).",
        "Times are of the processor, so that what else the machine does counts for nothing.",
        "The peak of memory is of the whole process, libraries included. Programs marked * run in rounds, in",
        "turn, and the median counts; the others run once.",
    ]
    for job in dict.fromkeys(row["job"] for row in rows):
        lines += ["", f"### {TITLES[job][0].upper()}{TITLES[job][1:]}", ""]
        lines += _table([row for row in rows if row["job"] == job])
    lines += ["", f"Versions: {_versions(rows)}."]
    absent = {row["program"]: row["problem"] for row in rows if row.get("problem")}
    lines += [f"{PROGRAMS[name].words}: {problem}." for name, problem in absent.items()]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict]) -> list[str]:
    lines = [
        "| nodes | program | build | run | peak memory | run / ours | run / limit |",
        "|---|---|---|---|---|---|---|",
    ]
    for nodes in dict.fromkeys(row["nodes"] for row in rows):
        here = {row["program"]: row for row in rows if row["nodes"] == nodes and not row.get("problem")}
        ours, limit = (here.get(name, {}).get("run seconds") for name in (OURS, LIMIT))
        for name, row in here.items():
            words = PROGRAMS[name].words + (" *" if PROGRAMS[name].often else "")
            cells = [f"{nodes:,}", words, _time(row["build seconds"])]
            if row["run seconds"] is None:
                stopped = row["stopped after"]
                cells += [f"more than {stopped:.0f} s in all", "", "", ""]
            else:
                peak = row["peak MB"]
                cells += [_time(row["run seconds"]), f"{peak:,.0f} MB" if peak else ""]
                cells += [_ratio(row["run seconds"], other) for other in (ours, limit)]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def agreement_in_words(found: list[Compared]) -> str:
    """Return the section on whether the programs compute the same."""
    lines = [
        "### The same model",
        "",
        f"Mean number reached over {SEEDS} seeds on {NODES} nodes; in brackets how far that is from ours,",
        f"in standard errors. Where time is continuous, programs that step do so {FINE} times a month. Held",
        "to Welch's test at each time and that of Kolmogorov and Smirnov at the end, at a level of",
        f"{LEVEL:g} for all tests of a job together. `make verify` does the same, and compares ours with the",
        "kernels over 2,000 seeds.",
    ]
    for job in dict.fromkeys(row.job for row in found):
        word = "month" if job in ("sir", "si") else "step"
        lines += ["", f"| {TITLES[job]}: {word} | " + " | ".join(map(str, SHOWN[job])) + " | |"]
        lines.append("|---|" + "---|" * (len(SHOWN[job]) + 1))
        for row in (row for row in found if row.job == job):
            known = [z is not None or row.program == OURS for z in row.z]
            means = [f"{mean:.1f}" if there else "" for mean, there in zip(row.means, known, strict=True)]
            if row.program != OURS:
                means = [f"{mean} ({z:+.1f})" if mean else "" for mean, z in zip(means, row.z, strict=True)]
            verdict = (
                "" if row.program == OURS else "agrees" if row.agrees else f"**differs** (p = {row.p:.1g})"
            )
            lines.append(f"| {PROGRAMS[row.program].words} | " + " | ".join(means) + f" | {verdict} |")
    return "\n".join(lines) + "\n"


def _versions(rows: list[dict]) -> str:
    known = {PROGRAMS[row["program"]].distribution: row["version"] for row in rows if row.get("version")}
    return ", ".join(f"{name} {number}" for name, number in known.items())


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not built"
    if seconds < 1e-3:
        return f"{seconds * 1e3:.3f} ms"
    return f"{seconds * 1e3:,.1f} ms" if seconds < 1.0 else f"{seconds:,.1f} s"


def _ratio(seconds: float, other: float | None) -> str:
    return (
        "" if not other else f"{seconds / other:,.2f}" if seconds < 10 * other else f"{seconds / other:,.0f}"
    )
