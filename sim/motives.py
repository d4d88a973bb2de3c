"""What moves an owner to release an artifact or to withhold it: weights, stakes, and its situation.

The situation is looked at once per decision (an announcement, an insight, a trained model): how large
and costly the model is, and what others have shown or are known to have. The rules that weigh it stand
in ``agents.publishing``.
"""

from __future__ import annotations

from agents.publishing import (
    IN_STAGES,
    ON_REQUEST,
    access_by_margin,
    closed_share,
    delay_time,
    growth,
    hold_share,
    inclination,
    left_to_protect,
    margin,
    norm,
    release_probability,
    worth,
)
from agents.rule import rule
from sim.record import record
from sim.tables import holds
from sim.words import ACCESS, EVENT, INCENTIVE, KIND, PHASE

AGAINST = INCENTIVE.ADVANTAGE  # from here on they speak against a release
STAKED = INCENTIVE.CONFORMITY  # this many incentives have a stake; conformity looks at others instead


@rule
def has_motives(w, actor):
    """Return whether the scenario says what moves an actor."""
    return w.motive_rows[actor, 0] >= 0


@rule
def weight_of(w, actor, incentive):
    """Return how much an incentive weighs for an actor that has motives."""
    return w.motives[w.motive_rows[actor, incentive], incentive]


@rule
def forget_releases(w):
    """At the start of a run nothing has been shown, and nobody has decided."""
    w.situation[0].cause = -1
    for actor in range(len(w.actors) + 1):
        for klass in range(len(w.classes)):
            for kind in range(len(KIND)):
                w.in_public[actor, klass, kind] = 0.0


@rule
def note_in_public(w, artifact, more):
    """Count an artifact that becomes public (``more``: 1) or is withdrawn (-1).

    Weights of which no project is known show by themselves that there is a model.
    """
    made = w.artifacts[artifact]
    if made.klass < 0:
        return
    everybody = len(w.actors)
    for level in range(made.klass + 1):
        w.in_public[made.owner, level, made.kind] += more
        w.in_public[everybody, level, made.kind] += more
        if made.kind == KIND.WEIGHTS and made.project < 0:
            w.in_public[made.owner, level, KIND.EXISTENCE] += more
            w.in_public[everybody, level, KIND.EXISTENCE] += more


@rule
def look_at_others(w, actor, klass):
    """Count what others have made public of models at least as capable, by kind of artifact.

    Return how many more such models the actor knows of although nobody has announced them.
    """
    everybody, level = len(w.actors), max(0, klass)
    for kind in range(len(KIND)):
        w.others_public[kind] = w.in_public[everybody, level, kind] - w.in_public[actor, level, kind]
    near = 0.0
    for row in range(w.clock[0].projects):
        project = w.projects[row]
        if project.phase == PHASE.WRITE and project.actor != actor and project.reached >= level:
            if holds(w, actor, project.first):  # its first artifact: the knowledge that it exists
                near += 1.0
    return near


@rule
def take_in(w, actor, klass, usd, cause):
    """Lay out the weights of an actor, and what its situation makes of them (``w.reasons``).

    ``klass``: of the model; -1 if none. ``usd``: what it cost its owner. ``cause``: row of the log.
    """
    situation = w.situation[0]
    if situation.cause == cause and situation.actor == actor:
        return
    situation.cause, situation.actor = cause, actor
    publication = w.publication[0]
    near = look_at_others(w, actor, klass)
    announced, opened = w.others_public[KIND.EXISTENCE], w.others_public[KIND.WEIGHTS]
    capability, value = 1.0, 1.0
    if klass >= 0:
        row = w.classes[klass]
        capability = growth(publication.capability_gain, row.flop, publication.reference_flop)
        value = worth(publication.value_gain, row.publicity)
    cost = growth(publication.cost_gain, max(1.0, usd), publication.reference_usd)
    secret = left_to_protect(publication.shared, announced + near)
    harmless_yet = left_to_protect(publication.shared, opened)
    for incentive in range(len(INCENTIVE)):
        w.weights[incentive] = weight_of(w, actor, incentive)
        w.factors[incentive] = 1.0
    w.factors[INCENTIVE.USER_GROWTH] = value
    w.factors[INCENTIVE.REACTION] = publication.reaction * closed_share(announced, opened)
    w.factors[INCENTIVE.SCOOPING] = 1.0 - secret
    w.factors[INCENTIVE.ADVANTAGE] = capability * cost * value * secret
    w.factors[INCENTIVE.SCRUTINY] = capability
    w.factors[INCENTIVE.MISUSE] = capability * harmless_yet
    w.factors[INCENTIVE.BLAME] = capability * harmless_yet
    w.factors[INCENTIVE.RISKY_PROGRESS] = capability * secret
    for incentive in range(len(INCENTIVE)):
        w.reasons[incentive] = w.weights[incentive] * w.factors[incentive]


