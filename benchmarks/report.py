"""From measurements to a page that a person reads."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from benchmarks.jobs.report import agreement_in_words, jobs_in_words

LIBRARIES = ("numba", "numpy", "mesa", "networkx", "pandas", "joblib", "distributed", "ema-workbench")

WORK = {  # what the page says of a census
    "queue.order": "entries queued and taken",
    "queue.size": "entries waiting, on average",
    "log.rows": "rows of the log",
    "planning.plan": "plans",
    "compute.outlook": "looks at what a project would meet",
    "learning.learn": "artifacts that reach an actor",
    "helping.add": "helps combined",
    "helping.helps_as": "bearings of an artifact on a class",
    "release.reaches": "actors looked at for a release",
    "projects.schedule": "phases reckoned",
    "luck.luck": "luck draws",
    "luck.normal": "normal quantiles",
    "math.exp": "`exp`",
    "math.log": "`log`",
    "math.pow": "`pow`",
}


def describe_machine() -> dict:
    """Return what the machine is in general words, how busy it is, and the versions at work."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        "date": datetime.date.today().isoformat(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory GB": round(memory / 1e9),
        "system": platform.system(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "versions": {name: installed(name) for name in LIBRARIES},
    }


def installed(name: str) -> str:
    """Return the version of a library, or that it is not there (peers are: the bench extra)."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def write_report(found: dict) -> str:
    """Return the page for all measurements."""
    parts = [_heading(found), _table(found), jobs_in_words(found["jobs"])]
    parts += [agreement_in_words(found["jobs agree"]), sweeps_in_words(found["sweeps"])]
    parts += [_limit(found), _agreement(found["agreement"])]
    return "\n".join(part.strip() + "\n" for part in parts)


def _heading(found: dict) -> str:
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return f"""
# Speed

Made by `make bench` on {machine["date"]}; the command writes this page anew. Programs that are compared
ran in turn (A B A B); numbers are medians, ratios are medians over the rounds.

Machine: {machine["cores"]} cores ({machine["processor"]}), {machine["memory GB"]} GB, {machine["system"]};
load at the start {machine["load"]}, at the end {found["machine after"]["load"]} (the end counts the
benchmark itself). Python {machine["python"]}, {versions}.
"""


def _table(found: dict) -> str:
    ensemble, limit, compiler = found["ensemble"], found["limit"], found["compiler"]
    spreading, starts = found["spreading"], found["starts"]
    median, best, seconds = ensemble["median runs/s"], ensemble["best runs/s"], spreading["seconds"]
    rows = [
        ("**gpt3, one thread, log off, eight metrics**", "", ""),
        ("kernel", f"{median['kernel']:,.0f} runs/s (best {best['kernel']:,.0f})", "3,000 runs/s"),
        ("events per run", f"{ensemble['events per run']:,.0f}", ""),
        ("events per second", f"{median['kernel'] * ensemble['events per run']:,.0f}", ""),
        (
            f"`sim.simulate`, reading included, {ensemble['runs']:,} runs",
            f"{median['one thread']:,.0f} runs/s (best {best['one thread']:,.0f})",
            "",
        ),
        ("two threads against one", f"{ensemble['two threads / one']:.2f} times the speed", "near 2"),
        ("time of ours / limit of the same work", f"{limit['ours / limit']:.2f}", "at most 3"),
        ("the limit itself", f"{limit['limit runs/s']:,.0f} runs/s", ""),
        ("**Same source, compiler off**", "", ""),
    ]
    for scenario, taken in compiler.items():
        plain = taken["plain seconds per run"]
        rows.append(
            (
                f"{scenario}: plain Python ({plain:.2f} s per run) / ours",
                f"{taken['plain / compiled']:,.0f}",
                "at least 100",
            )
        )
    rows += [
        (f"**SI on a Barabasi-Albert graph, {spreading['nodes']:,} nodes, 60 months**", "", ""),
        ("ours, a scenario with the log on", _time(seconds["ours"]), ""),
        (
            f"Mesa objects on Mesa's Network ({_time(seconds['network'])}) / ours",
            f"{spreading['network / ours']:,.0f}",
            "at least 100",
        ),
        (
            f"tuned Mesa objects on adjacency lists ({_time(seconds['tuned'])}) / ours",
            f"{spreading['tuned / ours']:,.1f}",
            "at least 10",
        ),
        (
            f"ours / event-driven kernel by hand ({_time(seconds['kernel'])})",
            f"{spreading['ours / kernel']:.2f}",
            "",
        ),
        ("reading and checking the scenario, once", _time(spreading["reading seconds"]), ""),
        ("compiling it to tables, once", _time(spreading["compiling seconds"]), ""),
        ("**Starts**", "", ""),
    ]
    aims = {"nothing compiled, toy, one run": "at most 20 s", "cascades run gpt3 --runs 1": "at most 2 s"}
    rows += [(f"`{name}`" if " " in name and "," not in name else name, _time(taken), aims.get(name, ""))
             for name, taken in starts.items()]  # fmt: skip
    rows.append(("**Memory, gpt3, eight metrics**", "", ""))
    for size in found["memory"]:
        peak, kept = size["peak bytes"] / 1e6, size["kept bytes"] / 1e6
        name = f"{size['runs']:,} runs: peak (kept: {kept:,.0f} MB)"
        rows.append((name, f"{peak:,.0f} MB", "no growth beyond what is kept"))
    lines = ["| | measured | aim |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {a} | {b} | {c} |" for a, b, c in rows)])


def sweeps_in_words(found: dict) -> str:
    """Return the section on sweeps."""
    rows = []
    for row in found["overhead"]:
        name = f"{row['points']:,} points, {row['runs']:,} runs: sweep / kernel alone, two threads"
        told = f"{row['wall']:.3f} by the clock, {row['processor']:.3f} of processor time"
        rows.append((name, told, "at most 1.05"))
    for row in found["whole"]:
        rows.append(
            (
                f"a sweep of {row['runs']:,} runs: peak memory",
                f"{row['peak MB']:,.0f} MB",
                "under 1,000 MB, flat",
            )
        )
    longest = found["whole"][-1]
    name = f"a sweep of {longest['runs']:,} runs, run out on two threads, by the clock"
    rows.append((name, f"{longest['seconds'] / 60.0:.1f} minutes", "under 10 minutes"))
    reading = found["reading"]
    name = f"{reading['rows']:,} runs x {reading['metrics']} metrics read back and summarised"
    rows.append((name, _time(reading["seconds"]), "under 5 s"))
    tasks = [
        (f"a task that does nothing: {name}", f"{taken:,.0f} us") for name, taken in found["tasks"].items()
    ]
    lines = ["## Sweeps", "", "gpt3, eight metrics, into a store on disk.", "", "| | measured | aim |"]
    lines += ["|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    lines += [f"| {name} | {taken} | |" for name, taken in tasks]
    told = """
