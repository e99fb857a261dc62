"""The instruction set by contract: what the record of an opcode says holds, and every backend writes each opcode or leaves it by name.

An opcode added tomorrow is missing here tomorrow: in a backend's table, or among what that backend leaves, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from kernels import kernel_of
from ready import ready_program

import symchain
from symchain.functions.spec import OPERATIONS, map_dims
from symchain.kernels import certified, interpreter
from symchain.kernels.arraydigits import mpmath_numbers
from symchain.kernels.arrays import WRITERS
from symchain.kernels.entrydoubts import EntryDoubts
from symchain.kernels.export.arrays import MODULES
from symchain.kernels.export.axes import AxisLoops
from symchain.kernels.integrations import axes
from symchain.kernels.kernel import Input, Instruction, Output, Plan
from symchain.kernels.native.loops import ArrayCode
from symchain.kernels.native.rows import RowCode
from symchain.kernels.numpy import bare_function
from symchain.kernels.opcodes import ACTS, ARITHMETIC, OPCODES, PARAMETERS, led
from symchain.kernels.writing import _INFIX, Writer
from symchain.models import model_names
from symchain.support import dimensions
from symchain.support.dimensions import Dim
from symchain.tensors import nodes

SIZES = {"n": 3, "m": 4, "k": 2, "l": 5}


def number(dim: Dim) -> int:
    return dimensions.evaluate(dim, SIZES)


# ---------------------------------------------------------------- backends

FRECHET = {"expm_frechet", "sinm_frechet", "cosm_frechet", "logm_frechet"}
VALUES = {"eigvalsh", "svdvals", "nuclear_norm", "spectral_norm", "orthogonal_factor"}
VECTORS = {"eigenvectors", "left_singular_vectors", "right_singular_vectors"}
FUNCTIONS = {"sinm", "cosm", "logm", "sqrtm"}
"""Of a matrix."""
PROCESS = {"declared"}
HERE = "what this process alone knows has no code elsewhere"
BASES = "bases of eigenspaces are chosen by each library as it likes"
UNWRITTEN = "no algorithm is written there"


def named(writer: type, *prefixes: str) -> set[str]:
    """The opcodes of which a writer has a method."""
    return {n.removeprefix(p) for p in prefixes for n in dir(writer) if n.startswith(p)} & set(OPCODES)


def over(kind: interpreter.Kind) -> set[str]:
    run = interpreter.Arrays(Plan((), (), (), (), 0), {}, kind)
    return {name for name in OPCODES if run.has(name)}


def of_library(name: str) -> set[str]:
    return {*MODULES[name].opcodes, *ARITHMETIC, "constant", "size", "index", "place", "view", "drop"}


IN_LIBRARIES = {HERE: PROCESS, BASES: VECTORS, UNWRITTEN: {*FUNCTIONS, *FRECHET} - {"expm_frechet"}}
IN_LOOPS = {HERE: PROCESS, UNWRITTEN: {"pinv", "expm", "sylvester", *FUNCTIONS, *FRECHET, *VALUES, *VECTORS}}
BACKENDS: Mapping[str, tuple[Callable[[], set[str]], Mapping[str, Collection[str]]]] = {
    "NumPy": (lambda: {*_INFIX, *WRITERS, *ARITHMETIC, *named(Writer, "_write_")}, {}),
    "numbers with many digits": (
        lambda: over(mpmath_numbers()),
        {HERE: PROCESS, "rounding decides the rank": {"pinv"}, UNWRITTEN: {"logm", "sylvester", *FRECHET, *VALUES, *VECTORS}},
    ),
    "balls": (
        lambda: over(certified.numbers()),
        {HERE: PROCESS, UNWRITTEN: {"sylvester", *FUNCTIONS, *FRECHET, *VALUES, *VECTORS}},
    ),
    "PyTorch": (lambda: of_library("torch"), IN_LIBRARIES),
    "JAX": (lambda: of_library("jax"), IN_LIBRARIES),
    "loops in other languages": (lambda: {*named(AxisLoops, "_"), *ARITHMETIC, "constant", "size", "real", "integer"}, IN_LOOPS),
    "native code": (
        lambda: {*named(RowCode, "_write_", "_read_"), *ARITHMETIC},
        {
            HERE: PROCESS,
            "LAPACK does it, which NumPy calls as well": {"inv", "cofactors", "det", "logdet", "cholesky", *IN_LOOPS[UNWRITTEN]},
            "NumPy does it as quickly": {"sort", "cummax", "cummin", "take_sorted", "take_ranked", "convolution", "cross"},
        },
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_writes_every_opcode_or_leaves_it_by_name(backend: str) -> None:
    writes, left = BACKENDS[backend]
    apart = {name for names in left.values() for name in names}
    assert writes() <= set(OPCODES)
    assert writes() & apart == set(), "it is written: take it off the list"
    assert set(OPCODES) - writes() == apart


def test_no_table_names_what_is_no_opcode() -> None:
    """A rule under a name that is misspelt would never be asked."""
    for table in (WRITERS, interpreter._MEANINGS, axes._OWN, *(m.opcodes for m in MODULES.values())):
        assert set(table) <= set(OPCODES)
    for writer, prefix in ((Writer, "_write_"), (ArrayCode, "_write_"), (RowCode, "_write_"), (RowCode, "_read_")):
        assert {n.removeprefix(prefix) for n in dir(writer) if n.startswith(prefix)} <= set(OPCODES)
    visits = {n.removeprefix("_visit_") for n in dir(EntryDoubts) if n.startswith("_visit_")}
    assert visits - {"other", "moved"} <= set(OPCODES), "one for what has no rule, one that several share"


# ---------------------------------------------------------------- records

Test = Callable[[Any], bool]


def _every(test: Test) -> Test:
    return lambda value: isinstance(value, tuple) and all(map(test, value))


def _is_axis(value: Any) -> bool:
    return type(value) is int and 0 <= value < 32


def _is_dim(value: Any) -> bool:
    return type(value) is int or isinstance(value, str)


IS: Mapping[str, Test] = {
    "number": lambda v: isinstance(v, float) or v in ("pi", "inf", "-inf"),
    "[numerator]": lambda v: type(v) is int, "[denominator]": lambda v: type(v) is int,
    "dimension": _is_dim, "count": _is_dim, "shift": _is_dim, "shape": _every(_is_dim),
    "name": lambda v: isinstance(v, str) and v.isidentifier(),
    "form": lambda v: isinstance(v, (tuple, str, float)), "comparison": lambda v: v in ("<", "<=", ">", ">=", "==", "!="),
    "subscripts": lambda v: isinstance(v, str) and "->" in v,
    "axis": _is_axis, "axes": _every(_is_axis), "pattern": _every(_is_axis), "order": _every(lambda v: v is None or _is_axis(v)),
    "items": _every(lambda v: isinstance(v, tuple) and v[0] in ("new", "at", "slice")),
    "diagonal": lambda v: type(v) is int, "own": lambda v: True,
}  # fmt: skip


MORE = (
    "x: (n,)\ny: (n,)\nC = sum(abs(x)**y) + norm(x - y) + sqrt(1 + x @ x)", "X: (n, n)\nC = det(X)",
    "x: (n,)\nu = x/norm(x)\nC = sum(u**3)",
    "x: (n,)\nl: (n,) integer\nC = sum(x*l)",
)  # fmt: skip
"""What neither a case nor a ready model holds."""


def instructions() -> Iterator[tuple[Plan, Instruction]]:
    """Those of every operation's cases, and of the ready models to the second order."""
    for name, spec in OPERATIONS.items():
        for case in spec.cases:
            shapes = [tuple(map(number, s)) for s in case.shapes]
            node = nodes.operation(spec, [nodes.leaf(f"x{k}", s) for k, s in enumerate(shapes)], map_dims(name, case.parameters, number))
            plan = kernel_of(node).plan
            yield from ((plan, plan.instruction(n)) for n in plan.needed())
    for name in model_names():
        program = ready_program(name)
        plan = program.compile(wrt=[n for n, v in program.inputs.items() if "integer" not in v.facts][:2], order=2).plan
        yield from ((plan, plan.instruction(n)) for n in plan.needed())
    for text in MORE:
        plan = symchain.parse(text).compile().plan
        yield from ((plan, plan.instruction(n)) for n in plan.needed())


