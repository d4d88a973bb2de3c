"""From the trained model to what others can get: artifacts, announcement, releases, leaks, thefts.

What its owner has made is private; it passes along ties at their rates, and becomes public by the
owner's policy, each kind at its own time.
"""

from __future__ import annotations

import math

from agents.publishing import releases
from agents.rule import rule
from sim.attention import attention_now, gives_use, raise_attention, reach_of, schedule_demos
from sim.helping import KINDS, could_gain, take_help
from sim.luck import FOR, luck, mix, ordinal_key, waiting
from sim.motives import chance_of_release, has_motives, note_in_public, note_weighed, way_of_release
from sim.orders import access_of, action_on, comes_too_late, delay_of, is_silent, mark, passing_of
from sim.queue import NEXT, push
from sim.record import record
from sim.schema import FOREVER_MONTHS
from sim.tables import TABLE_FULL, hold, holds, key_of, wish_row
from sim.tail.offering import offer, take_back
from sim.tail.uptake import replan_streams
from sim.words import ACCESS, ACTION, EVENT, KIND, PHASE, VIA

FLOW_FIRST = 1  # column of flow_numbers that holds the rate of the first artifact kind


@rule
def comes_with_model(kind):
    """Return whether a trained model leaves its owner with an artifact of this kind at once."""
    return KIND.EXISTENCE <= kind <= KIND.WEIGHTS and not (
        kind == KIND.INSIGHT or kind == KIND.TOOLS or kind == KIND.SMALL_MODEL
    )


@rule
def comes_with_release(kind):
    """Return whether an artifact of this kind is made only in order to be released."""
    return kind == KIND.TOOLS or kind == KIND.API


@rule
def depends_on_design(kind):
    """Return whether what an artifact of this kind teaches goes with the design of the model."""
    craft = kind == KIND.DETAILS or kind == KIND.HYPERPARAMETERS or kind == KIND.CODE
    return craft or kind == KIND.WEIGHTS or kind == KIND.SMALL_MODEL


@rule
def artifact_key(w, owner, klass, kind, ordinal):
    """Return the key under which luck knows an artifact: (owner, class, kind, ordinal)."""
    of_class = w.class_facts[klass].key if klass >= 0 else key_of(w, owner)
    return ordinal_key(mix(key_of(w, owner), of_class), kind + KINDS * ordinal)


@rule
def new_artifact(w, owner, klass, kind, key, strength, project, cause):
    """Take an empty row for a private artifact, record that it exists, and return its row."""
    clock = w.clock[0]
    row = clock.artifacts
    if row >= len(w.artifacts):
        clock.status = TABLE_FULL
        row = len(w.artifacts) - 1
    else:
        clock.artifacts += 1
    made = w.artifacts[row]
    made.key, made.owner, made.klass, made.kind = key, owner, klass, kind
    made.project, made.insight, made.optimal, made.strength = project, -1, 0, strength
    made.in_project = 0
    made.made, made.due, made.published = clock.time, math.inf, math.inf
    made.access, made.via = ACCESS.CLOSED, 0
    made.published_cause = -1
    made.uptake, made.publicity, made.withdrawn = 1.0, 1.0, FOREVER_MONTHS
    hold(w, owner, row)
    event_row = record(w, EVENT.MADE, owner, cause)
    event = w.events[event_row]
    event.klass, event.kind, event.artifact, event.project = klass, kind, row, project
    event.amount = strength
    event.via = VIA.OWN if project >= 0 else 0
    made.made_cause = event_row
    return row


@rule
def make_artifacts(w, project, cause):
    """Bring into being what a trained model leaves with its owner."""
    row = w.projects[project]
    row.first = w.clock[0].artifacts
    for kind in range(KINDS):
        if comes_with_model(kind) and (kind != KIND.DATASET or has_own_corpus(w, project)):
            made = make_artifact(w, project, kind, cause)
            row.count += 1
            spread_privately(w, row.actor, made, w.artifacts[made].made_cause)
            if kind == KIND.WEIGHTS:
                expose(w, made)


