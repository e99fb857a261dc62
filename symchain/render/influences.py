"""What a sensitivity says: one clause for every input, what is saturated, what to keep in mind; and all of it as plain text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from symchain.nouns.sensitivity import Influence, Measure, Saturation, Sensitivity
from symchain.render.formulas import TextFormulas
from symchain.render.sentences import Speaker
from symchain.render.wrapping import WIDTH
from symchain.support.document import Count, Formula, Listing, Math, Quantity, Relation, Say
from symchain.support.notation import Phrase, name, number
from symchain.wording import numbers

SHOWN = 40
"""More inputs than this are cut, with a sentence saying so."""
POINT = 16
"""A point of more numbers than this is not printed."""
_Fields = dict[str, Math | Listing | Say | str]


def step(value: Any) -> float:
    """A small change to speak of: 0.01, or about a hundredth of a value that is much smaller or larger than 1."""
    size = abs(value) if isinstance(value, float) else 0.0
    if not math.isfinite(size) or size == 0 or 0.1 <= size < 100:
        return 0.01
    return float(f"1e{math.floor(math.log10(size)) - 2}")


# ---------------------------------------------------------------- clauses


def heading(s: Sensitivity) -> tuple[Say, ...]:
    """Where the sensitivity was measured."""
    output = Formula(name(s.output))
    if s.points > 1:
        return (Say("influence.over", {"count": Count(s.points), "output": output, "value": Quantity(s.value, 6)}),)
    statement = Relation((output, Quantity(s.value, 6)))
    if sum(_size(v) for v in s.at.values()) > POINT:
        return (Say("influence.here", {"statement": statement}),)
    point = tuple(Relation((Formula(name(n)), Quantity(v, 6))) for n, v in s.at.items())
    return (Say("influence.at", {"point": Listing(point, numeric=True), "statement": statement}),)


def _size(value: Any) -> int:
    return int(getattr(value, "size", 1))


def slope_clause(s: Sensitivity, i: Influence) -> Say:
    """What a small change of the input does."""
    fields: _Fields = {"input": Formula(name(i.name)), "output": Formula(name(s.output))}
    if i.zero:
        return _zero(i, fields)
    if not math.isfinite(i.slope.size):
        return Say("influence.undefined", fields)
    small = step(i.value if s.points == 1 else None)
    fields |= {"step": Quantity(small, 2), "change": Quantity(i.slope.size * small, 2)}
    if s.points > 1:
        if i.shape:
            return Say("influence.mean_norm", fields)
        return Say("influence.mean" if i.raising else "influence.mean.never", {**fields, "up": Count(i.raising), "count": Count(s.points)})
    if i.strongest is None:
        return Say("influence.raises" if i.slope.mean > 0 else "influence.lowers", fields)
    index, slope = i.strongest
    entry = Formula(Phrase("index", (name(i.name), *map(number, index))))
    moved = Say(
        "influence.raises" if slope > 0 else "influence.lowers",
        {"input": entry, "output": fields["output"], "step": fields["step"], "change": Quantity(abs(slope) * small, 2)},
    )
    return Say("influence.norm", {**fields, "strongest": moved})


def _zero(i: Influence, fields: _Fields) -> Say:
    if i.zero != "killed":
        return Say(f"influence.{i.zero}", fields)
    factors = [Relation((_factor(f), Quantity(0.0))) for f in i.killers]
    return Say("influence.killed_one" if len(factors) == 1 else "influence.killed_many", {**fields, "factors": Listing(tuple(factors))})


def _factor(text: str) -> Formula:
    """da2/dz2 as mathematics."""
    output, _, by = text.removeprefix("d").partition("/d")
    return Formula(Phrase("partial", (name(output), name(by))))


def elasticity_clause(s: Sensitivity, i: Influence) -> Say:
    """What a relative change of the input does."""
    fields: _Fields = {"input": Formula(name(i.name)), "output": Formula(name(s.output))}
    e = i.elasticity
    if e is None:
        return Say("influence.no_elasticity", fields)
    if i.zero:
        return _zero(i, fields)
    if e.size == 0:
        return Say("influence.percent.none", fields)
    fields["change"] = Quantity(e.size, 2)
    if s.points > 1:
        return Say("influence.percent.mean", fields)
    plain = isinstance(i.value, float) and i.value > 0 and s.value > 0
    key = ("raises" if e.mean > 0 else "lowers") if plain else ("enlarges" if e.mean > 0 else "shrinks")
    return Say(f"influence.percent.{key}", fields)


def _saturation(found: Saturation) -> Say:
    fields: _Fields = {"factor": Formula(found.phrase), "block": Formula(name(found.block)), "value": Quantity(found.value, 2)}
    if found.total > 1:
        return Say("influence.saturated_some", {**fields, "count": Count(found.count), "total": Count(found.total)})
    return Say("influence.saturated" if found.value else "influence.saturated_off", fields)


def notes(s: Sensitivity) -> Iterator[Say]:
    """Saturated activations, and how far the reading reaches."""
    yield from map(_saturation, s.saturated[:SHOWN])
    if s.fixed:
        yield Say("influence.labels", {"names": Listing(tuple(Formula(name(n)) for n in s.fixed))})
    if len(s.influences) > SHOWN:
        yield Say("influence.omitted", {"count": Count(len(s.influences) - SHOWN)})
    if any(i.elasticity is None for i in s.influences.values()):
        yield Say("influence.no_elasticity", {"output": Formula(name(s.output))})
    yield Say("influence.warning" if s.points == 1 else "influence.warning_many")
    if len(s.influences) > 1:
        yield Say("influence.compare")


def legend(s: Sensitivity) -> Iterator[Say]:
    """What bars with two sides mean."""
    if any(i.shape for i in s.influences.values()):
        yield Say("influence.arrays")
    elif any(i.slope.sign is None for i in s.influences.values()):
        yield Say("influence.both")


def shown_value(i: Influence, lang: str, digits: int = 6) -> str:
    """The input's value where it is a number, else its shape."""
    return numbers.real(i.value, lang, False, digits) if isinstance(i.value, float) else "×".join(map(str, i.shape))


