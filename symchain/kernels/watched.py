"""Small calls of array programs, whose entries are asked for lost digits; what has doubts is compared with numbers of more digits.

Where the machine has longer floats the same code over those tells quickly that the results are right all the same, which they mostly
are: an entry that has lost digits counts little beside others. Where they are not, or nothing is told, everything is worked out again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from symchain.kernels.arraydigits import LABOUR, labour
from symchain.kernels.kernel import Plan
from symchain.kernels.primitives import parts

WIDER = np.longdouble if np.finfo(np.longdouble).nmant >= 63 and np.finfo(np.longdouble).maxexp > 1024 else None
_AGREED = 1e-13
_OF_ANY_TYPE = (
    "exp exp2 expm1 log log1p log2 log10 sqrt cbrt square abs sign sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh "
    "arctanh maximum minimum hypot arctan2 copysign logaddexp power + - * / ** neg where < <= > >= == !="
)
_ANY_TYPE = frozenset(_OF_ANY_TYPE.split())
"""What NumPy computes with the digits of its arguments, however many."""
_EXACT = frozenset(("add", "subtract", "multiply", "divide", "negative", "power", "sqrt", "compare", "where", "view", "drop", "broadcast"))
_LIKEWISE = _EXACT | {"sum", "matmul", "inner", "tensordot", "einsum", "index", "reshape", "concatenate", "flip", "roll", "diagonal"}


class Watched:
    """The code of a plan that tells whether entries of arrays may have lost digits."""

    def __init__(self, plan: Plan, code: Callable[..., Any]) -> None:
        self.plan = plan
        self.code = code
        self._small: dict[tuple[int, ...], bool] = {}

    def is_small(self, lengths: Sequence[int]) -> bool:
        """Whether a call with these sizes is one of those that are worked out again."""
        key = tuple(lengths)
        if key not in self._small:
            self._small[key] = labour(self.plan, key) <= LABOUR
        return self._small[key]

    @cached_property
    def _has_more_digits(self) -> bool:
        """Whether longer floats make all of it more precise: no constant is rounded to float64, no function computed in it."""
        if WIDER is None or any(i.integer for i in self.plan.inputs):
            return False
        steps = [self.plan.instruction(n) for n in self.plan.needed()]
        return all(
            (s.opcode == "constant" and len(s.parameters) == 1 and s.parameters[0] not in ("pi", "-pi"))
            or (s.opcode == "call" and all(part[0] in _ANY_TYPE for part in parts(s.parameters[1])))
            or s.opcode in _LIKEWISE
            for s in steps
        )

    def agrees(self, values: Sequence[Any], lengths: Sequence[int], results: Sequence[Any]) -> bool:
        """Whether longer floats give the same, without doubts of their own."""
        if not self._has_more_digits:
            return False
        assert WIDER is not None
        try:
            with np.errstate(all="ignore"):
                found = list(self.code(*(np.asarray(v, WIDER) for v in values), *lengths, WIDER))
        except (TypeError, ValueError, IndexError):
            return False
        count = len(self.plan.outputs)
        with np.errstate(all="ignore"):
            return all(found[count:]) and all(map(_are_near, results, found[:count]))


def _are_near(few: Any, many: Any) -> bool:
    return bool(np.asarray(many).dtype == WIDER and np.all(np.abs(few - many) <= _AGREED * np.abs(many)))
