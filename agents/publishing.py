"""How an actor publishes: by policy where it has one, else by what speaks for and against it.

An incentive counts by three numbers: its weight for the actor, the stake that the artifact has in it,
and what the situation makes of it (1 for the reference model, with nobody else near). Their products,
added up, are the inclination to release, in log-odds.
"""

from __future__ import annotations

import math

from agents.rule import rule

ON_REQUEST, IN_STAGES, IN_THE_OPEN = range(3)  # in the order of the margin that they take


@rule
def releases(probability, imitates, u):
    """Return whether an artifact is released at all, given the luck ``u`` of the decision.

    ``imitates``: the actor follows others who give access in this way.
    """
    return imitates or u < probability


@rule
def inclination(reasons, stakes, kind, against, count):
    """Return the inclination to release an artifact: what speaks for it less what speaks against it.

    ``reasons``: weights times what the situation makes of them, shape (incentives,). ``stakes``: shares,
    shape (artifact kinds, incentives). The first ``against`` of ``count`` incentives speak for a release,
    the others against it.
    """
    served, hurt = 0.0, 0.0
    for incentive in range(against):
        served += reasons[incentive] * stakes[kind, incentive]
    for incentive in range(against, count):
        hurt += reasons[incentive] * stakes[kind, incentive]
    return served - hurt


@rule
def release_probability(inclined, temperature):
    """Return the chance of a release: 1 / (1 + e^(-inclination / temperature)).

    Who has no reason either way tosses a coin; the lower the temperature, the surer the stronger side wins.
    """
    odds = math.exp(-abs(inclined) / temperature)  # of the weaker side: it cannot overflow
    return 1.0 / (1.0 + odds) if inclined >= 0.0 else odds / (1.0 + odds)


@rule
def margin(inclined, temperature, u):
    """Return by how much a decision is for a release, in log-odds: above 0 where u < p,
    and p is the release probability: the same luck ``u`` decides whether and how openly.
    """
    return inclined - temperature * math.log(u / (1.0 - u))


@rule
def access_by_margin(over, staged_from, open_from):
    """Return how open what is released will be: the clearer the decision, the more open."""
    if over >= open_from:
        return IN_THE_OPEN
    return IN_STAGES if over >= staged_from else ON_REQUEST


@rule
def delay_time(months, probability):
    """Return the months from announcement to release: ``months`` for the undecided, none for the certain."""
    return months * 2.0 * (1.0 - probability)


@rule
def growth(gain, size, reference):
    """Return the factor by which a reason grows with size: (size / reference)^gain, 1 at the reference."""
    return math.pow(size / reference, gain)


@rule
def worth(gain, value):
    """Return the factor that commercial value makes: the part ``gain`` goes with it, the rest stays."""
    return 1.0 - gain + gain * value


@rule
def left_to_protect(shared, others):
    """Return what is left to protect when ``others`` have the same: ``shared`` to that power."""
    return math.pow(shared, others)


@rule
def closed_share(announced, opened):
    """Return the share of announced models whose weights nobody can have; 0 if none is announced."""
    return max(0.0, 1.0 - opened / announced) if announced > 0.0 else 0.0


@rule
def norm(announced, followed, half):
    """Return what others have made a norm, from -1 (all withhold) to 1 (all release).

    ``followed`` of ``announced`` models were released in some way; few models make a weak norm, ``half``
    of them half a norm.
    """
    if announced <= 0.0:
        return 0.0
    share = min(1.0, followed / announced)
    return (2.0 * share - 1.0) * announced / (announced + half)


@rule
def hold_share(protection, scooping, pressure):
    """Return the factor on the time for which a written paper is held back.

    ``protection``: what the situation makes of the reasons to hold, 1 for the reference model.
    ``pressure``: from 0 (nobody else is near) to 1 (nothing is left to gain), weighed by ``scooping``.
    """
    return protection * math.exp(-scooping * pressure)


@rule
def writing_time(months, spread, z):
    """Return the months for evaluating and writing; ``spread`` is of the logarithm, median kept."""
    return months * math.exp(spread * z)


@rule
def hold_time(months, waited):
    """Return the months for which a written paper is held back (``waited``: exponential of mean 1)."""
    return months * waited
