"""What a scenario file may say: tables, fields, units, bounds. The data dictionary of the inputs.

Every field that holds a number is declared here once, with its meaning, unit and bounds; the NumPy
tables that the rules read (``sim.tables``) are derived from these declarations, and so are the
error messages, the documentation of the format and the dotted paths
(``actors.NAME.willing_usd``, ``effects.code.work``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sim.networks.specs import NetworkSpec
from sim.quantity import CENTRES as CENTRES
from sim.quantity import EVER as EVER
from sim.quantity import FAMILIES as FAMILIES
from sim.quantity import LONG_AGO
from sim.quantity import Quantity as Quantity
from sim.quantity import date_of_months as date_of_months
from sim.quantity import months_of_date as months_of_date
from sim.quantity import read_quantity as read_quantity


@dataclass(frozen=True)
class Unit:
    """Marks a field as a number of the tables: its unit, and the bounds that it must keep."""

    name: str
    minimum: float = 0.0
    maximum: float = math.inf
    date: bool = False


def _checked(unit: Unit):
    def check(raw: Any) -> Quantity:
        quantity = read_quantity(raw, unit.date)
        check_bounds(quantity, unit)
        return quantity

    return check


def check_bounds(quantity: Quantity, unit: Unit) -> None:
    """Raise ValueError unless a number, its bounds and its opinions keep the bounds of a unit."""
    parts = [part.quantity for part in quantity.pool.parts] if quantity.pool else []
    for value in (number for q in (*parts, quantity) for number in (q.value, q.low, q.high)):
        if value is not None and not unit.minimum <= value <= unit.maximum:
            bounds = f"at least {unit.minimum:g}"
            if unit.maximum < math.inf:
                bounds = f"between {unit.minimum:g} and {unit.maximum:g}"
            raise ValueError(f"{value:g} is out of bounds: must be {bounds} ({unit.name})")


def _number(meaning, unit, minimum=0.0, maximum=math.inf):
    marker = Unit(unit, minimum, maximum)
    return Annotated[Quantity, marker, BeforeValidator(_checked(marker)), Field(description=meaning)]


def _whole(meaning, minimum, maximum):
    """A whole number that is the same in all runs: no number of the tables."""

    def check(raw: Any) -> int:
        value = raw["value"] if isinstance(raw, dict) and set(raw) == {"value", "source"} else raw
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"must be a whole number, not {value!r}")
        if not minimum <= value <= maximum:
            raise ValueError(
                f"{value} is out of bounds: must be between {minimum} and {maximum:,} ({meaning})"
            )
        return value

    return Annotated[int, BeforeValidator(check), Field(description=meaning)]


def _signed(meaning, unit):
    return _number(meaning, unit, -math.inf)


def _share(meaning):
    return _number(meaning, "share", 0.0, 1.0)


def _date(meaning):
    marker = Unit("date", -math.inf, math.inf, date=True)
    return Annotated[Quantity, marker, BeforeValidator(_checked(marker)), Field(description=meaning)]


ZERO = Quantity(0.0)
ALWAYS = Quantity(LONG_AGO)
FOREVER_MONTHS = 1e6  # a time of this length or longer means without end
NEVER = Quantity(FOREVER_MONTHS)
NEVER_MONTHS = Quantity(FOREVER_MONTHS)
UNLIMITED = Quantity(1e40)
MOST_MEMBERS = 2**24  # of all populations: luck knows a tie by its two nodes, in 24 and 32 bits


class Table(BaseModel):
    """A table of a scenario: unknown keys are errors; nothing changes after reading.

    What checks a table is built when one is first read, not when this file is imported.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)

    source: str | None = Field(None, description="source of every number of this row without its own")


class Heading(Table):
    """``[scenario]``: what this world is, and its calendar."""

    name: str = ""
    title: str
    about: str = ""
    start: str = Field(description="first month, YYYY-MM")
    end: str = Field(description="last month, YYYY-MM (included)")
    follow_class: str = Field("", description="the class whose diffusion is in question")
    doubt_points: float = Field(
        0.0,
        ge=0.0,
        le=100.0,
        allow_inf_nan=False,
        description="percentage points by which probabilities may be off, on average, for a structure carried "
        "over from another domain",
    )


class Region(Table):
    """``[regions.NAME]``: where actors are."""

    attention: _number("interest of the public here, against the strongest region", "ratio")


class Chip(Table):
    """``[chips.NAME]``: one generation of hardware."""

    family: str = Field(description="actors use chips of their own family")
    released: _date("when it can first be had")
    peak_flops: _number("peak 16-bit throughput", "FLOP/s", 1.0)
    memory_gb: _number("memory of one chip", "GB")
    usd_per_hour: _number("rent of one chip for an hour, at its release", "USD/h")
    utilisation: _number(
        "share of its peak reached without borrowed know-how; 0: as of chips in general (training.utilisation)",
        "share",
        0.0,
        1.0,
    ) = ZERO


