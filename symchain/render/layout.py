"""The order in which a derivation is told: what is computed, the chain, the factors, their product, error terms, the result, the check.

Everything here is chosen from what the derivation holds; nothing is differentiated or simplified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from symchain.nouns.computation import Computation, ancestors, dependents
from symchain.nouns.derivation import TOLD, Derivation, Derivations, Factor, Line, Step
from symchain.nouns.networks import Network, network_of
from symchain.render.checks import check_sentences, values_at
from symchain.render.maps import Adjoints, arrays, entries, how, is_plain, renamed
from symchain.render.opening import SHOWN, computation, cut, opening, title, unknown_functions
from symchain.render.remarks import readable, remark, simplification
from symchain.render.results import activation, result, zero_sentence
from symchain.render.seconds import set_names, told_slopes
from symchain.render.style import Style
from symchain.render.subjects import beyond, derivative, is_readable, local_symbol, members_of, results_of, symbol
from symchain.support.document import (
    Applied,
    Arrows,
    Braced,
    Carried,
    Chains,
    Count,
    Definition,
    Document,
    Formula,
    Label,
    Listing,
    Math,
    Products,
    Row,
    Say,
    Section,
)
from symchain.support.notation import Phrase, name, number, walk
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import ONE, Tree

FEW_PATHS = 4
"""Up to so many paths are shown one by one."""
LONG_PATH = 12
COMPOSING = frozenset({"power", "exponential", "general_power", "function", "act", "partial"})
"""Rules of functions: where more than the variable is inside, the chain rule goes with them."""
STEPS = 200
MATRIX_ONLY = frozenset({"layout.maps", "layout.jacobian"})
"""Opening sentences that other notations replace by their own."""


def layout(subject: Derivation | Derivations, detail: str) -> Document:
    """The document of one derivation, or of several that share their lines."""
    members, others = members_of(subject, TOLD), beyond(subject)
    program, output = subject.program, subject.output
    wanted = ancestors(program, output)
    blocks = [b for b in program.blocks.values() if b.name in wanted]
    listed, omitted = cut(blocks) if detail != "brief" else ([], 0)
    network = network_of(program, output)
    values = values_at(members)
    reading = members[0].reading or program if members else program
    adjoints = Adjoints(reading, output, subject.adjoint_lines)
    sections = tuple(_sections(subject, members, others, detail, adjoints, network))
    table, sentence = computation(blocks, network)
    return Document(
        title=title(members, isinstance(subject, Derivations), others),
        table=table,
        sentence=sentence,
        definitions=tuple(Definition(b.name, b.phrase, b.shape, _small(values.get(b.name))) for b in listed),
        opening=opening(members, others, program, output, blocks, network) if detail != "brief" else (),
        sections=sections,
        checks=tuple(check_sentences(subject, members, len(others), derivative, bool(unknown_functions(program, blocks)))),
        ranks={**_ranks(reading, subject.adjoint_lines), **adjoints.ranks()},
        renamed={**renamed(adjoints), **set_names(members)},
        functions=frozenset(program.functions),
        omitted=omitted,
    )


def _small(value: Any) -> Any:
    """A value that fits in a table."""
    return value if getattr(value, "size", 1) <= 6 else None


def _ranks(program: Computation, lines: Iterable[Line]) -> dict[str, int]:
    ranks = {v.name: len(v.shape) for v in program.inputs.values() if v.shape}
    ranks.update((b.name, len(b.shape)) for b in program.blocks.values() if b.shape)
    ranks.update((line.name, len(line.shape)) for line in lines if line.shape)
    return ranks


def style_within(subject: Derivation | Derivations, lang: str) -> Style:
    """How a derivation's names are set."""
    program, lines = subject.program, subject.all_lines
    members = members_of(subject, 1)
    reading = members[0].reading or program if members else program
    adjoints = Adjoints(reading, subject.output, subject.adjoint_lines)
    names = {**renamed(adjoints), **set_names(members)}
    return Style(lang, _ranks(reading, lines), names, frozenset(program.functions))


