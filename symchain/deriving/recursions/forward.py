"""Forward sensitivities: the derivatives of trajectories and other arrays by what all steps share, carried forward beside the values.

With h[t] = F(h[t-1], theta), the derivative S[t] of h[t] by theta is S[t] = dF/dh S[t-1] + dF/dtheta: one recursion for all outputs,
where the way back would need one for each.
"""

from __future__ import annotations

from symchain.deriving.recursions.frames import Frames
from symchain.deriving.recursions.results import needed_for
from symchain.deriving.recursions.tangents import carried, rates_of
from symchain.errors import UnsupportedError
from symchain.language.wanted import Wanted
from symchain.nouns.computation import Computation
from symchain.nouns.families import PLAIN, RANGE, START, Clause
from symchain.nouns.recursion import RangedLine, Recursion
from symchain.tensors.nodes import zeros


def forward(program: Computation, output: str, wanted: Wanted) -> Recursion:
    """The derivative of a family or of an array by a name that no index has. Raises UnsupportedError for members and families."""
    if wanted.kind != "plain":
        what = f"derivatives of {output} by {wanted.name} are not derived: {output} is not a scalar, and {wanted.base} is a family"
        raise UnsupportedError(what, advice="Ask for the derivative by a name without an index, or of a scalar.")
    if program.recurrence is not None and wanted.base in program.recurrence.rows:
        what = f"derivatives of {output} by {wanted.base}, of which lines read rows, are not derived"
        raise UnsupportedError(what, advice="Ask for the derivative by a name without an index, or of a scalar.")
    made, rates = carried(program, wanted)
    rate = rates.get(output, "")
    origin = {own: n for n, own in rates.items()}
    assert made.recurrence is not None
    frames = Frames(made.recurrence, made.dimensions)
    if not rate or not any(c.name == rate for c in made.recurrence.clauses):
        shape = program.blocks[output].shape if output in program.blocks else program.families[output].shape
        tree = zeros((*shape, *program.leaves[wanted.base].shape))
        line = RangedLine(f"d{output}_d{wanted.base}", tree, frames.phrase(tree), tree.shape, "derivative", wanted.name)
        return Recursion(program, output, wanted.name, wanted, (line,), frames, source=program, forward=True)
    clauses = needed_for({rate}, rates_of(made, program), frames)
    told = [c for c in clauses if c.kind in (PLAIN, START, RANGE)]
    lines = [_line(c, "derivative" if c.name == rate else "value", origin[c.name], frames) for c in told]
    return Recursion(made, output, wanted.name, wanted, tuple(lines), frames, source=program, forward=True)


def _line(clause: Clause, role: str, of: str, frames: Frames) -> RangedLine:
    written = frames.phrase(clause.tree, (clause.var,) if clause.var else ())
    ends = (clause.var, clause.low, clause.high) if clause.var else ("", None, None)
    return RangedLine(clause.name, clause.tree, written, clause.shape, role, of, clause.index, *ends)