class ModelClass(Table):
    """``[classes.NAME]``: a level of capability to be reached; levels go by FLOP."""

    title: str = ""
    flop: _number("training compute of the reference model", "FLOP", 1.0)
    parameters: _number("parameters of the reference model", "count", 1.0)
    tokens: _number("training tokens of the reference model", "count", 1.0)
    as_of: _date("date of the reference model: algorithmic progress counts from here")
    work: _number("engineering of a team that can borrow nothing", "person-months", 1e-6)
    data_work: _number("building the corpus, borrowing nothing", "person-months")
    search_share: _number(
        "trial runs, as a share of all compute, of a team without public settings", "share", 0.0, 0.95
    )
    team: _number("smallest team that gets there unaided, in full-time people", "people", 1.0)
    publicity: _number("attention that a demonstration of it makes, against the strongest", "ratio")
    worth: _share("how far it shows, where it exists, that such models pay; 1: as far as any") = Quantity(1.0)


class Effect(Table):
    """``[effects.KIND]``: which quantity of a recipient's project an artifact kind cuts, and how far."""

    work: _share("part of the engineering that a full, fitting, fresh artifact saves") = ZERO
    data_work: _share("part of the data work saved") = ZERO
    trials: _share("part of the trial runs saved") = ZERO
    flop: _share("part of the training compute saved") = ZERO
    talent: _share("part of the team threshold removed") = ZERO
    utilisation: _share("part of the gap between base and best utilisation closed") = ZERO
    failures: _share("part of the training failures avoided") = ZERO
    belief: _share("part of the remaining doubt that scale pays removed") = ZERO
    attention: _number("public attention at release, against the strongest demonstration", "ratio") = ZERO
    uptake_months: _number("mean time from release until an outside team has taken it up", "months", 1e-6)
    obsolescence_months: _number(
        "time from the announcement of its model (or its making) in which its help falls to 1/e",
        "months",
        1e-6,
    )
    hardware: _share("part of its help lost where the chips are of another family") = ZERO
    distance: _share("part of its help kept per factor ten of compute that it has to be brought up") = ZERO
    overlap: _share("how far two of the kind teach the same; 1: the better one is all there is") = ZERO
    spread: _number(
        "spread of the fit between artifact and recipient: the smaller of 1 and a normal number around 1; below 0 it "
        "costs more than it saves",
        "ratio",
    )


class Kind(Table):
    """``[kinds.KIND]``: how all actors of one kind behave. What is fitted is shared here."""

    develops: bool = Field(description="starts projects")
    sponsors: bool = Field(False, description="gives money or hardware")
    eligible: bool = Field(False, description="a licence to researchers includes it")
    steals: bool = Field(False, description="takes what theft reaches")
    start_rate: _number(
        "decisions to start per month, when fully convinced and without attention", "1/month"
    ) = ZERO
    belief: _share("belief at the start of the scenario that scale pays, without evidence") = ZERO
    belief_growth: _number("growth of that belief (log-odds)", "1/year") = ZERO
    replicate: _share("share of starts that copy a known model; the others aim to differ or surpass") = ZERO
    lead_months: _number(
        "median time from the decision until a project can begin (approval, team, machines), at full conviction",
        "months",
    ) = ZERO
    patience_months: _number(
        "for how long at most it looks for means; and from then on, how long a project may take", "months"
    ) = ZERO
    deadline_months: _number(
        "how long a project may take, where that is less than its patience", "months"
    ) = NEVER_MONTHS
    abandon: _share(
        "a wish is given up when conviction falls to this share of what it was at the decision"
    ) = ZERO
    rescope: _share("chance to aim elsewhere when another announces the same class first") = ZERO
    leap: _share(
        "conviction kept per factor ten of compute beyond the trend, for what nobody is known to have"
    ) = ZERO
    appetite: _share("interest kept per class below the highest one known") = ZERO
    settle: _share(
        "chance to settle for the next smaller class where money or chips for the larger one are lacking"
    ) = ZERO
    hold_months: _number("mean time from the written paper to its announcement", "months") = ZERO
    publicity: _number("how loudly it announces, against a normal paper", "ratio") = Quantity(1.0)
    imitation: _share("chance to adopt a way of giving access that it meets") = ZERO
    paid: _share("share of its people's time that it pays for") = Quantity(1.0)
    recruits: _number("volunteers who join per month at full interest", "people/month") = ZERO
    uptake: _number("speed of taking up what is public, against the mean", "ratio") = Quantity(1.0)
    budget_pace: _share("growth of its budgets and its income, against that of who spends most") = Quantity(
        1.0
    )
    give_rate: _number("grants per month to a fitting beneficiary", "1/month") = ZERO
    give_openness: _share("weight of the beneficiary's openness in the choice") = ZERO
    give_novelty: _share("weight of how new the hardware is") = ZERO
    give_region: _share("weight of the beneficiary being of the same region") = ZERO
    give_unknown: _share(
        "rate of grants to a beneficiary of which it has seen nothing and to which it has no tie, against the usual"
    ) = Quantity(1.0)
    wants_weights: _share(
        "share of its people who ask for the weights of a model made by others, once they can be had, and can "
        "run them"
    ) = Quantity(1.0)
    licensed: _share("share of those who meet the terms of a licence to researchers") = Quantity(1.0)
    people_months: _number("mean time until one of its people has weights that can be had", "months") = ZERO
    retention_months: _number(
        "memory: time in which help got from others falls to 1/e once it is held", "months", 1e-6
    ) = NEVER_MONTHS
    unaware: _share(
        "speed of taking up what belongs to a class that it does not know to exist, against the usual"
    ) = Quantity(1.0)


