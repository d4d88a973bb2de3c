"""Hardware and money: which chips an actor can use, what they cost, what a model would take."""

from __future__ import annotations

import math

import numpy as np

from agents import starting
from agents.rule import rule, rule_in_place
from sim.attention import staffing_of
from sim.luck import FOR, luck, waiting
from sim.remembering import exponential
from sim.tables import key_of, wish_row
from sim.words import BOUND

HOURS_PER_MONTH = 730.5
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0
MOST_FAILURE = 0.95


@rule
def growth(orders_per_year, months):
    """Return the factor of a growth in orders of magnitude per year."""
    return math.exp(growth_exponent(orders_per_year, months))


@rule
def growth_exponent(orders_per_year, months):
    """Return the natural logarithm of the factor of a growth in orders of magnitude per year."""
    return starting.LN10 * orders_per_year * months / starting.MONTHS_PER_YEAR


@rule
def grown_months(orders_per_year, first, last):
    """Return how many months of the reference level a growing flow brings between two times.

    The integral of ``growth`` from ``first`` to ``last`` (months since the reference date): it
    does not depend on how often one looks.
    """
    steepness = growth_exponent(orders_per_year, 1.0)
    if abs(steepness) < 1e-12:
        return last - first
    return (growth(orders_per_year, last) - growth(orders_per_year, first)) / steepness


@rule
def remembered_growth(level, orders_per_year, first, last):
    """Return ``grown_months`` for one who looks again and again: ``level`` remembers up to where."""
    steepness = growth_exponent(orders_per_year, 1.0)
    if abs(steepness) < 1e-12:
        return last - first
    before = exponential(level, growth_exponent(orders_per_year, first))
    return (exponential(level, growth_exponent(orders_per_year, last)) - before) / steepness


@rule
def chip_row(w, actor):
    """Return the row of an actor in ``chip_from``."""
    facts = w.actor_facts[actor]
    return facts.builder if facts.builder >= 0 else len(w.builders) + facts.giver


@rule
def draw_chip_dates(w, actor):
    """Draw when each generation of its family reaches an actor.

    The wait after the release is exponential with the mean ``trends.chip_wait_months``; what was
    released before the start is there.
    """
    clock = w.clock[0]
    row = chip_row(w, actor)
    w.state[actor].newest_from = np.inf  # nothing is noted yet
    for chip in range(len(w.chips)):
        released = w.chips[chip].released
        if w.chip_facts[chip].family != w.actor_facts[actor].family:
            w.chip_from[row, chip] = np.inf
        elif released <= 0.0:
            w.chip_from[row, chip] = released
        elif released > w.trends[0].chips_until:
            w.chip_from[row, chip] = np.inf
        else:
            u = luck(clock.seed, clock.run, FOR.CHIP, key_of(w, actor), w.chip_facts[chip].key)
            w.chip_from[row, chip] = released + w.trends[0].chip_wait_months * waiting(u)
            if w.chip_from[row, chip] > w.actors[actor].chips_until:
                w.chip_from[row, chip] = np.inf


@rule
def chip_at(w, actor, time):
    """Return the newest generation that an actor can have, or -1; it is sought when another has come."""
    state = w.state[actor]
    if not state.newest_from <= time < state.newest_until:
        seek_newest(w, actor, time)
    return state.newest


@rule
def seek_newest(w, actor, time):
    """Note the newest generation that an actor can have at a time, and from when until when it is that."""
    row, state = chip_row(w, actor), w.state[actor]
    state.newest, state.newest_from, state.newest_until = -1, -np.inf, np.inf
    best_release = -np.inf
    for chip in range(len(w.chips)):
        comes, released = w.chip_from[row, chip], w.chips[chip].released
        if comes > time:
            state.newest_until = min(state.newest_until, comes)
            continue
        state.newest_from = max(state.newest_from, comes)
        if released > best_release:
            state.newest, best_release = chip, released


@rule
def monthly_rent(w, actor, chip, time):
    """Return what an actor pays for one chip for a month, in USD."""
    row, trends = w.chips[chip], w.trends[0]
    age = max(0.0, time - row.released)
    premium = 1.0 + w.actors[actor].hired * (trends.rent_premium - 1.0)
    rent = w.actors[actor].rent * premium * row.usd_per_hour * HOURS_PER_MONTH
    return rent * exponential(w.rent_levels[chip], growth_exponent(-trends.rent_decline, age))


