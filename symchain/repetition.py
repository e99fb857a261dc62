"""Lines for what a derivation writes more than once: dP = G @ V.T, used twice, is computed and read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from symchain.derivation import Line
from symchain.language.elaborate import Scope, elaborate
from symchain.notation import Phrase, name, operations, rewritten, walk
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import Tree, leaf, leaves, transform

_LINES = 200
"""Longer derivations are left as they are."""
_SAVING = 2
"""A line of its own must save this many operations; in programs of scalars one more."""


def with_common_lines(lines: list[Line], scope: Scope, fresh: Callable[[str], str]) -> list[Line]:
    """The lines, with new ones before the first use of what would be written repeatedly."""
    if len(lines) > _LINES:
        return lines
    least = _SAVING if any(line.shape for line in lines) or any(t.shape for line in lines for t in leaves(line.tree)) else _SAVING + 1
    names: dict[str, Tree] = dict(scope.names)
    names.update({line.name: leaf(line.name, line.shape) for line in lines})
    phrases = {line.name: phrase_of(line.tree) for line in lines}
    while (repeated := _most_repeated(phrases, least)) is not None:
        made = fresh("t1")
        tree = elaborate(repeated, replace(scope, names=names))
        names[made] = leaf(made, tree.shape)
        first = next(k for k, line in enumerate(lines) if any(p == repeated for p in walk(phrases[line.name])))
        lines = [*lines[:first], Line(made, tree, "value", made, tree.shape, written=repeated), *lines[first:]]
        changed = {n: _replaced(p, repeated, name(made)) for n, p in phrases.items()}
        for k, line in enumerate(lines):
            if line.name in changed and changed[line.name] != phrases[line.name]:
                said = changed[line.name]
                lines[k] = replace(line, tree=elaborate(said, replace(scope, names=names)), general=None, written=said)
        phrases = {**changed, made: repeated}
    return _numbered(lines)


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


def _most_repeated(phrases: Mapping[str, Phrase], least: int) -> Phrase | None:
    counts: Counter[Phrase] = Counter()
    for phrase in phrases.values():
        counts.update(p for p in walk(phrase) if p.head in ("mul", "matmul", "call", "add", "pow", "index"))
    best: tuple[int, int, Phrase] | None = None
    for phrase, count in counts.items():
        if count > 1:
            price = operations(phrase)
            saving = (count - 1) * price
            long = price >= 2 and saving >= least and (best is None or (saving, price) > best[:2])
            lone = price == 1 and phrase.head == "matmul" and best is None
            if long or lone:
                best = (saving, price, phrase)
    return best[2] if best else None


def _replaced(phrase: Phrase, old: Phrase, new: Phrase) -> Phrase:
    """The phrase with every occurrence replaced."""
    return rewritten(phrase, lambda p: new if p == old else None)