class Actor(Table):
    """``[actors.NAME]``: the facts about one actor, each with a source."""

    kind: str = Field(description="kind of actor: whose behaviour is its own")
    region: str = Field(description="where it is")
    family: str = Field("", description="family of chips that it uses")
    reached: str = Field("", description="highest class that it has trained at the start")
    active_from: _date("when it comes into being") = ALWAYS
    people: _number("people whom it can put on one model", "people") = ZERO
    full_time: _share("share of full time that they give") = Quantity(1.0)
    experience: _share("experience in large-scale training at the start") = ZERO
    willing_usd: _number(
        "compute budget that it would give one run at the date of the means (trends.as_of)", "USD"
    ) = ZERO
    money_usd: _number("money at the start", "USD") = ZERO
    income_usd: _number("money per month for large models, at the date of the means", "USD/month") = ZERO
    chips: _number("chips that it can bring to one run, at the date of the means", "count") = ZERO
    chips_until: _date("generations of hardware that have not reached it by then never do") = NEVER
    rent: _number("what it pays for chips, against the market", "ratio") = Quantity(1.0)
    hired: _share(
        "part of its chips that it takes for the time of a project (``trends.rent_premium``); the others are its "
        "own, or its for years"
    ) = Quantity(1.0)
    most_flop: _number("largest training that it may begin", "FLOP") = Quantity(1e40)
    security: _share("part of leaks and thefts prevented") = ZERO
    grant: Literal["", "hardware", "hardware_access", "compute_money", "free_money"] = Field(
        "", description="what it gives, as a sponsor"
    )
    grant_usd: _number("largest single grant of money", "USD") = ZERO
    grant_chips: _number("chips that it can give to one beneficiary", "count") = ZERO
    grant_chip: str = Field(
        "",
        description="generation of chips that its chips are counted in: of a faster one it gives no more computing "
        "(empty: as many of any)",
    )
    lendable_chips: _number(
        "chips that it can give at one time, to all beneficiaries; below ``grant_chips``: as many as to one",
        "count",
    ) = ZERO
    lent_months: _number("for how long at most it lends its chips for one training", "months") = NEVER_MONTHS
    grant_open: bool = Field(False, description="gives only to those who open their weights")
    grant_region: bool = Field(False, description="gives only within its region")
    grant_closed: bool = Field(False, description="gives only to those who keep their weights closed")
    available: _share("share of the time in which others can get from it what it has to give") = Quantity(1.0)
    silent_from: _date("from then on nobody gets anything from it any more") = NEVER


class Tie(Table):
    """``[[ties]]``: what connects two actors."""

    a: str = Field(alias="from", description="actor from which something passes")
    b: str = Field(alias="to", description="actor to which it passes")
    kind: str = Field(description="kind of tie")
    strength: _number("share of the normal flow along a tie of this kind", "ratio") = Quantity(1.0)
    both_ways: bool = Field(False, description="things pass in both directions")

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Flow(Table):
    """``[flows.TIEKIND]``: what passes along ties before it is public, and how fast."""

    relay: _share("chance that somebody who got it passes it on") = ZERO
    existence: _number("rate at which it passes along a tie of strength 1", "1/month") = ZERO
    insight: _number("rate along a tie of strength 1", "1/month") = ZERO
    details: _number("rate along a tie of strength 1", "1/month") = ZERO
    hyperparameters: _number("rate along a tie of strength 1", "1/month") = ZERO
    code: _number("rate along a tie of strength 1", "1/month") = ZERO
    tools: _number("rate along a tie of strength 1", "1/month") = ZERO
    infrastructure: _number("rate along a tie of strength 1", "1/month") = ZERO
    logbook: _number("rate along a tie of strength 1", "1/month") = ZERO
    dataset: _number("rate along a tie of strength 1", "1/month") = ZERO
    small_model: _number("rate along a tie of strength 1", "1/month") = ZERO
    weights: _number("rate along a tie of strength 1", "1/month") = ZERO
    api: _number("rate along a tie of strength 1", "1/month") = ZERO
    retrieval_store: _number("rate along a tie of strength 1", "1/month") = ZERO


class Policy(Table):
    """``[policies.HOLDER.KIND]`` or a list of them: whether, when and how one kind of artifact is released.

    HOLDER is an actor or a kind of actor; the actor's own row comes first. Of several rows the first
    whose period holds the announcement is used.
    """

    probability: _share("chance that it is released at all")
    delay_months: _number("from the announcement to the release", "months") = ZERO
    access: Literal["open", "licensed", "arms_length", "staged"] = Field(
        "open", description="how open the release is"
    )
    from_: _date("first announcement to which this applies") = Field(ALWAYS, alias="from")
    until: _date("first announcement to which it applies no more") = NEVER

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


def _weight(meaning):
    return _number(meaning, "log-odds", 0.0, 100.0)


