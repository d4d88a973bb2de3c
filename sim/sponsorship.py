"""Sponsors look for beneficiaries, and choose among those whom their gift would let start."""

from __future__ import annotations

from agents.rule import rule
from agents.sponsoring import appeal, grant_rate, meets_conditions
from sim import compute
from sim.luck import FOR, luck, ordinal_key, waiting
from sim.motives import declared_openness, has_motives
from sim.orders import action_on
from sim.planning import gift_suffices, lacks_means, offer_of
from sim.projects import keeps_team
from sim.queue import NEXT, push
from sim.release import policy_of
from sim.tables import key_of
from sim.words import ACTION, KIND


@rule
def openness_of(w, actor, klass):
    """Return the chance that an actor opens its weights of a class, as far as a sponsor can know it now."""
    ordered = action_on(w, actor, KIND.WEIGHTS, klass, w.clock[0].time)
    if ordered != ACTION.NONE:
        return 1.0 if ordered == ACTION.REQUIRE else 0.0
    row = policy_of(w, actor, KIND.WEIGHTS, w.clock[0].time)
    if row >= 0:
        return w.policies[row].probability
    if not has_motives(w, actor):
        return 0.0
    state = w.state[actor]
    if state.declared_in != w.clock[0].cycle:  # once a month: many sponsors ask
        state.declared, state.declared_in = declared_openness(w, actor), w.clock[0].cycle
    return state.declared


@rule
def newest(w, chip):
    """Return 1 for the newest generation on the market of its family, else 0."""
    time = w.clock[0].time
    for other in range(len(w.chips)):
        same = w.chip_facts[other].family == w.chip_facts[chip].family
        if same and w.chips[chip].released < w.chips[other].released <= time:
            return 0.0
    return 1.0


@rule
def consider(w, sponsor, until):
    """Look at everybody who seeks means; queue a grant that falls due before ``until``.

    The hazard of a grant is the sponsor's rate times the appeal of the beneficiary. Only those
    count who meet the conditions, whom money or chips keep from starting, and for whom the gift
    would suffice.
    """
    clock = w.clock[0]
    facts = w.actor_facts[sponsor]
    kind = w.kinds[facts.kind]
    classes = len(w.classes)
    usd, chips = offer_of(w, sponsor)
    chip = compute.chip_at(w, sponsor, clock.time)
    for place in range(clock.seeking):
        index = w.seeking[place]
        wish = w.wishes[index]
        offer = w.offers[facts.giver * len(w.wishes) + index]
        settle_offer(w, sponsor, index, offer)
        if wish.sponsor >= 0 or not lacks_means(wish.bound):
            continue
        actor, klass = w.builders[index // classes], index % classes
        busy = keeps_team(w, w.state[actor].project, klass)
        if actor == sponsor or busy or (usd <= 0.0 and chips < 1.0):
            continue
        openness = openness_of(w, actor, klass)
        near = w.actor_facts[actor].region == facts.region
        if not meets_conditions(facts.grant_open, facts.grant_closed, facts.grant_region, openness, near):
            continue
        if not gift_suffices(w, actor, klass, usd, sponsor, chips):
            continue
        novelty = newest(w, chip) if chip >= 0 else 0.0
        liking = appeal(
            kind.give_openness,
            kind.give_novelty,
            kind.give_region,
            openness,
            novelty,
            1.0 if near else 0.0,
        )
        known = kind.give_unknown >= 1.0 or knows(w, sponsor, actor)
        offer.rate = grant_rate(kind.give_rate, liking, kind.give_unknown, known)
        if offer.rate > 0.0:
            at = clock.time + max(0.0, offer.threshold - offer.hazard) / offer.rate
            if at <= until:
                push(w, at, NEXT.GRANT, sponsor, index, 0, 0, wish.ordinal)


@rule
def knows(w, sponsor, actor):
    """Return whether a sponsor has seen anything of an actor: its work in public, or through a tie."""
    return w.state[actor].shown == 1 or are_tied(w, sponsor, actor) or are_tied(w, actor, sponsor)


@rule
def are_tied(w, actor, other):
    """Return whether a tie leads from one actor to another."""
    for place in range(w.tie_first[actor], w.tie_first[actor + 1]):
        if w.tie_facts[place].to == other:
            return True
    return False


@rule
def settle_offer(w, sponsor, index, offer):
    """Bring the hazard of an offer to a wish up to date; each new try of the beneficiary is a new offer."""
    clock = w.clock[0]
    ordinal = w.wishes[index].ordinal
    if offer.ordinal != ordinal:
        actor, klass = w.builders[index // len(w.classes)], index % len(w.classes)
        offer.ordinal = ordinal
        offer.hazard = 0.0
        what = ordinal_key(key_of(w, actor) ^ w.class_facts[klass].key, ordinal)
        offer.threshold = waiting(luck(clock.seed, clock.run, FOR.GIVE, key_of(w, sponsor), what))
    else:
        offer.hazard += offer.rate * (clock.time - offer.settled)
    offer.settled = clock.time
    offer.rate = 0.0
