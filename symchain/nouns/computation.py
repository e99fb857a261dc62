"""Computation, Block, Variable, Claim: what was written, as data alone. A Program is a Computation that can be asked for more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

from symchain.errors import Place, UnsupportedError
from symchain.nouns.door import engine
from symchain.nouns.families import Family, Recurrence
from symchain.nouns.statement import Statement
from symchain.support.dimensions import Dim, Shape
from symchain.support.document import Say
from symchain.support.notation import Phrase
from symchain.tensors.nodes import Leaf
from symchain.tensors.trees import Tree


class Unchanging:
    """What never changes is its own copy. It is not pickled: trees are made once in a process, and may nest deeper than pickle recurses."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> Any:
        what = f"{type(self).__name__} objects are not pickled"
        raise UnsupportedError(what, advice="Send str(program) and read it with symchain.parse there; kernels can be pickled.")


@dataclass(frozen=True)
class Variable:
    """An input of a program. `symbol` is its SymPy symbol: real, and positive or nonnegative where that is a declared fact."""

    name: str
    shape: Shape
    leaf: Leaf = field(repr=False)
    facts: frozenset[str] = frozenset()
    symbol: Any = None
    declared: bool = False


@dataclass(frozen=True)
class Block:
    """One named line: `phrase` is how it was written, `tree` what it means, `reads` the names it uses, in order."""

    name: str
    shape: Shape
    tree: Tree = field(repr=False)
    phrase: Phrase = field(repr=False)
    reads: tuple[str, ...]
    leaf: Leaf = field(repr=False)
    symbols: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def expr(self) -> Any:
        """The right-hand side in SymPy: a plain expression over real symbols for scalars, a tree with shapes otherwise."""
        return engine().to_sympy(self.tree, self.symbols)


@dataclass(frozen=True)
class Claim:
    """A derivative statement of a text: the derivative of `output` by `wrt` is `claim`.

    `output` is a block's name or an expression, `wrt` a name, or a number (then the statement has no meaning); in `claim`, dy/dx is
    the derivative of y by x. `place` and `line` say where it stands, `section` which of program.sections holds the definitions in
    force there.
    """

    output: str
    wrt: str | int | float
    claim: str
    place: Place | None = None
    line: str = ""
    section: int = 0


@dataclass(frozen=True)
class Remark:
    """What a text may not have meant as it was read: a sentence, and where it stands."""

    said: Say
    place: Place | None = None


@dataclass(frozen=True, eq=False)
class Computation(Unchanging):
    """A computation as named blocks, in order of definition.

    `inputs` and `blocks` are ordered mappings; `outputs` are the blocks no other block reads (the last one is the default
    output). `dimensions` are the letters of the shapes, `functions` the program's own function names with what they are bound to.
    """

    inputs: Mapping[str, Variable]
    blocks: Mapping[str, Block]
    dimensions: tuple[str, ...] = ()
    functions: Mapping[str, Any] = field(default_factory=dict)
    symbols: Mapping[str, Any] = field(default_factory=dict, repr=False)
    claims: tuple[Claim, ...] = ()
    """The derivative statements of a LaTeX text, those of its later sections included."""
    later: tuple[Self, ...] = field(default=(), repr=False)
    understood: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """For a LaTeX text: each line that was read, and how, in the input language."""
    statements: tuple[Statement, ...] = field(default=(), repr=False)
    """What a document says, one statement at a time."""
    remarks: tuple[Remark, ...] = field(default=(), repr=False)
    """What was read as written and may have been meant otherwise."""
    recurrence: Recurrence | None = field(default=None, repr=False)
    """The lines with an index, where the program has families."""
    known: Mapping[Dim, int] = field(default_factory=dict, repr=False)
    """How large some axes are at least, for the blocks to have the shapes they have."""
    constants: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The values that inputs had where a program was read off a function: arrays that it found outside of itself."""

    @property
    def families(self) -> Mapping[str, Family]:
        """The names with an index: families of inputs (W[l]) and of blocks (a[l])."""
        return self.recurrence.families if self.recurrence is not None else MappingProxyType({})

    @property
    def sections(self) -> tuple[Self, ...]:
        """This program and those that a LaTeX text goes on to define with the same names."""
        return (self, *self.later)

    @cached_property
    def outputs(self) -> Mapping[str, Block]:
        read = {name for block in self.blocks.values() for name in block.reads}
        last = next(reversed(list(self.blocks)), None)
        return MappingProxyType({n: b for n, b in self.blocks.items() if n not in read or n == last})

    @cached_property
    def _places(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Where each block stands, and where each name is read first."""
        first: dict[str, int] = {}
        for k, block in enumerate(self.blocks.values()):
            for name in block.reads:
                first.setdefault(name, k)
        return {name: k for k, name in enumerate(self.blocks)}, first

    @cached_property
    def leaves(self) -> Mapping[str, Leaf]:
        """What stands for each input and each block in trees."""
        return MappingProxyType({n: v.leaf for n, v in self.inputs.items()} | {n: b.leaf for n, b in self.blocks.items()})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name that means something: inputs, blocks, dimensions, functions."""
        return (*self.inputs, *self.blocks, *self.dimensions, *self.functions)

    def may_depend(self, name: str, by: str) -> bool:
        """Whether a name may depend on another: False where it is an input, or stands before the other is first read. At no cost."""
        defined, read = self._places
        return name in defined and by in read and defined[name] >= read[by]

    @property
    def last(self) -> str:
        """The default output: the last block."""
        return next(reversed(list(self.blocks)))

    @property
    def scalar(self) -> bool:
        """Whether all inputs and blocks have shape (): then arrays broadcast through the compiled program."""
        return not any(v.shape for v in self.inputs.values()) and not any(b.shape for b in self.blocks.values())

    def __repr__(self) -> str:
        """Of one size for every program: a debugger prints it, and expressions may nest deeper than Python recurses."""
        return f"<program of {self.last if self.blocks else 'nothing'}: {len(self.blocks)} blocks, {len(self.inputs)} inputs>"


def bare(program: Computation) -> Computation:
    """What is computed alone, without what a text said around it: whoever keeps this does not keep the program itself alive."""
    return Computation(program.inputs, program.blocks, program.dimensions, program.functions, program.symbols, known=program.known)


def ancestors(program: Computation, output: str) -> set[str]:
    """The names the output depends on, itself included. Linear in the program."""
    seen: set[str] = {output}
    stack = [output]
    while stack:
        block = program.blocks.get(stack.pop())
        for name in block.reads if block else ():
            if name not in seen:
                seen.add(name)
                stack.append(name)
    return seen


def dependents(program: Computation, *names: str) -> set[str]:
    """The blocks that depend on some names, those included. Linear in the program."""
    seen = set(names)
    for block in program.blocks.values():
        if any(r in seen for r in block.reads):
            seen.add(block.name)
    return seen