def symbol_of(line: Line, within: Any) -> Phrase:
    """What stands on the left of a line: the derivative's symbol for a result of the derivation, else the line's name."""
    if line.role != "derivative" or not isinstance(within, Derivation | Derivations):
        return name(line.name)
    lone = within.members.get(line.of) if isinstance(within, Derivations) and not within.mixed else None
    members = [lone] if lone is not None else members_of(within)
    own = next((d for d in members if d.result.name == line.name), None)
    return name(line.name) if own is None else derivative(own)  # the gradient before a Hessian keeps its name


# ---------------------------------------------------------------- the sections


def _sections(
    subject: Derivation | Derivations,
    members: Sequence[Derivation],
    others: Mapping[str, Phrase],
    detail: str,
    adjoints: Adjoints,
    network: Network | None,
) -> Iterable[Section]:
    results, lines = results_of(subject), subject.adjoint_lines
    if not others and all(d.zero_reason for d in members):
        rows = [Row((Formula(derivative(d)), Formula(results[d.key].phrase)), boxed=True) for d in members]
        yield Section(Say("section.result"), tuple(zero_sentence(d) for d in members), tuple(rows))
        return
    brief = detail == "brief"
    live = [d for d in members if not d.zero_reason] or [members[0]]
    if live[0].order == 1:
        numbers = factor_numbers(live)
        yield from _derived(live, detail, adjoints, network, numbers, _untold(members[0], others, numbers), len(others))
    else:
        shown: set[str] = set()
        count = 0
        for named, inner in told_slopes(live):
            yield named
            numbers = factor_numbers(inner, count)
            count += len(numbers)
            own = Adjoints(inner[0].program, inner[0].output, inner[0].adjoint_lines, live[0].between)
            yield from _derived(inner, detail, own, network, numbers, 0, 0)
            shown |= inner[0].program.blocks.keys()
        lines = tuple(line for line in lines if line.name not in shown)
    if brief and not _uses(live, lines):
        yield result(subject, members, others, results, (), network, short=True)
    else:
        yield result(subject, members, others, results, lines, network, full=detail == "full")


def _derived(
    live: Sequence[Derivation], detail: str, adjoints: Adjoints, network: Network | None, numbers: dict[str, int], untold: int, others: int
) -> Iterable[Section]:
    """The chain, the factors, their product, and known functions put in."""
    direct = all(len(d.factors) <= 1 for d in live)
    if not direct:
        yield _chain(live, numbers)
    if detail != "brief" or direct:
        yield _local(live, numbers, detail, adjoints, network, untold)
    if not direct:
        yield _product(live, detail, others)
    if detail != "brief":
        yield from activation(live, detail)


def _uses(members: Sequence[Derivation], lines: Sequence[Line]) -> bool:
    """Whether the one-line formula needs the adjoint lines."""
    known = {line.name for line in lines}
    return any(p.head == "name" and p.text in known for d in members for p in walk(d.formula_phrase))


def factor_numbers(members: Sequence[Derivation], before: int = 0) -> dict[str, int]:
    """The numbers of the factors, in the order in which the paths meet them, after those that have been told before."""
    order: dict[str, None] = {}
    for d in members:
        if d.path_count <= FEW_PATHS:
            order.update((f.name, None) for path in d.paths for f in path.factors)
        order.update((f, None) for f in d.factors)
    return {factor: k for k, factor in enumerate(order, 1 + before)}


def _untold(d: Derivation, others: Collection[str], numbers: Mapping[str, int]) -> int:
    """How many factors there are that no derivation told step by step has."""
    moving = ancestors(d.program, d.output) & dependents(d.program, *others) if others else set()
    pairs = ((b, r) for b in d.program.blocks.values() if b.name in moving for r in b.reads if r in moving)
    return sum(f"d{b.name}/d{r}" not in numbers for b, r in pairs)