class Motive(Table):
    """``[motives.HOLDER]``: how much each incentive to publish, or not to, weighs.

    HOLDER is an actor or a kind of actor; what an actor's row does not say is as in its kind's. A
    weight is what an incentive adds to the log-odds of a release that serves (or hurts) it in full,
    for the reference model, where ``publication.temperature`` is 1. Policies come first.
    """

    credibility: _weight("for: attracting talent, funding and users by what can be believed") = ZERO
    prestige: _weight("for: recognition") = ZERO
    reproducibility: _weight("for: openness as the norm of science") = ZERO
    steering: _weight("for: setting the direction of the field, instead of whoever publishes next") = ZERO
    social_benefit: _weight("for: good that others can do with it") = ZERO
    shared_insight: _weight("for: what others find out and give back") = ZERO
    hardware_sales: _weight("for: demand for one's own hardware") = ZERO
    user_growth: _weight("for: users and customers of one's own service") = ZERO
    reaction: _weight("for: access for those whom others shut out, while all others are closed") = ZERO
    scooping: _weight("for: not to be forestalled by others who are known to be as far") = ZERO
    advantage: _weight("against: keeping a commercial or research lead") = ZERO
    scrutiny: _weight("against: attention, and regulation in its wake") = ZERO
    misuse: _weight("against: harm to others by misuse") = ZERO
    blame: _weight("against: risk to one's reputation from what others do with it") = ZERO
    risky_progress: _weight("against: easing advances that are held to be dangerous") = ZERO
    training_demand: _weight("against: sparing others the need to train") = ZERO
    effort: _weight("against: work and running cost of a release") = ZERO
    conformity: _weight("either way: doing as others did, where all of them did the same") = ZERO


class Stake(Table):
    """``[stakes.KIND]``: how far releasing one kind of artifact serves, or hurts, each incentive."""

    credibility: _share("served") = ZERO
    prestige: _share("served") = ZERO
    reproducibility: _share("served") = ZERO
    steering: _share("served") = ZERO
    social_benefit: _share("served") = ZERO
    shared_insight: _share("served") = ZERO
    hardware_sales: _share("served") = ZERO
    user_growth: _share("served") = ZERO
    reaction: _share("served") = ZERO
    scooping: _share("served") = ZERO
    advantage: _share("hurt") = ZERO
    scrutiny: _share("hurt") = ZERO
    misuse: _share("hurt") = ZERO
    blame: _share("hurt") = ZERO
    risky_progress: _share("hurt") = ZERO
    training_demand: _share("hurt") = ZERO
    effort: _share("hurt") = ZERO
    delay_months: _number(
        "from the announcement to the release, of one who was as likely to withhold it", "months"
    ) = ZERO


class Publication(Table):
    """``[publication]``: how motives are weighed. Counts only for those who have motives."""

    temperature: _number("inclination that multiplies the odds of a release by e", "log-odds", 1e-6) = (
        Quantity(1.0)
    )
    reference_flop: _number("training compute of the model for which the weights are given", "FLOP", 1.0) = (
        Quantity(1e23)
    )
    reference_usd: _number("what that model cost its owner in all", "USD", 1.0) = Quantity(1e7)
    capability_gain: _number(
        "elasticity of the reasons against, but effort and training demand, to training compute",
        "elasticity",
        -1.0,
        1.0,
    ) = ZERO
    cost_gain: _number(
        "elasticity of the wish to keep an advantage to what the model cost its owner",
        "elasticity",
        -1.0,
        1.0,
    ) = ZERO
    value_gain: _share(
        "part of the wish to keep an advantage, and of user growth, that goes with the commercial value of "
        "the class (classes.NAME.publicity)"
    ) = ZERO
    shared: _share("what is left to protect for each other model as capable that is known, or open") = (
        Quantity(1.0)
    )
    norm_models: _number("models of others that make what they did half a norm", "count", 1e-6) = Quantity(
        1.0
    )
    reaction: _share("how far the closedness of others is felt at all") = Quantity(1.0)
    staged_from: _number(
        "weights go out in stages, and not on request only, from this margin over withholding", "log-odds"
    ) = ZERO
    open_from: _number("they go out in the open, all at once, from this margin", "log-odds") = ZERO
    staged_months: _number("from the first stage to the full model", "months") = Quantity(6.0)


class Insight(Table):
    """``[insights.NAME]``: something that capable actors may find, and what it teaches."""

    title: str = ""
    kind: Literal["insight", "retrieval_store", "infrastructure"] = Field(
        "insight", description="kind of artifact that it becomes"
    )
    teaches: Literal["", "compute_optimal"] = Field("", description="allocation rule that its holder knows")
    needs: str = Field(description="class that the finder must have trained")
    rate: _number("discoveries per month by one capable actor", "1/month")
    strength: _number("fullness of its effect", "ratio") = Quantity(1.0)