@rule
def chips_of(w, actor, time):
    """Return how many chips an actor can bring to one run."""
    grown = growth_exponent(w.trends[0].chips_growth, time - w.trends[0].as_of)
    return w.actors[actor].chips * exponential(w.chip_levels[0], grown)


@rule
def training_flop(w, actor, klass, time):
    """Return the compute of a reference training of a class, with what the actor knows and holds.

    Cut by the algorithmic progress that comes to everybody, by borrowed artifacts, and by knowing
    the better allocation rule.
    """
    trends = w.trends[0]
    wish = w.wishes[wish_row(w, actor, klass)]
    halvings = trends.algorithm_free_share * (time - w.classes[klass].as_of)
    flop = w.classes[klass].flop * wish.flop
    flop *= exponential(w.progress[klass], -starting.LN2 * halvings / trends.algorithm_halving_months)
    if w.state[actor].optimal == 1:
        flop *= w.optimal_share[klass]
    return flop


@rule
def trial_flop(w, actor, klass, flop):
    """Return the compute of the trial runs beside ``flop`` of everything else: a share of all compute."""
    share = w.classes[klass].search_share
    left = w.wishes[wish_row(w, actor, klass)].trials
    return flop * share / (1.0 - share) * max(w.training[0].trials_floor, left)


@rule
def experiment_flop(w, flop):
    """Return the compute of experiments and tests while a training of ``flop`` is being built."""
    return w.training[0].experiments * flop


@rule
def utilisation(w, actor, klass, chip):
    """Return the share of peak throughput that the actor reaches; bad know-how does no harm here.

    Part of what is to be won takes memory: a model split over less of it waits more. ``chip``: -1 (none)
    lacks nothing.
    """
    training = w.training[0]
    gap = w.wishes[wish_row(w, actor, klass)].gap
    base = base_utilisation(w, chip)
    best = max(base, training.best_utilisation)
    if chip >= 0 and training.memory_part > 0.0:
        lacking = 1.0 - min(1.0, w.chips[chip].memory_gb / training.best_memory_gb)
        best -= (best - base) * training.memory_part * lacking
    return best - (best - base) * min(1.0, gap)


@rule
def base_utilisation(w, chip):
    """Return the share of peak throughput reached on a generation of chips (-1: any) without know-how."""
    own = w.chips[chip].utilisation if chip >= 0 else 0.0
    return own if own > 0.0 else w.training[0].utilisation


@rule
def failure_chance(w, actor, klass):
    """Return the chance that an attempt fails: less with experience and with borrowed know-how."""
    left = w.wishes[wish_row(w, actor, klass)].failures
    chance = w.training[0].failure * left * (1.0 - 0.5 * w.state[actor].experience)
    return min(MOST_FAILURE, chance)


@rule
def work_months(w, actor, klass):
    """Return the person-months of engineering and data work that are left to do."""
    wish = w.wishes[wish_row(w, actor, klass)]
    row = w.classes[klass]
    return row.work * wish.work + row.data_work * wish.data_work


@rule
def data_share(w, actor, klass):
    """Return which part of the work on a model is work on its data."""
    total = work_months(w, actor, klass)
    data_work = w.classes[klass].data_work * w.wishes[wish_row(w, actor, klass)].data_work
    return data_work / total if total > 0.0 else 0.0


@rule
def team_of(w, actor):
    """Return an actor's team in full-time people: two half-timers make one."""
    return w.state[actor].people * w.actors[actor].full_time


@rule
def team_on(w, actor, klass):
    """Return the team, in full-time people, that an actor puts on a model: the rest stays with other work."""
    return team_of(w, actor) * staffing_of(w, actor, klass)


@rule
def work_rate(w, actor):
    """Return the experienced person-months that the actor's team does in a month."""
    return team_of(w, actor) * skill_of(w, actor)


@rule
def skill_of(w, actor):
    """Return the productivity of an actor's people against experienced ones."""
    return starting.skill(w.work[0].novice_skill, w.state[actor].experience)


@rule
def most_work_rate(w, klass):
    """Return the most person-months that a team, however large, does in a month on a model of a class.

    Steps that follow one from another do not get shorter by more people.
    """
    row, shortest = w.classes[klass], w.work[0].shortest_months
    return (row.work + row.data_work) / shortest if shortest > 0.0 else math.inf


