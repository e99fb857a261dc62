"""What the factors of a derivation make when they are multiplied as they stand: before anything is simplified."""

from __future__ import annotations

from collections.abc import Sequence

from symchain.deriving.closed_forms import as_it_stands
from symchain.deriving.entries import by_entries_of
from symchain.deriving.route import Route
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Line, Path
from symchain.rewriting import simplify
from symchain.rules.accumulation import accumulate
from symchain.rules.reverse import pullback
from symchain.tensors.nodes import ONE, Tree, add, contract, multiply_scalars

PATHS_WRITTEN = 4
FACTORS_WRITTEN = 32
"""Up to so many paths, and factors on them, the sum of their products is written out."""
_CARRIED_SIZE = 400
"""Products between arrays are written out up to so many nodes."""


def product_of(route: Route, paths: Sequence[Path]) -> Tree | None:
    """The sum over the paths to one name of the products of their factors, as they stand; None where it is long.

    Between arrays a factor is a map, and the product is what the maps make of the output's derivative by itself.
    """
    if not paths or len(paths) > PATHS_WRITTEN or sum(len(p.factors) for p in paths) > FACTORS_WRITTEN:
        return None
    if not any(f.shape for p in paths for f in p.factors):
        return add([multiply_scalars([f.shown for f in p.factors if f.shown is not ONE]) for p in paths])
    return None if route.lead else _mapped(route)


def _mapped(route: Route) -> Tree | None:
    (target,) = route.targets
    program = route.program
    long = False

    def send(name: str, adjoint: Tree) -> list[tuple[str, Tree]]:
        nonlocal long
        block = program.blocks[name]
        wanted = {program.leaves[r]: r for r in route.reads(block)}
        sent = {} if long else pullback(block.tree, adjoint, 0, wanted, as_it_stands)
        long = long or sum(t.size for t in sent.values()) > _CARRIED_SIZE
        return [] if long else [(read, sent[own]) for own, read in wanted.items()]

    inner = [b.name for b in reversed(route.blocks) if b.name != target]
    found = accumulate(inner, route.output, ONE, lambda _, terms: add(terms), send)
    return None if long else by_entries_of(program, target, found[target], 0, as_it_stands)


def carried(local: Tree, adjoint: Tree, lead: int = 0) -> Tree:
    """A local derivative as a map: what the input receives from the output's adjoint (W2.T @ delta_z2).

    The first `lead` axes of the adjoint are those of the program's output; the sum runs over what both share.
    """
    kept = [("lead", k) for k in range(lead)]
    shared = [("output", k) for k in range(len(adjoint.shape) - lead)]
    rest = [("input", k) for k in range(len(local.shape) - len(shared))]
    return simplify(contract([adjoint, local], [kept + shared, shared + rest], kept + rest))


def arrived(program: Computation, line: Line) -> Tree | None:
    """What the users of a line's block send back, carried through their blocks as they stand; None where that is long, or nothing."""
    if not line.received or sum(program.blocks[user].tree.size + adjoint.size for user, adjoint in line.received) > _CARRIED_SIZE:
        return None
    target = program.leaves[line.of]
    sent = [pullback(program.blocks[user].tree, adjoint, 0, [target], as_it_stands)[target] for user, adjoint in line.received[::-1]]
    return by_entries_of(program, line.of, add(sent), 0, as_it_stands)
