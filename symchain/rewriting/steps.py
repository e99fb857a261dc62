"""How a formula is simplified, told step by step: each step has a name, and none makes the formula longer.

The steps are those that `reduced` takes, bottom up, with the program's blocks recognised on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

from symchain.nouns.derivation import Step
from symchain.rewriting.matching import Identity
from symchain.rewriting.reduction import Named, is_large, price_of, shortenings
from symchain.support.notation import walk
from symchain.tensors.algebra import settle
from symchain.tensors.equalities import equalities
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Contraction, Leaf, Number, Operation, Power, Sum, Tree, postorder, rebuild, substitute
from symchain.tensors.terms import all_factors, is_zero, split_power


def steps_from(tree: Tree, recognise: Callable[[Tree], Tree] = lambda node: node) -> tuple[Step, ...]:
    """The named steps from a formula to its shortest known form; `recognise` may give a node another name.

    Every step says subject = result of the whole formula. Steps that cannot be seen in print are left out, and neighbours of one
    name are one step, and so are those that lengthen the formula on the way to something shorter.

    >>> from symchain import parse
    >>> print(*steps_from(parse("y = x*a + x*b + 0*x").blocks["y"].tree), sep="\\n")
    x*a + x*b + 0*x = x*a + x*b   (zero terms dropped)
    x*a + x*b = x*(a + b)   (common factor taken out)
    """
    return tuple(_joined(_shortening(tree, _every(tree, recognise))))


def steps_between(
    start: Tree, end: Tree, recognise: Callable[[Tree], Tree], last: str = "simp", bound: Tree | None = None
) -> tuple[Step, ...]:
    """The steps from one formula to another that it equals: its own steps, as long as they are not shorter than the end, then `last`.

    `bound` is the start with known functions for the program's own, which is a first step then. Nothing is told where the start is
    shorter than the end.
    """
    first = [] if bound is None else [Step("subst", start, "", bound)]
    start = start if bound is None else bound
    least = price_of(end)
    if price_of(start) < least:
        return ()
    steps = [*first, *takewhile(lambda step: price_of(step.result) >= least, _shortening(start, _every(start, recognise)))]
    reached = steps[-1].result if steps else start
    if phrase_of(reached) != phrase_of(end):
        steps.append(Step("order" if _words(reached) == _words(end) else last, reached, "", end))
    return tuple(_joined(steps))


def _words(tree: Tree) -> Counter[str]:
    """What stands in a formula, in no order."""
    return Counter(f"{p.head} {p.text}" for p in walk(phrase_of(tree)))


def _every(tree: Tree, recognise: Callable[[Tree], Tree]) -> Iterator[Step]:
    """Every rewrite, as a step of the whole formula."""
    if is_large(tree):
        return
    done: dict[Tree, Tree] = {e: e for e in equalities(tree)}
    whole = tree
    for node in postorder(tree, known=set(done)):
        done[node] = rebuild(node, [done[a] for a in node.args])
        for named, form in _forms(done[node], recognise, node is tree):
            done[node] = form
            after = substitute(tree, done)
            rule, parameters = ("ident", {"identity": named}) if isinstance(named, Identity) else (named, {})
            yield Step(rule, whole, "", after, (), parameters)
            whole = after


def _forms(node: Tree, recognise: Callable[[Tree], Tree], last: bool) -> Iterator[Named]:
    """The forms that a node takes, one after another, when its operands have theirs; the last one does not become a mere name."""
    form = settle(node)
    if form is not node:
        yield _name_of(node, form), form
    while True:
        for found in shortenings(form):
            yield found
            form = found[1]
        named = recognise(form)
        if named is form or (last and isinstance(named, Leaf)):
            return
        yield "subst", named
        form = named


def _name_of(node: Tree, form: Tree) -> str:
    """What bringing a node to normal form did to it, mostly."""
    if is_zero(form):
        return "zero"
    if isinstance(node, Sum):
        inner = form.args[-1] if isinstance(form, Contraction) else form
        if not isinstance(inner, Sum) or len(inner.args) < len(node.args):
            return "zero" if any(map(is_zero, node.args)) else "collect"
        return "sign" if inner is form else "factor"
    if isinstance(node, Power):
        return "powers"
    if isinstance(node, Contraction):
        factors = all_factors(node)
        left = all_factors(form)
        if any(_says_more(f) and f not in left for f in factors):
            return "fact"
        bases = [split_power(f)[0] for f in factors if not isinstance(f, Number)]
        if len(set(bases)) < len(bases):
            return "gather"
        numbers = [f for f in factors if isinstance(f, Number)]
        if len(numbers) > 1 or any(n.value == 1 for n in numbers):
            return "numbers"
        if any(n.value == -1 for n in numbers):
            return "sign"
    return "simp"


def _says_more(tree: Tree) -> bool:
    """Whether more is known of a factor than its shape: rows that add up to one, an inverse."""
    if isinstance(tree, Leaf):
        return bool(tree.facts & {"onehot", "probability", "orthogonal"})
    return isinstance(tree, Operation) and tree.operation.name in ("softmax", "inv")


def _shortening(tree: Tree, steps: Iterable[Step]) -> Iterator[Step]:
    """The same way in steps of which none lengthens the formula; what only lengthens it at the end is not taken."""
    start, price = tree, price_of(tree)
    for step in steps:
        now = price_of(step.result)
        if now > price:
            continue
        if phrase_of(step.result) != phrase_of(start):
            yield Step(step.rule, start, "", step.result, (), step.parameters)
        start, price = step.result, now


def _joined(steps: Iterable[Step]) -> Iterator[Step]:
    """Neighbours of one name as one step."""
    last: Step | None = None
    for step in steps:
        if last is not None and last.rule == step.rule and not step.parameters and not last.parameters:
            last = Step(step.rule, last.subject, "", step.result)
            continue
        if last is not None:
            yield last
        last = step
    if last is not None:
        yield last
