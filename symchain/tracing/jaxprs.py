"""JAX: a jaxpr as a program, equation by equation; its blocks are what the function's source assigns."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symchain.errors import Place, ShapeError, SymchainError, UnsupportedError
from symchain.support.dimensions import Dim, Shape, add
from symchain.support.notation import Phrase, number
from symchain.tracing.arrays import Condition, Size, Traced, chosen_of, condition_of, located, sized
from symchain.tracing.numpy import NUMPY
from symchain.tracing.recording import Recording, words
from symchain.tracing.records import Tables, read_records
from symchain.tracing.structure import called, filled_with, gathered, laid_out, parted, permuted, product, spread, taken, traced, with_axis

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


MOST_ENTRIES = 64
"""Of so many entries or rows one by one a program is made; of more it would not be read."""


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
            known = _WHOLE.get(_library_name(own))
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
        if word in _PRIMITIVES:
            return _PRIMITIVES[word](recording, parameters, *operands)
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
            return own if not axes else recording.made(_reduced(_REDUCED[word], own, axes, recording))
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


def _reduced(word: str, own: Traced, axes: tuple[int, ...], recording: Recording, **keywords: Phrase) -> Phrase:
    if len(axes) == own.ndim:
        return called(word, own.phrase, **keywords)
    return called(word, own.phrase, axis=recording.phrase(axes if len(axes) > 1 else axes[0]), **keywords)


def dim_of(size: Any) -> Dim:
    """A dimension of a jaxpr's shape: JAX writes polynomials in letters as text, as we do."""
    if isinstance(size, int | np.integer):
        return int(size)
    from symchain.language.grammar import parse_expression
    from symchain.language.shapes import dimension_of

    dim = dimension_of(parse_expression(str(size).replace("^", "**")))
    if dim is None:
        raise ShapeError(f"the size {size}", advice="Give numbers in shapes= for this axis.")
    return dim


# ---------------------------------------------------------------- primitives


def _selected(recording: Recording, parameters: Any, which: Any, *cases: Any) -> Any:
    if isinstance(which, np.ndarray) and (which == which.ravel()[0]).all():
        return cases[int(which.ravel()[0])]
    if which is _ALWAYS:
        return cases[1]
    if len(cases) != 2:
        raise UnsupportedError("a choice among more than two", advice="Nest jnp.where.")
    return chosen_of(condition_of(recording, which), cases[1], cases[0])


class _Always(Condition):
    """What holds for all real numbers: that they are finite."""


def _finite(recording: Recording, parameters: Any, x: Any) -> Any:
    return _ALWAYS


_ALWAYS: Any = object.__new__(_Always)


def _spread(recording: Recording, parameters: Any, x: Any, *sizes: Any) -> Any:
    """broadcast_in_dim: the axes of x at positions of a shape. A new axis of size 1 is written None."""
    shape: Shape = tuple(dim_of(d) for d in parameters["shape"])
    if isinstance(x, Condition):
        return x if not x.shape else _spread(recording, parameters, x.number)
    own = traced(recording, x)
    positions = parameters["broadcast_dimensions"]
    if not own.ndim:
        return filled_with(recording, own, shape)
    for k in range(len(shape)):
        if k not in positions:
            own = with_axis(recording, own, k)
    return spread(recording, own, *(sized(recording, d) for d in shape))


def _dot_general(recording: Recording, parameters: Any, left: Any, right: Any) -> Any:
    ((mine, yours), (batch, others)) = parameters["dimension_numbers"]
    a, b = traced(recording, left), traced(recording, right)
    if not batch and len(mine) == 1 and a.ndim <= 2 and b.ndim <= 2 and a.ndim and b.ndim:
        if mine[0] != a.ndim - 1:
            a = a.T
        if yours[0] != 0:
            b = b.T
        if a.ndim == 2 or b.ndim <= 2:
            return product(recording, a, b)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    first = [next(letters) for _ in range(a.ndim)]
    second = [next(letters) for _ in range(b.ndim)]
    for i, j in (*zip(mine, yours, strict=True), *zip(batch, others, strict=True)):
        second[j] = first[i]
    output = [first[i] for i in batch]
    output += [x for k, x in enumerate(first) if k not in (*mine, *batch)]
    output += [x for k, x in enumerate(second) if k not in (*yours, *others)]
    return NUMPY.call(recording, "einsum", (f"{''.join(first)},{''.join(second)}->{''.join(output)}", a, b), {})


def _laid_out(recording: Recording, parameters: Any, x: Any, *sizes: Any) -> Any:
    return laid_out(recording, x, tuple(dim_of(d) for d in parameters["new_sizes"]))


def _squeezed(recording: Recording, parameters: Any, x: Any) -> Any:
    own = traced(recording, x)
    gone = {d % own.ndim for d in parameters["dimensions"]}
    return taken(recording, own, tuple(0 if k in gone else slice(None) for k in range(own.ndim)))


