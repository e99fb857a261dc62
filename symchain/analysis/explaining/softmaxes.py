"""The softmax: why its derivative is diag(p) - p p'."""

from __future__ import annotations

from symchain.analysis.explaining.words import named, partial, say
from symchain.nouns.computation import Block, Computation
from symchain.render.maps import arrays
from symchain.support.document import Field, Formula, Members, Relation, Say
from symchain.support.notation import Phrase, call, name
from symchain.tensors.indexform import element, letters, letters_for, names_in, summed
from symchain.tensors.nodes import Leaf, Operation, Tree


def _is_softmax(tree: Tree) -> bool:
    return isinstance(tree, Operation) and tree.operation.name == "softmax"


def softmax(program: Computation, block: Block, by: Leaf) -> list[Say]:
    """Numerator, denominator, and what the sum of one means; nothing for other lines."""
    tree = block.tree
    if not _is_softmax(tree) or tree.args[0] is not by:
        return []
    assert isinstance(tree, Operation)
    source = letters({*arrays(program), *names_in(tree)})
    at = [name(i) for i in letters_for(block.shape, source)]
    axis = tree.parameters[0]
    running = name(next(source))
    there = [*at]
    there[axis] = running
    p, z = name(block.name), name(by.name)
    entry, own, other = element(p, at), element(z, at), element(z, there)
    below = summed(call("exp", other), [(running.text, block.shape[axis])])
    ratio = Phrase("mul", (call("exp", own), Phrase("over", (below,))))
    written = Relation((Formula(entry), Formula(ratio)))
    batch = [i for k, i in enumerate(at) if k != axis]
    rate = Formula(Phrase("mul", (entry, element(p, there))))
    mine: dict[str, Field] = {"own": Formula(own), "block": named(block.name), "wrt": named(by.name), "other": Formula(other)}
    if batch:
        mine["batch"] = Members(tuple(map(Formula, batch)))
        return [
            say("softmax_entry_batch", entry_equation=written, **mine),
            say("softmax_numerator_batch", entry=Formula(entry), **mine),
            say("softmax_denominator_batch", entry=Formula(entry), rate=rate, **mine),
            say("softmax_sum_batch", **mine),
        ]
    diagonal, outer = call("diag", p), Phrase("neg", (call("outer", p, p),))
    return [
        say("softmax_entry", entry_equation=written, **mine),
        say("softmax_numerator", entry=Formula(entry), matrix=Formula(diagonal), **mine),
        say("softmax_denominator", entry=Formula(entry), rate=rate, matrix=Formula(outer), **mine),
        say("softmax_sum", derivative=Formula(partial(block.name, by.name)), **mine),
    ]
