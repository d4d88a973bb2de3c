"""A scenario in words: who is there, what is given, what will happen when, and on whose word."""

from __future__ import annotations

import textwrap
from typing import Any

from agents.kinds import REGISTRY
from experiments.difference import change_in_words, order_in_words
from experiments.inputs import numbers_of, pooling_in_words
from sim.scenario import Scenario
from sim.schema import (
    EVER,
    Actor,
    Kind,
    Motive,
    Policy,
    Quantity,
    Trends,
    date_of_months,
    months_of_date,
    number_fields,
)
from sim.words import Incentive

WIDTH = 110
_OFTEN = (
    (0.995, "always"),
    (0.85, "almost always"),
    (0.6, "mostly"),
    (0.4, "about half the time"),
    (0.15, "sometimes"),
    (0.0, "seldom"),
)
_ACCESS = {"licensed": "under a licence", "arms_length": "at arm's length", "staged": "in stages"}


def describe(scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario says as plain data: counts, kinds with their actors, classes, dates."""
    file = scenario.file
    numbers = [quantity for _, quantity, _, _ in numbers_of(scenario)]
    return {
        "name": scenario.name,
        "title": file.scenario.title,
        "about": file.scenario.about,
        "file": scenario.origin,
        "sets": list(scenario.sets),
        "start": file.scenario.start,
        "end": file.scenario.end,
        "months": scenario.months,
        "follow_class": scenario.follow_class,
        "fingerprint": scenario.fingerprint,
        "numbers": len(numbers),
        "uncertain": sum(quantity.uncertain for quantity in numbers),
        "kinds": _kinds(scenario),
        "classes": {
            name: {
                "title": row.title or name,
                **{field: _interval(getattr(row, field)) for field in number_fields(type(row))},
                "source": row.source,
            }
            for name, row in file.classes.items()
        },
        "policies": list(scenario.policies),
        "orders": [order_in_words(order) for order in file.orders],
        "changes": [change_in_words(change) for change in file.changes],
        "populations": populations_in_words(scenario),
        "dates": chronology(scenario),
        "trends": [
            {
                "name": field,
                "meaning": Trends.model_fields[field].description,
                "unit": unit.name,
                "value": _when(getattr(file.trends, field).value)
                if unit.date
                else _interval(getattr(file.trends, field)),
                "source": getattr(file.trends, field).source or file.trends.source,
            }
            for field, unit in number_fields(Trends).items()
        ],
    }


def chronology(scenario: Scenario) -> list[dict[str, str | None]]:
    """Return all that the scenario gives with a date, in order: date, what, source."""
    file = scenario.file
    rows: list[tuple[float, str, str | None]] = []

    def add(quantity: Quantity, text: str, row) -> None:
        if abs(quantity.value) < EVER:
            rows.append((quantity.value, text, quantity.source or row.source))

    for name, chip in file.chips.items():
        add(chip.released, f"{name} chips can be had", chip)
    for name, actor in file.actors.items():
        add(actor.active_from, f"{name} comes into being", actor)
    for name, item in file.scripted_artifacts.items():
        title, kind = item.title or name, item.kind.replace("_", " ")
        if abs(item.published.value) < EVER:
            access = f", {_ACCESS[item.access]}" if item.access in _ACCESS else ""
            add(item.published, f"{item.owner} publishes {title} ({kind}{access})", item)
        else:
            add(item.made, f"{item.owner} has {title} ({kind}) and keeps it", item)
    for name, project in file.scripted_projects.items():
        title = project.title or name
        add(project.started, f"{project.actor} starts {title}", project)
        add(project.trained, f"{project.actor} has trained {title}", project)
        add(project.announced, f"{project.actor} announces {title}", project)
        for kind, delay in project.releases.items():
            if abs(project.announced.value) < EVER and delay.value > 0:
                access = f", {_ACCESS[project.access]}" if project.access in _ACCESS else ""
                words = f"{project.actor} releases the {kind.replace('_', ' ')} of {title}{access}"
                later = Quantity(project.announced.value + delay.value, source=delay.source)
                add(later, words, project)
        at_once = [k.replace("_", " ") for k, delay in project.releases.items() if delay.value == 0]
        if at_once:
            add(project.announced, f"with {title} come its {', '.join(at_once)}", project)
    rows.sort(key=lambda row: row[0])
    return [{"date": _when(time), "what": text, "source": source} for time, text, source in rows]


def populations_in_words(scenario: Scenario) -> list[str]:
    """Return a sentence or two on each population, on their network and on what passes along its ties."""
    file, texts = scenario.file, []
    for name, row in file.populations.items():
        regions = ", ".join(f"{share:.0%} {region}" for region, share in row.regions.items())
        people = f", each for {_interval(row.stands_for)} people" if row.stands_for.value != 1.0 else ""
        needs = []
        if row.uptake.value > 0.0:
            needs.append(f"take up what is public at {_interval(row.uptake)} of the usual speed")
        if row.needs_drawn or row.needs_share.value > 0.0:
            share = "a share of its own" if row.needs_drawn else f"{row.needs_share.value:.0%}"
            needs.append(f"need it from {share} of their neighbours")
        elif row.needs_neighbours.value > 1.0:
            needs.append(f"need it from {row.needs_neighbours.value:g} neighbours")
        if row.abandon.value > 0.0:
            needs.append(f"give it up at {_interval(row.abandon)} a month")
        takes = " and ".join(kind.replace("_", " ") for kind in row.takes)
        texts.append(
            f"{row.title or name} ({name}[0], ...): {row.members:,} members{people}; {regions}. "
            f"They {'; '.join([f'use {takes}', *needs])}."
        )
    if file.network is not None:
        numbers = file.network.model_dump(exclude={"source", "generator"}, exclude_defaults=True)
        kinds = numbers.pop("kinds", {})
        told = ", ".join(
            [f"{key.replace('_', ' ')} {value}" for key, value in numbers.items()]
            + [f"{share:.0%} of ties {kind.replace('_', ' ')}" for kind, share in kinds.items()]
        )
        texts.append(f"Their network: {file.network.generator} ({told}).")
    for kind, tie in file.passing.items():
        way = "after exactly" if tie.fixed else "after, on average,"
        months = f"{1.0 / tie.rate.value:.3g} months" if tie.rate.value > 0.0 else "never"
        kind = kind.replace("_", " ")
        texts.append(
            f"Along a tie of {kind} it passes with a chance of {tie.chance.value:.0%}, {way} {months}."
        )
    return texts


def in_words(scenario: Scenario) -> str:
    """Return what a scenario says, in words, for a person to read."""
    facts = describe(scenario)
    lines = [f"{facts['name']}: {facts['title']}", *_wrapped(facts["about"] or "")]
    actors = sum(len(kind["actors"]) for kind in facts["kinds"].values())
    lines += [
        f"{facts['months']} months, {facts['start']} to {facts['end']}; {actors} actors of "
        f"{len(facts['kinds'])} kinds; {facts['numbers']} numbers, {facts['uncertain']} of them uncertain.",
        f"In question: who reaches {_title(facts)} when.",
    ]
    if facts["sets"]:
        lines.append(f"Changed: {'; '.join(facts['sets'])}")
    if facts["policies"]:
        lines.append(f"Under: {'; '.join(facts['policies'])}")
    for title, key in (
        ("ORDERS (they override what actors would publish)", "orders"),
        ("CHANGES", "changes"),
    ):
        if facts[key]:
            lines += ["", title, ""]
            for text in facts[key]:
                lines += _wrapped(text, "  - ", "    ")
    lines += ["", "WHO IS THERE"]
    for kind in facts["kinds"].values():
        lines += ["", f"{kind['phrase'].capitalize()} ({len(kind['actors'])}). {kind['about']}"]
        for heading in ("behaviour", "publishes", "weighs"):
            lines += _wrapped(kind[heading], "  ", "    ")
        for name, actor in kind["actors"].items():
            lines += _wrapped(f"{name}: {actor['means']}", "  - ", "      ")
            lines += _wrapped(actor["publishes"], "      ", "        ")
            lines += _wrapped(actor["weighs"], "      ", "        ")
    if facts["populations"]:
        lines += ["", "THE MANY (small actors on one network, drawn once for all runs)", ""]
        for text in facts["populations"]:
            lines += _wrapped(text, "  - ", "    ")
    lines += ["", "WHAT CAN BE REACHED (from low to high)", ""]
    for name, row in facts["classes"].items():
        text = (
            f"{name}: {row['title']}. {row['flop']} FLOP, {row['parameters']} parameters, {row['tokens']} "
            f"tokens; {row['work']} person-months of engineering and {row['data_work']} of data work; a team "
            f"of {row['team']}."
        )
        lines += _wrapped(text, "  ", "    ")
    lines += ["", "WHAT IS GIVEN, AND WHEN (all else is left to emerge)", ""]
    for row in facts["dates"]:
        source = f" [{row['source']}]" if row["source"] else ""
        lines += _wrapped(f"{row['date']:10s}  {row['what']}{source}", "  ", " " * 14)
    lines += ["", "TRENDS", ""]
    for row in facts["trends"]:
        unit = "" if row["unit"] == "date" else f" {row['unit']}"
        source = f" [{row['source']}]" if row["source"] else ""
        lines += _wrapped(f"{row['name']}: {row['meaning']}: {row['value']}{unit}{source}", "  ", "    ")
    return "\n".join(lines)


def _title(facts: dict[str, Any]) -> str:
    return facts["classes"][facts["follow_class"]]["title"]


def _kinds(scenario: Scenario) -> dict[str, Any]:
    file = scenario.file
    kinds = {}
    for name, kind in file.kinds.items():
        actors = {key: actor for key, actor in file.actors.items() if actor.kind == name}
        if not actors:
            continue
        kinds[name] = {
            "phrase": REGISTRY[name].phrase,
            "about": (REGISTRY[name].__doc__ or "").strip(),
            "behaviour": _behaviour(kind),
            "publishes": _publishes(file.policies.get(name, {})),
            "weighs": _weighs(file.motives.get(name)),
            "actors": {
                key: {
                    "region": actor.region,
                    "means": _means(actor, kind),
                    "publishes": _publishes(file.policies.get(key, {}), "own policy: "),
                    "weighs": _weighs(file.motives.get(key), "own motives: "),
                    "source": actor.source,
                }
                for key, actor in actors.items()
            },
        }
    return kinds


def _behaviour(kind: Kind) -> str:
    parts = []
    if kind.develops:
        parts.append(
            f"Builds models: decides to start {_interval(kind.start_rate)} times a month when fully "
            f"convinced, {_percent(kind.replicate)} of its starts copy a known model; gives up after "
            f"{_months(kind.patience_months)}; holds results back for "
            f"{_months(kind.hold_months)} on average."
        )
    if kind.sponsors:
        parts.append(f"Sponsors others: {_interval(kind.give_rate)} grants a month to a fitting beneficiary.")
    if kind.steals:
        parts.append("Takes what theft reaches.")
    return " ".join(parts) or "Builds nothing; takes up and passes on what reaches it."


def _means(actor: Actor, kind: Kind) -> str:
    parts = [actor.region]
    if actor.reached:
        parts.append(f"has trained {actor.reached} at the start")
    if actor.people.value:
        share = "" if actor.full_time.value == 1 else f" at {_percent(actor.full_time)} of full time"
        parts.append(f"{_interval(actor.people)} people{share}, experience {_percent(actor.experience)}")
    if kind.develops:
        parts.append(f"would give one run {_interval(actor.willing_usd)} USD")
    if actor.money_usd.value or actor.income_usd.value:
        parts.append(
            f"{_interval(actor.money_usd)} USD at the start and {_interval(actor.income_usd)} a month"
        )
    if actor.chips.value:
        parts.append(f"{_interval(actor.chips)} chips" + (f" ({actor.family})" if actor.family else ""))
    if actor.grant:
        gifts = [
            f"{_interval(getattr(actor, field))} {unit}"
            for field, unit in (("grant_usd", "USD"), ("grant_chips", actor.grant_chip or "chips"))
            if getattr(actor, field).value
        ]
        terms = [
            words
            for wanted, words in (
                (actor.grant_open, "to those who open their weights"),
                (actor.grant_closed, "to those who keep their weights closed"),
                (actor.grant_region, "within its region"),
            )
            if wanted
        ]
        only = f", only {' and '.join(terms)}" if terms else ""
        form = actor.grant.replace("_", " ")
        parts.append(f"gives {form} of up to {' and '.join(gifts) or 'nothing'}{only}")
    return "; ".join(parts)


def _publishes(policies: dict[str, list[Policy]], lead: str = "Publishes ") -> str:
    """Return a publication policy in words, from what is always given to what never is."""
    groups: dict[str, list[str]] = {}
    for kind, rows in policies.items():
        for row in rows:
            often = next((word for least, word in _OFTEN if row.probability.value > least), "never")
            groups.setdefault(often, []).append(kind.replace("_", " ") + _terms(row))
    if not groups:
        return ""
    order = [word for _, word in _OFTEN] + ["never"]
    return lead + "; ".join(f"{word} {', '.join(groups[word])}" for word in order if word in groups) + "."


def _weighs(motive: Motive | None, lead: str = "Publishes by what it weighs: ") -> str:
    """Return the incentives of a kind or an actor in words, the heaviest first on each side."""
    if motive is None:
        return ""
    said = [word for word in Incentive if word.key in motive.model_fields_set]
    sides = (
        ("for it", [word for word in said if word < Incentive.ADVANTAGE]),
        ("against", [word for word in said if Incentive.ADVANTAGE <= word < Incentive.CONFORMITY]),
        ("by what others do", [word for word in said if word == Incentive.CONFORMITY]),
    )
    parts = []
    for side, words in sides:
        words.sort(key=lambda word: -getattr(motive, word.key).value)
        weights = ", ".join(f"{word.phrase} {_interval(getattr(motive, word.key))}" for word in words)
        if weights:
            parts.append(f"{side}: {weights}")
    return f"{lead}{'; '.join(parts)}." if parts else ""


def _terms(row: Policy) -> str:
    terms = []
    if 0 < row.probability.value < 0.995:
        terms.append(_percent(row.probability))
    if row.probability.value > 0:
        if row.access in _ACCESS:
            terms.append(_ACCESS[row.access])
        if row.delay_months.value:
            terms.append(f"after {_months(row.delay_months)}")
    if abs(row.from_.value) < EVER:
        terms.append(f"from {_when(row.from_.value)}")
    if abs(row.until.value) < EVER:
        terms.append(f"until {_when(row.until.value)}")
    return f" ({', '.join(terms)})" if terms else ""


def _interval(quantity: Quantity) -> str:
    """Return a number in words; an uncertain one with its bounds."""
    if quantity.drawn_by_parts:
        return f"{_amount(quantity.value)} ({pooling_in_words(quantity)})"
    if quantity.low is None or quantity.high is None:
        return _amount(quantity.value)
    return f"{_amount(quantity.value)} ({_amount(quantity.low)} to {_amount(quantity.high)})"


def _months(quantity: Quantity) -> str:
    return f"{_interval(quantity)} month{'' if quantity == Quantity(1.0, source=quantity.source) else 's'}"


def _percent(quantity: Quantity) -> str:
    if quantity.low is None or quantity.high is None:
        return f"{100 * quantity.value:.3g} %"
    return f"{100 * quantity.value:.3g} % ({100 * quantity.low:.3g} to {100 * quantity.high:.3g} %)"


def _amount(value: float) -> str:
    for size, word in ((1e15, ""), (1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{value / size:.4g} {word}" if word else f"{value:.3g}".replace("e+", "e")
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _when(months: float) -> str:
    if abs(months) >= EVER:
        return "never" if months > 0 else "always"
    day = date_of_months(months)
    first = months_of_date(f"{day:%Y-%m}") == months
    return f"{day:%Y-%m}" if first else f"{day}"


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest) if text else []