class ScriptedArtifact(Table):
    """``[scripted_artifacts.NAME]``: something that the record gives, with its dates."""

    title: str = ""
    owner: str = Field(description="actor that has it")
    kind: str = Field(description="kind of artifact")
    class_: str = Field("", alias="class", description="class that it belongs to; none if general")
    made: _date("when its owner had it") = ALWAYS
    published: _date('when it was released; "never" if it was not')
    access: Literal["open", "licensed", "arms_length", "staged"] = Field(
        "open", description="how open the release is"
    )
    strength: _number("fullness of its effect, against the best of its kind", "ratio") = Quantity(1.0)
    teaches: Literal["", "compute_optimal"] = Field("", description="allocation rule that its holder knows")
    in_project: bool = Field(
        False,
        description="made in the course of its owner's next model, whose work counts it: it spares the owner nothing",
    )

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class ScriptedProject(Table):
    """``[scripted_projects.NAME]``: a model whose making the record gives."""

    title: str = ""
    actor: str = Field(description="actor that makes it")
    class_: str = Field(alias="class", description="class that it reaches")
    started: _date("start of the project")
    trained: _date("end of training")
    announced: _date('announcement; "never" if it stays hidden')
    strength: _number(
        "how much its design, settings, code and weights teach, against a model of the design in question",
        "ratio",
    ) = Quantity(1.0)
    releases: dict[
        str, Annotated[Quantity, BeforeValidator(_checked(Unit("months after the announcement")))]
    ] = Field(default_factory=dict, description="kind of artifact = months from announcement to release")
    access: Literal["open", "licensed", "arms_length", "staged"] = Field(
        "open", description="how open the release is"
    )

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Order(Table):
    """``[[orders]]``: a publication lever, which overrides what an actor would do by itself.

    It applies to what its ``actors`` announce between ``from`` and ``until`` (what the record gives:
    by its date), of the kinds in ``artifacts`` and the classes in ``classes``.
    """

    name: str = Field(
        "", description="under which luck knows who complies; needed where compliance is below 1"
    )
    actors: list[str] = Field(description='names, kinds or regions of actors, or "all"')
    except_: list[str] = Field([], alias="except", description="names, kinds or regions left out")
    artifacts: list[str] = Field(["all"], description='kinds of artifacts, or "all"')
    classes: list[str] = Field(["all"], description='classes; "general" is what belongs to none; or "all"')
    action: Literal["", "forbid", "require"] = Field("", description="never released, or certainly")
    access: Literal["", "open", "licensed", "arms_length", "staged"] = Field(
        "", description="how open a release is; as the actor would if empty"
    )
    delay_months: _signed("added to the time from the announcement to the release", "months") = ZERO
    hold_months: _signed("added to the time from the written paper to its announcement", "months") = ZERO
    until_rival: bool = Field(False, description="the added hold ends when another announces the class")
    withdraw_months: _number("from the release until it is withdrawn", "months") = NEVER_MONTHS
    uptake: _number("factor on the speed at which it is taken up", "ratio") = Quantity(1.0)
    strength: _number("factor on the help that it gives", "ratio") = Quantity(1.0)
    publicity: _number("factor on the attention that it raises", "ratio") = Quantity(1.0)
    passing: _number("factor on the rates at which it passes on in private, leaks or is stolen", "ratio") = (
        Quantity(1.0)
    )
    latest_months: _number("what would be released later after the announcement never is", "months") = (
        NEVER_MONTHS
    )
    compliance: _share("chance that an actor obeys; drawn once per actor and run") = Quantity(1.0)
    from_: _date("first announcement to which it applies") = Field(ALWAYS, alias="from")
    until: _date("first announcement to which it applies no more") = NEVER

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Change(Table):
    """``[[changes]]``: a number of the scenario is another one from a date until a date.

    ``path`` may hold ``*`` for every row of a table. Without ``from`` it applies from the start.
    """

    path: str = Field(description="dotted path of a number, such as actors.*.chips")
    only: list[str] = Field([], description="of actors: names, kinds or regions to which it applies")
    operation: Literal["set", "multiply", "add"] = Field(description="what is done to the number")
    value: _signed("what it is set to, multiplied by, or increased by", "unit of the number")
    from_: _date("when it begins") = Field(ALWAYS, alias="from")
    until: _date("when it ends") = NEVER

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Correlation(Table):
    """``[[correlations]]``: uncertain inputs that are high together, or (below 0) one high, one low.

    Every pair of ``inputs`` has the rank correlation ``rho``.
    """

    inputs: list[str] = Field(description="dotted paths of uncertain numbers")
    rho: float = Field(description="rank correlation (Spearman), between -1 and 1", gt=-1.0, lt=1.0)


class Option(Table):
    """One of the ``options`` of an alternative: what it sets, and how likely it is."""

    title: str = ""
    weight: float = Field(description="chance, against the other options", gt=0.0, allow_inf_nan=False)
    numbers: dict[str, Any] = Field({}, description="dotted path = value; empty: as the scenario says")


class Alternative(Table):
    """``[[alternatives]]``: structural doubt. Each run takes one of several sets of numbers."""

    name: str = Field(description="under which luck knows it")
    options: list[Option] = Field(description="two or more")


class Posterior(Table):
    """``[posterior]``: a sample of joint draws that takes the place of the intervals of its inputs."""

    file: str = Field(description="Parquet, beside the scenario; one column per dotted path, one row a draw")
    inputs: list[str] = Field([], description="the columns used; all if empty")
    except_: list[str] = Field([], alias="except", description="the columns not used")
    use: bool = Field(True, description="false: the intervals are drawn instead")

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True
    )


class Attention(Table):
    """``[attention]``: how the public takes notice, and what that stirs."""

    half_life_months: _number("time in which public attention halves", "months", 1e-6)
    demo_months: _number("mean time from access for users to the first demonstrations", "months")
    demos: _number("demonstrations that follow a first access", "count", 0.0, 12.0)
    demo_spacing_months: _number("mean time between them", "months")
    start_gain: _number("rise of the start rate at full attention", "ratio")
    uptake_gain: _number("rise of the speed of uptake at full attention", "ratio")
    locality: _share(
        "how far differences of attention among regions hold for those who decide (0: all are reached alike)"
    ) = Quantity(1.0)


