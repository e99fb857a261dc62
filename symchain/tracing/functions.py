"""A function called once with symbolic arrays, as a program: of NumPy and PyTorch by their own protocols, of JAX by its jaxpr."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from symchain.errors import ArgumentError, ShapeError, SymchainError, UnsupportedError
from symchain.language.shapes import facts_from, shape_from
from symchain.language.spelling import is_name
from symchain.nouns.program import Program
from symchain.support.dimensions import Shape, show
from symchain.support.dimensions import letters as letters_of
from symchain.tracing.arrays import Condition, Traced, seen, wrap
from symchain.tracing.frames import Watched, code_of, described, source_lines
from symchain.tracing.jaxprs import Equations, assigned_names
from symchain.tracing.numpy import NUMPY
from symchain.tracing.primitives import dim_of
from symchain.tracing.recording import Library, Recording
from symchain.tracing.sizes import OtherLibrary, located
from symchain.tracing.structure import called
from symchain.tracing.torch import TORCH

_NOTHING = inspect.Parameter.empty


def read_function(function: Any, shapes: Any = None, assume: Mapping[str, Any] | None = None) -> Program:
    """The program of a function, a module of PyTorch or a jaxpr; `api.from_function` says what is what."""
    if type(function).__name__ == "ClosedJaxpr":
        return _of_jaxpr(function, shapes, assume or {})
    if hasattr(function, "named_parameters") and hasattr(function, "forward"):
        return _of_module(function, shapes, assume or {})
    library = _library_of(function)
    while True:
        if library == "jax":
            return _of_jax(function, shapes, assume or {})
        try:
            return _traced(function, shapes, assume or {}, TORCH if library == "torch" else NUMPY, {})
        except OtherLibrary as other:  # a function that it calls is of another library
            library = other.name


def _library_of(function: Any) -> str:
    """The library that a function names: what methods mean (x.std()) is up to it. NumPy where it names none."""
    for value in _found(function).values():
        word = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        for library in ("torch", "jax"):
            if str(word).split(".")[0].removeprefix("_") in (library, f"{library}lib"):
                return library
    return "jax" if type(function).__module__.startswith("jax") else "numpy"


@dataclass
class Call:
    """A function that is to be called once: its arguments as the caller shaped them, and the arrays they hold."""

    function: Callable[..., Any]
    parameters: Mapping[str, inspect.Parameter]
    given: Mapping[str, Any]
    facts: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, function: Any, shapes: Any, assume: Mapping[str, Any]) -> Call:
        parameters = _parameters(function)
        given = {n: v for n, v in _given(parameters, shapes).items() if v is not _NOTHING}
        made = cls(function, parameters, given, {n: tuple(facts_from(n, v)) for n, v in assume.items()})
        for name in made.facts:
            if name not in made.shapes:
                what = f"assume names {name}, which is no array of the function"
                raise ArgumentError(what, advice=f"Arrays: {', '.join(made.shapes)}.")
        return made

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        return {leaf: shape for name, value in self.given.items() for leaf, shape in _leaves(name, value)}

    def packed(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments by name, with arrays in place of shapes."""
        return {name: _packed(name, value, arrays) for name, value in self.given.items()}

    def __call__(self, arrays: Mapping[str, Any]) -> Any:
        arguments = self.packed(arrays)
        positional = [arguments.pop(n) for n, p in self.parameters.items() if p.kind is p.POSITIONAL_ONLY and n in arguments]
        return self.function(*positional, **arguments)


