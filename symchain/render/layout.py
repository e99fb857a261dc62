"""The order in which a derivation is told: what is computed, the chain, the factors, their product, error terms, the result, the check.

Everything here is chosen from what the derivation holds; nothing is differentiated or simplified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from symchain.blocks import Program, ancestors, dependents
from symchain.derivation import Derivation, Derivations, Factor, Line, Step
from symchain.functions import FUNCTIONS
from symchain.language.grammar import parse_expression
from symchain.notation import Phrase, call, name, walk
from symchain.render.calls import macro
from symchain.render.checks import check_sentences, values_at
from symchain.render.document import (
    Applied,
    Arrows,
    Axes,
    Braced,
    Carried,
    Chains,
    Count,
    Definition,
    Document,
    Formula,
    Function,
    Label,
    Listing,
    Math,
    Relation,
    Row,
    Say,
    Section,
)
from symchain.render.fold import replaced
from symchain.render.maps import Adjoints, Shapes, arrays, entries, gradient_shapes, how, is_plain, pulled, renamed, whys
from symchain.render.remarks import remark
from symchain.render.style import Style
from symchain.tensors.matrixform import phrase_of

FEW_PATHS = 4
"""Up to so many paths are written out one by one."""
SHOWN = 40
"""Tables and lists longer than this are cut, with a sentence saying so."""
LONG_PATH = 12
NAMES = 10
STEPS = 200
MATRIX_ONLY = frozenset({"layout.maps", "layout.jacobian"})
"""Opening sentences that other notations replace by their own."""


def layout(subject: Derivation | Derivations, detail: str) -> Document:
    """The document of one derivation, or of several that share their lines."""
    members = members_of(subject)
    program, output = subject.program, subject.output
    wanted = ancestors(program, output)
    blocks = [b for b in program.blocks.values() if b.name in wanted]
    phrases = [b.phrase for b in blocks]
    derivatives = [Formula(derivative(d)) for d in members]
    several = isinstance(subject, Derivations)
    key = "title.several" if several else "title.second" if members[0].order == 2 else "title.derivation"
    fields: dict[str, Math | Listing | Say | str] = {"derivatives": _some(derivatives)} if several else {"derivative": derivatives[0]}
    values = values_at(members)
    reading = members[0].reading or program if members else program
    adjoints = Adjoints(program, output, subject.adjoint_lines)
    sections = tuple(_sections(members, results_of(subject), subject.adjoint_lines, detail, adjoints))
    return Document(
        title=Say(key, fields),
        definitions=tuple(Definition(b.name, b.phrase, b.shape, _small(values.get(b.name))) for b in blocks[:SHOWN] if detail != "brief"),
        opening=_opening(members, program, output, phrases) if detail != "brief" else (),
        sections=sections,
        checks=tuple(check_sentences(subject, members, derivative, bool(_unknown(program, phrases)))),
        ranks={**_ranks(reading, subject.adjoint_lines), **adjoints.ranks()},
        renamed=renamed(adjoints),
        functions=frozenset(program.functions),
        omitted=max(0, len(blocks) - SHOWN) if detail != "brief" else 0,
    )


def members_of(subject: Derivation | Derivations) -> list[Derivation]:
    return [subject] if isinstance(subject, Derivation) else list(subject.members.values())


def results_of(subject: Derivation | Derivations) -> Mapping[str, Line]:
    """The last line of each derivative, as .lines prints it."""
    return {subject.wrt: subject.result} if isinstance(subject, Derivation) else subject.printed


def derivative(d: Derivation) -> Phrase:
    """The symbol dC/dW1, or d2C/dw2 @ v_w for a Hessian applied to a vector."""
    symbol = Phrase("partial", (name(d.output), *([name(d.wrt)] * d.order)))
    vector = _vector(d)
    return symbol if vector is None else Phrase("matmul", (symbol, name(vector)))


def _small(value: Any) -> Any:
    """A value that fits in a table."""
    return value if getattr(value, "size", 1) <= 6 else None


def _vector(d: Derivation) -> str | None:
    """The input that a Hessian-vector product adds to the program."""
    if d.order == 1 or d.reading is None:
        return None
    return next((n for n in d.reading.inputs if n not in d.program.inputs), None)


def _symbol(output: str, by: str) -> Phrase:
    return Phrase("partial", (name(output), name(by)))


def _ranks(program: Program, lines: Iterable[Line]) -> dict[str, int]:
    ranks = {v.name: len(v.shape) for v in program.inputs.values() if v.shape}
    ranks.update((b.name, len(b.shape)) for b in program.blocks.values() if b.shape)
    ranks.update((line.name, len(line.shape)) for line in lines if line.shape)
    return ranks


def style_within(subject: Derivation | Derivations, lang: str) -> Style:
    """How a derivation's names are set."""
    program, lines = subject.program, (*subject.adjoint_lines, *results_of(subject).values())
    members = members_of(subject)
    ranks = _ranks(members[0].reading or program if members else program, lines)
    return Style(lang, ranks, renamed(Adjoints(program, subject.output, subject.adjoint_lines)), frozenset(program.functions))