class Conviction(Table):
    """``[conviction]``: from evidence to decisions."""

    half_life_months: _number("time in which evidence loses half its weight", "months", 1e-6)
    proof: _share("part of the doubt about one class removed by knowing that it exists")
    hearsay: _share(
        "credence in the existence of a class that an actor has only heard of, against a publication"
    ) = Quantity(1.0)
    demo: _share("part of the doubt removed by demonstrations at full attention")
    staffing: _share("part of the team that works on a model of which the actor is not convinced at all") = (
        Quantity(1.0)
    )
    budget_gain: _number("rise of the willingness to spend at full conviction", "ratio")
    elasticity: _share(
        "elasticity of the start rate with respect to what an actor would spend, over what a model costs"
    ) = ZERO
    leap_known: _share(
        "conviction kept per factor ten of compute beyond the trend, for what is known to exist"
    ) = Quantity(1.0)
    lead_spread: _number(
        "spread of the time from decision to start (standard deviation of its logarithm)", "log units"
    ) = ZERO
    spread: _number(
        "spread of the willingness to spend among actors and classes (standard deviation of its logarithm)",
        "log units",
    )


class Work(Table):
    """``[work]``: teams and what they do."""

    novice_skill: _share("productivity of people without experience, against experienced ones")
    learning: _share("part of the missing experience gained by one trained model")
    shortest_months: _number(
        "engineering and data work of a team that borrows nothing takes no less, however large it is",
        "months",
    ) = ZERO
    salary_usd: _number("cost of one full-time person for a month", "USD/month")
    attraction: _share(
        "growth of a paid team with each kind of artifact of one of its models that it opens to everybody"
    ) = ZERO
    exchange: _number(
        "elasticity with which money in excess of the expected cost makes up for missing people", "elasticity"
    )
    exchange_limit: _number(
        "largest part of the team threshold that money can make up for", "share", 0.0, 0.95
    )
    flop_spread: _number(
        "spread of the compute that followers choose (standard deviation of its logarithm)", "log units"
    )
    work_spread: _number(
        "spread of the work that a project turns out to need (standard deviation of its logarithm)",
        "log units",
    )


class Training(Table):
    """``[training]``: from chips and FLOP to a trained model."""

    utilisation: _number("share of peak reached without borrowed know-how", "share", 0.01, 1.0)
    best_utilisation: _number("share of peak reached with all know-how", "share", 0.01, 1.0)
    shortest_months: _number("training is not made shorter than this by more chips", "months", 1e-3)
    longest_months: _number("nobody plans a longer training", "months", 1e-3)
    failure: _number(
        "chance that an attempt fails, of a team without experience or know-how", "share", 0.0, 0.95
    )
    attempts: _number("attempts before a team stops at what it has", "count", 1.0)
    experiments: _number(
        "compute of experiments and tests while a model is being built, against that of its training", "ratio"
    ) = ZERO
    trials_floor: _share("part of the trial runs that no public setting removes")
    bytes_per_parameter: _number("memory that training needs per parameter", "bytes", 0.0)
    best_memory_gb: _number("memory of the chips on which best_utilisation was reached", "GB", 1e-6) = (
        Quantity(1e-6)
    )
    memory_part: _share(
        "part of the gap to the best utilisation that is due to memory, and not to know-how"
    ) = ZERO
    surpass: _number(
        "compute of who aims to surpass what is known, if it can pay for it, against who copies it",
        "ratio",
        1.0,
    ) = Quantity(1.0)
    least_size: _number(
        "smallest compute, against the reference of its class, for which a model is planned where means are short",
        "ratio",
        0.01,
        1.0,
    ) = Quantity(1.0)
    taken_as_quality: _share(
        "part of what a model takes less than its reference that who can pay for it puts into a better one; "
        "0: all of it is saved"
    ) = ZERO
    most_tokens: _number("text that there is to train on", "tokens", 1.0) = Quantity(1e40)
    own_corpus: _share(
        "least part of the work on its text that a model's maker does itself for a corpus of its own to come of it; "
        "what is borrowed spares the rest"
    ) = ZERO
    least_share: _share("share of the intended training below which nothing usable remains")
    writing_months: _number("evaluating and writing", "months")
    writing_spread: _number("spread of the writing time (standard deviation of its logarithm)", "log units")


class Spread(Table):
    """``[spread]``: what travels without its owner's decision."""

    leak_rate: _number("leaks per month of one closed or licensed set of weights", "1/month")
    theft_rate: _number("thefts per month of one closed set of weights by one thief", "1/month")
    least_gain: _share(
        "what could add less than this to the help already held is not taken up; what adds less is no reason "
        "to look again for means"
    )
    people_per_move: _number("people who move when know-how does", "people")
    api_serves: _number(
        "part of the studies possible with weights that arm's-length use serves too", "share", 0.01, 1.0
    ) = Quantity(0.5)


class Trends(Table):
    """``[trends]``: what changes by itself as time goes on."""

    as_of: _date("date for which the actors' means (willing_usd, income_usd, chips) are given")
    budget_growth: _number(
        "growth of what actors will spend on one run", "orders of magnitude/year", -5.0, 5.0
    )
    chips_growth: _number(
        "growth of the chips that an actor can bring to one run", "orders of magnitude/year", -5.0, 5.0
    )
    rent_decline: _number(
        "fall of the rent of one generation after its release", "orders of magnitude/year", -5.0, 5.0
    )
    rent_premium: _number(
        "what chips cost who takes them for the time of a project, against the rents of [chips]", "ratio"
    ) = Quantity(1.0)
    chips_until: _date("no generation of hardware that is released later comes at all") = NEVER
    chip_wait_months: _number(
        "mean time from the release of a generation until an actor can have it", "months"
    )
    algorithm_halving_months: _number("time in which the compute for a fixed result halves", "months", 1e-3)
    algorithm_free_share: _share("part of that progress that comes to everybody without a named artifact")
    compute_flop: _number("training compute on the trend at compute_date", "FLOP", 1.0)
    compute_date: _date("date of compute_flop")
    compute_growth: _number("slope of the compute trend before 2020", "orders of magnitude/year", -5.0, 5.0)
    policies_until: _date("from then on nobody is bound by [policies]: what they publish is their choice") = (
        NEVER
    )


