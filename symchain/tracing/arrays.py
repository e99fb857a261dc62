"""Symbolic arrays: what a function is given in place of numbers, and which asks its library what each call means."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from symchain.errors import ShapeError, SymchainError
from symchain.language.conditions import chosen
from symchain.support.dimensions import Dim, Shape, multiply
from symchain.support.notation import Phrase, name, negate
from symchain.support.notation import number as literal
from symchain.tracing.assignment import assigned
from symchain.tracing.recording import Recording, Value, dimension, words
from symchain.tracing.sizes import OtherLibrary, Size, located, refuse, sized


class Condition:
    """A comparison of symbolic arrays, and what is joined of them: it chooses in where, and is 1 or 0 in arithmetic."""

    __slots__ = ("phrase", "recording")
    __array_priority__ = 1001

    def __init__(self, recording: Recording, phrase: Phrase) -> None:
        self.recording, self.phrase = recording, phrase

    def __bool__(self) -> bool:
        advice = "Both sides have a derivative of their own: write np.where(condition, a, b)."
        refuse("a branch depends on values that are not known while a function is read", advice, self.recording)

    def _joined(self, head: str, other: Any) -> Condition:
        return Condition(self.recording, Phrase(head, (self.phrase, condition_of(self.recording, other).phrase)))

    def __and__(self, other: Any) -> Condition:
        return self._joined("and", other)

    def __or__(self, other: Any) -> Condition:
        return self._joined("or", other)

    def __invert__(self) -> Condition:
        return Condition(self.recording, Phrase("not", (self.phrase,)))

    __rand__, __ror__ = __and__, __or__

    @property
    def number(self) -> Traced:
        """1 where it holds, 0 elsewhere."""
        return chosen_of(self, 1, 0)

    def astype(self, dtype: Any = None, **options: Any) -> Traced:
        return self.number

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(self.number, attribute)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return called_ufunc(self.recording, ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        return asked(self.recording, function.__name__, arguments, keywords)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        return called_torch(function, arguments, keywords or {})


def condition_of(recording: Recording, given: Any) -> Condition:
    """What chooses: a comparison, or whether an array is not 0."""
    if isinstance(given, Condition):
        return given
    parts = recording.conforming([recording.phrase(given), literal(0)])
    return Condition(recording, Phrase("compare", tuple(parts), "!="))


def compared(recording: Recording, symbol: str, left: Any, right: Any) -> Condition:
    parts = recording.conforming([recording.phrase(left), recording.phrase(right)])
    return Condition(recording, Phrase("compare", tuple(parts), symbol))


def chosen_of(condition: Any, yes: Any, no: Any) -> Any:
    """where(condition, yes, no)."""
    recording = condition.recording
    phrase = condition_of(recording, condition).phrase
    first = next(p for p in _comparisons(phrase))
    parts = [recording.phrase(g.number if isinstance(g, Condition) else g) for g in (yes, no)]
    conforming = recording.conforming([*first.parts, *parts])
    return recording.made(chosen(Phrase("call", (phrase, *conforming[2:]), "where")))


def _comparisons(phrase: Phrase) -> Iterator[Phrase]:
    if phrase.head == "compare":
        yield phrase
        return
    for part in phrase.parts:
        yield from _comparisons(part)


def asked(recording: Recording, function: str, arguments: Any, keywords: Any) -> Any:
    """What a call means to the recording's library, with the place where it is refused."""
    try:
        result = recording.array_library.call(recording, function, arguments, keywords)
    except SymchainError as error:
        raise located(error, recording) from None
    if function in VIEWS and arguments and isinstance(arguments[0], Traced):
        own = arguments[0]
        return type(result)(map(own.view_of, result)) if isinstance(result, list | tuple) else own.view_of(result)
    return result