def symbol_of(line: Line, within: Any) -> Phrase:
    """What stands on the left of a line: the derivative's symbol for a result of the derivation, else the line's name."""
    members = members_of(within) if isinstance(within, Derivation | Derivations) else []
    return next((derivative(d) for d in members if line.role == "derivative" and line.of == d.wrt), name(line.name))


def _some(items: Sequence[Math]) -> Listing | Say:
    """A listing, cut when it is long."""
    if len(items) <= NAMES + 2:
        return Listing(tuple(items))
    return Say("names.more", {"names": Listing(tuple(items[:NAMES])), "count": Count(len(items) - NAMES)})


def _names(names: Iterable[str]) -> Listing | Say:
    return _some([Formula(name(n)) for n in names])


# ---------------------------------------------------------------- what is computed


def _opening(members: Sequence[Derivation], program: Program, output: str, phrases: Sequence[Phrase]) -> tuple[Say, ...]:
    said = [_variable(members, program, output)]
    shapes = arrays(program)
    if unknown := _unknown(program, phrases):
        key = "functions.abstract" if len(unknown) == 1 else "functions.abstract_many"
        said.append(Say(key, {"functions": _some([Function(f, True) for f in unknown])}))
    gradients = [d for d in members if d.shape and d.order == 1 and d.shape == shapes[d.wrt]]
    if len(gradients) > 1:
        listed = gradient_shapes([(Formula(derivative(d)), d.shape) for d in gradients[:NAMES]])
        said.append(Say("shape.gradients", {"derivatives": listed}))
    for d in members:
        if d.shape and not (len(gradients) > 1 and d in gradients):
            said.append(_shape(d, program))
    live = [d for d in members[:NAMES] if d.order == 1 and not d.zero_reason]
    if any(f.shape and f.output != output for d in live for f in islice(d.factors.values(), SHOWN)):
        said.append(Say("layout.jacobian") if shapes[output] else Say("layout.maps", {"output": Formula(name(output))}))
    return tuple(said[: NAMES + 2])


def _unknown(program: Program, phrases: Sequence[Phrase]) -> list[str]:
    """The functions whose derivative nobody knows."""
    return list(dict.fromkeys(p.text for phrase in phrases for p in walk(phrase) if p.head == "call" and _is_unknown(program, p)))


def _is_unknown(program: Program, p: Phrase) -> bool:
    if p.text in program.functions:
        return _binding(program, p.text) is None
    return macro(p.text, len(p.parts)) is None


def _binding(program: Program, function: str) -> str | None:
    """The registered function that a name of the program stands for."""
    bound = program.functions.get(function)
    bound = getattr(bound, "binding", bound)
    return None if bound is None else getattr(bound, "name", str(bound))