The same model that does nothing, 5,000 times by each, in turn, median of three rounds. Pools that stay open
(joblib's, EMA's, Dask's) are open before; mesa.batch_run opens its own. A sweep's figure holds a run of a
world in which nothing happens, reading the scenario, and the store on disk, with every part forced to it.
"""
    return "\n".join([*lines, told])


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms" if seconds < 1.0 else f"{seconds:,.1f} s"


def _limit(found: dict) -> str:
    limit = found["limit"]
    census = limit["census"]
    rows = [f"| {words} | {census[name]:,.0f} |" for name, words in WORK.items()]
    return "\n".join(
        [
            "",
            "## The limit",
            "",
            f"What one run of gpt3 holds, counted by the engine itself as plain Python (mean of the first "
            f"{limit['runs counted']} runs).",
            "`benchmarks/limit.py` does as much of each, written for speed alone. It is a model of the work, "
            "not the same model, and",
            f"says what it leaves out. It reaches {limit['limit runs/s']:,.0f} runs/s.",
            "",
            "| in one run | |",
            "|---|---|",
            *rows,
        ]
    )


def _agreement(check: dict) -> str:
    months = check["months"]
    lines = [
        "",
        "## The standard job",
        "",
        "Times of the Mesa programs include making their objects; ours does not include reading the scenario "
        "and compiling it,",
        "which are done once for all runs and stand in rows of their own. The tuned program lets an infected "
        "agent retire when",
        "nobody around it is left to infect.",
        "",
        "## The same model",
        "",
        f"Mean number infected over {check['seeds']} seeds on {check['nodes']:,} nodes; the programs that "
        f"step do so {check['steps per month']} times a month here,",
        "with probability 1 - exp(-rate) for the length of a step. The last column is the largest "
        "difference from ours, in standard errors.",
        "",
        "| month | " + " | ".join(map(str, months)) + " | |",
        "|---|" + "---|" * (len(months) + 1),
    ]
    for name, means in check["mean infected"].items():
        largest = check["largest difference in standard errors"].get(name)
        last = "" if largest is None else f"{largest:.1f}"
        lines.append(f"| {name} | " + " | ".join(f"{mean:.0f}" for mean in means) + f" | {last} |")
    return "\n".join(lines)
