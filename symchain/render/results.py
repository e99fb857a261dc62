"""How a derivation ends: the known functions put in, the error terms, the boxed result and what comes with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from symchain.functions import FUNCTIONS
from symchain.nouns.computation import ancestors
from symchain.nouns.derivation import Derivation, Derivations, Line, Step
from symchain.nouns.networks import Network
from symchain.render.curvature import curvature
from symchain.render.fold import replaced
from symchain.render.maps import Adjoints, arrays, entries, renamed, whys
from symchain.render.names import layer_names
from symchain.render.opening import SHOWN, binding, cut
from symchain.render.remarks import readable, rewriting_remark, simplification
from symchain.render.subjects import NAMES, derivative, is_readable, symbol
from symchain.support.document import (
    Count,
    Field,
    Formula,
    Function,
    LayerNumber,
    LayerTerm,
    Listing,
    Math,
    Members,
    Relation,
    Row,
    Say,
    Section,
    Spoken,
)
from symchain.support.notation import Phrase, call, name, walk
from symchain.tensors.matrixform import phrase_of

LISTED = 6
"""More error terms than this are not listed one by one."""


# ---------------------------------------------------------------- known functions


def activation(members: Sequence[Derivation], detail: str) -> Iterable[Section]:
    """What the program's functions stand for, and the derivative with their derivatives put in."""
    pairs = {p: q for d in members for p, q in d.substitutions}
    if not pairs:
        return
    written = [(phrase_of(p), phrase_of(q)) for p, q in pairs.items()]
    used = dict.fromkeys(c.text for p, _ in written for c in walk(p) if c.primes)
    program = members[0].program
    bindings: dict[str, list[str]] = {}
    for function in program.functions:
        bound = binding(program, function)
        if bound is not None and function in used:
            bindings.setdefault(bound, []).append(function)
    fields: dict[str, Field] = {"identities": Members(tuple(Relation((Formula(p), Formula(q))) for p, q in written[:NAMES]))}
    known = members[0].textbook
    rules = {bound: _textbook(bound, known[bound], _spoken(own, program.functions)) for bound, own in bindings.items() if bound in known}
    if rules:
        fields["rules"] = Listing(tuple(rules.values())[:NAMES])
    rows = tuple(row for d in members if d.substitutions for row in _bound(d, detail))
    if len(rules) == len(bindings) == 1 and FUNCTIONS[next(iter(bindings))].activation:
        (bound, own), *_ = bindings.items()
        heading = Say("section.activation" if len(own) == 1 else "section.activations", {"function": Spoken(bound, "noun")})
        yield Section(heading, (Say("activation.one", fields),), rows)
        return
    if bindings:
        sides = [Relation((*(Function(f, True) for f in own[:NAMES]), Function(bound, False))) for bound, own in bindings.items()]
        fields["bindings"] = Listing(tuple(sides[:NAMES]))
    key = "activation.plain" if not bindings else "activation.rules" if rules else "activation.bound"
    yield Section(Say("section.functions"), (Say(key, fields),), rows)


def _bound(d: Derivation, detail: str) -> Iterable[Row]:
    """The derivative in known functions; in full, the steps there."""
    if detail != "full" or len(d.rewriting.functions) < 2:
        yield Row((Formula(derivative(d)), Formula(d.formula_phrase)))
        return
    first, *others = d.rewriting.functions
    yield Row((Formula(derivative(d)), Formula(phrase_of(first.result))), rewriting_remark(first))
    yield from simplification(others)


def _spoken(own: Sequence[str], taken: Iterable[str]) -> str:
    """One name for several functions that are the same: sigma for sigma1 and sigma2, else the first."""
    stems = {f.rstrip("0123456789").rstrip("_") for f in own}
    stem = next(iter(stems))
    return stem if len(own) > 1 and len(stems) == 1 and stem not in taken and stem not in FUNCTIONS else own[0]


def _textbook(bound: str, derivative: Phrase, own: str) -> Relation:
    """sigma'(z) = sigma(z)*(1 - sigma(z)): the registry's derivative of a function of one argument, under the program's name."""
    z = name("z")
    written = replaced(derivative, {FUNCTIONS[bound].parameters[0]: z, "out": call(own, z)})
    return Relation((Formula(call(own, z, primes=1)), Formula(written)))


# ---------------------------------------------------------------- error terms and the result


