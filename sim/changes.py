"""Changes: numbers of the scenario that are other ones from a date until a date (``[[changes]]``).

All numbers of a run stand in one vector. A change works on cells of it: when one begins or ends, every
cell that any change touches is reckoned anew from what was drawn for it, through all changes that are in
force, in the order of the file. What is under way keeps its terms; rates are set anew with the next
monthly plans; income is booked up to the date at what it was.
"""

from __future__ import annotations

from agents.rule import rule
from sim.attention import reckon_anew
from sim.helping import lay_out_nearness
from sim.planning import look_anew, receive_income
from sim.queue import NEXT, push
from sim.record import record
from sim.scaling import saved_by_rule
from sim.words import EVENT, OPERATION, READER


@rule
def restore(w):
    """Give every cell what the scenario says, before the inputs of a run are drawn."""
    for row in range(len(w.cells)):
        w.numbers[w.cells[row].place] = w.cells[row].given


@rule
def note_drawn(w):
    """Remember what was drawn for every cell."""
    for row in range(len(w.cells)):
        w.cells[row].drawn = w.numbers[w.cells[row].place]


@rule
def changed(number, operation, value, minimum, maximum):
    """Return a number after a change, within the bounds of its unit."""
    if operation == OPERATION.SET:
        number = value
    elif operation == OPERATION.MULTIPLY:
        number *= value
    else:
        number += value
    return min(maximum, max(minimum, number))


@rule
def apply_changes(w, time):
    """Reckon all cells anew for a time (months since the start)."""
    for row in range(len(w.cells)):
        cell = w.cells[row]
        cell.before = w.numbers[cell.place]
    restore_drawn(w)
    for row in range(len(w.cells)):
        cell = w.cells[row]
        change = w.changes[cell.change]
        if change.from_ <= time < change.until:
            operation = w.change_facts[cell.change].operation
            number = w.numbers[cell.place]
            w.numbers[cell.place] = changed(number, operation, change.value, cell.minimum, cell.maximum)


@rule
def restore_drawn(w):
    """Give every cell what was drawn for it."""
    for row in range(len(w.cells)):
        w.numbers[w.cells[row].place] = w.cells[row].drawn


@rule
def begin_changes(w):
    """At the start of a run: apply what holds from the start, and queue the rest."""
    if len(w.changes) == 0:
        return
    apply_changes(w, 0.0)
    for row in range(len(w.changes)):
        change = w.changes[row]
        if change.from_ > 0.0:
            push(w, change.from_, NEXT.CHANGE, row, 1, 0, 0, 0)
        if change.until > 0.0:
            push(w, change.until, NEXT.CHANGE, row, 0, 0, 0, 0)


@rule
def turn(w, row, begins):
    """A change begins or ends."""
    event = w.events[record(w, EVENT.CHANGED, -1, 0)]
    event.amount, event.artifact = w.changes[row].value if begins == 1 else 0.0, -1
    time = w.clock[0].time
    apply_changes(w, time)
    if changes_anything(w):
        for place in range(len(w.cells)):
            w.numbers[w.cells[place].place] = w.cells[place].before
        book_incomes(w)
        apply_changes(w, time)
        for actor in range(len(w.actors)):
            look_anew(w, actor)
    for place in range(len(w.cells)):
        cell = w.cells[place]
        if cell.reader != READER.RULES and is_first(w, place):
            move(w, cell.reader, cell.actor, w.numbers[cell.place] - cell.before)
    for actor in range(len(w.actors)):
        reckon_anew(w, actor)
        w.state[actor].declared = -1.0  # what moves it may be something else now
    lay_out_nearness(w)
    for klass in range(len(w.classes)):
        size = w.classes[klass]
        w.optimal_share[klass] = saved_by_rule(size.parameters, size.tokens, w.training[0].most_tokens)


@rule
def changes_anything(w):
    """Return whether any number is another one than before (a change by nothing must leave no trace)."""
    for row in range(len(w.cells)):
        if w.numbers[w.cells[row].place] != w.cells[row].before:
            return True
    return False


@rule
def book_incomes(w):
    """Book all incomes up to the present time, at what they are."""
    for place in range(len(w.planning)):
        actor = w.planning[place].actor
        if w.clock[0].time > w.actors[actor].active_from:
            receive_income(w, actor)


@rule
def is_first(w, row):
    """Return whether no earlier cell holds the same number; changes on one date share what they move."""
    for earlier in range(row):
        if w.cells[earlier].place == w.cells[row].place:
            return False
    return True


@rule
def move(w, reader, actor, more):
    """Let an actor have more (or less) of what it had at the start; the books show where it came from."""
    state = w.state[actor]
    if reader == READER.PEOPLE:
        more = max(more, -state.people)
        state.people += more
        state.moved_in += max(0.0, more)
        state.moved_out += max(0.0, -more)
    elif reader == READER.EXPERIENCE:
        state.experience = min(1.0, max(0.0, state.experience + more))
    elif reader == READER.MONEY:
        more = max(more, -state.money)
        state.money += more
        state.income += more