def test_the_words_of_a_record_are_known() -> None:
    assert set(IS) == set(PARAMETERS)
    for name, opcode in OPCODES.items():
        assert set(opcode.parameters) <= set(PARAMETERS), name
        assert opcode.acts in ("", *ACTS) and opcode.linear in ("", "together", "each"), name
        assert opcode.elementwise == (opcode.acts == "elements"), name
        assert opcode.acts not in ("axis", "axes") or {"axis", "axes", "order", "shape"}.intersection(opcode.parameters), name


@pytest.mark.thorough
def test_parameters_are_what_the_record_says() -> None:
    seen = set()
    for _, step in instructions():
        words = OPCODES[step.opcode].parameters
        least = sum(not w.startswith("[") for w in words)
        assert least <= len(step.parameters) <= len(words), step
        assert all(IS[w](p) for w, p in zip(words, step.parameters, strict=False)), step
        seen.add(step.opcode)
    assert set(OPCODES) - seen <= {"declared", "unit", "orthogonal", "tensordot", "integer", "gram", "sqrt"}, "what few programs hold"


STEPS = 4


def shape_of(plan: Plan, value: int) -> tuple[int, ...]:
    shape = plan.inputs[value].shape if value < len(plan.inputs) else plan.instruction(value).shape
    return tuple(map(number, shape))


