"""A scalar line told term by term: what each rule makes of it, and why; inner parts get a letter and are told in turn."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.analysis.explaining.words import (
    Letters,
    concrete,
    definition,
    equation,
    named,
    partial,
    product,
    reaches,
    say,
    terms_of,
    total,
)
from symchain.functions.spec import AbstractFunction
from symchain.nouns.computation import Block, Computation
from symchain.nouns.derivation import Factor, Step
from symchain.rewriting import simplify
from symchain.rules.forward import Differentiation
from symchain.rules.local import pull
from symchain.support.document import Applied, Count, Field, Fixed, Formula, Members, Relation, Say, Spoken
from symchain.support.notation import Phrase, name, number, operations
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import (
    ONE,
    Apply,
    Contraction,
    Leaf,
    Number,
    Power,
    Sum,
    Tree,
    Where,
    leaf,
    leaves,
    multiply_scalars,
    power,
    rebuild,
    substitute,
)
from symchain.tensors.terms import all_factors, divides

TERMS = 4
"""So many terms of a sum are told one by one."""
SHORT = 6
"""A derivative that is not yet simplified is shown up to so many operations."""
SENTENCES = 16
"""After so many sentences inner parts are told in one each."""


def tell(program: Computation, block: Block, by: Leaf, factor: Factor) -> list[Say]:
    """Why the derivative of a scalar block by a name it reads is what it is."""
    return _Teller(program, block, by, factor).told()


class _Teller:
    def __init__(self, program: Computation, block: Block, by: Leaf, factor: Factor) -> None:
        self.block, self.by, self.factor = block, by, factor
        self.moves = reaches(block.tree, by)
        self.letters = Letters({*program.inputs, *program.blocks, *program.dimensions, *program.functions})
        self.steps = _by_subject(Differentiation(block.tree).by(by))
        self.called: dict[Tree, Leaf] = {}
        self.told_letters: set[Tree] = set()
        self.pending: list[Tree] = []
        self.said: list[Say] = []

    def told(self) -> list[Say]:
        self._line(self.block.name, self.block.tree)
        coefficient = self._only_coefficient()
        if coefficient is not None:
            derivative = Formula(partial(self.block.name, self.by.name))
            own = Formula(partial(self.by.name, self.by.name))
            self.said.append(say("one", derivative=derivative, self=own, coefficient=Formula(coefficient)))
        return self.said

    def _only_coefficient(self) -> Phrase | None:
        """What multiplies the variable, where that and constants are all there is."""
        tree = self.block.tree
        moving = [t for t in (tree.args if isinstance(tree, Sum) else (tree,)) if t in self.moves]
        if len(moving) != 1 or not isinstance(moving[0], Contraction):
            return None
        factors = all_factors(moving[0])
        fixed = [a for a in factors if a is not self.by]
        if len(fixed) + 1 != len(factors) or any(a in self.moves for a in fixed) or all(isinstance(a, Number) for a in fixed):
            return None
        return phrase_of(multiply_scalars(fixed))

    # ------------------------------------------------------------ lines and terms

    def derivative(self, tree: Tree) -> Phrase:
        """The derivative of a part, simplified."""
        return phrase_of(concrete(self.steps[tree].result)) if tree in self.moves else number(0)

    def final(self, label: str, tree: Tree) -> Phrase:
        return self.factor.phrase if label == self.block.name else self.derivative(tree)

    def _line(self, label: str, tree: Tree) -> None:
        if not isinstance(tree, Sum):
            before = len(self.called)
            self._term(say("whole", line=named(label)), label, tree, Formula(partial(label, self.by.name)), whole=True)
            self._inner()
            if len(self.called) > before:
                raw = self.factor.raw if label == self.block.name else None
                raw = raw if raw is not None and operations(raw) <= SHORT else None
                self.said.append(say(self._sums(label), equation=equation(partial(label, self.by.name), raw, self.final(label, tree))))
            return
        written = terms_of(self.block) if label == self.block.name else [phrase_of(t) for t in tree.args]
        moving = [t for t in tree.args if t in self.moves]
        fixed = [p for t, p in zip(tree.args, written, strict=True) if t not in self.moves]
        told = 0
        for k, (term, phrase) in enumerate(zip(tree.args, written, strict=True), 1):
            place = place_of(label, k, phrase)
            if term not in self.moves:
                if len(fixed) == 1:
                    self.said.append(say("absent", place=place, wrt=named(self.by.name)))
            elif told < TERMS:
                told += 1
                self._term(place, label, term, Applied(phrase, name(self.by.name)))
                self._inner()
        if len(moving) > TERMS:
            self.said.append(say("more_terms", count=Count(len(moving) - TERMS), line=named(label), wrt=named(self.by.name)))
        if len(fixed) > 1:
            self.said.append(absent(fixed, label, self.by.name))
        self.said.append(say(self._sums(label), equation=self._sum(label, tree)))

    def _sums(self, label: str) -> str:
        return "total" if label == self.block.name else "subtotal"

    def _sum(self, label: str, tree: Tree) -> Relation:
        """dz/dw = x + 0 = x."""
        if sum(t in self.moves for t in tree.args) > TERMS:
            return equation(partial(label, self.by.name), self.final(label, tree))
        terms = [self.derivative(t) for t in tree.args]
        shown = [t for t in terms if t != number(0)]
        if len(shown) < len(terms):
            shown.append(number(0))
        return equation(partial(label, self.by.name), total(shown), self.final(label, tree))

    def _inner(self) -> None:
        """The parts that were given a letter, told in turn."""
        while self.pending:
            tree = self.pending.pop(0)
            label = self.called[tree].name
            if len(self.said) > SENTENCES or self._is_plain(tree):
                sides = self._sum(label, tree) if isinstance(tree, Sum) else equation(partial(label, self.by.name), self.derivative(tree))
                self.said.append(say("inner", letter=named(label), value=Formula(phrase_of(tree)), equation=sides))
            else:
                later, self.pending = self.pending, []
                self._line(label, tree)
                self.pending = later

    def _is_plain(self, tree: Tree) -> bool:
        """Whether every term is the variable, a constant, or the variable times a constant."""
        for term in tree.args if isinstance(tree, Sum) else (tree,):
            if term in self.moves and term is not self.by:
                if not isinstance(term, Contraction) or any(a in self.moves and a is not self.by for a in term.args):
                    return False
                if sum(a is self.by for a in term.args) > 1:
                    return False
        return True

    def letter(self, tree: Tree) -> Leaf:
        """What a moving part is called: the variable itself, or a letter."""
        if tree is self.by:
            return self.by
        if tree not in self.called:
            self.called[tree] = leaf(self.letters.take())
            self.pending.append(tree)
        return self.called[tree]

    def let(self, *trees: Tree) -> Field:
        """u = w*x + b and v = ..."""
        lets = [definition(self.letter(t).name, phrase_of(t)) for t in trees if t is not self.by]
        return Members(tuple(lets))

    def inner(self, tree: Tree) -> Phrase | None:
        """du/dw, left out for the variable itself."""
        return None if tree is self.by else partial(self.letter(tree).name, self.by.name)

    # ------------------------------------------------------------ one term

    def _term(self, place: Say, label: str, tree: Tree, left: Formula | Applied, whole: bool = False) -> None:
        by = self.by.name
        if tree is self.by:
            sides = Relation((Formula(partial(by, by)), Formula(number(1))))
            if whole:
                sides = Relation((left, *sides.sides))
            self.said.append(say("self", place=place, wrt=named(by), equation=sides, line=named(label)))
            return
        result = self.final(label, tree) if whole else self.derivative(tree)
        if not isinstance(tree, Contraction):
            self._core(place, label, tree, None, left, result, whole)
            return
        factors = all_factors(tree)
        moving = [a for a in factors if a in self.moves]
        fixed = [a for a in factors if a not in self.moves]
        coefficient = multiply_scalars(fixed) if fixed else None
        below = [m for m in moving if divides(m)]
        if below:
            self._quotient(place, tree, moving, below, fixed, left, result)
        elif len(moving) > 1:
            self._product(place, moving, coefficient, left, result)
        elif moving[0] is self.by and coefficient is not None:
            shown, one = phrase_of(coefficient), partial(by, by)
            key = "scale_number" if all(isinstance(a, Number) for a in fixed) else "scale"
            sides = _joined(left, product(shown, one), Phrase("mul", (*_parts(shown), number(1))) if shown.head != "neg" else None, result)
            self.said.append(say(key, place=place, wrt=named(by), coefficient=Formula(shown), equation=sides))
        else:
            self._core(place, label, moving[0], coefficient, left, result, False)

    def _product(self, place: Say, moving: list[Tree], coefficient: Tree | None, left: Formula | Applied, result: Phrase) -> None:
        """Each moving factor in turn while the others wait."""
        symbols = [name(self.letter(m).name) for m in moving]
        terms = []
        for k in range(len(moving)):
            turn = partial(symbols[k].text, self.by.name)
            terms.append(product(*([phrase_of(coefficient)] if coefficient else []), *symbols[:k], turn, *symbols[k + 1 :]))
        several = any(m is not self.by for m in moving)
        last = result if not self.pending else None
        sides = _joined(left, total(terms), last)
        self.said.append(
            say("product_inner", place=place, inner=self.let(*moving), equation=sides)
            if several
            else say("product", place=place, equation=sides)
        )

    def _quotient(
        self, place: Say, tree: Tree, moving: list[Tree], below: list[Tree], fixed: list[Tree], left: Formula | Applied, result: Phrase
    ) -> None:
        above = [m for m in moving if m not in below]
        under = multiply_scalars([_flipped(b) for b in below])
        self.moves.add(under)
        if under not in self.steps:
            self.steps |= _by_subject(Differentiation(under).by(self.by))
        v, dv = name(self.letter(under).name), partial(self.letter(under).name, self.by.name)
        square = Phrase("over", (Phrase("pow", (v, number(2))),))
        if not above:
            c = phrase_of(multiply_scalars(fixed)) if fixed else number(1)
            known = under is self.by
            sides = _joined(
                left,
                Phrase("neg", (product(c, square, None if known else dv),)) if c.head != "neg" else product(c, square, dv),
                result if known else None,
            )
            key = "quotient" if known else "quotient_inner"
            fields: dict[str, Field] = {} if known else {"inner": self.let(under)}
            self.said.append(say(key, place=place, equation=sides, **fields))
            return
        over = multiply_scalars([*fixed, *above])
        self.moves.add(over)
        if over not in self.steps:
            self.steps |= _by_subject(Differentiation(over).by(self.by))
        u, du = name(self.letter(over).name), partial(self.letter(over).name, self.by.name)
        top = Phrase("add", (product(du, v), Phrase("neg", (product(u, dv),))))
        sides = _joined(left, Phrase("mul", (top, square)))
        self.said.append(say("quotient_both", place=place, inner=self.let(over, under), equation=sides))

    def _core(
        self, place: Say, label: str, core: Tree, coefficient: Tree | None, left: Formula | Applied, result: Phrase, whole: bool
    ) -> None:
        c = None if coefficient is None else phrase_of(coefficient)
        if divides(core):
            self._quotient(place, core, [core], [core], [] if coefficient is None else [coefficient], left, result)
        elif isinstance(core, Power):
            self._power(place, core, c, left, result)
        elif isinstance(core, Apply):
            self._function(place, label, core, c, left, result, whole)
        elif isinstance(core, (Sum, Contraction)) and c is not None:
            key = "scale_number_inner" if isinstance(coefficient, Number) else "scale_inner"
            sides = _joined(left, product(c, self.inner(core)))
            self.said.append(say(key, place=place, coefficient=Formula(c), inner=self.let(core), equation=sides))
        else:
            value = isinstance(core, Where) and core.isolated and self.by in leaves(core.args[0])
            key = "value" if value else "where" if isinstance(core, Where) else "other"
            self.said.append(say(key, place=place, equation=_joined(left, result)))

    def _power(self, place: Say, core: Power, c: Phrase | None, left: Formula | Applied, result: Phrase) -> None:
        base, exponent = core.base, core.exponent
        if exponent not in self.moves:
            lowered = _lowered(core, self.letter(base)) if isinstance(exponent, Number) else None
            down = phrase_of(exponent)
            under = name(self.letter(base).name)
            shown = lowered or Phrase("pow", (under, Phrase("add", (down, Phrase("neg", (number(1),))))))
            done = product(c, down, shown, self.inner(base))
            if base is self.by:
                sides = _joined(left, done, result)
                self.said.append(say("power", place=place, exponent=Formula(down), power=Formula(shown), equation=sides))
            else:
                self.said.append(
                    say("power_inner", place=place, exponent=Formula(down), inner=self.let(base), equation=_joined(left, done))
                )
            return
        node = rebuild(core, [self.letter(a) if a in self.moves else a for a in core.args])
        parts = [product(c, phrase_of(simplify(pull(node, k, ONE, 0))), self.inner(a)) for k, a in enumerate(core.args) if a in self.moves]
        key = "power_both" if len(parts) > 1 else "exponent"
        self.said.append(say(key, place=place, equation=_joined(left, total(parts), None if self.pending else result)))

    def _function(
        self, place: Say, label: str, core: Apply, c: Phrase | None, left: Formula | Applied, result: Phrase, whole: bool
    ) -> None:
        moving = [k for k, a in enumerate(core.args) if a in self.moves]
        node = rebuild(core, [self.letter(a) if a in self.moves else a for a in core.args])
        own = {node: leaf(label)} if whole else {}
        primed, plain = [], []
        for k in moving:
            slope = pull(node, k, ONE, 0)
            bound = concrete(slope)
            primed.append(product(c, phrase_of(slope), self.inner(core.args[k])))
            plain.append(product(c, phrase_of(simplify(substitute(bound, own))), self.inner(core.args[k])))
        inner = [a for a in core.args if a in self.moves and a is not self.by]
        function = core.function
        spec = function.binding if isinstance(function, AbstractFunction) else function
        fields: dict[str, Field] = {"place": place}
        if isinstance(function, AbstractFunction):
            fields["function"] = named(function.name)
        last = None if inner else result
        if spec is None:
            key, sides = "abstract" if len(core.args) == 1 else "partial", _joined(left, total(primed), last)
        else:
            fields["reason"] = Spoken(spec.name, "reason")
            if isinstance(function, AbstractFunction):
                fields["noun"] = Spoken(spec.name, "with_article")
            fields["call"] = Formula(phrase_of(core))
            key = "bound" if isinstance(function, AbstractFunction) else "function"
            shown = total(plain) if inner or not whole else None
            sides = _joined(left, total(primed) if key == "bound" else None, shown, last)
        if inner:
            fields["inner"] = self.let(*inner)
        self.said.append(say(key + "_inner" * bool(inner), equation=sides, **fields))
        for kink in () if spec is None else spec.kinks:
            at = Formula(name(self.letter(core.args[0]).name))
            if core.args[0] in self.moves:
                corner = {
                    "at": Fixed(kink.at, 0 if kink.at == int(kink.at) else 2),
                    "value": Fixed(kink.value, 0 if kink.value == int(kink.value) else 2),
                }
                self.said.append(say("kink", line=named(label), inner=at, **corner))


# ---------------------------------------------------------------- pieces


def absent(fixed: Sequence[Phrase], label: str, by: str) -> Say:
    """The terms that do not contain the variable."""
    if len(fixed) > TERMS:
        return say("absent_count", count=Count(len(fixed)), line=named(label), wrt=named(by))
    terms = Members(tuple(map(Formula, fixed)))
    return say("absent_many", terms=terms, line=named(label), wrt=named(by))


def place_of(label: str, k: int, term: Phrase) -> Say:
    """Second term of z, w*x."""
    fields: dict[str, Field] = {"line": named(label), "term": Formula(term)}
    return say(f"term{k}", **fields) if k <= 5 else say("term", number=Count(k), **fields)


def _joined(left: Formula | Applied, *sides: Phrase | None) -> Relation:
    return Relation((left, *equation(*sides).sides))


def _parts(phrase: Phrase) -> tuple[Phrase, ...]:
    return phrase.parts if phrase.head == "mul" else (phrase,)


def _flipped(tree: Tree) -> Tree:
    """The denominator that a negative power stands for."""
    assert isinstance(tree, Power)
    exponent = tree.exponent
    assert isinstance(exponent, Number)
    return tree.base if exponent.value == -1 else power(tree.base, -exponent.value)


def _lowered(core: Power, base: Leaf) -> Phrase:
    exponent = core.exponent
    assert isinstance(exponent, Number)
    return phrase_of(base if exponent.value == 2 else power(base, exponent.value - 1) if exponent.value != 1 else ONE)


def _by_subject(step: Step) -> dict[Tree, Step]:
    found: dict[Tree, Step] = {}
    stack = [step]
    while stack:
        s = stack.pop()
        if s.subject not in found:
            found[s.subject] = s
            stack.extend(s.substeps)
    return found
