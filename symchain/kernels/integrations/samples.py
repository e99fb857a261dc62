"""A plan cut in two at its sums over samples: what is summed, chunk by chunk, and what is made of the totals.

What is cut is proved from the instructions: a result is either made sample by sample, or of sums over the samples, or of neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, UnsupportedError
from symchain.kernels.facts import FACTS, Kind
from symchain.kernels.integrations.axes import SUMMED, MixedError, carried
from symchain.kernels.kernel import Input, Instruction, Output, Plan
from symchain.kernels.opcodes import OPCODES
from symchain.support.dimensions import Shape, letters, replaced

SAME, SAMPLE, TOTAL, MADE = "same for all samples", "sample by sample", "linear in sums over samples", "made of sums over samples"
_SHAPES, _SIZES = frozenset(("items", "shape")), frozenset(("count", "shift"))
"""Parameters that hold dimensions: those of a result, which may be that of the samples, and others, which may not."""


class Split:
    """The parts of a plan whose samples are counted by a letter.

    `first` gives the totals of a chunk, then the results made sample by sample; `second` makes the other results of the totals.
    Both take, after their other inputs, an array without entries whose shape holds the sizes of all letters.
    """

    def __init__(self, plan: Plan, letter: str) -> None:
        self.plan, self.letter = plan, letter
        self.axes = {k: self._axis_of(i) for k, i in enumerate(plan.inputs) if letter in letters(i.shape)}
        if not self.axes:
            raise ArgumentError(f"no input has an axis of size {letter}", advice="Name the dimension that counts the samples.")
        self.kinds: dict[int, str] = {k: SAMPLE if k in self.axes else SAME for k in range(len(plan.inputs))}
        self.places: dict[int, int] = dict(self.axes)
        self.summed: list[int] = []
        for number in plan.needed(guards=True):
            self._classify(number, plan.instruction(number))
        self.rows = [o for o in plan.outputs if self.kinds[o.value] == SAMPLE]
        self.made = [o for o in plan.outputs if self.kinds[o.value] != SAMPLE]
        self.affine = all(self.kinds[o.value] in (SAME, TOTAL) for o in self.made)
        self.first, self.second = self._first(), self._second()
        self.counts = any(s.opcode == "size" and set(letters([s.parameters[0]])) - set(plan.letters) for s in self.first.instructions)
        """Whether the first part needs to know how many samples there are in all."""

    # ------------------------------------------------------------ what each value is

    def _axis_of(self, given: Input) -> int:
        if given.shape.count(self.letter) != 1 or any(d != self.letter and self.letter in letters([d]) for d in given.shape):
            what = f"{given.name} has not one axis of {self.letter} samples"
            raise UnsupportedError(what, advice="Give samples along one axis of each input.")
        axis = given.shape.index(self.letter)
        for fact in given.facts:
            wide = FACTS[fact].axes
            if FACTS[fact].kind in (Kind.EQUATION, Kind.ENTRIES, Kind.OPEN) and axis >= len(given.shape) - wide:
                what = f"{given.name} is declared {fact}, which is about all samples together"
                raise UnsupportedError(what, advice=f"Declare it of another axis than {self.letter}.")
        return axis

    def _shape(self, value: int) -> Shape:
        return self.plan.inputs[value].shape if value < len(self.plan.inputs) else self.plan.instruction(value).shape

    def _classify(self, number: int, step: Instruction) -> None:
        words = OPCODES[step.opcode].parameters
        if (_SHAPES | _SIZES).intersection(words):
            allowed = sum(w in _SHAPES for w in words) if self.letter in step.shape else 0
            if self._mentions(step.parameters) > allowed:
                raise self._mixed(step)  # a place or a shift that depends on how many samples there are
        if step.opcode == "size" and self.letter in letters([replaced(step.parameters[0], self.letter, 1)]):
            raise self._mixed(step)  # minimum(n, 5)
        kinds = [self.kinds[v] for v in step.operands]
        long = [k for k, d in enumerate(step.shape) if self.letter in letters([d])]
        if SAMPLE not in kinds:
            kind = MADE if MADE in kinds else TOTAL if TOTAL in kinds else SAME
            if kind == TOTAL and not self._linear(step, kinds):
                kind = MADE
            if long:  # the same for all samples, repeated: zeros(n), ones(n)
                if kind != SAME or step.opcode not in ("broadcast", "embed") or not self._repeats(step, long):
                    raise self._mixed(step)
                kind, self.places[number] = SAMPLE, long[0]
            self.kinds[number] = kind
            return
        if TOTAL in kinds or MADE in kinds:
            what = f"{self._where(step)} needs a sum over all samples before it goes on sample by sample"
            raise UnsupportedError(what, advice="Samples cannot go by once; work that sum out first and give it as an input.")
        shapes = [self._shape(v) for v in step.operands]
        try:
            place = carried(step, shapes, [self.places.get(v) for v in step.operands], self.letter)
        except MixedError:
            raise self._mixed(step) from None
        if place == SUMMED:
            if long or any(self.letter in letters([p]) for p in step.parameters if isinstance(p, (int, str)) and step.opcode == "scatter"):
                raise self._mixed(step)
            self.kinds[number] = TOTAL
            self.summed.append(number)
        elif long != [place] or step.shape[place] != self.letter:
            raise self._mixed(step)
        else:
            self.kinds[number], self.places[number] = SAMPLE, place

    def _mentions(self, parameters: Any) -> int:
        """In how many dimensions the letter of the samples is named."""
        if isinstance(parameters, tuple):
            return sum(map(self._mentions, parameters))
        return int(isinstance(parameters, str) and self.letter in letters([parameters]))

    def _linear(self, step: Instruction, kinds: Sequence[str]) -> bool:
        if OPCODES[step.opcode].linear == "each":
            return kinds.count(TOTAL) == 1
        return OPCODES[step.opcode].linear == "together" or (step.opcode == "divide" and kinds[1] == SAME)

    def _repeats(self, step: Instruction, long: Sequence[int]) -> bool:
        """Whether the one long axis repeats a value, which has no entries of its own along it."""
        if len(long) != 1 or step.shape[long[0]] != self.letter:
            return False
        return step.opcode == "broadcast" or step.parameters[0].count(step.parameters[0][long[0]]) == 1

    def _where(self, step: Instruction) -> str:
        return f"{step.block}" if step.block else "the program"

    def _mixed(self, step: Instruction) -> UnsupportedError:
        name = step.parameters[0] if step.opcode == "call" else step.opcode
        what = f"{self._where(step)} is no sum or mean over the samples of {self.letter}: {name} reads several of them together"
        return UnsupportedError(what, advice="Give all samples in one call.")

    # ------------------------------------------------------------ the two plans

    @property
    def _sizes(self) -> Input:
        name = "sizes"
        while any(i.name == name for i in self.plan.inputs):
            name += "_"
        return Input(name, (0, *self.plan.letters))

    def sizes(self, known: Sequence[int]) -> Any:
        """What tells a part the sizes of the letters: an array of no entries."""
        return np.empty((0, *known))

    def _first(self) -> Plan:
        """Totals and results sample by sample; n is how many samples there are in all, where it is a number."""
        whole = self.letter + "_"
        while whole in self.plan.letters:
            whole += "_"
        sizes = self._sizes
        given = Input(sizes.name, tuple(whole if d == self.letter else d for d in sizes.shape))
        wanted = [*self.summed, *(o.value for o in self.rows)]
        outputs = [Output("value" if not k else "gradient", () if not k else (str(k),), v, self._shape(v)) for k, v in enumerate(wanted)]
        guarded = [g for g in self.plan.guards if {self.kinds[v] for v in (g.value, g.other) if v is not None} <= {SAMPLE, SAME}]
        steps = {n: s for n, s in self._steps(wanted, guarded).items() if self.kinds[n] in (SAME, SAMPLE) or n in self.summed}
        renamed = {n: self._whole(s, whole) for n, s in steps.items()}
        return _plan([*enumerate(self.plan.inputs)], given, renamed, outputs, (*self.plan.letters, whole), guarded)

    def _whole(self, step: Instruction, letter: str) -> Instruction:
        if step.opcode != "size":
            return step
        return replace(step, parameters=(replaced(step.parameters[0], self.letter, letter),))

    def _second(self) -> Plan:
        """The other results, of the totals and of the inputs that are the same for all samples."""
        inputs = [(k, i) for k, i in enumerate(self.plan.inputs) if k not in self.axes]
        taken = {i.name for i in self.plan.inputs}
        for k, value in enumerate(self.summed):
            name = f"total {k}"
            while name in taken:
                name += "_"
            inputs.append((value, Input(name, self._shape(value))))
        outputs = [Output("value" if not k else "gradient", () if not k else (str(k),), o.value, o.shape) for k, o in enumerate(self.made)]
        steps = {n: s for n, s in self._steps([o.value for o in self.made], []).items() if self.kinds[n] != SAMPLE and n not in self.summed}
        return _plan(inputs, self._sizes, steps, outputs, self.plan.letters, [])

    def _steps(self, wanted: Sequence[int], guards: Sequence[Any]) -> dict[int, Instruction]:
        used = {*wanted, *(v for g in guards for v in (g.value, g.other) if v is not None)}
        found = {}
        for number in range(len(self.plan.inputs) + len(self.plan.instructions) - 1, len(self.plan.inputs) - 1, -1):
            if number in used:
                found[number] = self.plan.instruction(number)
                if wanted is not None and not (number in self.summed and number not in wanted):
                    used.update(found[number].operands)
        return dict(sorted(found.items()))


def _plan(inputs: Any, sizes: Input, steps: Any, outputs: Sequence[Output], names: Sequence[str], guards: Sequence[Any]) -> Plan:
    """A plan of these steps, whose values are numbered anew."""
    number = {old: new for new, (old, _) in enumerate(inputs)}
    for k, old in enumerate(steps):
        number[old] = len(inputs) + 1 + k
    instructions = [replace(s, operands=tuple(number[v] for v in s.operands)) for s in steps.values()]
    results = [replace(o, value=number[o.value]) for o in outputs]
    kept = [replace(g, value=number[g.value], other=None if g.other is None else number[g.other]) for g in guards]
    return Plan((*(i for _, i in inputs), sizes), tuple(names), tuple(instructions), tuple(results), 1, False, tuple(kept))


__all__ = ["MADE", "SAME", "SAMPLE", "TOTAL", "Split"]