class Absorption(Table):
    """``[absorption]``: what becomes of help when its source is not there (after MEDAL-ADR)."""

    practice: _share(
        "part of the help from a source that is never there which is learnt for good; in proportion for "
        "one that is absent some of the time"
    ) = ZERO


class Deployment(Table):
    """``[deployment]``: what it takes to run models, beside what it takes to train them."""

    load_share: _number(
        "compute of one very large load for a year, against the development of the reference model", "ratio"
    ) = Quantity(0.2)
    reference_flop: _number("development of the reference model, trials included", "FLOP", 1.0) = Quantity(
        4e23
    )
    reference_parameters: _number("parameters of the reference model", "count", 1.0) = Quantity(1.75e11)
    loads: _number(
        "very large loads of the first that opens a class for use; the k-th gets 1/k of them", "loads"
    ) = ZERO
    loads_growth: _number("growth of these loads", "orders of magnitude/year", -5.0, 5.0) = ZERO
    joules_per_flop: _number("energy of one FLOP of work done, at energy_date", "J/FLOP") = Quantity(1.5e-11)
    energy_date: _date("date of joules_per_flop") = Quantity(2020 * 12.0)
    energy_halving_months: _number("time in which the energy of one FLOP halves", "months", 1e-6) = (
        NEVER_MONTHS
    )


class Retrieval(Table):
    """``[retrieval]``: what a store of text that a model looks up can stand in for."""

    parameters_factor: _number("how many times more parameters do as well without it", "ratio", 1.0) = (
        Quantity(1.0)
    )
    friendly_share: _share("share of what a class can do for which the store helps") = ZERO


class Harm(Table):
    """``[harms.FAMILY]``: weight of a month of access of each form in one family of harm."""

    made: _number("weight of a month for an actor that made the model itself", "weight") = ZERO
    open: _number("weight of a month with open weights", "weight") = ZERO
    licensed: _number("weight of a month with weights on licence", "weight") = ZERO
    arms_length: _number("weight of a month of use at arm's length", "weight") = ZERO
    uncontrolled: _number("weight of a month with weights that nobody gave", "weight") = ZERO


class Population(Table):
    """``[populations.NAME]``: many small actors of one type, who use what others make and give some back.

    A member is a node of ``[network]``, and is called NAME[NODE]. What a member is, is drawn once from
    ``tail.seed``: the same in all runs.
    """

    title: str = ""
    members: _whole("how many there are; for none, leave the population out", 1, MOST_MEMBERS)
    regions: dict[str, float] = Field(description="share of its members in each region; sums to 1")
    takes: list[str] = Field(["weights", "api"], description="kinds of artifacts that its members take up")
    stands_for: _number("people for whom one member stands", "people", 1e-6) = Quantity(1.0)
    uptake: _number(
        "speed of taking up what is public, against the mean of effects.KIND.uptake_months", "ratio"
    ) = Quantity(1.0)
    eligible: _share("share of its members who meet the terms of a licence to researchers, and ask") = (
        Quantity(1.0)
    )
    means_usd: _number("median of what a member can spend on using one model", "USD/month") = UNLIMITED
    means_spread: _number(
        "spread of these means among members (standard deviation of the logarithm)", "log units"
    ) = ZERO
    skill: _share("mean skill in running models") = Quantity(1.0)
    wants_weights: _share("share of its members whose use an interface cannot serve") = Quantity(1.0)
    needs_neighbours: _number("neighbours from whom a member must have it before it takes it up", "count") = (
        Quantity(1.0)
    )
    needs_share: _share("share of all its ties along which a member must have it first") = ZERO
    needs_drawn: bool = Field(
        False, description="that share is drawn for each member, evenly between 0 and 1"
    )
    decide_months: _number("mean time from being reached until use", "months") = ZERO
    abandon: _number("rate at which a user gives up, and passes on no more", "1/month") = ZERO
    shows: _share("chance that a user demonstrates in public what a model can do") = ZERO
    show_months: _number("mean time from use to that demonstration", "months", 1e-6) = Quantity(1.0)
    contributes: _share("chance that a user gives something back") = ZERO
    contribute_months: _number("mean time from use to that contribution", "months", 1e-6) = Quantity(1.0)


class Passing(Table):
    """``[passing.TIEKIND]``: how a user passes on along a tie what is public."""

    rate: _number("rate along a tie of strength 1", "1/month")
    chance: _share("chance that a tie ever carries it") = Quantity(1.0)
    fixed: bool = Field(False, description="it takes 1 / rate exactly; else that is the mean (exponential)")