@rule
def has_own_corpus(w, project):
    """Return whether so much of a model's text is its maker's own work that it leaves a new corpus."""
    row = w.projects[project]
    own = w.wishes[wish_row(w, row.actor, row.klass)].data_work
    return row.script >= 0 or own >= w.training[0].own_corpus


@rule
def make_artifact(w, project, kind, cause):
    """Bring one artifact of a model into being; its owner is the first to be helped by it."""
    row = w.projects[project]
    key = artifact_key(w, row.actor, row.klass, kind, row.ordinal)
    strength = row.share
    if row.script >= 0 and depends_on_design(kind):
        strength *= w.scripted_projects[row.script].strength
    made = new_artifact(w, row.actor, row.reached, kind, key, strength, project, cause)
    take_help(w, row.actor, made)
    return made


@rule
def spread_privately(w, holder, artifact, cause):
    """Queue the passage of something that is not public along the ties of one who holds it."""
    clock = w.clock[0]
    made = w.artifacts[artifact]
    passing = passing_of(w, artifact, clock.time)
    for place in range(w.tie_first[holder], w.tie_first[holder + 1]):
        tie = w.tie_facts[place]
        rate = w.flow_numbers[tie.kind, FLOW_FIRST + made.kind] * w.ties[tie.row].strength * passing
        rate *= w.actors[holder].available
        if rate <= 0.0 or holds(w, tie.to, artifact):
            continue
        u = luck(clock.seed, clock.run, FOR.FLOW, tie.key, made.key)
        time = max(clock.time, w.actors[tie.to].active_from) + waiting(u) / rate
        if time >= made.published or time > clock.horizon:
            continue
        state = w.state[tie.to]
        if state.expects != artifact or time < state.expected:  # a later copy would change nothing
            state.expects, state.expected = artifact, time
            push(w, time, NEXT.LEARN, tie.to, artifact, holder, cause, VIA.INSIDER + tie.kind)


@rule
def expose(w, artifact):
    """Queue the leak and the thefts that may befall a set of weights."""
    clock = w.clock[0]
    made = w.artifacts[artifact]
    open_to = (1.0 - w.actors[made.owner].security) * passing_of(w, artifact, clock.time)
    leak = w.spread[0].leak_rate * open_to
    if leak > 0.0:
        u = luck(clock.seed, clock.run, FOR.LEAK, key_of(w, made.owner), made.key)
        push(w, clock.time + waiting(u) / leak, NEXT.LEAK, artifact, 0, 0, made.made_cause, 0)
    theft = w.spread[0].theft_rate * open_to
    if theft > 0.0:
        for place in range(len(w.thieves)):
            thief = w.thieves[place]
            u = luck(clock.seed, clock.run, FOR.THEFT, key_of(w, thief), made.key)
            time = max(clock.time, w.actors[thief].active_from) + waiting(u) / theft
            push(w, time, NEXT.STEAL, thief, artifact, 0, made.made_cause, 0)


@rule
def policy_of(w, actor, kind, time):
    """Return the row of the policy that an actor follows for a kind at a time, or -1 for none."""
    if time >= w.trends[0].policies_until:
        return -1
    rows = w.policy_rows[actor, kind]
    for row in range(rows.first, rows.first + rows.count):
        if w.policies[row].from_ <= time < w.policies[row].until:
            return row
    for row in range(rows.kind_first, rows.kind_first + rows.kind_count):
        if w.policies[row].from_ <= time < w.policies[row].until:
            return row
    return -1


