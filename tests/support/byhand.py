"""Programs and derivations put together by hand, for tests that must not depend on the parser or the chain rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from symchain.nouns.computation import Block, Variable
from symchain.nouns.derivation import Derivation, Factor, Line
from symchain.nouns.program import Program
from symchain.support.notation import name as phrase
from symchain.tensors import nodes as t


def build(blocks: Mapping[str, t.Tree], facts: Mapping[str, set[str]] | None = None) -> Program:
    inputs: dict[str, Variable] = {}
    built: dict[str, Block] = {}
    for name, tree in blocks.items():
        for leaf in t.leaves(tree):
            if leaf.name not in built and leaf.name not in inputs:
                inputs[leaf.name] = Variable(leaf.name, leaf.shape, leaf, frozenset((facts or {}).get(leaf.name, ())))
        built[name] = Block(name, tree.shape, tree, phrase(name), tuple(x.name for x in t.leaves(tree)), t.leaf(name, tree.shape))
    return Program(MappingProxyType(inputs), MappingProxyType(built))


def claim(program: Program, output: str, wrt: str, tree: t.Tree, order: int = 1, lines: tuple[Line, ...] = (), **fields: Any) -> Derivation:
    result = Line(f"d{output}_d{wrt}", tree, "derivative", wrt, tree.shape)
    return Derivation(program, output, wrt, order, tree.shape, fields.pop("factors", {}), {}, 1, (), lines, result, tree, tree, **fields)


def scalar(name: str) -> t.Tree:
    return t.leaf(name)


def times(*factors: t.Tree) -> t.Tree:
    return t.multiply_scalars(factors)


def minus(a: t.Tree, b: t.Tree) -> t.Tree:
    return t.add([a, t.scale(-1, b)])


def factor(output: str, input_name: str, tree: t.Tree, general: t.Tree | None = None) -> Factor:
    return Factor(output, input_name, tree, general or tree, "chain", tree.shape, ())