def _chain(members: Sequence[Derivation], numbers: dict[str, int]) -> Section:
    intro: list[Say] = []
    rows: list[Row] = []
    crowded = [d for d in members if not _listed(d)]
    for d in members:
        if not d.factors:
            intro.append(Say("chain.self", {"output": Formula(name(d.output))}))
        elif not _listed(d):
            fields: dict[str, Math | Listing | Say | str] = {"count": Count(d.path_count)}
            intro.append(Say("chain.many", {**fields, "wrt": Formula(name(d.wrt)), "output": Formula(name(d.output))}))
        elif len(members) == 1 and d.path_count == 1:
            intro.append(Say("chain.one", {"path": _arrows(d.paths[0].names)}))
        elif len(members) == 1:
            paths = Listing(tuple(_arrows(p.names) for p in d.paths), numeric=True)
            intro.append(Say("chain.few", {"count": Count(d.path_count), "paths": paths}))
    for d in members:
        if d.factors and _listed(d):
            rows.append(Row((Formula(derivative(d)), Chains(tuple(_braced(d.program, p.factors, numbers) for p in d.paths)))))
    intro += [Say("chain.gathered")] if crowded else []
    intro += _held(members)
    recursion = _recursion(crowded)
    told, omitted = cut(recursion)
    rows += told
    closing = (Say("chain.omitted", {"count": Count(omitted)}),) if omitted else ()
    return Section(Say("section.chain"), tuple(intro), tuple(rows), closing)


def _held(members: Sequence[Derivation]) -> list[Say]:
    """What a bar means, where there is one."""
    for f in (f for d in members for f in islice(d.factors.values(), SHOWN)):
        local = local_symbol(members[0].program, f.output, f.input)
        if local.head == "held":
            return [Say("chain.held", {"local": Formula(local), "output": Formula(name(f.output)), "whole": Formula(local.parts[0])})]
    return []


def _listed(d: Derivation) -> bool:
    return d.path_count <= FEW_PATHS and len(d.paths) == d.path_count


def _arrows(names: Sequence[str]) -> Arrows:
    """From the input to the output; a long way keeps its ends."""
    way = tuple(reversed(names))
    return Arrows(way if len(way) <= 2 * LONG_PATH else (*way[:4], "", *way[-3:]))


def _braced(program: Computation, factors: Sequence[Factor], numbers: dict[str, int]) -> tuple[Braced | None, ...]:
    flat = all(len(f.shape) <= 2 for f in factors)  # the shape of a map between matrices is said where the map is
    whole = [Braced(local_symbol(program, f.output, f.input), numbers[f.name], f.shape if flat else ()) for f in factors]
    return tuple(whole) if len(whole) <= LONG_PATH else (*whole[:3], None, *whole[-2:])


def _recursion(members: Sequence[Derivation]) -> list[Row]:
    """dC/dv = sum over the users u of v of dC/du * du/dv, from the output back."""
    users: dict[str, dict[str, Factor]] = {}
    for d in members:
        for f in d.factors.values():
            users.setdefault(f.input, {})[f.output] = f
    if not users:
        return []
    output, blocks = members[0].output, members[0].program.blocks
    position = {b: k for k, b in enumerate(blocks)}
    rows = []
    for received in sorted(users, key=lambda n: -position.get(n, -1)):
        terms: list[tuple[Braced | None, ...]] = []
        for sender in users[received]:
            local = Braced(local_symbol(members[0].program, sender, received))
            terms.append((local,) if sender == output else (Braced(symbol(output, sender)), local))
        if not (len(terms) == 1 and len(terms[0]) == 1):
            rows.append(Row((Formula(symbol(output, received)), Chains(tuple(terms[:SHOWN])))))
    return rows


def _local(
    members: Sequence[Derivation], numbers: dict[str, int], detail: str, adjoints: Adjoints, network: Network | None, untold: int
) -> Section:
    rows: list[Row] = []
    told, omitted = cut(list(numbers))
    omitted += untold
    for factor in told:
        d = next(d for d in members if factor in d.factors)
        f = d.factors[factor]
        rows.append(_factor(f, d.maps, numbers[f.name], adjoints, network))
        if detail == "full" and not f.shape:  # between arrays a factor is one map: its step would say it again
            rows += _substeps(f.steps)
    closing = (Say("local.omitted", {"count": Count(omitted)}),) if omitted else ()
    return Section(Say("section.local"), (), tuple(rows), closing)