def _sliced(recording: Recording, parameters: Any, x: Any) -> Any:
    own = traced(recording, x)
    steps = parameters["strides"] or (1,) * own.ndim
    items = []
    for dim, start, stop, step in zip(own.dims, parameters["start_indices"], parameters["limit_indices"], steps, strict=True):
        low, high = dim_of(start), dim_of(stop)
        bounds = None if low == 0 else sized(recording, low), None if high == dim else sized(recording, high)
        items.append(slice(*bounds, None if step == 1 else step))
    return taken(recording, own, tuple(items))


def _dynamic_slice(recording: Recording, parameters: Any, x: Any, *starts: Any) -> Any:
    own = traced(recording, x)
    items = []
    for dim, start, size in zip(own.dims, starts, parameters["slice_sizes"], strict=True):
        width = dim_of(size)
        if isinstance(start, Traced | Condition):
            raise UnsupportedError("a slice that begins where values say", advice="Write it with numbers.")
        low = start.dim if isinstance(start, Size) else int(start)
        stop = add(low, width)
        items.append(slice(None) if width == dim else slice(low or None, None if stop == dim else stop))
    return taken(recording, own, tuple(items))


def _gathered(recording: Recording, parameters: Any, x: Any, indices: Any) -> Any:
    """Rows by an array of whole numbers, or one window."""
    numbers, widths = parameters["dimension_numbers"], parameters["slice_sizes"]
    own = traced(recording, x)
    if isinstance(indices, np.ndarray) and len(numbers.start_index_map) == 1:
        axis = numbers.start_index_map[0]
        others = all(dim_of(w) == d for k, (w, d) in enumerate(zip(widths, own.dims, strict=True)) if k != axis)
        if others and indices.shape == (1,) and not numbers.collapsed_slice_dims:
            start = int(indices[0])
            stop = add(start, dim_of(widths[axis]))
            return taken(recording, own, (*[slice(None)] * axis, slice(start, stop)))
        if others and numbers.collapsed_slice_dims == (axis,) and indices.ndim == 1:
            return taken(recording, own, (*[slice(None)] * axis, int(indices[0])))
        if others and numbers.collapsed_slice_dims == (axis,) and indices.ndim == 2 and len(indices) <= MOST_ENTRIES:
            return gathered("stack")(recording, [taken(recording, own, (*[slice(None)] * axis, int(i))) for i in indices[:, 0]], axis)
    if isinstance(indices, np.ndarray) and numbers.collapsed_slice_dims == numbers.start_index_map == tuple(range(own.ndim)):
        straight = own.ndim == indices.ndim == 2 and (indices == np.arange(len(indices))[:, None]).all()
        if straight and all(isinstance(d, int) for d in own.dims) and len(indices) == min(own.dims):  # type: ignore[type-var]
            return recording.made(called("diagonal", own.phrase))
        if indices.ndim == 2 and len(indices) <= MOST_ENTRIES:
            return gathered("stack")(recording, [taken(recording, own, tuple(map(int, i))) for i in indices])
    advice = "Use slices, or a product with one_hot."
    raise UnsupportedError("indexing by arrays, of this kind", advice=advice)


def _padded(recording: Recording, parameters: Any, x: Any, value: Any) -> Any:
    own = traced(recording, x)
    for k, (low, high, inside) in enumerate(tuple(map(int, row)) for row in parameters["padding_config"]):
        if inside or low < 0 or high < 0:
            raise UnsupportedError("padding inside of an array", advice="Pad before and after.")
        edges = [
            [filled_with(recording, float(value), (*own.dims[:k], w, *own.dims[k + 1 :]))] if w else [] for w in (low, high)
        ]
        if low or high:
            own = gathered("concatenate")(recording, [*edges[0], own, *edges[1]], k)
    return own


def _reversed(recording: Recording, parameters: Any, x: Any) -> Any:
    axes = tuple(int(d) for d in parameters["dimensions"])
    return recording.made(called("flip", traced(recording, x).phrase, axis=recording.phrase(axes if len(axes) > 1 else axes[0])))


def _ordered(recording: Recording, parameters: Any, *operands: Any) -> Any:
    if len(operands) > 1:
        raise UnsupportedError("a sort that carries other arrays along", advice="Sort one array.")
    return recording.made(called("sort", traced(recording, operands[0]).phrase, axis=recording.phrase(int(parameters["dimension"]))))


def _joined(left: Any, right: Any, both: bool) -> Any:
    """Two conditions, either of which may be known."""
    for known, other in ((left, right), (right, left)):
        if known is _ALWAYS or (isinstance(known, np.ndarray) and (known == known.ravel()[0]).all()):
            holds = known is _ALWAYS or bool(known.ravel()[0])
            return other if holds == both else known
    return left & right if both else left | right


def _bounds(sizes: Sequence[int]) -> list[int]:
    return [sum(sizes[:k]) for k in range(len(sizes) + 1)]