def _variable(members: Sequence[Derivation], program: Program, output: str) -> Say:
    symbol = Formula(name(output))
    if len(members) != 1:
        return Say("variable.several", {"output": symbol, "wrt": _names(d.wrt for d in members)})
    wrt = members[0].wrt
    moving, wanted = dependents(program, wrt), ancestors(program, output)
    between = [b for b in program.blocks.values() if b.name in moving and b.name in wanted and b.name != wrt]
    fixed = list(dict.fromkeys(n for b in between for n in b.reads if n not in moving))
    key = "variable.alone" if not fixed else "variable.fixed_one" if len(fixed) == 1 else "variable.fixed_many"
    fields: dict[str, Math | Listing | Say | str] = {"output": symbol, "wrt": Formula(name(wrt))}
    if fixed:
        fields["fixed"] = _names(fixed)
    return Say(key, fields)


def _shape(d: Derivation, program: Program) -> Say:
    source = program.inputs.get(d.wrt) or program.blocks.get(d.wrt)
    symbol = Formula(derivative(d))
    fields: dict[str, Math | Listing | Say | str] = {"derivative": symbol, "wrt": Formula(name(d.wrt)), "shape": Axes(d.shape)}
    if source is not None and source.shape == d.shape:
        return Say("shape.gradient" if d.order == 1 else "shape.product", fields)
    if d.order == 2:
        return Say("shape.second", {**fields, "output": Formula(name(d.output))})
    return Say("shape.general", {**fields, "output": Formula(name(d.output))})


# ---------------------------------------------------------------- the sections


def _sections(
    members: Sequence[Derivation], results: Mapping[str, Line], lines: Sequence[Line], detail: str, adjoints: Adjoints
) -> Iterable[Section]:
    if all(d.zero_reason for d in members):
        yield _result(members, results, (), [zero_sentence(d) for d in members])
        return
    brief = detail == "brief"
    live = [d for d in members if not d.zero_reason]
    numbers = factor_numbers(live)
    direct = all(len(d.factors) <= 1 for d in live)
    if live[0].order == 1:
        if not direct:
            yield _chain(live, numbers)
        if not brief or direct:
            yield _local(live, numbers, detail, adjoints)
        if not direct:
            yield _product(live)
        if not brief:
            yield from _activation(live)
    if detail == "full":
        yield from _rewriting(live)
    zeros = [zero_sentence(d) for d in members if d.zero_reason]
    if brief and not _uses(live, lines):
        yield _result(members, results, (), zeros, short=True)
    else:
        yield _result(members, results, lines, zeros)


def _uses(members: Sequence[Derivation], lines: Sequence[Line]) -> bool:
    """Whether the one-line formula needs the adjoint lines."""
    known = {line.name for line in lines}
    return any(p.head == "name" and p.text in known for d in members for p in walk(d.formula_phrase))


def factor_numbers(members: Sequence[Derivation]) -> dict[str, int]:
    """The numbers of the factors, in the order in which the paths meet them."""
    order: dict[str, None] = {}
    for d in members:
        if d.path_count <= FEW_PATHS:
            order.update((f.name, None) for path in d.paths for f in path.factors)
        order.update((f, None) for f in d.factors)
    return {factor: k for k, factor in enumerate(order, 1)}


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
            rows.append(Row((Formula(derivative(d)), Chains(tuple(_braced(p.factors, numbers) for p in d.paths)))))
    recursion = _recursion(crowded)
    rows += recursion[:SHOWN]
    closing = (Say("chain.omitted", {"count": Count(len(recursion) - SHOWN)}),) if len(recursion) > SHOWN else ()
    return Section("section.chain", tuple(intro), tuple(rows), closing)


def _listed(d: Derivation) -> bool:
    return d.path_count <= FEW_PATHS and len(d.paths) == d.path_count


def _arrows(names: Sequence[str]) -> Arrows:
    """From the input to the output; a long way keeps its ends."""
    way = tuple(reversed(names))
    return Arrows(way if len(way) <= 2 * LONG_PATH else (*way[:4], "", *way[-3:]))


def _braced(factors: Sequence[Factor], numbers: dict[str, int]) -> tuple[Braced | None, ...]:
    flat = all(len(f.shape) <= 2 for f in factors)  # the shape of a map between matrices is said where the map is
    whole = [Braced(_symbol(f.output, f.input), numbers[f.name], f.shape if flat else ()) for f in factors]
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
            local = Braced(_symbol(sender, received))
            terms.append((local,) if sender == output else (Braced(_symbol(output, sender)), local))
        if not (len(terms) == 1 and len(terms[0]) == 1):
            rows.append(Row((Formula(_symbol(output, received)), Chains(tuple(terms[:SHOWN])))))
    return rows


