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
    if state.declared < 0.0:
        state.declared = declared_openness(w, actor)
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
    usd, chips = offer_of(w, sponsor)
    gives = usd > 0.0 or chips >= 1.0
    first = w.actor_facts[sponsor].giver * len(w.wishes)
    for place in range(clock.seeking):
        index = w.seeking[place]
        offer = w.offers[first + index]
        settle_offer(w, offer)
        if not gives or not is_eligible(w, sponsor, index):
            continue
        actor, klass = w.wishes[index].actor, w.wishes[index].klass
        if not gift_suffices(w, actor, klass, usd, sponsor, chips):
            continue
        rate = rate_of_grant(w, sponsor, actor, klass)
        if rate > 0.0:
            open_offer(w, sponsor, index, offer, rate)
            at = clock.time + max(0.0, offer.threshold - offer.hazard) / rate
            if at <= until:
                push(w, at, NEXT.GRANT, sponsor, index, 0, 0, w.wishes[index].ordinal)


@rule
def is_eligible(w, sponsor, index):
    """Return whether a wish lacks means that nobody has given yet, and meets the conditions of a sponsor."""
    wish, facts = w.wishes[index], w.actor_facts[sponsor]
    actor, klass = wish.actor, wish.klass
    if wish.sponsor >= 0 or not lacks_means(wish.bound) or actor == sponsor:
        return False
    near = w.actor_facts[actor].region == facts.region
    asks = facts.grant_open == 1 or facts.grant_closed == 1
    openness = openness_of(w, actor, klass) if asks else 0.0
    if not meets_conditions(facts.grant_open, facts.grant_closed, facts.grant_region, openness, near):
        return False
    return not keeps_team(w, w.state[actor].project, klass)


@rule
def rate_of_grant(w, sponsor, actor, klass):
    """Return the hazard of a grant to a wish that a gift would let start, per month."""
    facts = w.actor_facts[sponsor]
    kind = w.kinds[facts.kind]
    chip = compute.chip_at(w, sponsor, w.clock[0].time)
    liking = appeal(
        kind.give_openness,
        kind.give_novelty,
        kind.give_region,
        openness_of(w, actor, klass),
        newest(w, chip) if chip >= 0 else 0.0,
        1.0 if w.actor_facts[actor].region == facts.region else 0.0,
    )
    known = kind.give_unknown >= 1.0 or knows(w, sponsor, actor)
    return grant_rate(kind.give_rate, liking, kind.give_unknown, known)


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
def settle_offer(w, offer):
    """Bring the hazard of an offer up to date; until a gift would let start again it stands still."""
    if offer.rate > 0.0:
        offer.hazard += offer.rate * (w.clock[0].time - offer.settled)
        offer.rate = 0.0


@rule
def open_offer(w, sponsor, index, offer, rate):
    """Let the hazard of an offer accumulate from now on; each new try of the beneficiary is a new offer."""
    clock = w.clock[0]
    wish = w.wishes[index]
    if offer.ordinal != wish.ordinal:
        offer.ordinal = wish.ordinal
        offer.hazard = 0.0
        what = ordinal_key(key_of(w, wish.actor) ^ w.class_facts[wish.klass].key, wish.ordinal)
        offer.threshold = waiting(luck(clock.seed, clock.run, FOR.GIVE, key_of(w, sponsor), what))
    offer.rate, offer.settled = rate, clock.time
