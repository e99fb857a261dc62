"""Lines for what a derivation writes more than once: dP = G @ V.T, used twice, is computed and read once.

Lines write nested parts again and again: spelt out, they are far longer than what is different in them. So equal parts are made one
object first, and whatever is counted or replaced is so once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from operator import is_
from typing import Any

from symchain.functions.spec import OPERATIONS, FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.lookup import find_function
from symchain.language.shapes import dimension_of
from symchain.nouns.derivation import Line
from symchain.nouns.names import Names
from symchain.support.notation import Phrase, name, operations, rewritten
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Apply, Compare, Operation, Tree, leaf, leaves, postorder, substitute, transform

_LINES = 200
"""Longer derivations are left as they are."""
_SAVING = 2
"""A line of its own must save this many operations; in programs of scalars one more."""


def with_common_lines(lines: list[Line], scope: Scope, free: Names) -> list[Line]:
    """The lines, with new ones before the first use of what would be written repeatedly."""
    if len(lines) > _LINES:
        return lines
    least = _SAVING if any(line.shape for line in lines) or any(t.shape for line in lines for t in leaves(line.tree)) else _SAVING + 1
    names: dict[str, Tree] = dict(scope.names)
    letters = {d for d in scope.dims if d not in names}
    names.update({line.name: leaf(line.name, line.shape) for line in lines})
    known: dict[Phrase, Phrase] = {}
    phrases = {line.name: _shared(phrase_of(line.tree), known) for line in lines}
    original = dict(phrases)
    conditions = [n for n in postorder(*(line.tree for line in lines)) if isinstance(n, Compare) and n.data[1:]]
    marks = {_shared(phrase_of(n), known): n.data[1:] for n in conditions}
    repeated = _most_repeated(phrases, least, letters)
    if repeated is None or not _is_readable([line.tree for line in lines], scope):
        return lines
    while repeated is not None:
        made = free.numbered("t")
        tree = elaborate(repeated, replace(scope, names=names))
        names[made] = leaf(made, tree.shape)
        done: dict[int, Phrase] = {id(repeated): name(made)}
        changed = {n: rewritten(p, _as_it_is, done) for n, p in phrases.items()}
        first = next(k for k, line in enumerate(lines) if changed[line.name] is not phrases[line.name])
        lines = [*lines[:first], Line(made, tree, "value", made, tree.shape, written=repeated), *lines[first:]]
        phrases = {**changed, made: repeated}
        marks |= {rewritten(p, _as_it_is, done): mark for p, mark in marks.items()}
        original[made] = repeated
        repeated = _most_repeated(phrases, least, letters)
    for k, line in enumerate(lines):
        said = phrases[line.name]
        if said is not original[line.name]:
            lines[k] = replace(line, tree=_marked(elaborate(said, replace(scope, names=names)), marks), general=None, written=said)
    return _numbered(lines)


def _marked(tree: Tree, marks: Mapping[Phrase, tuple[Any, ...]]) -> Tree:
    """The tree with what is known of its conditions, which their writing does not tell."""
    found = {n: Compare(n.args, n.shape, (*n.data, *marks.get(phrase_of(n), ()))) for n in postorder(tree) if isinstance(n, Compare)}
    return substitute(tree, found) if found else tree  # type: ignore[arg-type]


def _is_readable(trees: Iterable[Tree], scope: Scope) -> bool:
    """Whether every function of the trees is what its name means where they are read: kernels have functions of their own."""
    for node in postorder(*trees):
        if isinstance(node, Apply) and isinstance(node.function, FunctionSpec):
            if find_function(node.function.name, scope.functions) is not node.function:
                return False
        elif isinstance(node, Operation) and OPERATIONS.get(node.operation.name) is not node.operation:
            return False
    return True


def _as_it_is(phrase: Phrase) -> None:
    return None


def _shared(phrase: Phrase, known: dict[Phrase, Phrase]) -> Phrase:
    """The phrase made of known parts: those that say the same are one object."""
    stack = [phrase]
    done: dict[int, Phrase] = {}
    while stack:
        p = stack[-1]
        if id(p) in done:
            stack.pop()
            continue
        inside = [*p.parts, *(v for _, v in p.keywords)]
        pending = [q for q in inside if id(q) not in done]
        if pending:
            stack += pending
            continue
        stack.pop()
        parts = tuple(done[id(q)] for q in p.parts)
        keywords = tuple((k, done[id(v)]) for k, v in p.keywords)
        same = all(map(is_, parts, p.parts)) and all(v is w for (_, v), (_, w) in zip(keywords, p.keywords, strict=True))
        made = p if same else replace(p, parts=parts, keywords=keywords)
        done[id(p)] = known.setdefault(made, made)
    return done[id(phrase)]


def _numbered(lines: list[Line]) -> list[Line]:
    """The new names in the order in which they are read."""
    made = [line.name for line in lines if line.role == "value"]
    renamed = dict(zip(made, sorted(made, key=lambda n: (len(n), n)), strict=True))
    swaps: dict[Tree, Tree] = {leaf(line.name, line.shape): leaf(renamed[line.name], line.shape) for line in lines if line.name in renamed}
    if all(a is b for a, b in swaps.items()):
        return lines
    return [_renamed(line, renamed, swaps) for line in lines]


def _renamed(line: Line, names: Mapping[str, str], swaps: Mapping[Tree, Tree]) -> Line:
    written = None if line.written is None else _with_names(line.written, names)
    own, of = names.get(line.name, line.name), names.get(line.of, line.of)
    return replace(line, name=own, of=of, tree=_swapped(line.tree, swaps), written=written)


def _with_names(phrase: Phrase, names: Mapping[str, str]) -> Phrase:
    def renamed(p: Phrase) -> Phrase | None:
        return name(names[p.text]) if p.head == "name" and p.text in names else None

    return rewritten(phrase, renamed)


def _swapped(tree: Tree, swaps: Mapping[Tree, Tree]) -> Tree:
    return transform(tree, lambda node: swaps.get(node, node))


def _most_repeated(phrases: Mapping[str, Phrase], least: int, letters: Collection[str]) -> Phrase | None:
    """What is worth a line most; the size of an axis stays where it is, since a number computed on a line is none."""
    best: tuple[int, int, Phrase] | None = None
    for phrase, count in _uses(phrases.values()).items():
        if count > 1 and phrase.head in ("mul", "matmul", "call", "add", "pow", "index"):
            price = operations(phrase)
            saving = (count - 1) * price
            long = price >= 2 and saving >= least and (best is None or (saving, price) > best[:2])
            lone = price == 1 and phrase.head == "matmul" and best is None
            if (long or lone) and dimension_of(phrase, letters) is None:
                best = (saving, price, phrase)
    return best[2] if best else None


def _uses(phrases: Iterable[Phrase]) -> dict[Phrase, int]:
    """How often each part is written when all phrases are spelt out, in the order in which the parts are met."""
    uses: dict[Phrase, int] = {}
    finished: list[Phrase] = []
    for phrase in phrases:
        stack = [(phrase, False)]
        while stack:
            p, ready = stack.pop()
            if ready:
                finished.append(p)
            elif p not in uses:
                uses[p] = 0
                stack.append((p, True))
                stack.extend((v, False) for _, v in reversed(p.keywords))
                stack.extend((q, False) for q in reversed(p.parts))
        uses[phrase] += 1
    for p in reversed(finished):  # what holds a part comes before it
        for q in (*p.parts, *(v for _, v in p.keywords)):
            uses[q] += uses[p]
    return uses