def alone(step: Instruction, parameters: tuple[Any, ...], shapes: list[tuple[int, ...]], result: tuple[int, ...]) -> Callable[..., Any]:
    """One instruction as a function of its operands."""
    takes = OPCODES[step.opcode].takes
    inputs = tuple(Input(f"x{k}", s, takes[k : k + 1] == "i") for k, s in enumerate(shapes))
    made = Instruction(step.opcode, tuple(range(len(shapes))), parameters, result)
    run = bare_function(Plan(inputs, (), (made,), (Output("array", (), len(inputs), result),), 1))[0]
    return lambda *given: run(*given, np.float64)[0]


def in_numbers(value: Any) -> Any:
    """Parameters in which letters are sizes; texts that are no dimensions stay."""
    if isinstance(value, tuple):
        return tuple(map(in_numbers, value))
    return number(value) if isinstance(value, str) and set(dimensions.letters([value])) <= set(SIZES) else value


@pytest.mark.thorough
def test_many_at_once_is_each_by_itself() -> None:
    """`led`: with one more axis in front, an instruction does to every member what it does to one alone, to the last digit."""
    seen, generator = set(), np.random.default_rng(1)
    for plan, step in instructions():
        if (step.opcode, step.parameters) in seen or not set(plan.letters) <= set(SIZES):
            continue
        moved = led(step.opcode, parameters := in_numbers(step.parameters), STEPS)
        if moved is None:
            continue
        seen.add((step.opcode, step.parameters))
        shapes, result = [shape_of(plan, v) for v in step.operands], tuple(map(number, step.shape))
        whole = "i" in OPCODES[step.opcode].takes
        given = [generator.integers(0, 2, (STEPS, *s)) if whole else generator.uniform(-1, 1, (STEPS, *s)) for s in shapes]
        if step.opcode == "broadcast":  # it aligns axes from the last
            given = [x.reshape(STEPS, *(1,) * (len(result) - len(s)), *s) for x, s in zip(given, shapes, strict=True)]
            shapes = [x.shape[1:] for x in given]
        one = alone(step, parameters, shapes, result)
        many = alone(step, moved, [(STEPS, *s) for s in shapes], (STEPS, *result))
        np.testing.assert_array_equal(many(*given), np.stack([one(*(x[k] for x in given)) for k in range(STEPS)]), err_msg=str(step))
    assert {name for name, _ in seen} >= {"sum", "view", "reshape", "concatenate", "softmax", "cumsum", "sort", "roll", "flip", "onehot"}


@pytest.mark.thorough
def test_what_is_called_linear_is() -> None:
    """Together: in all operands at once; each: in one, the others held."""
    seen, generator = set(), np.random.default_rng(2)
    for plan, step in instructions():
        kind = OPCODES[step.opcode].linear
        if not kind or (step.opcode, step.parameters) in seen or not set(plan.letters) <= set(SIZES):
            continue
        seen.add((step.opcode, step.parameters))
        shapes = [shape_of(plan, v) for v in step.operands]
        run = alone(step, in_numbers(step.parameters), shapes, tuple(map(number, step.shape)))
        x, y = ([generator.uniform(-1, 1, s) for s in shapes] for _ in range(2))
        for j in range(len(shapes)) if kind == "each" else [None]:
            held = [j is not None and k != j for k in range(len(shapes))]
            z = [a if h else b for h, a, b in zip(held, x, y, strict=True)]
            mixed = [a if h else 2 * a - 3 * b for h, a, b in zip(held, x, y, strict=True)]
            np.testing.assert_allclose(run(*mixed), 2 * run(*x) - 3 * run(*z), rtol=1e-12, atol=1e-12, err_msg=str(step))
    assert {name for name, _ in seen} >= {"add", "multiply", "matmul", "einsum", "index", "place", "sum", "embed"}
