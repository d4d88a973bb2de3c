"""A kind of actor, a kind of figure and a reading of one's own, and the command line that knows them."""

from agents.kinds import ActorKind
from experiments.evidence.readings import Run, reading
from experiments.figures.captions import basis_of_result
from experiments.figures.kinds import kind
from experiments.figures.sheet import Sheet
from sim.words import Event


class StartUp(ActorKind):
    """Small, quick, and convinced."""

    phrase = "start-up"


@kind("starts", "run")
def starts(result, asked):
    """How many projects had been started by the end, run by run."""
    sheet = Sheet(asked.width, "Projects started")
    axes = sheet.panel(40, left=12)
    axes.hist(result["starts"])
    axes.set_xlabel(f"projects (n = {len(result.run_numbers)} runs)")
    return sheet.whole(basis_of_result(result).text)


@reading
def tries(run: Run, actor: str) -> float:
    """How many projects an actor has started. In a claim: reading = "tries", with = { actor = "Delta" }."""
    own = run.log["actor"] == run.compiled.actors.index(actor)
    return float((own & (run.log["what"] == Event.STARTED)).sum())


if __name__ == "__main__":
    from experiments.cli import main

    main()
