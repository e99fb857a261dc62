"""Functions of NumPy read as programs: kernels in the manner of NPBench against their own numbers, names, constants, writing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy_kernels import SHAPES, SIZES
from traced import along, outputs, slope

import symchain
from symchain.errors import SymchainError, UnsupportedError

SMALL = np.array([1.0, -2.0])
LARGE = np.linspace(0.0, 1.0, 20)


@pytest.mark.parametrize(("function", "shapes"), SHAPES, ids=[f.__name__ for f, _ in SHAPES])
def test_kernels_have_the_value_and_the_slope_of_the_function(function: Any, shapes: Any) -> None:
    program = symchain.from_function(function, shapes)
    rng = np.random.default_rng(1)
    inputs = {n: v for n, v in program.inputs.items() if n not in program.constants}
    point = {n: rng.uniform(0.2, 0.9, [SIZES.get(d, d) for d in v.shape]) for n, v in inputs.items()}  # type: ignore[call-overload]
    direction = {n: rng.normal(size=np.shape(v)) for n, v in point.items()}
    expected = outputs(function, point)
    values = {b: program.compile(b, order=0)(**point, **program.constants) for b in list(program.blocks)[-2 * len(expected) :]}
    for k, array in enumerate(expected):
        name = next(n for n, v in values.items() if np.shape(v) == np.shape(array) and np.allclose(v, array, rtol=1e-10, atol=1e-12))
        _, gradient = program.compile(name, wrt=list(point))(**point, **program.constants)
        found = along(gradient, direction, np.ndim(expected[k]))
        np.testing.assert_allclose(found, slope(function, point, direction, k), rtol=1e-6, atol=1e-8)


@pytest.mark.thorough
def test_the_program_is_read_back_from_its_text() -> None:
    for function, shapes in SHAPES:
        program = symchain.from_function(function, shapes)
        assert str(symchain.parse(str(program))) == str(program), function.__name__


def _two_layers(W1, b1, W2, x, y):  # type: ignore[no-untyped-def]
    z1 = W1 @ x + b1
    a1 = np.tanh(z1)
    z2 = W2 @ a1
    return 0.5 * np.sum((z2 - y) ** 2)


def test_blocks_are_the_local_names() -> None:
    shapes = {"W1": ("h", "n"), "b1": ("h",), "W2": ("m", "h"), "x": ("n",), "y": ("m",)}
    program = symchain.from_function(_two_layers, shapes)
    assert list(program.inputs) == list(shapes)
    assert str(program).splitlines()[-4:] == [
        "z1 = W1 @ x + b1",
        "a1 = tanh(z1)",
        "z2 = W2 @ a1",
        "_two_layers = 0.5*sum((z2 - y)**2)".removeprefix("_"),
    ]
    assert program.derive("W2").lines == ("dtwo_layers_dW2 = outer(z2 - y, a1)",)
    assert program.check("two_layers", "b1", "(W2.T @ (z2 - y))*(1 - a1**2)").status == "proved"
    assert "z_1" in program.latex()


def test_names_that_are_assigned_again_are_numbered_and_names_of_functions_give_way() -> None:
    def f(x, sum):  # type: ignore[no-untyped-def]
        h = x
        for k in range(3):
            h = np.sin(h + k)
        exp = h * h
        return exp + np.exp(sum)

    program = symchain.from_function(f, {"x": ("n",)})
    assert list(program.blocks) == ["h", "h_2", "h_3", "exp_2", "f"]
    assert str(program).endswith("h = sin(x)\nh_2 = sin(h + 1)\nh_3 = sin(h_2 + 2)\nexp_2 = h_3*h_3\nf = exp_2 + exp(sum)")


def test_what_is_read_twice_has_a_block_of_its_own() -> None:
    program = symchain.from_function(lambda x: (lambda u: u * np.cos(u))(np.exp(x)), {"x": ()})
    assert str(program) == "x: ()\nt1 = exp(x)\ny = t1*cos(t1)"


def test_constants() -> None:
    """Numbers and nameless small arrays are written; arrays with a name outside are inputs with a value."""

    def f(x):  # type: ignore[no-untyped-def]
        weights = np.array([0.5, 0.25])
        return np.sum(x * weights + SMALL) + 0.1 * x[0] * np.pi + np.float32(0.3) * LARGE.sum() * np.dot(LARGE, np.ones(20))

    program = symchain.from_function(f, {"x": 2})
    assert set(program.constants) == {"SMALL"} and list(program.inputs) == ["x", "SMALL"]
    assert "[0.5, 0.25]" in str(program) and "*pi" in str(program)
    value = program.compile(order=0)(x=np.array([1.5, 2.0]), **program.constants)
    np.testing.assert_allclose(value, f(np.array([1.5, 2.0])), rtol=1e-7)


def test_arguments_of_dicts_and_lists_are_inputs_by_their_path() -> None:
    def f(params, layers, x, depth=2):  # type: ignore[no-untyped-def]
        for k in range(depth):
            x = np.tanh(layers[k] @ x)
        return params["out"]["w"] @ x

    program = symchain.from_function(f, {"params": {"out": {"w": (3,)}}, "layers": [(3, 3), (3, 3)], "x": (3,)})
    assert list(program.inputs) == ["params_out_w", "layers_0", "layers_1", "x"]


def test_several_results_and_writing() -> None:
    def f(x, y):  # type: ignore[no-untyped-def]
        x[0] = y[0]
        y *= 2
        return x, y, y.sum()

    def g(x):  # type: ignore[no-untyped-def]
        s = np.sum(x)
        t = s
        s += 1
        return s * t

    program = symchain.from_function(f, {"x": 3, "y": 3})
    assert list(program.blocks) == ["x_2", "y_2", "f_3"]
    value = symchain.from_function(g, {"x": 2}).compile(order=0)(x=np.array([1.0, 2.0]))
    assert float(value) == 12.0  # a number of NumPy does not change


def test_sizes_that_are_letters() -> None:
    def f(x, W):  # type: ignore[no-untyped-def]
        n, p = x.shape
        mean = x.sum(axis=0) / n
        flat = x.reshape(-1)
        xp = x.__array_namespace__()
        return (mean @ W + xp.zeros(W.shape[1]) + xp.eye(p)[0, 0]).sum() + flat.size + np.sqrt(n - 1) + xp.ones((n, 2)).sum() + flat.sum()

    program = symchain.from_function(f, {"x": ("n", "p"), "W": ("p", "k")})
    x, W = np.random.default_rng(0).normal(size=(4, 3)), np.ones((3, 2))
    expected = (x.mean(axis=0) @ W + 1).sum() + 12 + np.sqrt(3) + 8 + x.sum()
    np.testing.assert_allclose(program.compile(order=0)(x=x, W=W), expected)


def test_facts_and_labels() -> None:
    def f(A, x, labels):  # type: ignore[no-untyped-def]
        return x @ np.linalg.solve(A, x) + np.sum(x[labels]) + np.linalg.slogdet(A).logabsdet

    program = symchain.from_function(f, {"A": ("n", "n"), "x": ("n",), "labels": ("m",)}, assume={"A": "spd", "labels": "integer"})
    assert program.inputs["A"].facts == {"spd"}
    assert program.derive("A").verification.held


@pytest.mark.thorough
def test_every_function_of_numpy_and_scipy_with_a_name_of_the_registry_has_its_value() -> None:
    """Names of the registry stand in no table: they mean the same here and there."""
    from scipy import special

    from symchain.functions.spec import ALIASES, FUNCTIONS

    tried = 0
    for word, name in list(ALIASES.items()):
        spec = FUNCTIONS.get(name)
        function = next((f for m in (np, special) if isinstance(f := getattr(m, word, None), np.ufunc)), None)
        if spec is None or function is None or function.nin != len(spec.parameters):
            continue
        points = np.array(spec.probes, dtype=float)
        if function.types[0][0] in "lip":  # of whole orders alone
            points[:, 0] = np.round(points[:, 0])
        expected = function(*points.T)
        if np.iscomplexobj(expected):
            continue
        text = ", ".join(spec.parameters)
        traced = symchain.from_function(eval(f"lambda {text}: f({text})", {"f": function}))
        value = traced.compile(order=0)(**dict(zip(spec.parameters, points.T, strict=True)))
        finite = np.isfinite(expected)
        np.testing.assert_allclose(value[finite], expected[finite], rtol=1e-9, atol=1e-300, err_msg=word)
        tried += 1
    assert tried > 90


def _looping(x):  # type: ignore[no-untyped-def]
    total = 0
    for k in range(x.shape[0]):
        total = total + x[k]
    return total


def _rotated(x, angle):  # type: ignore[no-untyped-def]
    c, s = np.cos(angle), np.sin(angle)
    R = np.array([[c, -s], [s, c]])
    return R @ x


def test_arrays_of_numbers_that_are_not_known() -> None:
    x = np.array([0.3, -0.7])
    value = symchain.from_function(_rotated, {"x": 2}).compile(order=0)(x=x, angle=0.4)
    np.testing.assert_allclose(value, _rotated(x, 0.4))


def test_writes_reach_what_shares_the_memory_and_nothing_else() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        part, copy = x[1:], x.copy()
        part += 1
        part[0] = 5
        return x * copy

    x = np.array([1.0, 2.0, 3.0])
    program = symchain.from_function(f, {"x": 3})
    np.testing.assert_allclose(program.compile(order=0)(x=x), f(x.copy()))
    for stale in (np.flip, np.transpose, lambda a: a.reshape(-1), lambda a: np.split(a, 3)[0]):
        with pytest.raises(UnsupportedError, match="shares memory"):
            symchain.from_function(lambda x, view=stale: (view(x).__setitem__(0, 2.0), x * 2)[1], {"x": (3, 2)})


REFUSED = [
    (lambda x: x if np.sum(x) > 0 else -x, {"x": 3}, "a branch depends on values", "np.where"),
    (lambda x: np.where((x > 0) and (x < 1), x, 0), {"x": 3}, "a branch depends on values", "np.where"),
    (lambda x: float(x[0]) * x, {"x": 3}, "the value of an array is asked for", "np.exp, not math.exp"),
    (_looping, {"x": ("n",)}, "the number n is asked for, and that size is a letter", "Give numbers in shapes="),
    (lambda x: np.unique(x) * x, {"x": 3}, "unique is not known here", "Give its result as an argument"),
    (lambda x: np.fft.fft(x), {"x": 3}, "fft is not known here", "Give its result as an argument"),
    (lambda x: x[x > 0], {"x": 3}, "how many entries a condition selects", "np.where"),
    (lambda x: np.zeros(3).__setitem__(0, x[0]), {"x": 3}, "ValueError", "zeros_like"),
    (lambda x: np.sum(x, where=x > 0), {"x": 3}, "sum has no keyword where", "Write sum(x"),
    (lambda x, y: x + y, {"x": 3, "y": 4}, "x (3,) and y (4,) have shapes that do not conform", "Trailing axes"),
    (lambda x: x * 1j, {"x": 3}, "complex as an operand", "arrays and numbers"),
    (lambda x: np.where(x > 0, x, np.nan), {"x": 3}, "nan as an operand", "finite real numbers"),
    (lambda x: np.exp(x, out=np.zeros(3)), {"x": 3}, "put into an array of numbers", "zeros_like"),
]


@pytest.mark.parametrize(("function", "shapes", "what", "advice"), REFUSED)
def test_what_is_refused_is_said_with_the_place(function: Any, shapes: Any, what: str, advice: str) -> None:
    with pytest.raises(SymchainError) as caught:
        symchain.from_function(function, shapes)
    error = caught.value
    assert what in error.what and advice in error.advice and "test_numpy_functions.py" in error.what
    first = function.__code__.co_firstlineno
    assert error.place is not None and first <= error.place.line <= first + 4 and error.source


@pytest.mark.parametrize(
    ("function", "shapes", "what"),
    [
        (3, None, "int is not a function"),
        (lambda x: x, {"z": 3}, "z is no argument of the function"),
        (lambda *a: a[0], None, "the function takes any number of arguments"),
        (lambda x: 3.0, {"x": 3}, "returns nothing that depends on its arrays"),
        (lambda n, x: n * x, {"x": ("n",)}, "n is both an input and a letter in a shape"),
        (lambda pi: 2 * pi, None, "pi is the constant"),
        (lambda x: x, [3, 4], "2 shapes for 1 arguments"),
    ],
)
def test_what_is_no_function_of_arrays(function: Any, shapes: Any, what: str) -> None:
    with pytest.raises(SymchainError) as caught:
        symchain.from_function(function, shapes)
    assert what in caught.value.what and caught.value.advice