@rule
def chips_used(w, chip, flop, available, used_share):
    """Return how many chips a training of ``flop`` is run on.

    No more than would make it shorter than ``training.shortest_months``.
    """
    per_chip = w.chips[chip].peak_flops * used_share * SECONDS_PER_MONTH
    return min(available, max(1.0, flop / (per_chip * w.training[0].shortest_months)))


@rule
def flop_per_chip(w, actor, klass, chip):
    """Return what one chip computes for an actor in a month, in FLOP."""
    return w.chips[chip].peak_flops * utilisation(w, actor, klass, chip) * SECONDS_PER_MONTH


@rule
def chosen_size(w, actor, klass, time, own_size, means, own, cost, labour, chip, chips, longest, replicates):
    """Return the size of the model that an actor trains with ``chips`` at hand, against what the class needs.

    ``own_size``: to what its own choice of a size comes. What a model takes less than its reference,
    thanks to progress, is saved in part, and in part put into a better model
    (``training.taken_as_quality``). Beyond the need it goes as far as money and time allow. ``means``: what
    may be spent on compute; ``own``: the actor's money with what it was given; ``cost``, ``labour``: as
    ``outlook`` expects them; ``longest``: months that a training may take.
    """
    training = w.training[0]
    needed = training_flop(w, actor, klass, time)
    factor = own_size * math.pow(max(1.0, w.classes[klass].flop / needed), training.taken_as_quality)
    if replicates == 0:
        factor *= training.surpass
    if factor <= 1.0:
        return factor
    if cost > 0.0:
        factor = min(factor, means / cost, (own - labour) / cost)
    per_chip = flop_per_chip(w, actor, klass, chip)
    factor = min(factor, longest * chips * per_chip / needed)
    return max(1.0, factor)


@rule
def budget_growth_of(w, actor):
    """Return how fast an actor's means grow, in orders of magnitude a year: its kind's part of the trend."""
    return w.trends[0].budget_growth * w.kinds[w.actor_facts[actor].kind].budget_pace


@rule
def cost_decline(w):
    """Return how fast the cost of one model falls by itself, in orders of magnitude a year."""
    trends = w.trends[0]
    halvings = starting.MONTHS_PER_YEAR * trends.algorithm_free_share / trends.algorithm_halving_months
    return trends.rent_decline + halvings * starting.LN2 / starting.LN10


@rule
def monthly_income(w, actor):
    """Return what an actor receives a month at present, in USD; it grows with the trend of budgets."""
    grown = growth_exponent(budget_growth_of(w, actor), w.clock[0].time - w.trends[0].as_of)
    return w.actors[actor].income_usd * exponential(w.income_levels[actor], grown)


@rule
def means_of(w, actor, klass, convinced, time):
    """Return what the actor would spend on the compute of one model of the class, in USD.

    The record has what one final run may cost; the experiments that go with it come on top.
    """
    row = wish_row(w, actor, klass)
    grown = growth_exponent(budget_growth_of(w, actor), time - w.trends[0].as_of)
    run = starting.willing(
        w.actors[actor].willing_usd,
        exponential(w.income_levels[actor], grown),
        exponential(w.own_factors[row], w.wishes[row].tail * w.conviction[0].spread),
        w.conviction[0].budget_gain,
        convinced,
    )
    return run * (1.0 + w.training[0].experiments)


@rule
def slack_for(w, actor, klass, convinced, time):
    """Return what an actor would spend on a model of a class, over the rent that a training takes."""
    chip = chip_at(w, actor, time)
    if chip < 0:
        return 1.0
    flop = training_flop(w, actor, klass, time)
    cost = flop / flop_per_chip(w, actor, klass, chip) * monthly_rent(w, actor, chip, time)
    return starting.slack(means_of(w, actor, klass, convinced, time), cost + experiment_flop(w, cost))