def result(
    subject: Derivation | Derivations,
    members: Sequence[Derivation],
    others: Mapping[str, Phrase],
    results: Mapping[str, Line],
    lines: Sequence[Line],
    network: Network | None,
    short: bool = False,
    full: bool = False,
) -> Section:
    """The adjoint lines and the boxed derivative; `short` boxes the whole formula instead of the last line, `full` tells all steps."""
    program, output = members[0].program, members[0].output
    _, omitted = cut(lines)
    steps = members[0].rewriting.lines if full else {}

    def told(some: Sequence[Line]) -> list[Row]:
        return [row for line in some for row in _line(line, subject.sized[line.name][0], steps.get(line.name, ()))]

    rows = [*told(lines[: SHOWN // 2]), Row((Formula(name("...")),)), *told(lines[-SHOWN // 2 :])] if omitted else told(lines)
    rows += _boxed(subject, members, results, network, short)
    rows += [Row((Formula(left), Formula(subject.sized[results[n].name][1])), boxed=True) for n, left in others.items()]
    closing = [Say("lines.omitted", {"count": Count(omitted)})] if omitted else []
    closing += [zero_sentence(d) for d in members if d.zero_reason]
    closing += [said for d in members if d.order == 2 for said in curvature(d)]
    if not short and not arrays(program)[output]:
        closing += whys((*lines, *results.values()), (*arrays(program), *program.dimensions))
    terms = [line for line in lines if line.role == "adjoint"]
    if not terms:
        return Section(Say("section.result"), (), tuple(rows), tuple(closing))
    return Section(Say("section.delta"), (_terms(terms, members[0], network),), tuple(rows), tuple(closing))


def _line(line: Line, general: Phrase, steps: Sequence[Step] = ()) -> Iterable[Row]:
    """An error term; with the steps from what its users send, where there are more than known functions put in."""
    steps = readable(steps)
    if any(s.rule != "subst" for s in steps):
        yield Row((Formula(name(line.name)), Formula(phrase_of(steps[0].subject))))
        yield from simplification(steps)
        return
    sides: list[Math] = [Formula(name(line.name)), Formula(general)]
    if line.phrase != line.general_phrase:
        sides.append(Formula(line.phrase))
    yield Row(tuple(sides))


def _boxed(
    subject: Derivation | Derivations,
    members: Sequence[Derivation],
    results: Mapping[str, Line],
    network: Network | None,
    short: bool,
) -> Iterable[Row]:
    """The results; beside a single one, what the same error terms give of other parameters, those next to the output first."""
    rows: dict[str, Row] = {}
    for d in members:
        last = results[d.key]
        shown = d.formula_phrase if short else last.phrase
        if is_readable(shown, d):
            sides = (Formula(derivative(d)), Formula(shown if short else subject.sized[last.name][1]))
        else:
            sides = tuple(map(Formula, entries(d.output, d.wrt, last.tree, arrays(d.program))))  # type: ignore[assignment]
        rows[d.key] = Row(sides, boxed=True, beside=not d.shape)
    if network is None or short or len(members) > 1:
        return rows.values()
    for line in members[0].companions:
        sized = members[0].sized_companions[line.name][1]
        rows[line.of] = Row((Formula(symbol(members[0].output, line.of)), Formula(sized)), beside=not line.shape)
    return [rows[n] for n in dict.fromkeys((*network.parameters, *rows)) if n in rows]


def _terms(terms: Sequence[Line], d: Derivation, network: Network | None) -> Say:
    """What the error terms are: one by one, once for all layers, or in words where they are many."""
    sums = [layer.sum for layer in network.layers] if network else []
    numbered, told = layer_names(sums), renamed(Adjoints(d.reading or d.program, d.output, terms))
    if len(terms) > 1 and all(t.name in numbered and told.get(t.name) == numbered[t.name] for t in terms):
        return Say("delta.layers", {"term": LayerTerm(d.output, sums[0][0]), "layer": LayerNumber()})
    if len(terms) > LISTED:
        return Say("delta.many", {"output": Formula(name(d.output))})
    listed = tuple(Relation((Formula(name(t.name)), Formula(symbol(d.output, t.of)))) for t in terms)
    return Say("delta.term" if len(terms) == 1 else "delta.terms", {"terms": Listing(listed)})


def zero_sentence(d: Derivation) -> Say:
    """Why the derivative is 0; the paths of a second derivative lead from the first one."""
    wrt = d.first if d.mixed and d.first not in ancestors(d.program, d.output) else d.wrt
    fields = {"output": Formula(name(d.output)), "wrt": Formula(name(wrt)), "slope": Formula(symbol(d.output, d.first or d.wrt))}
    return Say(f"zero.{d.zero_reason}", fields)