def _local(members: Sequence[Derivation], numbers: dict[str, int], detail: str, adjoints: Adjoints) -> Section:
    rows: list[Row] = []
    for factor in list(numbers)[:SHOWN]:
        f = next(d.factors[factor] for d in members if factor in d.factors)
        rows.append(_factor(f, numbers[f.name], adjoints))
        if detail == "full":
            rows += _substeps(f.steps)
    closing = (Say("local.omitted", {"count": Count(len(numbers) - SHOWN)}),) if len(numbers) > SHOWN else ()
    return Section("section.local", (), tuple(rows), closing)


def _factor(f: Factor, number: int, adjoints: Adjoints) -> Row:
    """A factor as a formula; between arrays as the map of the error term that it is, or entry by entry."""
    symbol = _symbol(f.output, f.input)
    flat = len(f.shape) <= 2 and is_plain(f.general_phrase)
    if f.shape and not flat and adjoints.lead:
        left, right = entries(f.output, f.input, f.shown, arrays(adjoints.program))
        return Row((Label(number), Formula(left), Formula(right)), remark(f))
    sides: list[Math] = [Label(number), Formula(symbol)]
    mapped = f.shape and f.output != adjoints.output and not adjoints.lead and arrays(adjoints.program)[f.output]
    if flat or not mapped:
        if f.raw is not None and f.raw != f.general_phrase:
            sides.append(Formula(f.raw))
        sides.append(Formula(f.general_phrase))
        if f.phrase != f.general_phrase and not _primed(f.general_phrase):
            sides.append(Formula(f.phrase))
    if not mapped:
        return Row(tuple(sides), remark(f))
    adjoint = name(adjoints.of(f.output).name)
    after = phrase_of(pulled(f, adjoints))
    sides.append(Carried(adjoint, after))
    return Row(tuple(sides), remark(f, how(after, adjoint.text)))


def is_readable(phrase: Phrase, d: Derivation) -> bool:
    """Whether the derivative reads well as a whole; else one entry of it is printed."""
    gradient = not arrays(d.program)[d.output]
    return is_plain(phrase) or d.order != 1 or (gradient and not any(p.text == "einsum" for p in walk(phrase)))


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
        rows.append(Row((left, Formula(result)), Say("remark.rule", {"rule": Say(f"rule.{step.rule}")}), depth))
        stack.extend((s, depth + 1) for s in reversed(step.substeps))
    return rows


def _product(members: Sequence[Derivation]) -> Section:
    rows = []
    for d in members:
        if not is_readable(d.general_phrase, d):
            rows.append(Row(tuple(map(Formula, entries(d.output, d.wrt, d.general_tree, arrays(d.program))))))
            continue
        sides: list[Math] = [Formula(derivative(d))]
        if d.product_phrase is not None:
            sides.append(Formula(d.product_phrase, dots=True))
        if d.product_phrase is None or d.general_phrase != d.product_phrase:
            sides.append(Formula(d.general_phrase))
        if not d.substitutions and d.formula_phrase != d.general_phrase:
            sides.append(Formula(d.formula_phrase))
        rows.append(Row(tuple(sides)))
    return Section("section.product" if all(d.path_count == 1 for d in members) else "section.sum", (), tuple(rows))


