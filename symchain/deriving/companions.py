"""Gradients that come for free: the parameters of a layered network whose derivatives the same error terms give."""

from __future__ import annotations

from symchain.deriving.sweep import Sweep
from symchain.evidence.verification import verify_all
from symchain.nouns.derivation import Derivation, Line
from symchain.nouns.networks import network_of

_TOGETHER = 6
"""Parameters of a network whose gradients are told together."""


def companions(derivation: Derivation) -> tuple[Line, ...]:
    """In a layered network, the gradients of other parameters that the adjoint lines of this one give at once; empty elsewhere."""
    program, own = derivation.program, derivation.adjoint_lines
    network = network_of(program, derivation.output)
    if network is None or derivation.order != 1 or derivation.wrt not in network.parameters:
        return ()
    named = {line.of for line in own}
    wanted = [p for layer in network.layers if layer.sum in named for p in (layer.weight, layer.bias) if p]
    if not 1 < len(wanted) <= _TOGETHER or derivation.wrt not in wanted:
        return ()
    together = Sweep(program, derivation.output, wanted).derivations(program)
    if [line.tree for line in together.adjoint_lines] != [line.tree for line in own] or not verify_all(together).held:
        return ()
    return tuple(line for name, line in together.printed.items() if name != derivation.wrt)
