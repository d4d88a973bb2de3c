"""How an actor comes to start a project: belief, conviction, willingness, and what stands in the way.

Every rule takes what the actor knows, has and wants, as plain values, and can be checked by hand.
"""

from __future__ import annotations

import math

from agents.rule import rule

MONTHS_PER_YEAR = 12.0
MOST_SLACK = 1e9  # times its cost at hand, beyond which a model is none the easier to begin
LEEWAY = 2.0  # factor by which prices may have fallen since one looked
LN10 = math.log(10.0)
LN2 = math.log(2.0)


@rule
def growing_belief(belief, growth, months):
    """Return a belief whose log-odds grow by ``growth`` a year, after ``months``.

    Belief 0 and 1 stay what they are. ``growing_belief(0.5, 1, 12)`` is 1 / (1 + 1/e) = 0.731.
    """
    if belief <= 0.0 or belief >= 1.0:
        return belief
    odds = belief / (1.0 - belief) * math.exp(growth * months / MONTHS_PER_YEAR)
    return odds / (1.0 + odds)


@rule
def with_evidence(belief, evidence):
    """Return the belief after evidence has removed a share of the doubt: 1 - (1 - b)(1 - e)."""
    return 1.0 - (1.0 - belief) * (1.0 - evidence)


@rule
def fading(value, months, half_life):
    """Return what is left of a value that halves every ``half_life`` months."""
    if value == 0.0 or months <= 0.0:
        return value
    return value * math.exp(-LN2 * months / half_life)


@rule
def excess_over_trend(above, growth, months, tail):
    """Return by how many factors of ten a training exceeds an actor's trend of compute (0 if below it).

    ``above``: logarithm of its compute against where the trend stood; since then it has grown ``growth``
    factors of ten a year for ``months``; ``tail`` is the logarithm of the actor's own factor: who spends
    more than others on a model lies above their trend as a matter of course.
    """
    excess = (above - tail) / LN10 - growth * months / MONTHS_PER_YEAR
    return max(0.0, excess)


@rule
def conviction(belief, credence, proof, kept):
    """Return how convinced an actor is that a class is worth having, from 0 to 1.

    The proof, that the class exists, removes the doubt about this one step. Nobody doubts a step that
    lies on the trend either; where the class is not known, only the part ``kept`` of the conviction is left
    that far beyond it. ``credence``: how sure the actor is that the class exists, between 0 (has heard
    nothing) and 1 (it is public).
    """
    return with_evidence(belief, proof) * (credence + (1.0 - credence) * kept)


@rule
def start_rate(rate, convinced, gain, attention, appetite, below, idle, ease):
    """Return the hazard of deciding to start, per month.

    ``below``: how many classes the wished one lies below the highest one known; interest falls by
    the factor ``appetite`` with each. Attention raises the rate by up to the factor 1 + ``gain``.
    ``idle``: share of the starts that would lead to what the actor can have without. ``ease``: the factor
    by which it decides sooner because a model has become cheap for it.
    """
    interest = 1.0 - idle
    for _ in range(below):
        interest *= appetite
    return rate * convinced * (1.0 + gain * attention) * interest * ease


@rule
def ease(slack, elasticity):
    """Return the factor by which an actor decides sooner for what it can easily afford.

    ``slack``: what it would spend over what the model is expected to cost; a model that costs all that, or
    more, is none the easier for it, nor is one that costs nothing easier than one for which 1e9 times its
    cost is at hand. With 100 times the cost at hand and elasticity 0.5 it is 10.
    """
    return math.pow(min(slack, MOST_SLACK), elasticity) if slack > 1.0 and elasticity > 0.0 else 1.0


@rule
def lead_time(months, spread, z):
    """Return the months that lie between a decision and the start, at full conviction.

    ``months``: the median of the kind of actor; ``z``: normal luck.
    """
    return months * math.exp(spread * z)


@rule
def willing(usd, trend, own, gain, convinced):
    """Return what an actor would spend on the compute of one model, in USD.

    ``usd`` has grown by the factor ``trend``; ``own`` is the actor's own factor; conviction raises the sum by
    up to the factor 1 + ``gain``.
    """
    return usd * trend * own * (1.0 + gain * convinced)


@rule
def slack(means, cost):
    """Return means over expected cost; who has means, and pays nothing, has them without end (neither: 1)."""
    if cost > 0.0:
        return means / cost
    return math.inf if means > 0.0 else 1.0


@rule
def months_until_affordable(needed, willing, growth, missing, income):
    """Return after how many months at the earliest an actor can pay for what it lacks the money for.

    What it is ``willing`` to spend grows by ``growth`` factors of ten a year against the ``needed`` sum, and
    what is ``missing`` at hand comes in with a monthly ``income``. Who would spend a tenth, more by a factor
    of ten in two years, can after 24 months; who lacks 6 with an income of 2, after 3.
    """
    months = 0.0
    if missing > 0.0:
        months = missing / income if income > 0.0 else math.inf
    if needed <= willing:
        return months
    if willing <= 0.0 or growth <= 0.0:
        return math.inf
    return max(months, MONTHS_PER_YEAR * math.log(needed / willing) / (LN10 * growth))


@rule
def times_too_dear(needed, means):
    """Return how many times the means a needed sum is; without end where there are none."""
    return needed / means if means > 0.0 else math.inf


@rule
def stays_too_dear(times, helped):
    """Return whether what was so many ``times`` too dear stays so after help with the share ``helped`` of it.

    What was three times too dear stays so with help of 0.3, not with 0.4, as prices may have fallen since.
    """
    return times * (1.0 - helped) > LEEWAY


@rule
def is_far_too_little(gift, missing):
    """Return whether a gift is so much less than what was ``missing`` that it does not suffice now either."""
    return gift * LEEWAY < missing


@rule
def team_needed(team, left, slack, exchange, limit):
    """Return the smallest team that suffices, in full-time people.

    ``left``: share of the threshold that tools leave. ``slack``: means over expected cost; money in
    excess buys inefficient training and outside help, with elasticity ``exchange``, for at most the
    share ``limit`` of the threshold.
    """
    relief = 1.0
    if slack > 1.0 and exchange > 0.0:
        relief = max(1.0 - limit, math.pow(slack, -exchange))
    return team * left * relief


@rule
def skill(novice, experience):
    """Return the productivity of a person against an experienced one."""
    return novice + (1.0 - novice) * experience


@rule
def begins_without_compute(paid):
    """Return whether a team begins the engineering while it still looks for chips or money to train with.

    It costs nothing but time where nobody is paid (``paid``: the share of the salary that the project pays).
    """
    return paid <= 0.0
