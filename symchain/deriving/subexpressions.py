"""Lines for what a derivation writes more than once: dP = G @ V.T, used twice, is computed and read once.

Lines write nested parts again and again: spelt out, they are far longer than what is different in them. So equal parts are made one
object first, and whatever is counted or replaced is so once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import is_
from typing import Any

from symchain.deriving.sharing import Sharing
from symchain.functions.spec import OPERATIONS, FunctionSpec
from symchain.language.elaborate import Scope, elaborate
from symchain.language.lookup import find_function
from symchain.language.shapes import dimension_of
from symchain.nouns.derivation import Line
from symchain.nouns.names import Names
from symchain.support.notation import Phrase, name, rewritten
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
    original = {line.name: _shared(phrase_of(line.tree), known) for line in lines}
    conditions = [n for n in postorder(*(line.tree for line in lines)) if isinstance(n, Compare) and n.data[1:]]
    marks = {_shared(phrase_of(n), known): n.data[1:] for n in conditions}
    sharing = Sharing(original, marks, least, lambda phrase: dimension_of(phrase, letters) is None)
    part = sharing.most_repeated()
    if part is None or not _is_readable([line.tree for line in lines], scope):
        return lines
    while part is not None:
        made, repeated = free.numbered("t"), part.phrase
        tree = elaborate(repeated, replace(scope, names=names))
        names[made] = leaf(made, tree.shape)
        changed = sharing.name(part, made)
        first = next(k for k, line in enumerate(lines) if line.name in changed)
        lines = [*lines[:first], Line(made, tree, "value", made, tree.shape, written=repeated), *lines[first:]]
        original[made] = repeated
        part = sharing.most_repeated()
    marks |= {now: marks[before] for before, now in sharing.aside()}
    for k, line in enumerate(lines):
        said = sharing.now(line.name)
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