_PRIMITIVES: dict[str, Callable[..., Any]] = {
    "select_n": _selected,
    "is_finite": _finite,
    "broadcast_in_dim": _spread,
    "dot_general": _dot_general,
    "reshape": _laid_out,
    "squeeze": _squeezed,
    "slice": _sliced,
    "dynamic_slice": _dynamic_slice,
    "gather": _gathered,
    "pad": _padded,
    "rev": _reversed,
    "sort": _ordered,
    "transpose": lambda recording, parameters, x: permuted(recording, x, tuple(parameters["permutation"])),
    "concatenate": lambda recording, parameters, *arrays: gathered("concatenate")(recording, list(arrays), int(parameters["dimension"])),
    "stack": lambda recording, parameters, *arrays: gathered("stack")(recording, list(arrays), int(parameters["axis"])),
    "split": lambda recording, parameters, x: parted(recording, x, _bounds(parameters["sizes"]), int(parameters["axis"])),
    "clamp": lambda recording, parameters, low, x, high: recording.combined(lambda *p: called("clip", *p), x, low, high),
    "dim_as_value": lambda recording, parameters: sized(recording, dim_of(parameters["dim"])),
    "neg": lambda recording, parameters, x: -traced(recording, x),
    "square": lambda recording, parameters, x: traced(recording, x) ** 2,
    "not": lambda recording, parameters, x: ~x,
    "and": lambda recording, parameters, x, y: _joined(x, y, True),
    "or": lambda recording, parameters, x, y: _joined(x, y, False),
    "cholesky": lambda recording, parameters, x: recording.made(called("cholesky", traced(recording, x).phrase)),
}


# ---------------------------------------------------------------- functions of JAX that are read whole


def _library_name(jaxpr: Any) -> str:
    """The name of a function of JAX itself, as its debug information has it; empty for what others wrote."""
    info = getattr(getattr(jaxpr, "debug_info", None), "func_src_info", None) or ""
    word, _, place = str(info).partition(" at ")
    return word if "/jax/_src/" in place.replace("\\", "/") else ""


def _first(jaxpr: Any, words: Sequence[str]) -> Any:
    """The parameters of the first of some primitives, inner jaxprs included."""
    for equation in jaxpr.eqns:
        if equation.primitive.name in words:
            return equation.params
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns") and (found := _first(inner, words)) is not None:
                return found
    return None


def _along(word: str, primitive: str) -> Callable[..., Any]:
    """A function along the one axis over which its first reduction goes."""

    def build(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
        found = _first(jaxpr, [primitive])
        if found is None or len(found["axes"]) != 1:
            raise UnsupportedError(f"{word} over several axes", advice="Name one axis.")
        own = traced(recording, operands[0])
        axis = int(found["axes"][0])
        keywords = {} if axis == own.ndim - 1 else {"axis": number(axis)}
        return recording.made(called(word, own.phrase, **keywords))

    return build


def _variance(word: str) -> Callable[..., Any]:
    def build(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
        own = traced(recording, operands[0])
        axes = tuple(int(a) for a in _first(jaxpr, ["reduce_sum"])["axes"])
        keywords: dict[str, Phrase] = {}
        if len(operands) > 1 and int(operands[1]):
            keywords["ddof"] = recording.phrase(int(operands[1]))
        if jaxpr.outvars[0].aval.ndim == own.ndim and axes:
            keywords["keepdims"] = recording.phrase(True)
        return recording.made(_reduced(word, own, axes, recording, **keywords))

    return build


def _whole(word: str) -> Callable[..., Any]:
    """A function of matrices, with the operands that are arrays."""
    return lambda recording, jaxpr, operands: NUMPY.call(recording, word, operands, {})


def _softened(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
    return recording.combined(lambda *p: called("softplus", *p), operands[0])


def _traces(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
    if any(np.any(o) for o in operands[1:]):
        raise UnsupportedError("the trace of another diagonal", advice="Write jnp.diagonal(A, k).sum().")
    return NUMPY.call(recording, "tr", operands[:1], {})


def _eigenvalues(recording: Recording, jaxpr: Any, operands: Sequence[Any]) -> Any:
    return tuple(NUMPY.call(recording, "eigh", operands[:1], {}))


_WHOLE: dict[str, Callable[..., Any]] = {
    "log_softmax": _along("log_softmax", "reduce_max"),
    "_var": _variance("var"),
    "_std": _variance("std"),
    **{word: _whole(word) for word in words("inv det solve slogdet expm cholesky hypot entr xlogy xlog1py sinc logaddexp silu")},
    "trace": _traces,
    "softplus": _softened,
    "eigh": _eigenvalues,
}

_TABLES = Tables("jax", RECORDS, {}, forms=False)


# ---------------------------------------------------------------- names


def assigned_names(code: Any) -> Named:
    """What the source of a function calls the value of an equation: the one name that its statement assigns, and the place.

    Several equations come of one statement; the last of them keeps the name, for each takes it from the one before.
    """
    lines = linecache.getlines(code.co_filename) if code is not None else []
    targets: dict[int, str] = {}
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and (title := _target(node)):
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                targets[line] = title

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
                return targets.get(line, ""), Place(line, (column or 0) + 1, width), (line, instruction)
        return "", None, (0, 0)

    return named


def _target(node: Any) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""
