"""The route from an output to some names: the blocks on it, and the paths through them, counted and listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property

from symchain.errors import VerificationError
from symchain.nouns.computation import Block, Computation, ancestors, dependents
from symchain.tensors.nodes import leaves


class Route:
    """What lies between one output of a program and some names."""

    def __init__(self, program: Computation, output: str, targets: Sequence[str]) -> None:
        self.program, self.output, self.targets = program, output, tuple(dict.fromkeys(targets))
        self.shape = program.blocks[output].shape
        self.lead = len(self.shape)
        """How many axes of an adjoint are those of the output."""
        self.names = ancestors(program, output) & dependents(program, *self.targets)
        """The names on the way, ends included; empty where the output depends on none of the targets."""
        self._reads: dict[str, list[str]] = {}
        self.blocks = [b for b in program.blocks.values() if b.name in self.names]

    def reads(self, block: Block) -> list[str]:
        """The names a block reads on the way, in order."""
        if block.name not in self._reads:
            known = self.program.leaves
            for found in leaves(block.tree):  # a name with other facts would be another node, and its derivative a silent zero
                if found is not known[found.name]:
                    raise VerificationError(f"{block.name} reads a {found.name} that is not the program's", advice="Please report this.")
            self._reads[block.name] = [r for r in block.reads if r in self.names]
        return self._reads[block.name]

    def towards(self, target: str) -> Route:
        """The route to one name alone: what lies above it on this one, found without a walk through the program."""
        if self.targets == (target,):
            return self
        names = {target} if target in self.names else set()
        stack = list(names)
        while stack:
            for name in self._users.get(stack.pop(), ()):
                if name not in names:
                    names.add(name)
                    stack.append(name)
        route = copy(self)
        route.__dict__.pop("_users", None)
        route.targets, route.names = (target,), names
        route.blocks = sorted((self.program.blocks[n] for n in names if n in self._places), key=lambda b: self._places[b.name])
        return route

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        """By name, the blocks on the way that read it."""
        users: dict[str, list[str]] = {}
        for block in self.blocks:
            for read in block.reads:
                users.setdefault(read, []).append(block.name)
        return users

    @cached_property
    def _places(self) -> dict[str, int]:
        """Where each block on the way stands in the program."""
        return {block.name: k for k, block in enumerate(self.blocks)}

    # ------------------------------------------------------------ towards one name

    @property
    def edges(self) -> list[tuple[str, str]]:
        """The steps of the chain towards a single target, output first: block, name read."""
        return [(b.name, r) for b in reversed(self.blocks) if b.name not in self.targets for r in b.reads if r in self.names]

    def path_count(self) -> int:
        """The number of paths from the output to a single target, exactly: linear in the route."""
        counts = dict.fromkeys(self.targets, 1)
        for block in self.blocks:
            if block.name not in self.targets:
                counts[block.name] = sum(counts.get(r, 0) for r in block.reads)
        return counts.get(self.output, 0)

    def paths(self) -> Iterator[tuple[str, ...]]:
        """The names on each path to a single target, output first, in the order in which blocks read their names."""
        (target,) = self.targets
        if self.output not in self.names:
            return
        stack: list[tuple[str, ...]] = [(self.output,)]
        while stack:
            names = stack.pop()
            if names[-1] == target:
                yield names
                continue
            stack.extend((*names, r) for r in reversed(self.program.blocks[names[-1]].reads) if r in self.names)