@rule
def announce(w, project, cause):
    """A model is announced: each artifact is released or not, and when, by the owner's policy.

    Return whether others are told that it exists.
    """
    row = w.projects[project]
    if is_silent(w, row.actor):
        return False
    row.phase = PHASE.PUBLIC
    row.announced = w.clock[0].time
    event_row = record(w, EVENT.ANNOUNCED, row.actor, cause)
    event = w.events[event_row]
    event.klass, event.project, event.mechanism = row.reached, project, row.mechanism
    told = publish(w, row.first, KIND.EXISTENCE, project, event_row)
    if not told and is_hidden(w, row.actor, row.reached):
        return False
    for artifact in range(row.first + 1, row.first + row.count):
        publish(w, artifact, w.artifacts[artifact].kind, project, event_row)
    for kind in range(KINDS):
        if comes_with_release(kind):
            publish(w, -1, kind, project, event_row)
    return told


@rule
def is_hidden(w, actor, klass):
    """Return whether an unpublished existence is a choice: who hides a model releases nothing of it."""
    time = w.clock[0].time
    if action_on(w, actor, KIND.EXISTENCE, klass, time) == ACTION.FORBID:
        return True
    return policy_of(w, actor, KIND.EXISTENCE, time) >= 0 or has_motives(w, actor)


@rule
def publish(w, artifact, kind, project, cause):
    """Decide about the release of one artifact, queue it, and return whether it is released.

    What the record gives, or else the actor's policy, or else its motives, say whether, when and how;
    the sponsor's condition comes before it, and orders come before all. ``artifact``: its row; -1 if
    it is made only for its release. ``project``: -1 for an insight.
    """
    clock = w.clock[0]
    if artifact >= 0 and w.artifacts[artifact].access != ACCESS.CLOSED:
        return True
    owner = w.projects[project].actor if project >= 0 else w.artifacts[artifact].owner
    klass = w.projects[project].reached if project >= 0 else w.artifacts[artifact].klass
    script = w.projects[project].script if project >= 0 else -1
    probability, delay, access = 0.0, 0.0, ACCESS.OPEN
    imitates, moved = False, False
    if script >= 0:
        probability = 1.0 if w.releases[script, kind] >= 0.0 else 0.0
        delay = max(0.0, w.releases[script, kind])
        access = w.project_facts[script].access if kind == KIND.WEIGHTS else ACCESS.OPEN
    else:
        policy = policy_of(w, owner, kind, clock.time)
        imitates = kind == KIND.API and w.state[owner].imitates == 1
        if policy >= 0:
            probability = w.policies[policy].probability
            delay = w.policies[policy].delay_months
            access = w.policy_facts[policy].access
        elif has_motives(w, owner):
            moved = True
            probability = chance_of_release(w, owner, kind, project, cause)
        if kind == KIND.WEIGHTS and project >= 0:
            probability = sponsored(w, w.projects[project].sponsor, probability)
    if kind == KIND.API:
        access = ACCESS.ARMS_LENGTH
    action = action_on(w, owner, kind, klass, clock.time)
    if action == ACTION.FORBID:
        probability, imitates = 0.0, False
    elif action == ACTION.REQUIRE:
        probability = 1.0
    if probability <= 0.0 and not imitates:
        return False
    if artifact >= 0:
        key = w.artifacts[artifact].key
    else:
        row = w.projects[project]
        key = artifact_key(w, owner, row.klass, kind, row.ordinal)
    u = luck(clock.seed, clock.run, FOR.PUBLISH, key_of(w, owner), key)
    released = releases(probability, imitates, u)
    if 0.0 < probability < 1.0:
        cause = note_weighed(w, owner, artifact, kind, project, probability, u, moved, cause)
    if not released:
        return False
    if moved:
        access, delay = way_of_release(w, kind, probability, u)
    delay = max(0.0, delay + delay_of(w, owner, kind, klass, clock.time))
    if comes_too_late(w, owner, kind, klass, clock.time, delay):
        return False
    if artifact < 0:
        artifact = make_artifact(w, project, kind, cause)
    ordered = access_of(w, owner, kind, klass, clock.time, access)
    staged = ordered == ACCESS.STAGED and (script < 0 or ordered != access)  # the record gives its stages
    mark(w, artifact, clock.time)
    small = action_on(w, owner, KIND.SMALL_MODEL, klass, clock.time) != ACTION.FORBID
    if staged and small and kind == KIND.WEIGHTS and delay > 0.0:
        release_small(w, artifact, cause)
    push(w, clock.time + delay, NEXT.RELEASE, artifact, ordered, 0, cause, 0)
    return True


