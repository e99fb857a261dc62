"""How a derivation begins: its title, what is computed, which name moves and which stay fixed, the shapes that follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from symchain.nouns.computation import Block, Computation, ancestors, dependents
from symchain.nouns.derivation import Derivation
from symchain.nouns.networks import Network
from symchain.render.maps import arrays, gradient_shapes
from symchain.render.subjects import NAMES, derivative, names, some
from symchain.support.document import Axes, Count, Field, Formula, Function, Listing, Relation, Say
from symchain.support.notation import Phrase, name, walk

T = TypeVar("T")

SHOWN = 40
"""Tables and lists longer than this are cut, with a sentence saying so, unless a single line is left."""
COUNTED = 4
"""Up to so many layers are counted in words."""


def cut(items: Sequence[T]) -> tuple[Sequence[T], int]:
    """The items that are shown, and how many are not."""
    return (items, 0) if len(items) <= SHOWN + 1 else (items[:SHOWN], len(items) - SHOWN)


def title(members: Sequence[Derivation], several: bool, others: Mapping[str, Phrase]) -> Say:
    derivatives = [*(Formula(derivative(d)) for d in members), *map(Formula, others.values())]
    if several:
        return Say("title.several", {"derivatives": some(derivatives)})
    return Say("title.second" if members[0].order == 2 else "title.derivation", {"derivative": derivatives[0]})


def computation(blocks: Sequence[Block], network: Network | None) -> tuple[Say, Say]:
    """What stands before the forward table, and the same computation as one sentence."""
    written = [Relation((Formula(name(b.name)), Formula(b.phrase))) for b in blocks]
    if network is None:
        return Say("computation.table"), Say("computation.inline", {"definitions": Listing(tuple(written))})
    layers = len(network.layers)
    kind = Say(f"network.{layers}") if layers <= COUNTED else Say("network.many", {"count": Count(layers)})
    table = Say("network.table", {"network": kind, "cost": Formula(name(network.cost))})
    return table, Say("network.inline", {"network": kind, "definitions": Listing(tuple(written[:-1])), "cost": written[-1]})


def opening(
    members: Sequence[Derivation],
    others: Iterable[str],
    program: Computation,
    output: str,
    blocks: Sequence[Block],
    network: Network | None,
) -> tuple[Say, ...]:
    """The sentences before the first section; `others` are names that it is differentiated by too."""
    said = [_variable(list(dict.fromkeys([*(d.wrt for d in members), *others])), program, output, network)]
    shapes = arrays(program)
    said += _unknown(program, blocks)
    gradients = [d for d in members if d.shape and d.order == 1 and d.shape == shapes[d.wrt]]
    if len(gradients) > 1:
        listed = gradient_shapes([(Formula(derivative(d)), d.shape) for d in gradients[:NAMES]])
        said.append(Say("shape.gradients", {"derivatives": listed}))
    for d in members:
        if d.shape and not (len(gradients) > 1 and d in gradients):
            said.append(_shape(d, program))
    live = [d for d in members[:NAMES] if d.order == 1 and not d.zero_reason]
    if any(f.shape and f.output != output for d in live for f in islice(d.factors.values(), SHOWN)):
        said.append(Say("layout.jacobian") if shapes[output] else Say("layout.maps", {"output": Formula(name(output))}))
    return tuple(said[: NAMES + 2])


def _unknown(program: Computation, blocks: Sequence[Block]) -> Iterator[Say]:
    """How derivatives are written that nobody knows: with primes, or by the number of the argument."""
    unknown = unknown_functions(program, blocks)
    calls = {p.text: p for b in blocks for p in walk(b.phrase) if p.head == "call" and len(p.parts) > 1 and p.text in unknown}
    alone = [f for f in unknown if f not in calls]
    if alone:
        key = "functions.abstract" if len(alone) == 1 else "functions.abstract_many"
        yield Say(key, {"functions": some([Function(f, True) for f in alone])})
    if calls:
        first = next(iter(calls.values()))
        example = replace(first, primes=(1, *(0,) * (len(first.parts) - 1)))
        listed = some([Function(f, True) for f in calls])
        yield Say("functions.partial", {"functions": listed, "example": Formula(example)})


def unknown_functions(program: Computation, blocks: Sequence[Block]) -> list[str]:
    """The functions whose derivative nobody knows."""
    called = dict.fromkeys(p.text for b in blocks for p in walk(b.phrase) if p.head == "call")
    return [f for f in called if f in program.functions and binding(program, f) is None]


def binding(program: Computation, function: str) -> str | None:
    """The registered function that a name of the program stands for."""
    bound = program.functions.get(function)
    bound = getattr(bound, "binding", bound)
    return None if bound is None else getattr(bound, "name", str(bound))


def _variable(wanted: Sequence[str], program: Computation, output: str, network: Network | None) -> Say:
    fields: dict[str, Field] = {} if network else {"output": Formula(name(output))}
    if len(wanted) != 1:
        return _said("several", network, {**fields, "wrt": names(wanted)})
    (wrt,) = wanted
    moving, above = dependents(program, wrt), ancestors(program, output)
    between = [b for b in program.blocks.values() if b.name in moving and b.name in above and b.name != wrt]
    fixed = list(dict.fromkeys(n for b in between for n in b.reads if n not in moving))
    if network is None:
        fields["wrt"] = Formula(name(wrt))
    else:
        fields["role"] = _role(wrt, program, network)
        fixed.sort(key=lambda n: n in network.parameters)  # the data first
    if fixed:
        fields["fixed"] = names(fixed)
    return _said("alone" if not fixed else "fixed_one" if len(fixed) == 1 else "fixed_many", network, fields)


def _said(key: str, network: Network | None, fields: Mapping[str, Field]) -> Say:
    return Say(f"variable.{key}" if network is None else f"trained.{key}", fields)


_OF_RANK = {("weight", 1): "weight_vector", ("weight", 2): "weight_matrix", ("bias", 1): "bias_vector"}


def _role(wrt: str, program: Computation, network: Network) -> Say:
    """The weight W1, the output a1 of layer 1."""
    role = network.roles.get(wrt)
    fields: dict[str, Field] = {"name": Formula(name(wrt))}
    if role is None:
        return Say("role.plain", fields)
    if role.part in ("sum", "output"):
        fields["layer"] = str(role.layer)
    return Say(f"role.{_OF_RANK.get((role.part, len(arrays(program)[wrt])), role.part)}", fields)


def _shape(d: Derivation, program: Computation) -> Say:
    source = program.inputs.get(d.wrt) or program.blocks.get(d.wrt)
    fields: dict[str, Field] = {"derivative": Formula(derivative(d)), "wrt": Formula(name(d.wrt)), "shape": Axes(d.shape)}
    if source is not None and source.shape == d.shape:
        return Say("shape.gradient" if d.order == 1 else "shape.product", fields)
    if d.mixed:
        return Say("shape.mixed", {**fields, "output": Formula(name(d.output)), "first": Formula(name(d.first))})
    return Say("shape.second" if d.order == 2 else "shape.general", {**fields, "output": Formula(name(d.output))})