def _activation(members: Sequence[Derivation]) -> Iterable[Section]:
    pairs = {p: q for d in members for p, q in d.substitutions}
    if not pairs:
        return
    written = [(phrase_of(p), phrase_of(q)) for p, q in pairs.items()]
    identities = Listing(tuple(Relation((Formula(p), Formula(q))) for p, q in written[:NAMES]))
    used = {c.text for p, _ in written for c in walk(p) if c.primes}
    program = members[0].program
    bindings: dict[str, list[str]] = {}
    for function in program.functions:
        bound = _binding(program, function)
        if bound is not None and function in used:
            bindings.setdefault(bound, []).append(function)
    fields: dict[str, Math | Listing | Say | str] = {"identities": identities}
    if bindings:
        sides = [Relation((*(Function(f, True) for f in own[:NAMES]), Function(bound, False))) for bound, own in bindings.items()]
        fields["bindings"] = Listing(tuple(sides[:NAMES]))
        rules = [r for bound, own in bindings.items() if (r := _textbook(bound, own[0])) is not None]
        if rules:
            fields["rules"] = Listing(tuple(rules[:NAMES]))
    key = "activation.plain" if not bindings else "activation.rules" if "rules" in fields else "activation.bound"
    rows = [Row((Formula(derivative(d)), Formula(d.formula_phrase))) for d in members if d.substitutions]
    yield Section("section.activation", (Say(key, fields),), tuple(rows))


def _textbook(bound: str, own: str) -> Relation | None:
    """sigma1'(z) = sigma1(z)*(1 - sigma1(z)): the registry's derivative of a function of one argument, under the program's name."""
    spec = FUNCTIONS.get(bound)
    if spec is None or len(spec.parameters) != 1 or spec.derivatives[0] is None:
        return None
    z = name("z")
    names = {spec.parameters[0]: z, "out": call(own, z)}
    written = replaced(parse_expression(spec.textbook or spec.derivatives[0]), names)
    return Relation((Formula(call(own, z, primes=1)), Formula(written)))


def _rewriting(members: Sequence[Derivation]) -> Iterable[Section]:
    rows = [
        Row((Formula(before), Formula(after)), Say("remark.rule", {"rule": Say(f"rule.{s.rule}")}))
        for d in members
        for s in d.rewriting
        if (before := phrase_of(s.subject)) != (after := phrase_of(s.result))
    ]
    if rows:
        yield Section("section.rewriting", (), tuple(rows[:STEPS]))


# ---------------------------------------------------------------- error terms and the result


def _result(
    members: Sequence[Derivation], results: Mapping[str, Line], lines: Sequence[Line], said: Sequence[Say], short: bool = False
) -> Section:
    rows: list[Row] = []
    shapes = Shapes(members[0].reading or members[0].program, lines)
    for line in lines if len(lines) <= SHOWN else [*lines[: SHOWN // 2], *lines[-SHOWN // 2 :]]:
        sides: list[Math] = [Formula(name(line.name)), Formula(shapes.under(line.general_phrase))]
        if line.phrase != line.general_phrase:
            sides.append(Formula(line.phrase))
        rows.append(Row(tuple(sides)))
    for d in members:
        result = results[d.wrt]
        shown = d.formula_phrase if short else result.phrase
        if is_readable(shown, d):
            rows.append(Row((Formula(derivative(d)), Formula(shown if short else shapes.under(shown))), boxed=True))
        else:
            rows.append(Row(tuple(map(Formula, entries(d.output, d.wrt, result.tree, arrays(d.program)))), boxed=True))
    closing: tuple[Say, ...] = (Say("lines.omitted", {"count": Count(len(lines) - SHOWN)}),) if len(lines) > SHOWN else ()
    if not short and not arrays(members[0].program)[members[0].output]:
        closing += whys((*lines, *results.values()), (*arrays(members[0].program), *members[0].program.dimensions))
    terms = [line for line in lines if line.role == "adjoint"]
    if not terms:
        return Section("section.result", tuple(said), tuple(rows), closing)
    if len(terms) <= 6:
        listed = Listing(tuple(Relation((Formula(name(t.name)), Formula(_symbol(members[0].output, t.of)))) for t in terms))
        intro = Say("delta.term" if len(terms) == 1 else "delta.terms", {"terms": listed})
    else:
        intro = Say("delta.many", {"output": Formula(name(members[0].output))})
    return Section("section.delta", (*said, intro), tuple(rows), closing)


def zero_sentence(d: Derivation) -> Say:
    key = d.zero_reason if d.zero_reason in ("unrelated", "flat") else "flat"
    return Say(f"zero.{key}", {"output": Formula(name(d.output)), "wrt": Formula(name(d.wrt))})