@rule
def sponsored(w, sponsor, probability):
    """Return the probability that weights are released, after the condition of the sponsor (-1: none)."""
    if sponsor >= 0 and w.actor_facts[sponsor].grant_open == 1:
        return 1.0
    if sponsor >= 0 and w.actor_facts[sponsor].grant_closed == 1:
        return 0.0
    return probability


@rule
def release_small(w, artifact, cause):
    """The first stage of a staged release: a smaller model, at once."""
    made = w.artifacts[artifact]
    key = mix(made.key, made.key)
    row = new_artifact(w, made.owner, made.klass, KIND.SMALL_MODEL, key, made.strength, made.project, cause)
    push(w, w.clock[0].time, NEXT.RELEASE, row, ACCESS.OPEN, 0, cause, 0)


@rule
def withdraw(w, artifact, cause):
    """What was released cannot be taken up any more; who has it keeps it."""
    made = w.artifacts[artifact]
    if made.access == ACCESS.CLOSED or made.via == VIA.LEAKED:
        return
    note_in_public(w, artifact, -1.0)
    made.access, made.published = ACCESS.CLOSED, math.inf
    take_back(w, artifact)
    event = w.events[record(w, EVENT.WITHDRAWN, made.owner, cause)]
    event.klass, event.kind, event.artifact, event.project = made.klass, made.kind, artifact, made.project


@rule
def is_open(access):
    """Return whether everybody can have what is released in this way."""
    return access == ACCESS.OPEN or access == ACCESS.STAGED


@rule
def shows_class(kind):
    """Return whether an artifact of this kind, and of a class, shows that the class exists."""
    return kind == KIND.EXISTENCE or gives_use(kind)


@rule
def release(w, artifact, access, cause, via):
    """An artifact becomes public: everybody who can use it will take it up, each in its time."""
    clock = w.clock[0]
    made = w.artifacts[artifact]
    if is_open(made.access) or (via == VIA.PUBLIC and is_silent(w, made.owner)):
        return
    since = min(clock.time, made.due)
    if via == VIA.PUBLIC and action_on(w, made.owner, made.kind, made.klass, since) == ACTION.FORBID:
        event = w.events[record(w, EVENT.WITHHELD, made.owner, cause)]
        event.klass, event.kind, event.artifact = made.klass, made.kind, artifact
        event.project = made.project
        return
    event_row = record(w, EVENT.LEAKED if via == VIA.LEAKED else EVENT.RELEASED, made.owner, cause)
    event = w.events[event_row]
    event.klass, event.kind, event.artifact = made.klass, made.kind, artifact
    event.project, event.via, event.amount = made.project, via, access
    first = made.published == math.inf
    w.state[made.owner].shown = 1
    if first:
        note_in_public(w, artifact, 1.0)
    made.published, made.published_cause = min(made.published, clock.time), event_row
    made.access, made.via = access, via
    if made.withdrawn < FOREVER_MONTHS and via == VIA.PUBLIC:
        push(w, clock.time + made.withdrawn, NEXT.WITHDRAW, artifact, 0, 0, event_row, 0)
    effect = w.effects[made.kind]
    if effect.attention > 0.0 and first and since >= 0.0:
        kind = w.kinds[w.actor_facts[made.owner].kind]
        size = w.classes[made.klass].publicity if made.klass >= 0 else 0.0
        event.draw = effect.attention * kind.publicity * size * made.publicity
        raise_attention(w, event.draw)
        replan_streams(w)
    offer(w, artifact, event_row)
    if gives_use(made.kind) and made.klass >= 0 and first and since >= 0.0:
        schedule_demos(w, artifact, event_row)
    attention = attention_now(w)
    for place in range(len(w.learners)):
        actor = w.learners[place]
        if actor != made.owner and reaches(w, actor, artifact, access):
            wait = uptake_months(w, actor, artifact, attention)
            begins = max(since, w.actors[actor].active_from)
            time = max(clock.time, begins + wait)
            push(w, time, NEXT.LEARN, actor, artifact, made.owner, event_row, via)


