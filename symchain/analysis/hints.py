"""Hints: what to tell of a derivation to someone who is to find it, and no more: where to begin, the way, all but the last step."""

from __future__ import annotations

from collections.abc import Iterator

from symchain.analysis.explaining.words import equation, named, partial, say
from symchain.deriving.sweep import Sweep
from symchain.errors import ArgumentError
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation
from symchain.nouns.explanation import Explanation
from symchain.render.maps import arrays
from symchain.support.document import Arrows, Axes, Count, Formula, Listing, Row, Say
from symchain.support.notation import Phrase, name, number, walk
from symchain.wording import has

PATHS, FACTORS = 4, 12
LEVELS = (1, 2, 3)


def hint(program: Computation, output: str, wrt: str, level: int, lang: str) -> Explanation:
    """The hint of a level, as an explanation. Raises ArgumentError for another level."""
    if level not in LEVELS or isinstance(level, bool):
        raise ArgumentError(f"there is no hint of level {level!r}", advice="Ask for level 1, 2 or 3.")
    d = Sweep(program, output, [wrt]).derivation(program, wrt)
    ranks = {n: len(s) for n, s in arrays(program).items()} | {line.name: len(line.shape) for line in d.adjoint_lines}
    symbol = Formula(partial(output, wrt))
    told = {1: _begin, 2: _way, 3: _nearly}[level](d)
    rows = tuple(_rows(d)) if level == 3 else ()
    heading = say("factors") if rows else None
    closing = (Say("hint.last", {"derivative": symbol}),) if level == 3 else ()
    title = Say("hint.title", {"derivative": symbol, "level": Formula(number(level))})
    return Explanation(program, output, wrt, title, tuple(told), (), heading, rows, closing, lang, ranks)


def _begin(d: Derivation) -> Iterator[Say]:
    """Where to begin, and by which rule; no formula."""
    if not d.path_count:
        yield Say("hint.look", {"block": named(d.output), "wrt": named(d.wrt)})
        return
    direct = all(len(p.factors) == 1 for p in d.paths)
    yield Say("hint.begin.direct" if direct else "hint.begin", {"block": named(d.output), "wrt": named(d.wrt)})
    rule = d.paths[0].factors[0].rule
    if has(f"hint.rule.{rule}"):
        yield Say(f"hint.rule.{rule}", {"block": named(d.output)})


def _way(d: Derivation) -> Iterator[Say]:
    """The paths, the shape, and the first factor where it is not the whole answer."""
    yield from _begin(d)
    for path in d.paths[:PATHS]:
        if len(path.factors) > 1:
            yield Say("hint.path", {"path": Arrows(path.names[::-1])})
    if d.path_count > 1:
        yield Say("hint.sum", {"count": Count(d.path_count)})
    if d.shape:
        yield Say("hint.shape", {"derivative": Formula(partial(d.output, d.wrt)), "shape": Axes(d.shape)})
    first = d.paths[0].factors[0] if d.paths and len(d.paths[0].factors) > 1 else None
    if first is not None and not _tells(first.phrase, d):
        yield Say("hint.first", {"equation": equation(partial(first.output, first.input), first.phrase)})


def _tells(phrase: Phrase, d: Derivation) -> bool:
    """Whether a formula is the answer, or holds it."""
    known = {d.formula_phrase, d.general_phrase, d.result.phrase, d.result.general_phrase}
    return any(p in known for p in walk(phrase))


def _nearly(d: Derivation) -> Iterator[Say]:
    """The way, and every line before the last."""
    yield from (said for said in _way(d) if said.key != "hint.first")
    lines = [equation(name(line.name), line.phrase) for line in d.adjoint_lines[-FACTORS:]]
    if lines:
        yield Say("hint.lines", {"lines": Listing(tuple(lines))})


def _rows(d: Derivation) -> Iterator[Row]:
    """The factors, where there are several: one alone is the answer."""
    found = {f.name: f for p in d.paths[:PATHS] for f in p.factors}
    if len(found) < 2:
        return
    for f in list(found.values())[:FACTORS]:
        if not _tells(f.phrase, d):
            yield Row((Formula(partial(f.output, f.input)), Formula(f.phrase)))
