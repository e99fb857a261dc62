"""JAX: a jaxpr as a program, equation by equation; its blocks are what the function's source assigns."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symchain.errors import Place, SymchainError, UnsupportedError
from symchain.support.notation import Phrase
from symchain.tracing.arrays import Condition, Traced
from symchain.tracing.numpy import NUMPY
from symchain.tracing.primitives import PRIMITIVES, WHOLE, library_name, reduced
from symchain.tracing.recording import Recording, words
from symchain.tracing.records import Tables, read_records
from symchain.tracing.sizes import Size, located
from symchain.tracing.structure import called, traced

RECORDS = read_records("""
integer_pow(x, y) = x**y
logistic(x) = sigmoid(x)
erf_inv(x) = erfinv(x)
igamma(a, x) = gammainc(a, x)
igammac(a, x) = gammaincc(a, x)
bessel_i0e(x) = i0e(x)
bessel_i1e(x) = i1e(x)
rem(x, y) = fmod(x, y)
add_any(x, y) = x + y
round(x, rounding_method=1) = round(x)
triangular(x) = x
""")
"""Primitives that are a formula and have another name here; a parameter of the equation is a keyword."""

SAME = words("convert_element_type copy copy_p real reduce_precision optimization_barrier sharding_constraint device_put pvary")
_REDUCED = dict(pair.split() for pair in words("reduce_sum sum, reduce_max max, reduce_min min, reduce_prod prod", ", "))
_NESTED = words("jit pjit custom_jvp_call custom_vjp_call custom_vjp_call_jaxpr closed_call core_call remat remat2 checkpoint")
_RUNNING = words("cumsum cumprod cummax cummin")
_ORDERS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_BINARY = dict(
    pair.split() for pair in words("add add, sub subtract, mul multiply, div true_divide, pow power_of, max maximum, min minimum", ", ")
)


Named = Callable[[Any], tuple[str, "Place | None", tuple[int, int]]]
"""The name, the place, and the line and the instruction of an equation."""




class Equations:
    """The work on one jaxpr: each equation's value from those of its operands."""

    def __init__(self, recording: Recording, named: Named) -> None:
        self.recording, self.named = recording, named
        self.held: list[Any] = []
        self._last: tuple[str, tuple[int, int], Any] | None = None

    def run(self, jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
        values: dict[Any, Any] = {}
        values.update(zip(jaxpr.constvars, map(_array, constants), strict=True))
        values.update(zip(jaxpr.invars, arguments, strict=True))

        def read(atom: Any) -> Any:
            return _array(atom.val) if hasattr(atom, "val") else values[atom]

        for equation in jaxpr.eqns:
            title, place, position = self.named(equation)
            self.recording.where = lambda place=place: place  # type: ignore[misc]
            operands = [read(a) for a in equation.invars]
            try:
                results = self._results(equation, operands)
            except SymchainError as error:
                raise located(error, self.recording) from None
            for variable, result in zip(equation.outvars, results, strict=True):
                values[variable] = result
            if title and len(results) == 1 and isinstance(results[0], Traced) and not results[0].value.is_input:
                self._called(title, position, results[0].value)
        return [read(a) for a in jaxpr.outvars]

    def _called(self, title: str, position: tuple[int, int], value: Any) -> None:
        """Give a value the name that its statement assigns; the value before it, of the same run of that statement, has it no more."""
        before = self._last
        if before is not None and before[0] == title and before[1][0] == position[0] and before[1][1] <= position[1]:
            before[2].name = ""
        value.name = title
        self._last = title, position, value

    def _results(self, equation: Any, operands: Sequence[Any]) -> Sequence[Any]:
        word, parameters = equation.primitive.name, equation.params
        if word in _NESTED:
            inner = parameters.get("jaxpr", parameters.get("call_jaxpr", parameters.get("fun_jaxpr")))
            own = getattr(inner, "jaxpr", inner)
            known = WHOLE.get(library_name(own))
            if known is not None:
                return _several(known(self.recording, own, operands))
            return self.run(own, getattr(inner, "consts", ()), operands)
        fixed = all(isinstance(d, int) for v in equation.outvars for d in getattr(v.aval, "shape", ()))
        if fixed and not any(isinstance(o, Traced | Condition | Size) for o in operands) and word != "dim_as_value":
            made = equation.primitive.bind(*operands, **parameters)
            return [np.asarray(m) for m in (made if equation.primitive.multiple_results else [made])]
        if word == "cond" and isinstance(operands[0], np.ndarray):  # a choice that is known, such as that of the platform
            chosen = parameters["branches"][int(operands[0])]
            return self.run(chosen.jaxpr, chosen.consts, operands[1:])
        if word in ("while", "scan", "cond"):
            advice = "Leave loops to Python, over numbers, or write the program with an index: h[t] = ... for t in 1..T."
            raise UnsupportedError(f"{word} of JAX: control flow", advice=advice)
        if word == "stop_gradient":
            held = self.recording.again(traced(self.recording, operands[0]).phrase)
            self.held.append(held)
            return [held]
        return _several(self._value(word, parameters, operands, equation))

    def _value(self, word: str, parameters: Mapping[str, Any], operands: Sequence[Any], equation: Any) -> Any:
        recording = self.recording
        if word in SAME:
            x = operands[0]
            return x.number if isinstance(x, Condition) and parameters.get("new_dtype") != np.dtype(bool) else x
        if word in PRIMITIVES:
            return PRIMITIVES[word](recording, parameters, *operands)
        if word in _BINARY:
            if word in ("max", "min") and (other := _unbounded(operands)) is not None:
                return other
            return NUMPY.call(recording, _BINARY[word], operands, {})
        if word in ("eq", "ne") and all(isinstance(o, Traced) for o in operands) and operands[0].value is operands[1].value:
            return np.asarray(word == "eq")  # whether a number is nan
        if word in _ORDERS:
            return NUMPY.call(recording, equation_name(_ORDERS[word]), operands, {})
        if word in _REDUCED:
            axes = tuple(int(a) for a in parameters["axes"])
            own = traced(recording, operands[0])
            return own if not axes else recording.made(reduced(_REDUCED[word], own, axes, recording))
        if word in _RUNNING:
            own, axis = traced(recording, operands[0]), recording.phrase(int(parameters["axis"]))
            if not parameters["reverse"]:
                return recording.made(called(word, own.phrase, axis=axis))
            backward = called(word, called("flip", own.phrase, axis=axis), axis=axis)
            return recording.made(called("flip", backward, axis=axis))
        table = {"accuracy", "sharding", "out_sharding", "preferred_element_type"}
        keywords = {k: v for k, v in parameters.items() if k not in table and v is not None}
        if word in RECORDS:
            record = RECORDS[word][0]
            keywords = {k: _plain(v) for k, v in keywords.items() if k in record.parameters}
            return _TABLES.call(recording, word, operands, keywords)
        return _TABLES.call(recording, word, operands, keywords)


def equation_name(symbol: str) -> str:
    return {">": "greater", ">=": "greater_equal", "<": "less", "<=": "less_equal", "==": "equal", "!=": "not_equal"}[symbol]


def _plain(value: Any) -> Any:
    return int(value) if hasattr(value, "__int__") else value


def _several(made: Any) -> Sequence[Any]:
    return made if isinstance(made, tuple | list) and not isinstance(made, Phrase) else [made]


def _array(value: Any) -> Any:
    return np.asarray(value)


def _unbounded(operands: Sequence[Any]) -> Any:
    """The other operand of a maximum with -inf, or a minimum with inf; None where there is none."""
    for k, o in enumerate(operands):
        if isinstance(o, np.ndarray) and np.isinf(o).all():
            return operands[1 - k]
    return None


_TABLES = Tables("jax", RECORDS, {}, forms=False)




# ---------------------------------------------------------------- names


def assigned_names(code: Any) -> Named:
    """What the source of a function calls the value of an equation: the one name that its statement assigns, and the place.

    Several equations come of one statement; the last of them keeps the name, for each takes it from the one before.
    """
    lines = linecache.getlines(code.co_filename) if code is not None else []
    targets: list[tuple[tuple[int, int], tuple[int, int], str]] = []  # from where to where a statement goes, and its name
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        tree = ast.Module([], [])
    for node in _body(tree, code):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and (title := _target(node)):
            end = node.end_lineno or node.lineno, node.end_col_offset or 0
            targets.append(((node.lineno, node.col_offset), end, title))

    spots = list(code.co_positions()) if code is not None else []

    def named(equation: Any) -> tuple[str, Place | None, tuple[int, int]]:
        traceback = getattr(getattr(equation, "source_info", None), "traceback", None)
        if traceback is None or code is None:
            return "", None, (0, 0)
        for own, instruction in zip(*traceback.raw_frames(), strict=True):
            if own is code:
                line, last, column, end = spots[instruction // 2]
                if line is None:
                    break
                width = max(1, end - column) if last == line and end is not None and column is not None else 1
                spot = line, column or 0
                title = next((t for start, stop, t in targets if start <= spot <= stop), "")
                return title, Place(line, (column or 0) + 1, width), (line, instruction)
        return "", None, (0, 0)

    return named


def _body(tree: ast.Module, code: Any) -> list[ast.AST]:
    """What the text of a function holds; a lambda assigns nothing, and the statement around it is not its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and code is not None and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return [inner for statement in node.body for inner in ast.walk(statement)]
    return []


def _target(node: Any) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""
