"""The uncertain inputs of a run: drawn by names, so that the same run of two arms shares them.

Most numbers have a distribution of their own. Some are drawn from opinions (pooled numbers), some share
luck (correlations), some come together from a row of a sample (a posterior); an alternative sets a whole
set of numbers.
"""

from __future__ import annotations

import math

from agents.rule import rule
from sim.changes import note_drawn, restore
from sim.luck import FOR, luck, name_hash, normal
from sim.uncertain import AVERAGE, CHOICE, MIXTURE, TINY, normal_share, value_at

POSTERIOR = name_hash("posterior")


@rule
def draw_inputs(w, uncertain, seed, run, draws):
    """Draw the uncertain inputs of a run into the vector of numbers, and note them in ``draws``."""
    restore(w)
    for row in range(len(w.option_numbers)):
        w.numbers[w.option_numbers[row].place] = w.option_numbers[row].given
    sample = 0
    if len(w.posterior) > 0:
        sample = int(luck(seed, run, FOR.INPUT, POSTERIOR, POSTERIOR) * len(w.posterior))
    for row in range(len(uncertain)):
        cell = uncertain[row]
        if cell.family == CHOICE:
            draws[row] = choose(w, cell, seed, run)
            continue
        if cell.column >= 0:
            value = w.posterior[sample, cell.column]
        elif cell.family == AVERAGE:
            value = average(w, cell, seed, run)
        elif cell.family == MIXTURE:
            value = one_opinion(w, cell, seed, run)
        else:
            u = shared_luck(w, cell, seed, run)
            value = value_at(cell.family, u, cell.a, cell.b, cell.c, cell.zero, cell.first, cell.span)
        value = min(cell.maximum, max(cell.minimum, value))
        w.numbers[cell.place] = value
        draws[row] = value
    note_drawn(w)


@rule
def set_number(w, place, value):
    """Set a number for a run and all after it, as if the scenario said so: what restores it knows it too."""
    w.numbers[place] = value
    for row in range(len(w.cells)):
        if w.cells[row].place == place:
            w.cells[row].given = value
    for row in range(len(w.option_numbers)):
        if w.option_numbers[row].place == place:
            w.option_numbers[row].given = value


@rule
def shared_luck(w, cell, seed, run):
    """Return the luck of an input: its own, or (correlated) a weighted sum of normals of several."""
    if cell.rows == 0:
        return luck(seed, run, FOR.INPUT, cell.key, cell.key)
    z = 0.0
    for row in range(cell.row, cell.row + cell.rows):
        key = w.loadings[row].key
        z += w.loadings[row].weight * normal(luck(seed, run, FOR.INPUT, key, key))
    return min(1.0 - TINY, max(TINY, normal_share(z)))


@rule
def average(w, cell, seed, run):
    """Return the weighted mean of one draw from each opinion; they may err together."""
    common = luck(seed, run, FOR.INPUT, cell.key, cell.key)
    total = 0.0
    for row in range(cell.row, cell.row + cell.rows):
        part = w.opinions[row]
        u = luck(seed, run, FOR.INPUT, cell.key, part.key)
        if cell.correlation >= 1.0:
            u = common
        elif cell.correlation > 0.0:
            z = math.sqrt(cell.correlation) * normal(common)
            z += math.sqrt(1.0 - cell.correlation) * normal(u)
            u = min(1.0 - TINY, max(TINY, normal_share(z)))
        value = value_at(part.family, u, part.a, part.b, part.c, part.zero, part.first, part.span)
        total += part.share * value
    return total


@rule
def one_opinion(w, cell, seed, run):
    """Return a draw from the opinion that this run believes."""
    u = luck(seed, run, FOR.INPUT, cell.key, cell.key)
    row, below = cell.row, 0.0
    for later in range(cell.row, cell.row + cell.rows - 1):
        below += w.opinions[later].share
        if u >= below:
            row = later + 1
    part = w.opinions[row]
    u = luck(seed, run, FOR.INPUT, cell.key, part.key)
    return value_at(part.family, u, part.a, part.b, part.c, part.zero, part.first, part.span)


@rule
def choose(w, cell, seed, run):
    """Let a run take one option of an alternative; return its number, from 0 on."""
    u = luck(seed, run, FOR.INPUT, cell.key, cell.key)
    chosen = 0
    while chosen < cell.rows - 1 and u >= w.options[cell.row + chosen].share:
        chosen += 1
    option = w.options[cell.row + chosen]
    for row in range(option.row, option.row + option.rows):
        w.numbers[w.option_numbers[row].place] = w.option_numbers[row].value
    return chosen