@rule_in_place
def outlook(w, actor, klass, time, money, willing, grant_usd, free, chip, chips, lent, longest, least):
    """Return what stands in the way of a project, and what it would cost.

    ``chips`` of generation ``chip`` are at hand, without rent if ``lent``, for a training of at most
    ``longest`` months; the actor has ``money`` of its own; ``willing`` and ``grant_usd`` are what it and its
    sponsor would spend on compute; a ``free`` grant pays salaries too. Tests beside the engineering are
    expected. Where means are short the model is planned smaller, down to the size ``least``. Returns (bound,
    expected cost of the compute in USD, expected labour in USD, chips that it would use, size against the
    reference: at most 1).
    """
    if chip < 0 or chips < 1.0:
        return BOUND.CHIPS, math.inf, 0.0, 0.0, 1.0
    work, row = w.work[0], w.classes[klass]
    used = utilisation(w, actor, klass, chip)
    flop = training_flop(w, actor, klass, time)
    tests = experiment_flop(w, flop)
    trials = trial_flop(w, actor, klass, flop + tests)
    chance = failure_chance(w, actor, klass)
    expected = trials + tests + flop * (1.0 + 0.5 * chance / (1.0 - chance))
    count = chips_used(w, chip, flop, chips, used)
    per_month = w.chips[chip].peak_flops * used * SECONDS_PER_MONTH
    months = flop / (count * per_month)
    cost = 0.0 if lent else expected / per_month * monthly_rent(w, actor, chip, time)

    size = size_within(w.actors[actor].most_flop, flop)
    if size < least:
        return BOUND.FORBIDDEN, cost, 0.0, count, size
    team, skill = team_on(w, actor, klass), skill_of(w, actor)
    if team * skill <= 0.0:
        return BOUND.TALENT, cost, 0.0, count, size
    labour = w.kinds[w.actor_facts[actor].kind].paid * work.salary_usd
    labour *= work_months(w, actor, klass) / skill + team * (months + trials / (count * per_month))

    slack = starting.slack(willing + grant_usd, cost)
    left = w.wishes[wish_row(w, actor, klass)].talent
    needed = starting.team_needed(row.team, left, slack, work.exchange, work.exchange_limit)
    memory = chips_for_memory(w, klass, chip)
    timely = size_within(longest, months)
    paid = size_within(min(willing + grant_usd, money + grant_usd - labour), cost)
    bound = scarcest(
        size_within(team, needed),
        min(size_within(chips, memory), size_within(timely, least)),
        min(size_within(money + (grant_usd if free else 0.0), labour), size_within(paid, least)),
    )
    if bound != BOUND.NONE:
        return bound, cost, labour, count, size
    size = min(size, timely, paid)
    return bound, cost * size, labour, max(count, memory), size


@rule
def scarcest(people, chips, money):
    """Return what binds a project, given which share of the needed people, chips and money is there.

    Of several that fall short it is the one that falls shortest; ``BOUND.NONE`` if all are there.
    """
    least = min(people, chips, money)
    if least >= 1.0:
        return BOUND.NONE
    if people == least:
        return BOUND.TALENT
    return BOUND.CHIPS if chips == least else BOUND.MONEY


@rule
def longest_training(w, sponsor):
    """Return how many months a training may take: ``sponsor`` (-1: none) lends its chips for a time."""
    longest = w.training[0].longest_months
    return longest if sponsor < 0 else min(longest, w.actors[sponsor].lent_months)


@rule
def chips_for_memory(w, klass, chip):
    """Return on how many chips a model of a class fits into memory."""
    needed = w.classes[klass].parameters * w.training[0].bytes_per_parameter
    return needed / (w.chips[chip].memory_gb * 1e9)


@rule
def chips_suffice(w, actor, klass, time, chip, chips, longest, least):
    """Return whether chips hold a model of a class and train it in time, planned smaller down to ``least``.

    Where they do not, ``outlook`` finds something in the way.
    """
    if chip < 0 or chips < 1.0 or chips < chips_for_memory(w, klass, chip):
        return False
    used = utilisation(w, actor, klass, chip)
    flop = training_flop(w, actor, klass, time)
    count = chips_used(w, chip, flop, chips, used)
    months = flop / (count * (w.chips[chip].peak_flops * used * SECONDS_PER_MONTH))
    return not size_within(longest, months) < least


@rule
def size_within(most, needed):
    """Return the size, against the reference, of a model that takes ``most`` of the ``needed``: at most 1.

    ``size_within(3, 4)`` is 0.75.
    """
    most = max(0.0, most)
    return 1.0 if needed <= most else most / needed