def _traced(function: Any, shapes: Any, assume: Mapping[str, Any], library: Library, held: Mapping[str, Any], title: str = "") -> Program:
    """By the protocols of the arrays. `held` are the parameters of a module: arrays that are inputs from the start."""
    called = Call.of(function, shapes, assume)
    code = code_of(function)
    recording = Recording(library, wrap, seen, lambda: None, source_lines(code), described(code))
    recording.names_of.update({id(a): n for n, a in _outside(function).items()})
    inputs = dict(zip(called.shapes, recording.declare(called.shapes, called.facts), strict=True))
    watch = Watched(code, lambda local, value: _noted(recording, local, value))
    recording.where = watch.place
    with watch, _parameters_traced(held, recording):
        result = _result(called, inputs, recording)
    results = list(_results(result, title or _title(function)))
    if not results:
        results = [(n, a) for n, a in inputs.items() if a.written_to]
    if not results:
        what = f"{_title(function)} returns nothing that depends on its arrays"
        raise UnsupportedError(what, advice="Return an array, several, or write to one that is given.")
    return recording.program(results)


def _result(called: Call, inputs: Mapping[str, Any], recording: Recording) -> Any:
    try:
        return called(inputs)
    except SymchainError as error:
        raise located(error, recording) from None
    except RecursionError:
        raise
    except Exception as error:
        if _raised_in(error, "jax"):
            raise OtherLibrary("jax") from None
        text = str(error).splitlines()[0] if str(error) else ""
        advice = "The function was called with symbolic arrays; it has to run with any numbers in them."
        if "array element" in text:
            advice = "Make the array with zeros_like(x) of an argument, which can be written to, or join its entries with np.stack."
        raise located(UnsupportedError(f"{type(error).__name__}: {text}", advice=advice), recording) from error


def _raised_in(error: BaseException, package: str) -> bool:
    """Whether the last line that ran is in a package."""
    traceback, last = error.__traceback__, ""
    while traceback is not None:
        last = traceback.tb_frame.f_code.co_filename.replace("\\", "/")
        traceback = traceback.tb_next
    return f"/{package}/" in last


# ---------------------------------------------------------------- PyTorch's modules


def _of_module(module: Any, shapes: Any, assume: Mapping[str, Any]) -> Program:
    """The call of a module: its parameters, and its buffers of real numbers, are inputs whose values are the program's constants."""
    held = {n: t for n, t in (*module.named_parameters(), *module.named_buffers()) if t.is_floating_point()}
    return _traced(module.forward, shapes, assume, TORCH, {"": module, **held}, "output")


@contextmanager
def _parameters_traced(held: Mapping[str, Any], recording: Recording) -> Iterator[None]:
    """While this is open, a module holds symbolic arrays in place of its parameters."""
    module = held.get("")
    places: list[tuple[dict[str, Any], str, Any]] = []
    made: dict[int, Any] = {}
    try:
        for path, tensor in held.items():
            if not path:
                continue
            *way, last = path.split(".")
            owner = module
            for step in way:
                owner = getattr(owner, step)
            key = recording.free(path.replace(".", "_"), recording.values)
            if id(tensor) not in made:
                made[id(tensor)] = recording.input(key, tuple(tensor.shape))
                recording.constants[key] = tensor.detach().cpu().numpy()
            for table in (owner._parameters, owner._buffers):  # type: ignore[union-attr]
                if last in table:
                    places.append((table, last, table[last]))
                    table[last] = made[id(tensor)]
        yield
    finally:
        for table, name, tensor in places:
            table[name] = tensor


# ---------------------------------------------------------------- JAX


def _of_jax(function: Any, shapes: Any, assume: Mapping[str, Any]) -> Program:
    import jax
    from jax import export

    called = Call.of(function, shapes, assume)
    letters = list(dict.fromkeys(x for shape in called.shapes.values() for x in _letters(shape)))
    sizes = dict(zip(letters, export.symbolic_shape(", ".join(letters)), strict=True)) if letters else {}
    whole = {n for n, f in called.facts.items() if "integer" in f}

    def abstract(name: str, shape: Shape) -> Any:
        dims = tuple(d if isinstance(d, int) else _symbolic(d, sizes) for d in shape)
        return jax.ShapeDtypeStruct(dims, np.int32 if name in whole else np.float64)

    arrays = {n: abstract(n, s) for n, s in called.shapes.items()}
    arguments = called.packed(arrays)
    names = jax.tree_util.tree_leaves(called.packed({n: n for n in called.shapes}))
    doubles = jax.enable_x64 if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64
    try:
        with doubles(True):  # constants with all their digits
            closed = jax.make_jaxpr(lambda given: called.function(**given))(arguments)
    except Exception as error:
        text = str(error).splitlines()[0] if str(error) else ""
        advice = "The function was traced by jax.make_jaxpr; it has to run with any numbers in its arrays."
        raise UnsupportedError(f"{type(error).__name__}: {text}", advice=advice) from error
    return _of_equations(closed, names, called.shapes, called.facts, code_of(function), _title(function))


