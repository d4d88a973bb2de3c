"""How far an artifact helps its holder: fit, duplicates, and what is left of each quantity."""

from __future__ import annotations

import math

from agents.rule import rule
from sim.luck import FOR, luck, normal
from sim.scaling import saved_by_retrieval
from sim.schema import FOREVER_MONTHS
from sim.tables import key_of
from sim.words import KIND

KINDS = len(KIND)
LEAST_HELP = -0.5  # a borrowed artifact can cost more than it saves, but not without limit


@rule
def fit_of(w, actor, artifact):
    """Return how well an artifact fits an actor: strength, age, hardware, and luck.

    Luck takes away, it adds nothing: no artifact teaches more than what is in it, however well it suits.
    Below zero, adopting it costs more than it saves.
    """
    clock = w.clock[0]
    made = w.artifacts[artifact]
    effect = w.effects[made.kind]
    fit = made.strength * math.exp(-age_of(w, made) / effect.obsolescence_months)
    if w.actor_facts[actor].family != w.actor_facts[made.owner].family:
        fit *= 1.0 - effect.hardware
    if effect.spread > 0.0 and actor != made.owner:
        u = luck(clock.seed, clock.run, FOR.FIT, key_of(w, actor), made.key)
        if u < 0.5:
            fit *= 1.0 + effect.spread * normal(u)
    return fit


@rule
def age_of(w, made):
    """Return for how many months an artifact has been growing old.

    What belongs to a model is of the day on which the model is announced: until then the public has had
    nothing by which it could be outdone. Before, and for the rest, age counts from the making.
    """
    time = w.clock[0].time
    since = made.made
    if made.project >= 0 and w.projects[made.project].announced <= time:
        since = w.projects[made.project].announced
    return max(0.0, time - since)


@rule
def combined(best, missing, harm, overlap):
    """Return the help of all artifacts of one kind, in whatever order they came. Duplicates help less.

    ``best``: help of the best one. ``missing``: what all would leave open together if they were
    independent, the product of (1 - help). ``overlap``: how far they teach the same, from 0 (independent)
    to 1 (the best one is all there is): what the others add to the best is cut by it. ``harm``: what is
    left to do grows by this factor through those that cost more than they save.

    Of 0.6 and 0.5 at overlap 0.5 comes 0.6 + 0.5 (0.8 - 0.6) = 0.7.
    """
    helpful = best + (1.0 - overlap) * (1.0 - missing - best)
    return max(LEAST_HELP, 1.0 - (1.0 - helpful) * harm)


@rule
def help_row(w, builder, klass, kind):
    """Return where ``help`` and ``learnt`` keep what artifacts of a kind help a builder with a class.

    Those of one kind lie together: what is published is held against the help of all builders.
    """
    return (kind * len(w.builders) + builder) * len(w.classes) + klass


@rule
def add(row, new, overlap):
    """Add an artifact that helps so much to what is held of its kind (a row of ``help`` or ``learnt``)."""
    new = min(1.0, new)
    if new > 0.0:
        row.best = max(row.best, new)
        row.missing *= 1.0 - new
    else:
        row.harm *= 1.0 - new
    row.held = combined(row.best, row.missing, row.harm, overlap)


@rule
def hold_only(row, held):
    """Let what is held of a kind be one thing that helps so much."""
    row.best = row.held = max(0.0, held)
    row.missing, row.harm = 1.0 - row.best, 1.0
    if held < 0.0:
        row.held, row.harm = held, 1.0 - held


@rule
def take_help(w, actor, artifact):
    """Let an artifact help with every class that it bears on; return the largest change of help."""
    made = w.artifacts[artifact]
    facts = w.actor_facts[actor]
    classes = len(w.classes)
    if facts.builder < 0 or made.kind == KIND.EXISTENCE or made.kind == KIND.API:
        return 0.0
    if made.in_project == 1 and made.owner == actor:
        return 0.0
    if forgets(w, actor):
        forget(w, actor)
    if not bears_on_any(w, actor, artifact):
        return 0.0
    fit = fit_of(w, actor, artifact)
    own = learnt_share(w, actor, made.owner)
    gained = 0.0
    for klass in range(w.state[actor].level + 1, classes):
        nearness = w.nearness[made.kind, made.klass + 1, klass]
        if nearness * abs(fit) < 1e-3:
            continue
        kind = helps_as(made.kind, made.klass, klass)
        place = help_row(w, facts.builder, klass, kind)
        before = w.help[place].held
        overlap = w.effects[kind].overlap
        add(w.help[place], fit * nearness, overlap)
        after = w.help[place].held
        if own > 0.0:
            add(w.learnt[place], max(0.0, own * fit * nearness), overlap)
        apply_help(w, facts.builder * classes + klass, kind, before, after)
        gained = max(gained, after - before) if after > before else min(gained, after - before)
    return gained


@rule
def bears_on_any(w, actor, artifact):
    """Return whether an artifact, however well it fits, bears on any class that an actor does not have."""
    made = w.artifacts[artifact]
    for klass in range(w.state[actor].level + 1, len(w.classes)):
        if w.nearness[made.kind, made.klass + 1, klass] > 0.0:
            return True
    return False


@rule
def forgets(w, actor):
    """Return whether what an actor borrows fades once it is held."""
    return w.kinds[w.actor_facts[actor].kind].retention_months < FOREVER_MONTHS