class Tail(Table):
    """``[tail]``: what holds for the members of all populations."""

    seed: _whole("of the network and of who the members are", 0, 2**63 - 1) = 1
    dealt: Literal["shuffled", "in_order"] = Field(
        "shuffled", description="how populations take the nodes of the network"
    )
    log: Literal["events", "counts"] = Field(
        "events", description="rows of members in the log, or only their counts per month"
    )
    origins: list[int | str] = Field(
        [], description="nodes that have what is released at once: numbers, or names of the network"
    )
    house: str = Field("", description="actor that publishes what members contribute")
    contribution: str = Field("tools", description="kind of artifact that contributions become")
    run_hours: _number("hours a month for which who runs weights pays for a machine", "hours/month") = ZERO
    run_bytes: _number("memory that running takes per parameter", "bytes") = Quantity(2.0)
    run_premium: _number("rent of a machine by the hour, against the rents of [chips]", "ratio") = Quantity(
        1.0
    )
    run_skill: _share("least skill that running weights takes") = ZERO
    api_usd: _number("cost of use at arm's length", "USD/month") = ZERO
    api_admits: _number("users whom one interface lets in a month; they wait in turn", "1/month") = UNLIMITED
    licence_grants: _number("requests under one licence that are granted a month", "1/month") = UNLIMITED
    licence_months: _number("mean time until a request is answered", "months") = ZERO
    demo_attention: _number(
        "attention that one demonstration of a member makes, against the strongest", "ratio"
    ) = ZERO
    contributions: _number("contributions that make one artifact", "count", 1.0) = Quantity(1.0)
    contribution_strength: _number("fullness of the effect of such an artifact", "ratio") = ZERO


class ScenarioFile(BaseModel):
    """A scenario as it stands in a TOML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)

    extends: str | None = Field(None, description="name or path of the scenario that this one changes")
    scenario: Heading
    regions: dict[str, Region]
    chips: dict[str, Chip]
    classes: dict[str, ModelClass]
    effects: dict[str, Effect]
    kinds: dict[str, Kind]
    actors: dict[str, Actor]
    ties: list[Tie] = []
    flows: dict[str, Flow] = {}
    policies: dict[str, dict[str, list[Policy]]] = {}
    motives: dict[str, Motive] = {}
    stakes: dict[str, Stake] = {}
    insights: dict[str, Insight] = {}
    scripted_artifacts: dict[str, ScriptedArtifact] = {}
    scripted_projects: dict[str, ScriptedProject] = {}
    orders: list[Order] = []
    changes: list[Change] = []
    correlations: list[Correlation] = []
    alternatives: list[Alternative] = []
    posterior: Posterior | None = None
    harms: dict[str, Harm] = {}
    populations: dict[str, Population] = {}
    passing: dict[str, Passing] = {}
    network: NetworkSpec | None = None
    tail: Tail | None = Field(None, description="its defaults where there are populations and it is left out")
    attention: Attention
    conviction: Conviction
    work: Work
    training: Training
    spread: Spread
    trends: Trends
    absorption: Absorption = Absorption()
    deployment: Deployment = Deployment()
    retrieval: Retrieval = Retrieval()
    publication: Publication = Publication()

    @model_validator(mode="before")
    @classmethod
    def _populations_have_a_tail(cls, data: Any) -> Any:
        populated = isinstance(data, dict) and data.get("populations")
        return {**data, "tail": {}} if populated and "tail" not in data else data

    @model_validator(mode="before")
    @classmethod
    def _single_policy_is_a_list(cls, data: Any) -> Any:
        policies = data.get("policies") if isinstance(data, dict) else None
        if isinstance(policies, dict):
            data = dict(data)
            data["policies"] = {
                holder: {kind: rows if isinstance(rows, list) else [rows] for kind, rows in table.items()}
                if isinstance(table, dict)
                else table
                for holder, table in policies.items()
            }
        return data


# name in a scenario file -> model of one row. Single rows (settings) come last.
ROW_TABLES: dict[str, type[Table]] = {
    "regions": Region,
    "chips": Chip,
    "classes": ModelClass,
    "effects": Effect,
    "kinds": Kind,
    "actors": Actor,
    "ties": Tie,
    "flows": Flow,
    "policies": Policy,
    "motives": Motive,
    "stakes": Stake,
    "insights": Insight,
    "scripted_artifacts": ScriptedArtifact,
    "scripted_projects": ScriptedProject,
    "orders": Order,
    "changes": Change,
    "harms": Harm,
    "populations": Population,
    "passing": Passing,
}
# What says how numbers are drawn, and holds no numbers of the tables itself.
DRAWING: dict[str, type[Table]] = {
    "correlations": Correlation,
    "alternatives": Alternative,
    "posterior": Posterior,
}
SETTINGS: dict[str, type[Table]] = {
    "attention": Attention,
    "conviction": Conviction,
    "work": Work,
    "training": Training,
    "spread": Spread,
    "trends": Trends,
    "absorption": Absorption,
    "deployment": Deployment,
    "retrieval": Retrieval,
    "publication": Publication,
    "tail": Tail,  # only where there are populations
}


def number_fields(model: type[Table]) -> dict[str, Unit]:
    """Return the number fields of an input table, in order, with their units."""
    fields = {}
    for name, info in model.model_fields.items():
        unit = next((mark for mark in info.metadata if isinstance(mark, Unit)), None)
        if unit is None and get_origin(info.annotation) is Annotated:
            unit = next((m for m in get_args(info.annotation) if isinstance(m, Unit)), None)
        if unit is not None:
            fields[name] = unit
    return fields
