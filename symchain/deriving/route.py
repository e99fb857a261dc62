"""The route from an output to some names: the blocks on it, and the paths through them, counted and listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
        self.blocks = [b for b in program.blocks.values() if b.name in self.names]

    def reads(self, block: Block) -> list[str]:
        """The names a block reads on the way, in order."""
        known = self.program.leaves
        for found in leaves(block.tree):  # a name with other facts would be another node, and its derivative a silent zero
            if found is not known[found.name]:
                raise VerificationError(f"{block.name} reads a {found.name} that is not the program's", advice="Please report this.")
        return [r for r in block.reads if r in self.names]

    def towards(self, target: str) -> Route:
        """The route to one name alone."""
        return self if self.targets == (target,) else Route(self.program, self.output, [target])

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