VIEWS = frozenset(
    words(
        "getitem transpose_all matrix_transpose reshape view ravel flatten transpose swapaxes moveaxis permute squeeze expand_dims "
        "unsqueeze broadcast_to expand diagonal view_as select narrow t swapdims flip fliplr flipud rot90 real split array_split "
        "tensor_split chunk unbind hsplit vsplit atleast_1d atleast_2d asarray ascontiguousarray real_if_close permute_dims movedim "
        "unflatten reshape_as expand_as contiguous to float double cpu type_as type alias adjoint mT matrix_transpose slice "
        "split_with_sizes squeeze diag"
    )
)
"""What may give the same memory in another form."""


def recording_of(*given: Any) -> Recording | None:
    """The recording that something belongs to, lists included."""
    for g in given:
        if isinstance(g, Traced | Condition | Size):
            return g.recording
        if isinstance(g, tuple | list) and (found := recording_of(*g)) is not None:
            return found
        if isinstance(g, dict) and (found := recording_of(*g.values())) is not None:
            return found
    return None


def called_ufunc(recording: Recording, ufunc: Any, method: str, inputs: Any, keywords: Any) -> Any:
    """A universal function of NumPy or SciPy, called or applied along an axis."""
    out = keywords.pop("out", None)
    function = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    result = asked(recording, function, inputs, {k: v for k, v in keywords.items() if k != "dtype"})
    if out is None:
        return result
    (target,) = out
    if not isinstance(target, Traced):
        refuse("the result is put into an array of numbers", "Use np.zeros_like(x) of a traced array, or leave out= out.", recording)
    target[...] = result
    return target


def called_torch(function: Any, arguments: Any, keywords: Any) -> Any:
    """A function or a method of PyTorch."""
    recording = recording_of(arguments, keywords)
    assert recording is not None
    if recording.array_library.name != "torch":
        raise OtherLibrary("torch")
    overload = getattr(function, "overloadpacket", None)
    word = overload.__name__ if overload is not None else getattr(function, "__name__", str(function))
    if word == "__get__":
        attribute = getattr(function, "__self__", None)
        return getattr(arguments[0], getattr(attribute, "__name__", ""))
    left = {k: v for k, v in keywords.items() if not _is_default(v, _defaults(function).get(k, _defaults))}
    return asked(recording, word, arguments, left)


@lru_cache(maxsize=512)
def _defaults(function: Any) -> Mapping[str, Any]:
    """The defaults of a function that is written in Python: PyTorch passes them on as if they had been given."""
    try:
        parameters = inspect.signature(function).parameters if hasattr(function, "__code__") else {}
    except (TypeError, ValueError):
        return {}
    return {n: p.default for n, p in parameters.items()}


def _is_default(value: Any, default: Any) -> bool:
    plain = bool | int | float | str | None
    return isinstance(value, plain) and isinstance(default, plain) and type(value) is type(default) and value == default


def _operator(symbol: str) -> Callable[[Any, Any], Any]:
    def method(self: Traced, other: Any) -> Any:
        return asked(self.recording, symbol, (self, other), {})

    return method


def _reflected(symbol: str) -> Callable[[Any, Any], Any]:
    def method(self: Traced, other: Any) -> Any:
        return asked(self.recording, symbol, (other, self), {})

    return method


def _in_place(symbol: str) -> Callable[[Any, Any], Any]:
    def method(self: Traced, other: Any) -> Any:
        made = asked(self.recording, symbol, (self, other), {})
        if not self.dims and self.recording.array_library.name != "torch":
            return made  # a number of NumPy never changes
        self[...] = made
        return self

    return method


def _same_items(left: Any, right: Any) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_same_items, left, right))
    return left is right or (type(left) is type(right) and isinstance(left, slice | int) and left == right)


def _comparison(symbol: str) -> Callable[[Any, Any], Any]:
    def method(self: Traced, other: Any) -> Any:
        try:
            return compared(self.recording, symbol, self, other)
        except SymchainError as error:
            raise located(error, self.recording) from None

    return method


class Memory:
    """What shares the memory of an array, counted by its writes: whoever has not seen the last one is out of date."""

    __slots__ = ("writes",)

    def __init__(self) -> None:
        self.writes = 0