def _letters(shape: Shape) -> Iterator[str]:
    return iter(letters_of(shape))


def _symbolic(dim: str, sizes: Mapping[str, Any]) -> Any:
    from symchain.support.dimensions import terms

    total: Any = 0
    for coefficient, factors in terms(dim):
        term: Any = coefficient
        for f in factors:
            if not isinstance(f, str):
                raise ShapeError(f"the size {dim} is no sum of letters", advice="Use letters and numbers.")
            term = term * sizes[f]
        total = total + term
    return total


def _of_jaxpr(closed: Any, shapes: Any, assume: Mapping[str, Any]) -> Program:
    """A jaxpr that was made elsewhere. Its inputs have the names of its function's arguments, where it knows them."""
    info = getattr(closed.jaxpr, "debug_info", None)
    known = [str(n).strip() for n in (getattr(info, "arg_names", None) or ())]
    names = [n if is_name(n) else f"x{k}" for k, n in enumerate(known)]
    if len(names) != len(closed.jaxpr.invars) or len(set(names)) < len(names):
        names = [f"x{k}" for k in range(len(closed.jaxpr.invars))]
    own = {n: tuple(dim_of(d) for d in v.aval.shape) for n, v in zip(names, closed.jaxpr.invars, strict=True)}
    for name, value in (shapes or {}).items():
        if name not in own:
            raise ArgumentError(f"{name} is no argument of the jaxpr", advice=f"Arguments: {', '.join(own)}.")
        if shape_from(name, value) != own[name]:
            raise ShapeError(f"{name} has shape {show(own[name])} in the jaxpr", advice="Make the jaxpr anew for other shapes.")
    facts = {n: tuple(facts_from(n, v)) for n, v in assume.items()}
    for name, variable in zip(names, closed.jaxpr.invars, strict=True):
        if np.issubdtype(variable.aval.dtype, np.integer):
            facts[name] = tuple(dict.fromkeys((*facts.get(name, ()), "integer")))
    return _of_equations(closed, names, own, facts, None, "y")


def _of_equations(
    closed: Any, names: Sequence[str], shapes: Mapping[str, Shape], facts: Mapping[str, tuple[str, ...]], code: Any, title: str
) -> Program:
    recording = Recording(NUMPY, wrap, seen, lambda: None, source_lines(code), described(code))
    inputs = dict(zip(shapes, recording.declare(shapes, facts), strict=True))
    work = Equations(recording, assigned_names(code))
    results = work.run(closed.jaxpr, closed.consts, [inputs[n] for n in names])
    found = list(_results(results, title))
    if not found:
        what = f"{title} returns nothing that depends on its arrays"
        raise UnsupportedError(what, advice="Return an array, several, or write to one that is given.")
    for array in work.held:  # one that is taken off and put back is no business of the formula
        if recording.matters(array.value, found):
            array.value.phrase = called("stop_gradient", array.value.phrase)
    return recording.program(found)


# ---------------------------------------------------------------- arguments and results


def _title(function: Any) -> str:
    title = getattr(function, "__name__", "")
    return title if is_name(title) else "y"


