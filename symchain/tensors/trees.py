"""The base of all nodes: trees that exist once, and the walks over them."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from hashlib import blake2b
from itertools import count
from typing import Any, ClassVar

from sympy import Basic

from symchain.support.dimensions import Shape
from symchain.tensors.memory import unique

_NODES = unique("trees", 50_000)
_KNOWN = _NODES.entries
_bits = count(1)
HUGE = 1_000_000
SHAPED = 1
"""The bit in `kinds` of trees that hold an array."""


class Tree(Basic):
    """Base of all nodes. `args` are the subtrees, `data` what else identifies the node, `shape` the shape of its value.

    `kinds` has the `bit` of every class of node in the tree, and SHAPED where one has a shape: what cannot occur is not looked for.
    `size` is the number of nodes when written out, up to HUGE. `names` has a bit for every name in the tree; names may share one:
    trees without a common bit have no common name.
    """

    __slots__ = ("__weakref__", "_digest", "_leaves", "data", "kinds", "names", "shape", "size")
    is_commutative = True
    args: tuple[Tree, ...]
    data: tuple[Any, ...]
    shape: Shape
    kinds: int
    names: int
    size: int
    bit: ClassVar[int]
    named: ClassVar[bool] = False
    _digest: bytes | None
    _leaves: tuple[Any, ...] | None
    """The names below, once somebody asked: see `nodes.leaves`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.bit = 1 << next(_bits)

    def __new__(cls, args: tuple[Tree, ...], shape: Shape, data: tuple[Any, ...] = ()) -> Tree:
        key = (cls, args, shape, data)
        known = _KNOWN.get(key)
        if known is not None:
            found: Tree | None = known()
            if found is not None:
                return found
        node: Tree = object.__new__(cls)
        node._assumptions = cls.default_assumptions
        node._mhash = None
        node._args = args
        node.data = data
        node.shape = shape
        node._digest = node._leaves = None
        kinds = cls.bit | SHAPED if shape else cls.bit
        names = 1 << hash(data) % 61 if cls.named else 0
        size = 1
        for a in args:
            kinds |= a.kinds
            names |= a.names
            size += a.size
        node.kinds = kinds
        node.names = names
        node.size = size if size < HUGE else HUGE
        return _NODES.keep(key, node)  # type: ignore[no-any-return]

    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (type(self), (self.args, self.shape, self.data))

    @property
    def digest(self) -> bytes:
        """A fingerprint of the structure, the same in every process: what deterministic orders are made of."""
        if self._digest is None:
            for node in postorder(self):
                if node._digest is None:
                    text = repr((type(node).__name__, node.shape, _plain(node.data)))
                    node._digest = blake2b(text.encode() + b"".join(a._digest or b"" for a in node.args), digest_size=12).digest()
        assert self._digest is not None
        return self._digest

    @property
    def func(self) -> Callable[..., Tree]:  # type: ignore[override]
        """Rebuilds the node with other subtrees, as SymPy's traversals expect."""
        return lambda *args: rebuild(self, args)

    def _sympystr(self, printer: Any) -> str:
        inner = ", ".join(map(printer._print, self.args))
        return f"{type(self).__name__}({inner}{'; ' if inner and self.data else ''}{', '.join(map(str, self.data))})"


Tree.args = Basic._args  # SymPy's property is as slow as a call


def _plain(data: Any) -> Any:
    """The data of a node without anything that depends on the process (the order of a frozenset)."""
    if isinstance(data, tuple):
        return tuple(map(_plain, data))
    return sorted(data) if isinstance(data, frozenset) else data


def rebuild(node: Tree, args: Sequence[Tree]) -> Tree:
    """The same node over other subtrees of the same shapes."""
    args = tuple(args)
    if args == node.args:
        return node
    return type(node)(args, node.shape, node.data)


# ---------------------------------------------------------------- traversal, never recursive


def postorder(*roots: Tree, known: Container[Tree] = ()) -> list[Tree]:
    """Every distinct node below the roots, operands before users; those that are known are left out with all below them."""
    seen: set[Tree] = set()
    order: list[Tree] = []
    stack: list[Tree] = [r for r in reversed(roots) if r not in known] if known else list(reversed(roots))
    while stack:
        node = stack[-1]
        if node in seen:
            stack.pop()
            continue
        pending = [a for a in node.args if a not in seen and a not in known] if known else [a for a in node.args if a not in seen]
        if pending:
            stack.extend(reversed(pending))
            continue
        stack.pop()
        seen.add(node)
        order.append(node)
    return order


def transform(tree: Tree, visit: Callable[[Tree], Tree], memo: dict[Tree, Tree] | None = None) -> Tree:
    """Rebuild bottom-up: visit receives each node with its operands already transformed."""
    done = {} if memo is None else memo
    stack: list[Tree] = [tree]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        args = node.args
        pending = [a for a in args if a not in done]
        if pending:
            stack.extend(reversed(pending))
            continue
        stack.pop()
        done[node] = visit(rebuild(node, [done[a] for a in args]) if args else node)
    return done[tree]


def substitute(tree: Tree, replacement: Mapping[Tree, Tree]) -> Tree:
    """Replace subtrees by trees of the same shape; replaced parts are not entered."""
    if not replacement:
        return tree
    done: dict[Tree, Tree] = {}
    stack: list[Tree] = [tree]
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        args = node.args
        if node in replacement:
            done[node] = replacement[node]
        elif pending := [a for a in args if a not in done]:
            stack.extend(reversed(pending))
            continue
        else:
            done[node] = rebuild(node, [done[a] for a in args]) if args else node
        stack.pop()
    return done[tree]