def shown_measure(m: Measure, lang: str, norm: bool) -> str:
    """A signed number, or the size of what has no one sign."""
    single = isinstance(m.mean, float) and not norm
    return numbers.real(float(m.mean) if single else m.size, lang, False, 4)


MARKS: Mapping[int | None, str] = {1: "▲", -1: "▼", 0: "○", None: "±"}
"""Signs that need no colour."""


# ---------------------------------------------------------------- plain text


def plain_text(s: Sensitivity, lang: str) -> str:
    """A table, the strongest first, and sentences."""
    speaker = Speaker(lang, str, TextFormulas(lang).inline)
    title = speaker.say(Say("influence.title", {"output": Formula(name(s.output))}))
    out = [title, "=" * len(title), *(line for said in heading(s) for line in _wrapped(speaker.say(said)))]
    inputs = s.ranked[:SHOWN]
    header = [speaker.word(f"influence.{key}") for key in ("rank", "input", "value", "slopes", "elasticities")]
    rows = [
        [
            str(i.slope.rank),
            i.name,
            shown_value(i, lang),
            f"{MARKS[i.slope.sign]} {_shown(i.slope, lang, s, i)}",
            "" if i.elasticity is None else shown_measure(i.elasticity, lang, s.points > 1),
        ]
        for i in inputs
    ]
    table = [header, *rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(header))]
    left = {1}
    aligned = [[f"{c:<{w}}" if k in left else f"{c:>{w}}" for k, (c, w) in enumerate(zip(row, widths, strict=True))] for row in table]
    out += ["", *map("  ".join, aligned), ""]
    for i in inputs:
        out += _wrapped(f"{i.name}{speaker.locale.colon} {speaker.say(slope_clause(s, i))}", "  ")
        if i.elasticity is not None and not i.zero:
            out += _wrapped(speaker.say(elasticity_clause(s, i)), "    ", "    ")
    out.append("")
    for said in notes(s):
        out += _wrapped(speaker.say(said))
    return "\n".join(line.rstrip() for line in out) + "\n"


def _shown(m: Measure, lang: str, s: Sensitivity, i: Influence) -> str:
    return shown_measure(m, lang, s.points > 1 or bool(i.shape))


def _wrapped(text: str, indent: str = "", first: str | None = None) -> list[str]:
    lines = wrap(text, WIDTH, initial_indent=indent if first is None else first, subsequent_indent=indent + "  ", break_on_hyphens=False)
    return lines