class Method:
    """A method of a symbolic array, which its library may know. It is called; what else is asked of it is refused."""

    __slots__ = ("array", "name")

    def __init__(self, array: Traced, name: str) -> None:
        self.array, self.name = array, name

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return asked(self.array.recording, self.name, (self.array, *arguments), keywords)

    def __bool__(self) -> bool:
        advice = "Give its result as an argument, or write it with functions that are known."
        refuse(f"{self.name} is not known here", advice, self.array.recording)


class Traced:
    """A symbolic array. Operators, methods, indexing and the protocols of NumPy and PyTorch all ask the recording's library."""

    __array_priority__ = 1002
    is_leaf: ClassVar[bool] = False
    is_nested = is_sparse = is_cuda = is_quantized = is_meta = is_complex = False
    grad = grad_fn = None

    def __init__(self, recording: Recording, value: Value, memory: Memory | None = None) -> None:
        self.recording, self._value = recording, value
        self._memory = Memory() if memory is None else memory
        self._seen = self._memory.writes
        self._part: tuple[Traced, Any] | None = None  # of which array it is which items
        self.written_to = False

    # ------------------------------------------------------------ what it is

    @property
    def value(self) -> Value:
        if self._seen != self._memory.writes:
            advice = "Take a copy before writing, or read the array that was written to."
            refuse("this array shares memory with one that was written to since", advice, self.recording)
        return self._value

    @property
    def phrase(self) -> Phrase:
        return name(self.value.key)

    @property
    def shape(self) -> Any:
        return tuple(sized(self.recording, d) for d in self._value.shape)

    @property
    def dims(self) -> Shape:
        return self._value.shape

    @property
    def ndim(self) -> int:
        return len(self._value.shape)

    @property
    def size(self) -> Any:
        total: Dim = 1
        for d in self._value.shape:
            total = multiply(total, d)
        if self.recording.array_library.name == "torch":
            return lambda axis=None: self.shape if axis is None else self.shape[axis]
        return sized(self.recording, total)

    @property
    def dtype(self) -> Any:
        return self.recording.array_library.dtype

    @property
    def T(self) -> Any:
        return asked(self.recording, "transpose_all", (self,), {})

    @property
    def mT(self) -> Any:
        return asked(self.recording, "matrix_transpose", (self,), {})

    @property
    def real(self) -> Any:
        return self

    @property
    def device(self) -> Any:
        return self.recording.array_library.device

    @property
    def requires_grad(self) -> bool:
        return False

    def view_of(self, other: Any) -> Any:
        """Another value, in the same memory."""
        if isinstance(other, Traced) and other is not self:
            return Traced(self.recording, other._value, self._memory)
        return other

    # ------------------------------------------------------------ operators

    __add__, __radd__, __iadd__ = _operator("add"), _reflected("add"), _in_place("add")
    __sub__, __rsub__, __isub__ = _operator("subtract"), _reflected("subtract"), _in_place("subtract")
    __mul__, __rmul__, __imul__ = _operator("multiply"), _reflected("multiply"), _in_place("multiply")
    __truediv__, __rtruediv__, __itruediv__ = _operator("true_divide"), _reflected("true_divide"), _in_place("true_divide")
    __pow__, __rpow__, __ipow__ = _operator("power_of"), _reflected("power_of"), _in_place("power_of")
    __matmul__, __rmatmul__ = _operator("matmul"), _reflected("matmul")
    __mod__, __rmod__ = _operator("remainder"), _reflected("remainder")
    __floordiv__, __rfloordiv__ = _operator("floor_divide"), _reflected("floor_divide")
    __lt__, __le__, __gt__, __ge__ = _comparison("<"), _comparison("<="), _comparison(">"), _comparison(">=")
    __eq__, __ne__ = _comparison("=="), _comparison("!=")  # type: ignore[assignment]
    __hash__ = object.__hash__

    def __neg__(self) -> Any:
        return self.recording.made(negate(self.phrase))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return asked(self.recording, "absolute", (self,), {})

    def __round__(self, digits: int = 0) -> Any:
        return asked(self.recording, "round", (self,), {})

    # ------------------------------------------------------------ parts

    def __getitem__(self, items: Any) -> Any:
        made = asked(self.recording, "getitem", (self, items), {})
        if isinstance(made, Traced) and made is not self and made.ndim:
            made._part = self, items
        return made

    def __setitem__(self, items: Any, given: Any) -> None:
        if isinstance(given, Traced) and given._part is not None and given._part[0] is self and _same_items(given._part[1], items):
            return  # x[1:] += y has written to the part already
        try:
            made = assigned(self.recording, self.phrase, self.dims, items, given, chosen_of if isinstance(items, Condition) else None)
        except SymchainError as error:
            raise located(error, self.recording) from None
        self._memory.writes += 1
        self._take(made.value)

    def _take(self, value: Value) -> None:
        """The value after a write; that of the array of which this is a part follows."""
        self._value, self.written_to, self._seen = value, True, self._memory.writes
        if self._part is not None:
            whole, items = self._part
            try:
                made = assigned(self.recording, name(whole._value.key), whole.dims, items, self, None)
            except SymchainError as error:
                raise located(error, self.recording) from None
            whole._take(made.value)

    def __len__(self) -> int:
        if not self.ndim:
            raise located(ShapeError("a number has no length", advice="Give it a shape in shapes=."), self.recording)
        return operator.index(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return iter([self[k] for k in range(len(self))])

    # ------------------------------------------------------------ what would need a number

    def _known(self, *arguments: Any, **keywords: Any) -> Any:
        advice = (
            "Use functions of NumPy, which take arrays (np.exp, not math.exp), np.where in place of if, "
            "and zeros_like(x) for an array that is written to."
        )
        refuse("the value of an array is asked for, which is not known while a function is read", advice, self.recording)

    __bool__ = __float__ = __int__ = __index__ = __complex__ = item = tolist = numpy = _known

    def __array__(self, *arguments: Any, **keywords: Any) -> Any:
        if self.ndim:
            self._known()
        entry = np.empty((), dtype=object)  # np.array([a, b]) of numbers is an array of them
        entry[()] = self
        return entry

    def __copy__(self) -> Traced:
        return Traced(self.recording, self.value)

    def __deepcopy__(self, memo: Any) -> Traced:
        return Traced(self.recording, self.value)

    def __contains__(self, item: Any) -> bool:
        return bool(self._known())

    # ------------------------------------------------------------ methods and protocols

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return Method(self, attribute)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return called_ufunc(self.recording, ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        return asked(self.recording, function.__name__, arguments, keywords)

    def __array_namespace__(self, api_version: Any = None) -> Namespace:
        return Namespace(self.recording)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        return called_torch(function, arguments, keywords or {})

    def __repr__(self) -> str:
        return f"<symbolic array {self._value.name or self._value.key} of shape {self._value.shape}>"


class Namespace:
    """What x.__array_namespace__() is: the functions of the library, on symbolic arrays and sizes that are letters."""

    pi, e, newaxis = np.pi, np.e, None

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def __getattr__(self, function: str) -> Any:
        if function.startswith("__"):
            raise AttributeError(function)
        if function in ("linalg", "special"):
            return self
        if isinstance(getattr(np, function, None), type):
            return getattr(np, function)
        return lambda *arguments, **keywords: asked(self._recording, function, arguments, keywords)


def wrap(recording: Recording, value: Value) -> Traced:
    return Traced(recording, value)


def seen(given: Any) -> Phrase | None:
    """The phrase of what is symbolic; None for anything else."""
    if isinstance(given, Traced):
        return given.phrase
    if isinstance(given, Condition):
        return given.number.phrase
    if isinstance(given, Size):
        return dimension(given.dim)
    return None
