"""Explaining: why a derivative is what it is, for someone who is learning it.

A local derivative is told term by term; a whole gradient by its paths. Everything is computed here as data: keys of sentences
with formulas and numbers as fields; wording and rendering say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symchain.analysis.explaining.arrays import Local
from symchain.analysis.explaining.contrasts import compared, constant, held, unmoved
from symchain.analysis.explaining.examples import example
from symchain.analysis.explaining.gradients import Whole, itself, unrelated
from symchain.analysis.explaining.scalars import tell
from symchain.analysis.explaining.words import equation, named, names, partial, say, shaped
from symchain.deriving.sweep import Sweep
from symchain.nouns.computation import Block, Computation, ancestors
from symchain.nouns.derivation import Factor
from symchain.nouns.explanation import Explanation
from symchain.render.maps import arrays, is_plain
from symchain.support.document import Field, Formula, Say
from symchain.support.notation import name, operations
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import postorder

_SHORT = 8
"""A derivative of more operations does not go into the title."""


def explain(program: Computation, output: str, wrt: str, lang: str = "en", at: Mapping[str, Any] | None = None) -> Explanation:
    """Why the derivative of a block by a name is what it is.

    Where the block reads the name and nothing else that depends on it, the local derivative is the whole one and is explained term
    by term; else the whole gradient, path by path.
    """
    ranks = {n: len(s) for n, s in arrays(program).items()}
    ranks[f"delta_{output}"] = ranks[output]
    if output == wrt:
        return itself(program, output, lang, ranks)
    if wrt in program.blocks[output].reads and not held(program, output, wrt):
        return _local(program, program.blocks[output], wrt, lang, at, ranks)
    if wrt not in ancestors(program, output):
        return unrelated(program, output, wrt, lang, ranks)
    return Whole(program, output, wrt).explanation(lang, at, ranks)


def _local(program: Computation, block: Block, wrt: str, lang: str, at: Mapping[str, Any] | None, ranks: Mapping[str, int]) -> Explanation:
    factors = Sweep(program, block.name, [wrt]).factors
    factor = factors.factor(block.name, wrt)
    by = program.leaves[wrt]
    remarks = [_opening(program, block, wrt)]
    if any(n.shape for n in postorder(block.tree)):
        local = Local(program, block, by, factor)
        remarks += local.told()
        title = _title(block, factor, local)
    else:
        remarks += tell(program, block, by, factor)
        title = _title(block, factor, None)
    shown, _ = example(program, block.name, wrt, [(factor.name, factor.tree)], at)
    still = unmoved(program, block, wrt)
    rows = tuple(compared(program, block, wrt, factors))
    closing = tuple(constant(block, wrt, still))
    return Explanation(program, block.name, wrt, title, tuple(remarks), tuple(shown), say("compare"), rows, closing, lang, ranks)


def _opening(program: Computation, block: Block, wrt: str) -> Say:
    shapes = arrays(program)
    fixed = [r for r in block.reads if r != wrt]
    key = "opening" if not fixed else "opening_one" if len(fixed) == 1 else "opening_many"
    fields: dict[str, Field] = {
        "definition": equation(name(block.name), block.phrase), "shaped": shaped(block.shape), "wrt": named(wrt),
        "wrt_shaped": shaped(shapes[wrt], inside=True),
    }  # fmt: skip
    if fixed:
        fields["fixed"] = names(fixed)
    else:
        fields["wrt_shaped"] = shaped(shapes[wrt], inside=True)
    return say(key, **fields)


def _title(block: Block, factor: Factor, local: Local | None) -> Say:
    symbol = partial(factor.output, factor.input)
    phrase = factor.phrase
    is_matrix = local is not None and local.back is not None and phrase.head == "name"  # W: says little, W.T @ delta_z more
    if operations(phrase) <= _SHORT and is_plain(phrase) and len(factor.shape) <= 2 and not is_matrix:
        return say("title", equation=equation(symbol, phrase))
    if local is not None and local.back is not None:
        back = phrase_of(local.back)
        if operations(back) <= _SHORT and is_plain(back):
            return say("title_back", block=named(block.name), back=Formula(back), wrt=named(factor.input))
    return say("title_plain", derivative=Formula(symbol))


__all__ = ["Explanation", "explain"]
