"""Kernels: what they compute, against plain NumPy; what they accept and refuse; how they read."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from kernels import AT, a_program, build, kernel_of, network_by_hand, network_kernel

import symchain
from symchain.errors import ArgumentError, NotDifferentiableError, ShapeError, SymchainError
from symchain.functions import FUNCTIONS, abstract
from symchain.lowering import Label, lower
from symchain.operations import OPERATIONS
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, PI, Tree, add, apply, contract, identity, leaf, number, power, scale

# ---------------------------------------------------------------- elementwise code and operations


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_agree_for_floats_and_arrays(name):
    spec = FUNCTIONS[name]
    kernel = kernel_of(apply(spec, *(leaf(p) for p in spec.parameters)))
    for point in spec.probes:
        at = dict(zip(spec.parameters, map(float, point), strict=True))
        array = kernel(**{p: np.array([v, v]) for p, v in at.items()})
        number_ = kernel(**at)
        assert np.shape(number_) == () and isinstance(number_, float)
        np.testing.assert_allclose(number_, array[0], rtol=1e-12, atol=1e-320, err_msg=f"{name}{point}")
        plain = kernel.with_options(accuracy="fast")(**at)  # the same operations, in the same order
        np.testing.assert_allclose(plain, array[0], rtol=4e-15, atol=1e-320, err_msg=f"{name}{point}")


@pytest.mark.parametrize(
    "exponent", [-3, -2, -1, 0, 1, 2, 3, 7, 16, 17, Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), Fraction(1, 3), Fraction(-5, 2)]
)
def test_powers(exponent):
    x = np.array([0.3, 1.0, 2.5])
    kernel = kernel_of(power(leaf("x"), exponent))
    np.testing.assert_allclose(kernel(x=x), x ** float(exponent), rtol=1e-14)
    np.testing.assert_allclose(kernel(x=2.5), 2.5 ** float(exponent), rtol=1e-14)


def test_sums_subtract_and_keep_their_order():
    a, b = leaf("a"), leaf("b")
    kernel = kernel_of(add([scale(-1, a), b, scale(-2, a), number(-3)]))
    assert kernel(a=1.5, b=0.25) == -1.5 + 0.25 - 3 - 3
    assert "v1 - v0" in kernel.source
    assert kernel_of(add([scale(-1, a), scale(-1, b)]))(a=1.0, b=2.0) == -3


def test_broadcasting_costs_nothing_until_needed():
    z, b = leaf("Z", ("m", "n")), leaf("b", ("n",))
    kernel = kernel_of(add([z, nodes.broadcast(apply(FUNCTIONS["exp"], b), ("m", "n"))]))
    assert "broadcast" not in kernel.source
    total = kernel_of(nodes.reduce_sum(nodes.broadcast(b, ("m", "n")), (0,)))
    with pytest.raises(ShapeError, match="m"):  # the size of nothing
        total(b=np.arange(3.0))


def test_the_branch_not_taken_does_no_harm():
    x = leaf("x")
    safe = nodes.where(nodes.compare(">", x, nodes.ZERO), apply(FUNCTIONS["log"], x), number(-7))
    kernel = kernel_of(safe)
    assert kernel(x=-1.0) == -7 and kernel(x=0.0) == -7
    np.testing.assert_array_equal(kernel(x=np.array([-1.0, 0.0, 1.0])), [-7, -7, 0])


def test_what_overflows_or_has_no_value_is_inf_or_nan():
    x = leaf("x")
    cases = {("exp", 1000.0): math.inf, ("log", 0.0): -math.inf, ("log", -1.0): math.nan, ("sin", math.inf): math.nan}
    for (name, at), expected in cases.items():
        np.testing.assert_equal(kernel_of(apply(FUNCTIONS[name], x))(x=at), expected)
    np.testing.assert_equal(kernel_of(power(x, -1))(x=0.0), math.inf)
    np.testing.assert_equal(kernel_of(power(x, Fraction(1, 2)))(x=-1.0), math.nan)
    np.testing.assert_equal(kernel_of(scale(2, x))(x=math.nan), math.nan)


def test_operations_take_dimensions_as_text():
    x = leaf("x", ("n",))
    tail = nodes.operation(OPERATIONS["index"], [x], ((("slice", 1, "n", 1),),))
    np.testing.assert_array_equal(kernel_of(tail)(x=np.arange(4.0)), [1, 2, 3])


def test_labels_are_integers():
    x, labels = leaf("x", ("n", "k")), leaf("labels", ("m",), ["integer"])
    kernel = kernel_of(nodes.operation(OPERATIONS["gather"], [x, labels]))
    data = np.arange(6.0).reshape(3, 2)
    for given in ([2, 0], np.array([2, 0], np.int8), np.array([2.0, 0.0])):
        np.testing.assert_array_equal(kernel(x=data, labels=given), data[[2, 0]])
    with pytest.raises(ArgumentError, match="labels"):
        kernel(x=data, labels=[0.5, 1])


def test_constants_have_a_value_too():
    np.testing.assert_allclose(kernel_of(nodes.multiply_scalars([number(Fraction(1, 3)), PI]))(), math.pi / 3)
    n = nodes.size("n")
    mean = contract([leaf("x", ("n",)), nodes.reciprocal(n), power(n, Fraction(1, 2))], ["i", "", ""], "")
    np.testing.assert_allclose(kernel_of(mean)(x=np.arange(4.0)), 3.0)
    empty = kernel_of(contract([leaf("x", ("n",)), nodes.reciprocal(n)], ["i", ""], ""))
    assert math.isnan(empty(x=np.zeros(0)))


def test_unbound_functions_are_named():
    with pytest.raises(SymchainError, match="sigma1") as caught:
        kernel_of(apply(abstract("sigma1"), leaf("z")))
    assert "let=" in str(caught.value)
    assert kernel_of(apply(abstract("sigma1", FUNCTIONS["tanh"]), leaf("z")))(z=0.5) == math.tanh(0.5)


# ---------------------------------------------------------------- calls


def test_value_and_gradient():
    kernel = network_kernel()
    value, gradient = kernel(**AT)
    expected, slopes = network_by_hand(**AT)
    assert value == pytest.approx(expected, rel=1e-14)
    assert list(gradient) == list(slopes)
    assert gradient == pytest.approx(slopes, rel=1e-13)
    again = kernel.positional(*(AT[n] for n in kernel.names))
    assert again == (value, gradient)


def test_shared_values_are_computed_once():
    kernel = network_kernel()
    source = kernel.source.split("def kernel(")[1]
    assert source.count("sigmoids") == 2  # of z and of -z together, in each layer: 1 - a cancels
    assert kernel.operations <= 22


@pytest.mark.parametrize("shape", [(3,), (2, 3), (40000,), (0,), (1,)])
def test_scalar_programs_broadcast(shape):
    kernel = network_kernel()
    x = np.random.default_rng(1).normal(size=shape)
    value, gradient = kernel(**{**AT, "x": x})
    expected, slopes = network_by_hand(**{**AT, "x": x})
    for result, wanted in zip([value, *gradient.values()], [expected, *slopes.values()], strict=True):
        assert result.shape == shape and result.flags.writeable
        np.testing.assert_allclose(result, np.broadcast_to(wanted, shape), rtol=1e-12)


def test_constant_results_have_the_common_shape():
    x, unused = leaf("x"), leaf("unused")
    program = a_program([x, unused], {"y": add([x, ONE])})
    kernel = build(lower(program, [(("value",), leaf("y")), (("gradient", "x"), ONE), (("gradient", "unused"), nodes.ZERO)], order=1))
    value, gradient = kernel(x=1.0, unused=np.zeros((4, 1)))
    assert value.shape == gradient["x"].shape == gradient["unused"].shape == (4, 1)
    gradient["x"][0] = 5
    assert gradient["unused"].max() == 0 and value.max() == 2


def test_results_are_the_callers_own():
    x = leaf("x", ("n",))
    program = a_program([x], {"y": x})
    y = leaf("y", ("n",))
    outputs: list[tuple[Label, Tree]] = [(("value",), y), (("gradient", "x"), y), (("gradient", "z"), contract([x], ["i"], "ij", {"j": 2}))]
    at = np.arange(3.0)
    value, gradient = build(lower(program, outputs, order=1))(x=at)
    value[:] = -1
    gradient["z"][0, 0] = 9
    assert at.tolist() == gradient["x"].tolist() == [0, 1, 2]
    assert gradient["z"][0, 1] == 0


def test_arrays_inside_a_scalar_program_take_samples_one_by_one():
    x = leaf("x")
    tree = contract([power(contract([x, identity(3)], ["", "ij"], "ij"), 2)], ["ij"], "")
    kernel = kernel_of(tree)
    assert kernel(x=2.0) == 12
    np.testing.assert_array_equal(kernel(x=np.arange(3.0)), [0, 3, 12])


@pytest.mark.parametrize("order", [0, 1, 2, None])
def test_the_form_of_the_result(order):
    a, b = leaf("a"), leaf("b")
    program = a_program([a, b], {"y": nodes.multiply_scalars([a, b])})
    outputs: list[tuple[Label, Tree]] = [
        (("value",), leaf("y")),
        (("gradient", "a"), b),
        (("hessian", "a"), nodes.ZERO),
        (("hessian", "a", "b"), ONE),
    ]
    chosen = {0: outputs[:1], 1: outputs[:2], 2: outputs, None: [(("array",), b)]}[order]
    for at in (
        {"a": 2.0, "b": 3.0},
        {"a": np.float64(2), "b": 3},
        {"a": np.float32(2), "b": np.float32(3)},
        {"a": np.full(2, 2.0), "b": 3.0},
    ):
        result = build(lower(program, chosen, order=order))(**at)
        if order == 2:
            value, gradient, hessian = result
            assert list(hessian) == ["a", ("a", "b")]
        elif order == 1:
            value, gradient = result
            assert list(gradient) == ["a"] and np.all(gradient["a"] == 3)
        else:
            value = result
        assert np.all(value == (3 if order is None else 6))


def test_single_precision_stays_single():
    x, a = leaf("x", ("n",)), leaf("a")
    tree = add(
        [
            contract([number(Fraction(1, 3)), PI, a, apply(FUNCTIONS["exp"], x)], ["", "", "", "i"], "i"),
            nodes.broadcast(power(nodes.size("n"), Fraction(1, 2)), ("n",)),
        ]
    )
    kernel = kernel_of(nodes.where(nodes.compare(">", x, nodes.ZERO), tree, nodes.zeros(("n",))))
    mask = kernel_of(nodes.where(nodes.compare(">", x, nodes.ZERO), ONE, nodes.ZERO))
    at = np.linspace(-1, 1, 5)
    for a_given, expected in [(np.float32(2), np.float32), (2.0, np.float32), (2, np.float32), (np.float64(2), np.float64)]:
        assert kernel(x=at.astype(np.float32), a=a_given).dtype == expected
    assert mask(x=at.astype(np.float32)).dtype == np.float32
    assert mask(x=at).dtype == np.float64
    assert kernel(x=[0, 1, 2], a=1).dtype == np.float64
    value, gradient = network_kernel()(**{n: np.float32(v) for n, v in AT.items()})
    assert value.dtype == np.float32 and {g.dtype for g in gradient.values()} == {np.dtype(np.float32)}
    value, gradient = network_kernel()(**{n: np.full(3, v, np.float32) for n, v in AT.items()})
    assert value.dtype == np.float32 and {g.dtype for g in gradient.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    "value",
    ["1.5", None, 1j, np.array([1j]), object(), [[1], [2, 3]], b"1", np.datetime64("NaT"), {}, np.ma.masked_array([1.0], [True]), 10**400],
)
def test_what_is_not_real_numbers_is_refused(value):
    for kernel in (network_kernel(), kernel_of(nodes.reduce_sum(leaf("x", ("n",)), (0,)))):
        with pytest.raises(ArgumentError, match="x"):
            kernel(**{**{n: v for n, v in AT.items() if n in kernel.names}, "x": value})


@pytest.mark.parametrize(
    "value", [2, True, Fraction(1, 2), np.int8(3), np.float16(0.5), [1.0, 2.0], np.array(1.5), np.arange(3), np.array([True, False])]
)
def test_what_is_real_numbers_is_taken(value):
    wanted = network_by_hand(**{**AT, "x": np.asarray(value, float)})[0]
    np.testing.assert_allclose(network_kernel()(**{**AT, "x": value})[0], wanted)


def test_names_of_arguments():
    kernel = network_kernel()
    with pytest.raises(ArgumentError, match="no value is given for b2"):
        kernel(**{n: v for n, v in AT.items() if n != "b2"})
    with pytest.raises(ArgumentError, match="no input is named W1") as caught:
        kernel(**{("W1" if n == "w1" else n): v for n, v in AT.items()})
    assert "Did you mean w1?" in str(caught.value)
    with pytest.raises(ArgumentError, match="no input is named extra"):
        kernel(**AT, extra=1)
    for count, message in ((0, "for x, y, w1, b1, w2, b2"), (5, "no value is given for b2"), (7, "7 values are given for 6")):
        with pytest.raises(ArgumentError, match=message):
            kernel.positional(*[1.0] * count)


def test_shapes_of_arguments():
    a, x = leaf("A", ("m", "n")), leaf("x", ("n",))
    kernel = kernel_of(nodes.matmul(a, x))
    with pytest.raises(ShapeError, match=r"x must have shape \(n,\), not \(4,\): n is 3 in A"):
        kernel(A=np.ones((2, 3)), x=np.ones(4))
    with pytest.raises(ShapeError, match=r"x must have shape \(n,\), not \(\)"):
        kernel(A=np.ones((2, 3)), x=1.0)
    with pytest.raises(ShapeError, match="do not broadcast"):
        network_kernel()(**{**AT, "x": np.ones(3), "y": np.ones(4)})
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        kernel_of(scale(2, leaf("u", (3,))))(u=np.ones(4))


def test_letters_are_solved_for():
    x = leaf("x", ("2*n - 1",))
    kernel = kernel_of(nodes.broadcast(nodes.reciprocal(nodes.size("n")), ("n",)), ("n",), blocks={"z": scale(2, x)})
    np.testing.assert_allclose(kernel(x=np.ones(5)), [1 / 3] * 3)
    with pytest.raises(ShapeError):
        kernel(x=np.ones(4))


@pytest.mark.parametrize(
    "name", ["self", "out", "lambda", "inputs", "v0", "kernel", "np", "def", "λ", "__import__", "a\nb", "*values", "dt", "None", "k0"]
)
def test_any_name_is_an_input(name):
    x = leaf(name)
    program = a_program([x], {"y": power(x, 2)})
    kernel = build(lower(program, [(("value",), leaf("y")), (("gradient", name), scale(2, x))], order=1))
    assert kernel(**{name: 3.0}) == (9.0, {name: 6.0})
    code = [line.split("#")[0] for line in kernel.source.splitlines()]
    assert len(code) < 25
    if name in ("λ", "__import__", "*values"):
        assert not any(name in line for line in code if "more" not in line)


def test_out_receives_the_results():
    kernel = network_kernel()
    x = np.arange(3.0)
    out = (np.empty(3), {n: np.empty(3) for n in ("w1", "b1", "w2", "b2")})
    assert kernel.with_options(out=out)(**{**AT, "x": x}) is out
    np.testing.assert_allclose(out[1]["w1"], kernel(**{**AT, "x": x})[1]["w1"])
    with pytest.raises(ArgumentError):
        kernel.with_options(out=(np.empty(3), {}))(**{**AT, "x": x})
    with pytest.raises(ShapeError):
        kernel.with_options(out=out)(**AT)
    with pytest.raises(ArgumentError, match="outt"):
        kernel.with_options(outt=out)


@pytest.mark.parametrize("wrong", [np.int64, bool, "U3"])
def test_out_loses_nothing(wrong):
    kernel = kernel_of(apply(FUNCTIONS["sin"], leaf("x")))
    x = np.array([0.3, 1.2])
    out = np.zeros(2, wrong)
    with pytest.raises(ArgumentError, match="cannot keep"):
        kernel.with_options(out=out)(x=x)
    assert (out == np.zeros(2, wrong)).all()
    for kind in (np.float32, np.float64, object):
        np.testing.assert_allclose(kernel.with_options(out=np.zeros(2, kind))(x=x).astype(float), np.sin(x), rtol=1e-6)


def test_out_is_refused_before_anything_is_written():
    kernel = network_kernel().with_options
    x = np.arange(3.0)
    names = ("w1", "b1", "w2", "b2")

    def refused(error, match, change):
        value, slopes = np.full(3, 7.0), {n: np.full(3, 7.0) for n in names}
        out = change(value, slopes)
        with pytest.raises(error, match=match):
            kernel(out=out)(**{**AT, "x": x})
        assert (value == 7).all() and all((g == 7).all() for g in slopes.values())

    read_only = np.zeros(3)
    read_only.flags.writeable = False
    refused(ArgumentError, "holds int64", lambda v, g: (v, {**g, "b2": np.zeros(3, int)}))
    refused(ShapeError, "shape", lambda v, g: (v, {**g, "b2": np.zeros(2)}))
    refused(ShapeError, "shape", lambda v, g: (v, {**g, "b2": np.zeros((1, 3))}))
    refused(ArgumentError, "read-only", lambda v, g: (v, {**g, "b2": read_only}))
    refused(ArgumentError, "two places", lambda v, g: (v, {**g, "b2": v}))
    refused(ArgumentError, "form", lambda v, g: (v, {**g, "more": np.zeros(3)}))
    refused(ArgumentError, "form", lambda v, g: (v, {**g, "b2": [0.0, 0.0, 0.0]}))
    refused(ArgumentError, "form", lambda v, g: (v, {n: g[n] for n in names[1:]}))
    refused(ArgumentError, "form", lambda v, g: (v,))
    refused(ArgumentError, "form", lambda v, g: v)
    refused(ArgumentError, "form", lambda v, g: np.zeros(2))


def test_kinks_can_be_refused():
    kernel = kernel_of(leaf("a"), blocks={"a": apply(FUNCTIONS["relu"], leaf("x"))})
    strict = kernel.with_options(kinks="raise")
    assert strict(x=1.0) == 1 and kernel(x=0.0) == 0
    for at in (0.0, np.array([1.0, 0.0])):
        with pytest.raises(NotDifferentiableError, match="relu in a"):
            strict(x=at)
    with pytest.raises(ArgumentError, match="kinks"):
        kernel.with_options(kinks="maybe")(x=1.0)


@pytest.mark.parametrize(
    ("text", "kinked", "smooth"),
    [
        ("maximum(x, w)", [{"x": 1, "w": 1}], [{"x": 1, "w": 2}]),
        ("minimum(x, 2*w)", [{"x": 2, "w": 1}], [{"x": 1, "w": 1}]),
        ("maximum(x, 3)", [{"x": 3}], [{"x": 1}]),
        ("maximum(x, x)", [], [{"x": 1}]),
        ("clip(x, -1, w)", [{"x": -1, "w": 2}, {"x": 2, "w": 2}], [{"x": 1, "w": 2}, {"x": 5, "w": 2}]),
        ("clip(x, x, 5)", [{"x": 5}], [{"x": 1}]),
        ("pinball(x, 0.3)", [{"x": 0}], [{"x": 1}]),
        ("epsilon_insensitive(x, 0.5)", [{"x": 0.5}, {"x": -0.5}], [{"x": 0}, {"x": 1}]),
        ("absolute_error(x, w)", [{"x": 2, "w": 2}], [{"x": 0, "w": 2}]),
        ("copysign(x, w)", [{"x": 0, "w": 2}, {"x": 1, "w": 0}], [{"x": 1, "w": 2}]),
        ("hypot(x, w)", [{"x": 0, "w": 0}], [{"x": 0, "w": 2}, {"x": 1, "w": 0}]),
        ("sqrt(x**2 + w**2)", [{"x": 0, "w": 0}], [{"x": 0, "w": 2}]),
        ("sqrt(x)*w", [{"x": 0, "w": 1}], [{"x": 2, "w": 0}]),
        ("cbrt(x)", [{"x": 0}], [{"x": 2}]),
        ("abs(x) + relu(w)", [{"x": 0, "w": 1}, {"x": 1, "w": 0}], [{"x": 1, "w": 1}]),
        ("softsign(x) + i1e(x) + squared_hinge(x + 1)", [], [{"x": 0}, {"x": 1}]),
        ("log(cosh(x))", [], [{"x": 0}]),
        ("x**2*log(x) + huber(w, 1)", [], [{"x": 1, "w": 1}, {"x": 1, "w": 0}]),
        ("relu(x)*sigmoid(x)", [{"x": 0}], [{"x": 1}]),
    ],
)
def test_strict_kernels_refuse_the_points_without_a_derivative_and_no_others(text, kinked, smooth):
    kernel = symchain.parse(f"y = 3*({text})").compile()
    strict = kernel.with_options(kinks="raise")
    for point in smooth:
        at = {n: float(point.get(n, 1.0)) for n in kernel.names}
        (value, slopes), (same, equal) = strict(**at), kernel(**at)
        assert value == pytest.approx(same, rel=1e-14) and slopes == pytest.approx(equal, rel=1e-14, nan_ok=True)
    for point in kinked:
        at = {n: float(point.get(n, 1.0)) for n in kernel.names}
        with pytest.raises(NotDifferentiableError, match="in y has no derivative"):
            strict(**at)
        with pytest.raises(NotDifferentiableError):
            strict(**{n: np.array([v, 0.77]) for n, v in at.items()})


def test_strict_kernels_of_arrays():
    program = symchain.parse("x: (n,)\nA: (m, n)\nu = A @ x\ny = norm(u) + max(x)")
    strict = program.compile(kinks="raise")
    kernel = program.compile()
    x, a = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]])
    assert str(strict(x=x, A=a)) == str(kernel(x=x, A=a))
    with pytest.raises(NotDifferentiableError, match="root in y"):
        strict(x=x, A=np.zeros((3, 2)))
    with pytest.raises(NotDifferentiableError, match="max in y"):
        strict(x=np.array([2.0, 2.0]), A=a)
    assert "max" not in program.compile("u", kinks="raise").source


def test_clip_moves_with_what_moves_it():
    cases = [("clip(x, x, 5)", 1.0, 1.0), ("clip(x, x, x)", 1.0, 1.0), ("clip(x, 0, 6)", 6.0, 0.0), ("clip(x, 0, 6)", 0.0, 0.0)]
    for text, point, slope in cases:
        program = symchain.parse(f"y = {text}")
        assert program.compile()(x=point)[1]["x"] == slope, text
        assert program.derive("y", "x").verification.held


# ---------------------------------------------------------------- source


def test_the_source_reads_well():
    source = network_kernel().source
    assert "# v0 = x" in source and "# a1" in source and "# gradient[w1]" in source
    assert max(map(len, source.splitlines())) <= 140
    shown = str(network_kernel())
    assert "numpy: " in shown.splitlines()[0] and shown.splitlines()[1].endswith("used more than once") and "gradient[w1] = " in shown


# ---------------------------------------------------------------- size


@pytest.mark.thorough
def test_long_chains_compile():
    depth = 2000
    x, w = leaf("x"), leaf("w")
    blocks: dict[str, Tree] = {}
    previous: Tree = x
    for k in range(depth):
        blocks[f"a{k}"] = apply(FUNCTIONS["tanh"], add([nodes.multiply_scalars([w, previous]), x]))
        previous = leaf(f"a{k}")
    kernel = kernel_of(previous, blocks=blocks)
    value = 0.3
    for _ in range(depth):
        value = math.tanh(0.9 * value + 0.3)
    assert kernel(x=0.3, w=0.9) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(kernel(x=np.array([0.3]), w=0.9), [value], rtol=1e-12)


@pytest.mark.thorough
def test_long_sums_compile():
    terms = 20000
    x = leaf("x")
    kernel = kernel_of(add([nodes.multiply_scalars([number(k), x]) for k in range(terms)]))
    assert kernel(x=2.0) == terms * (terms - 1)


@pytest.mark.thorough
def test_many_inputs():
    count = 3001
    kernel = kernel_of(add([leaf(f"x{k}") for k in range(count)]))
    assert kernel(**{f"x{k}": 1.0 for k in range(count)}) == count
    assert kernel(**{f"x{k}": np.ones(2) for k in range(count)}).tolist() == [count, count]


@pytest.mark.thorough
def test_deep_products_are_taken_apart_in_linear_time():
    x: Tree = leaf("x")
    tree = x
    for _ in range(3000):
        tree = nodes.multiply_scalars([tree, MINUS_ONE, x])
    assert kernel_of(tree)(x=1.0) == 1


@pytest.mark.parametrize("text", ["hypot(x, w)", "sqrt(x**2 + w**2)", "c*sqrt(3*x**2 + (2*w)**2)", "hypot(x, w)**3", "exp(hypot(x, w))"])
def test_a_distance_has_no_slope_at_the_origin(text):
    program = symchain.parse(f"y = {text}")
    kernel = program.compile(wrt=["x", "w"], order=2)
    at = {n: 0.0 for n in kernel.names} | ({"c": 2.0} if "c" in kernel.names else {})
    value, slopes, _ = kernel(**at)
    assert value == (1 if "exp" in text else 0) and slopes == {"x": 0, "w": 0}
    value, slopes, _ = kernel(**{**at, "x": np.array([0.0, 3.0, np.nan]), "w": np.array([0.0, 4.0, 1.0])})
    assert slopes["x"][0] == 0 and slopes["x"][1] > 0 and np.isnan(value[2]) and np.isnan(slopes["x"][2])


def test_a_norm_has_no_slope_at_the_origin():
    kernel = symchain.parse("A: (n, m)\ny = sum(norm(A, axis=1)) + norm(A)").compile()
    a = np.array([[0.0, 0.0], [3.0, 4.0]])
    value, slopes = kernel(A=a)
    assert value == 10 and slopes["A"] == pytest.approx(np.array([[0, 0], [1.2, 1.6]]))
    assert not kernel(A=0 * a)[1]["A"].any()


def test_a_deviation_has_no_slope_where_nothing_deviates():
    value, slopes = symchain.parse("x: (n,)\ny = std(x)").compile()(x=np.full(4, 2.0))
    assert value == 0 and not slopes["x"].any()