@rule
def reaches(w, actor, artifact, access):
    """Return whether a public artifact can be, and is worth being, taken up by an actor."""
    made = w.artifacts[artifact]
    facts = w.actor_facts[actor]
    if made.kind == KIND.EXISTENCE and made.klass >= 0:  # also for who has only heard of it
        builder = facts.builder
        return builder >= 0 and w.wishes[builder * len(w.classes) + made.klass].certain > w.clock[0].time
    if access == ACCESS.LICENSED and facts.eligible == 0 or holds(w, actor, artifact):
        return False
    if made.kind == KIND.API:
        return w.state[actor].uses < made.klass and not has_reached(w, actor, made.klass)
    if made.kind == KIND.WEIGHTS and w.state[actor].runs < made.klass:
        if not has_reached(w, actor, made.klass):
            return True
    if facts.builder < 0:
        return False
    if w.effects[made.kind].belief > 0.0 or made.optimal == 1:
        return True
    return could_gain(w, actor, artifact, w.spread[0].least_gain)


@rule
def has_reached(w, actor, klass):
    """Return whether an actor has trained a class itself."""
    return w.state[actor].level >= klass


@rule
def uptake_months(w, actor, artifact, attention):
    """Return how long an actor takes to take up a public artifact, from its release on.

    Exponential by luck; faster with the absorptive capacity of its kind and with the public
    ``attention`` that reaches its region; slower where the owner is not always there, or where the
    actor does not look because it does not know that there is such a class.
    """
    clock = w.clock[0]
    made = w.artifacts[artifact]
    kind = w.kinds[w.actor_facts[actor].kind]
    speed = kind.uptake * w.actors[made.owner].available
    if kind.unaware < 1.0 and overlooks(w, actor, artifact):
        speed *= kind.unaware
    reach = reach_of(w, actor)
    speed *= 1.0 + w.attention[0].uptake_gain * min(1.0, attention * reach)
    speed *= made.uptake
    if speed <= 0.0:
        return math.inf
    u = luck(clock.seed, clock.run, FOR.UPTAKE, key_of(w, actor), made.key)
    return w.effects[made.kind].uptake_months * waiting(u) / speed


@rule
def overlooks(w, actor, artifact):
    """Return whether an artifact belongs to a class that a builder does not know to exist."""
    made = w.artifacts[artifact]
    builder = w.actor_facts[actor].builder
    if builder < 0 or made.klass < 0 or shows_class(made.kind):
        return False
    wish = w.wishes[builder * len(w.classes) + made.klass]
    return min(wish.known, wish.reached) > w.clock[0].time


@rule
def look_again(w, actor, klass, cause):
    """Who has come to know of a class takes up what was public of it, at the usual speed from now on."""
    clock = w.clock[0]
    attention = attention_now(w)
    for artifact in range(clock.artifacts):
        made = w.artifacts[artifact]
        if made.klass != klass or made.published > clock.time or shows_class(made.kind):
            continue
        if made.owner != actor and reaches(w, actor, artifact, made.access):
            time = clock.time + uptake_months(w, actor, artifact, attention)
            push(w, time, NEXT.LEARN, actor, artifact, made.owner, cause, made.via)