def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    if not callable(function):
        raise ArgumentError(f"{type(function).__name__} is not a function", advice="Give a function of arrays; texts go to symchain.parse.")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise ArgumentError("the function does not say what its arguments are", advice="Write lambda x: f(x).") from None
    for p in parameters.values():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in ("kwargs", "options"):
            what = f"the function takes any number of arguments (*{p.name})"
            raise ArgumentError(what, advice="Write a function with an argument for each array.")
    return {n: p for n, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def _given(parameters: Mapping[str, inspect.Parameter], shapes: Any) -> dict[str, Any]:
    """The shape of each argument that is an array; nothing for those that keep their default."""
    if shapes is None:
        shapes = {}
    if isinstance(shapes, Sequence) and not isinstance(shapes, str):
        if len(shapes) > len(parameters):
            raise ArgumentError(f"{len(shapes)} shapes for {len(parameters)} arguments", advice=f"Arguments: {', '.join(parameters)}.")
        shapes = dict(zip(parameters, shapes, strict=False))
    if not isinstance(shapes, Mapping):
        raise ArgumentError(f"shapes is {type(shapes).__name__}", advice='Write shapes={"x": ("n",), "W": (3, "n")}.')
    for name in shapes:
        if name not in parameters:
            raise ArgumentError(f"{name} is no argument of the function", advice=f"Arguments: {', '.join(parameters)}.")
    given: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in shapes:
            given[name] = shapes[name]
        else:
            given[name] = () if parameter.default is _NOTHING else _NOTHING
    return given


def _is_shape(value: Any) -> bool:
    """A tuple of sizes, or one size."""
    if isinstance(value, tuple):
        return all(isinstance(v, str | int) for v in value)
    return isinstance(value, str | int)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Shape]]:
    """The arrays of an argument: itself, or what a dict or a list of shapes holds, each by its path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{name}_{key}", inner)
    elif isinstance(value, list) or (isinstance(value, tuple) and not _is_shape(value)):
        for k, inner in enumerate(value):
            yield from _leaves(f"{name}_{k}", inner)
    else:
        yield name, shape_from(name, value)


def _packed(name: str, value: Any, inputs: Mapping[str, Any]) -> Any:
    """The argument as the function takes it."""
    if isinstance(value, Mapping):
        return {key: _packed(f"{name}_{key}", inner, inputs) for key, inner in value.items()}
    if isinstance(value, list) or (isinstance(value, tuple) and not _is_shape(value)):
        return type(value)(_packed(f"{name}_{k}", inner, inputs) for k, inner in enumerate(value))
    return inputs[name]


def _outside(function: Any) -> dict[str, Any]:
    """The arrays that a function finds outside of itself, by the names it has for them."""
    return {n: a for n, a in _found(function).items() if hasattr(a, "__array__") and not isinstance(a, np.generic)}


def _found(function: Any) -> dict[str, Any]:
    """What a function finds outside of itself, by the names it has for it."""
    try:
        found = inspect.getclosurevars(inspect.unwrap(function))
    except (TypeError, ValueError):
        return {}
    return {**found.globals, **found.nonlocals}


def _noted(recording: Recording, local: str, value: Any) -> None:
    """What a local name stands for, after a line of the function."""
    if isinstance(value, Traced):
        own = value._value
        if value.recording is recording and not own.is_input and not own.name:
            own.name = local
    elif isinstance(value, list | tuple) and not isinstance(value, str) and len(value) <= 1000:
        for k, inner in enumerate(value):
            if isinstance(inner, Traced):
                _noted(recording, f"{local}_{k}", inner)
    elif isinstance(value, dict) and len(value) <= 1000:
        for key, inner in value.items():
            if isinstance(inner, Traced) and isinstance(key, str):
                _noted(recording, f"{local}_{key}", inner)


def _results(result: Any, title: str) -> Iterator[tuple[str, Any]]:
    """The arrays that a function returned, each with a name for where it has none."""
    if isinstance(result, Traced | Condition) or (isinstance(result, np.ndarray) and result.dtype == object):
        yield title, result
    elif isinstance(result, Mapping):
        for key, inner in result.items():
            yield from _results(inner, str(key))
    elif isinstance(result, list | tuple):
        for k, inner in enumerate(result):
            yield from _results(inner, title if len(result) == 1 else f"{title}_{k + 1}")