def _factor(f: Factor, maps: Mapping[str, Tree], number: int, adjoints: Adjoints, network: Network | None) -> Row:
    """A factor as a formula; between arrays as the map of the error term that it is, or entry by entry."""
    flat = len(f.shape) <= 2 and is_plain(f.general_phrase)
    if f.shape and not flat and adjoints.lead:
        left, right = entries(f.output, f.input, f.shown, arrays(adjoints.program))
        return Row((Label(number), Formula(left), Formula(right)), remark(f, network))
    sides: list[Math] = [Label(number), Formula(local_symbol(adjoints.program, f.output, f.input))]
    mapped = f.shape and f.output != adjoints.output and not adjoints.lead and arrays(adjoints.program)[f.output]
    if flat or not mapped:
        if f.raw is not None and f.raw != f.general_phrase:
            sides.append(Formula(f.raw))
        sides.append(Formula(f.general_phrase))
        if f.phrase != f.general_phrase and not _primed(f.general_phrase):
            sides.append(Formula(f.phrase))
    if not mapped:
        return Row(tuple(sides), remark(f, network))
    adjoint = name(adjoints.of(f.output).name)
    after = phrase_of(maps[f.name])
    sides.append(Carried(adjoint, after))
    return Row(tuple(sides), remark(f, network, how(after, adjoint.text)))


def _primed(phrase: Phrase) -> bool:
    """Whether the phrase holds the derivative of a function that the program names: what that is comes in a section of its own."""
    return any(p.primes for p in walk(phrase))


def _substeps(steps: Sequence[Step]) -> list[Row]:
    """The tree of named rules, outermost first."""
    rows: list[Row] = []
    stack = [(s, 1) for s in reversed(steps)]
    while stack and len(rows) < STEPS:
        step, depth = stack.pop()
        subject, result = phrase_of(step.subject), phrase_of(step.result)
        left = Applied(subject, name(step.by)) if step.by else Formula(subject)
        composed = step.rule in COMPOSING and any(s.rule != "self" for s in step.moving)
        said = Say("remark.chain" if composed else "remark.rule", {"rule": Say(f"rule.{step.rule}")})
        rows.append(Row((left, Formula(result)), said, depth))
        stack.extend((s, depth + 1) for s in reversed(step.substeps))
    return rows


def _product(members: Sequence[Derivation], detail: str, untold: int) -> Section:
    rows = []
    for d in members:
        if not is_readable(d.general_phrase, d):
            rows.append(Row(tuple(map(Formula, entries(d.output, d.wrt, d.general_tree, arrays(d.program))))))
            continue
        sides: list[Math] = [Formula(derivative(d))]
        steps = readable(d.rewriting.product) if detail == "full" else ()
        whole: Phrase | None = d.general_phrase if d.substitutions else d.formula_phrase
        whole = None if d.substitutions and whole == d.formula_phrase else whole  # it comes with the known functions
        if d.product_tree is not None and not d.product_tree.shape and not any(f.shape for p in d.paths for f in p.factors):
            paths = tuple(tuple(phrase_of(f.shown) for f in p.factors if f.shown is not ONE) or (number("1"),) for p in d.paths)
            sides.append(Products(paths))
            whole = None if len(paths) == 1 and _multiplied(paths[0]) == whole else whole
        elif steps:
            sides.append(Formula(phrase_of(steps[0].subject)))
        elif not d.substitutions and d.general_phrase != d.formula_phrase:
            sides.append(Formula(d.general_phrase))
        if steps:
            rows += [Row(tuple(sides)), *simplification(steps)]
        else:
            rows.append(Row((*sides, Formula(whole)) if whole is not None else tuple(sides)))
    closing = (Say("chain.omitted", {"count": Count(untold)}),) if untold else ()
    return Section(Say("section.product" if all(d.path_count == 1 for d in members) else "section.sum"), (), tuple(rows), closing)


def _multiplied(factors: Sequence[Phrase]) -> Phrase:
    """The product of factors as one phrase."""
    parts = [q for p in factors for q in (p.parts if p.head == "mul" else (p,))]
    return parts[0] if len(parts) == 1 else Phrase("mul", tuple(parts))