@rule
def norm_of(w, kind):
    """Return what others have made a norm for a kind of artifact, of those models that were looked at.

    There is none for what does not come with a model.
    """
    if kind == KIND.INSIGHT or kind == KIND.RETRIEVAL_STORE:
        return 0.0
    half = w.publication[0].norm_models
    return norm(w.others_public[KIND.EXISTENCE], w.others_public[kind], half)


@rule
def inclined(w, kind):
    """Return the inclination to release a kind of artifact in the situation that was taken in."""
    own = inclination(w.reasons, w.stake_shares, kind, AGAINST, STAKED)
    return own + w.weights[INCENTIVE.CONFORMITY] * norm_of(w, kind)


@rule
def chance_of_release(w, owner, kind, project, cause):
    """Return the probability with which an owner releases an artifact of a kind, by its motives.

    ``project``: -1 for an insight, which counts as one of its finder's highest class, at the cost of
    the reference model.
    """
    klass, usd = w.state[owner].level, w.publication[0].reference_usd
    if project >= 0:
        row = w.projects[project]
        klass, usd = row.reached, row.spent_compute + row.spent_labour
    take_in(w, owner, klass, usd, cause)
    return release_probability(inclined(w, kind), w.publication[0].temperature)


@rule
def way_of_release(w, kind, probability, u):
    """Return (Access, months after the announcement) of a release by motives.

    Who must release (probability 1: a sponsor's condition, an order) does so in the open, at once.
    """
    publication = w.publication[0]
    delay = delay_time(w.stakes[kind].delay_months, probability)
    if kind == KIND.API:
        return ACCESS.ARMS_LENGTH, delay
    if probability >= 1.0 or (kind != KIND.WEIGHTS and kind != KIND.DATASET):
        return ACCESS.OPEN, delay
    over = margin(inclined(w, kind), publication.temperature, u)
    way = access_by_margin(over, publication.staged_from, publication.open_from)
    if way == ON_REQUEST:
        return ACCESS.LICENSED, delay
    if way == IN_STAGES and kind == KIND.WEIGHTS:
        return ACCESS.STAGED, delay + publication.staged_months
    return ACCESS.OPEN, delay


@rule
def strongest(w, kind, released):
    """Return the incentive that weighed most on the side that won; -1 if none did."""
    most, which = 0.0, -1
    first, last = (0, AGAINST) if released else (AGAINST, STAKED)
    for incentive in range(first, last):
        reason = w.reasons[incentive] * w.stake_shares[kind, incentive]
        if reason > most:
            most, which = reason, incentive
    custom = w.weights[INCENTIVE.CONFORMITY] * norm_of(w, kind)
    if (custom if released else -custom) > most:
        which = INCENTIVE.CONFORMITY
    return which


@rule
def note_weighed(w, owner, artifact, kind, project, probability, u, moved, cause):
    """Record a decision about a release that luck could have turned, and return its row in the log."""
    event_row = record(w, EVENT.WEIGHED, owner, cause)
    event = w.events[event_row]
    event.kind, event.artifact, event.project = kind, artifact, project
    event.klass = w.projects[project].reached if project >= 0 else w.artifacts[artifact].klass
    event.amount, event.draw = probability, u
    if moved:
        event.motive = strongest(w, kind, u < probability)
    return event_row


@rule
def incentive_to_hold(w, actor, project, cause):
    """Return the factor that motives make on the time for which an actor holds a written paper back."""
    if not has_motives(w, actor):
        return 1.0
    row = w.projects[project]
    take_in(w, actor, row.reached, row.spent_compute + row.spent_labour, cause)
    plain, now = 0.0, 0.0
    for incentive in range(AGAINST, STAKED):
        reason = w.weights[incentive] * w.stake_shares[KIND.EXISTENCE, incentive]
        plain += reason
        now += reason * w.factors[incentive]
    protection = now / plain if plain > 0.0 else 1.0
    scooping, pressure = w.weights[INCENTIVE.SCOOPING], w.factors[INCENTIVE.SCOOPING]
    return hold_share(protection, scooping * w.stake_shares[KIND.EXISTENCE, INCENTIVE.SCOOPING], pressure)


@rule
def declared_openness(w, actor):
    """Return how likely an actor is to open the weights of the reference model, as it says of itself.

    With nobody else near and all others closed: what a sponsor can know of it.
    """
    total = 0.0
    for incentive in range(STAKED):
        reason = weight_of(w, actor, incentive) * w.stake_shares[KIND.WEIGHTS, incentive]
        if incentive == INCENTIVE.REACTION:
            reason *= w.publication[0].reaction
        if incentive < AGAINST and incentive != INCENTIVE.SCOOPING:
            total += reason
        elif incentive >= AGAINST:
            total -= reason
    return release_probability(total, w.publication[0].temperature)