@rule
def learnt_share(w, actor, owner):
    """Return which part of the help of an artifact is there for good.

    All of what one has made oneself; of what others lend, more if they are often absent, so that one
    has to do without (``absorption.practice``).
    """
    if owner == actor:
        return 1.0
    return w.absorption[0].practice * (1.0 - w.actors[owner].available)


@rule
def forget(w, actor):
    """Let borrowed help fade up to now: what is left of it falls to 1/e in the retention time.

    Help falls to what was learnt for good. Exact however often it is reckoned.
    """
    facts, state, clock = w.actor_facts[actor], w.state[actor], w.clock[0]
    months = clock.time - state.faded
    state.faded = clock.time
    if months <= 0.0:
        return
    left = math.exp(-months / w.kinds[facts.kind].retention_months)
    classes = len(w.classes)
    for klass in range(state.level + 1, classes):
        wish = facts.builder * classes + klass
        row = w.wishes[wish]
        row.work = row.data_work = row.trials = row.flop = 1.0
        row.talent = row.gap = row.failures = 1.0
        for kind in range(KINDS):
            place = help_row(w, facts.builder, klass, kind)
            learnt, held = w.learnt[place].held, w.help[place].held
            hold_only(w.help[place], learnt + (held - learnt) * left)
            apply_help(w, wish, kind, 0.0, w.help[place].held)


@rule
def cuts(w, kind):
    """Return whether artifacts of a kind cut anything of a project."""
    effect = w.effects[kind]
    most = max(effect.work, effect.data_work, effect.trials, flop_cut(w, kind))
    return max(most, effect.talent, effect.utilisation, effect.failures) > 0.0


@rule
def helps_as(kind, of_class, klass):
    """Return as what kind an artifact of a class helps with another class.

    A smaller model of which one has the weights is an implementation to start from.
    """
    return KIND.SMALL_MODEL if kind == KIND.WEIGHTS and 0 <= of_class < klass else kind


@rule
def nearness_of(w, kind, of_class, klass, orders):
    """Return how closely artifacts of a kind and a class (-1: general) bear on a class, from 0 to 1.

    ``orders``: of how many orders of magnitude of compute the class lies above theirs.
    """
    helper = helps_as(kind, of_class, klass)
    if not cuts(w, helper) or (helper == KIND.SMALL_MODEL and klass < of_class):
        return 0.0
    return brought_to_scale(w.effects[helper].distance, orders)


@rule
def brought_to_scale(kept, orders):
    """Return the part of its help that an artifact keeps for a model of so many ``orders`` more compute.

    ``kept``: for ten times the compute. Only upwards: what made a larger model makes a smaller one of its
    design too, while what made a smaller one must first be brought to scale. Kept 0.5, it is 0.25 for 100
    times the compute.
    """
    return math.pow(kept, orders) if orders > 0.0 else 1.0


@rule
def lay_out_nearness(w):
    """Reckon once for a run how closely each kind and class bears on each class."""
    for of_class in range(-1, len(w.classes)):
        for klass in range(len(w.classes)):
            orders = math.log10(w.classes[klass].flop / w.classes[of_class].flop) if of_class >= 0 else 0.0
            for kind in range(KINDS):
                w.nearness[kind, of_class + 1, klass] = nearness_of(w, kind, of_class, klass, orders)


@rule
def could_gain(w, actor, artifact, enough):
    """Return whether a fresh, fitting artifact could add ``enough`` to the help held for any class."""
    if enough <= 0.0:
        return True
    facts = w.actor_facts[actor]
    classes = len(w.classes)
    made = w.artifacts[artifact]
    for klass in range(w.state[actor].level + 1, classes):
        fresh = min(1.0, made.strength * w.nearness[made.kind, made.klass + 1, klass])
        kind = helps_as(made.kind, made.klass, klass)
        row = w.help[help_row(w, facts.builder, klass, kind)]
        if fresh * (1.0 - row.held) < enough:  # no overlap would leave that much
            continue
        best, missing = max(row.best, fresh), row.missing * (1.0 - fresh)
        if combined(best, missing, row.harm, w.effects[kind].overlap) - row.held >= enough:
            return True
    return False


@rule
def apply_help(w, wish, kind, before, after):
    """Update what borrowed artifacts leave of each quantity: the product of (1 - cut * help)."""
    if after == before:
        return
    row = w.wishes[wish]
    effect = w.effects[kind]
    if effect.work > 0.0:  # most kinds cut little: what is not cut is not even read
        row.work *= _change(effect.work, before, after)
    if effect.data_work > 0.0:
        row.data_work *= _change(effect.data_work, before, after)
    if effect.trials > 0.0:
        row.trials *= _change(effect.trials, before, after)
    flop = flop_cut(w, kind)
    if flop > 0.0:
        row.flop *= _change(flop, before, after)
    if effect.talent > 0.0:
        row.talent *= _change(effect.talent, before, after)
    if effect.utilisation > 0.0:
        row.gap *= _change(effect.utilisation, before, after)
    if effect.failures > 0.0:
        row.failures *= _change(effect.failures, before, after)


@rule
def flop_cut(w, kind):
    """Return the part of the training compute that a full, fitting, fresh artifact of a kind saves."""
    cut = w.effects[kind].flop
    if kind == KIND.RETRIEVAL_STORE:
        store = w.retrieval[0]
        cut = max(cut, saved_by_retrieval(store.parameters_factor, store.friendly_share))
    return cut


@rule
def _change(cut, before, after):
    left = 1.0 - cut * before
    return (1.0 - cut * after) / left if left > 0.0 else 1.0
