"""Operations by contract: every declared one is held to its meaning, its code, its shape rule and its derivative."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernels import a_program, kernel_of
from scipy import linalg
from treeeval import evaluate

import symchain
import symchain.functions
from symchain.errors import NotDifferentiableError, ShapeError, UnsupportedError
from symchain.functions.spec import OPERATIONS, Case, map_dims
from symchain.kernels.arraydigits import reworked
from symchain.rules import operations as rules
from symchain.support import dimensions
from symchain.tensors import nodes
from symchain.tensors.nodes import Contraction, leaf

SIZES = {"n": 3, "m": 4, "k": 2, "l": 5}


CASES = {name: spec.cases for name, spec in OPERATIONS.items()}
ALL = [(name, k) for name, cases in CASES.items() for k in range(len(cases))]
DIFFERENTIABLE = [(name, k) for name, k in ALL if OPERATIONS[name].pullback]


def number(dim: dimensions.Dim) -> int:
    return dimensions.evaluate(dim, SIZES)


def sample(name: str, case: Case, seed: int = 0) -> list[Any]:
    """Operands that lie well inside the domain."""
    rng = np.random.default_rng([seed, len(name)])
    operands = []
    for k, dims in enumerate(case.shapes):
        shape = tuple(map(number, dims))
        if k in OPERATIONS[name].integers:
            operands.append(rng.integers(0, 2, shape))
            continue
        x = rng.uniform(0.4, 1.6, shape) * rng.choice([-1, 1], shape)
        if case.domain in ("regular", "negative"):
            x = x + 3 * np.eye(shape[-1]) * (np.array([1, 1, -1]) if case.domain == "negative" else 1)
        elif case.domain == "spd" and shape[-2] == shape[-1]:
            x = x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])
        operands.append(x)
    return operands


def build(name: str, case: Case) -> tuple[Any, list[Any]]:
    args = [leaf(f"x{k}", dims) for k, dims in enumerate(case.shapes)]
    return nodes.operation(OPERATIONS[name], args, case.parameters), args


def meaning(name: str, case: Case, operands: list[Any]) -> Any:
    return OPERATIONS[name].evaluate(*operands, *map_dims(name, case.parameters, number))


def close(got: Any, want: Any, tolerance: float = 1e-9) -> bool:
    return np.shape(got) == np.shape(want) and bool(np.allclose(got, want, rtol=tolerance, atol=tolerance))


def jacobian(name: str, case: Case, operands: list[Any], k: int) -> Any:
    """Derivative of the meaning by operand k, element by element with complex steps; shape result + operand."""
    x = np.array(operands[k], complex)
    columns = []
    for place in np.ndindex(x.shape):
        moved = x.copy()
        moved[place] += 1e-20j
        columns.append(np.imag(meaning(name, case, [*operands[:k], moved, *operands[k + 1 :]])) / 1e-20)
    return np.stack(columns, axis=-1).reshape((*np.shape(columns[0]), *x.shape))


def test_every_operation_has_cases_and_differentiable_ones_a_pullback() -> None:
    for name, cases in CASES.items():
        spec = OPERATIONS[name]
        assert cases and spec.refused, name
        assert bool(spec.pullback) == (len(spec.integers) < len(cases[0].shapes)), name


@pytest.mark.parametrize(("name", "k"), ALL)
def test_shape_rule_agrees_with_the_value(name: str, k: int) -> None:
    case = CASES[name][k]
    node, _ = build(name, case)
    assert np.shape(meaning(name, case, sample(name, case))) == tuple(map(number, node.shape))


def in_numbers(name: str, case: Case) -> Case:
    """The case with numbers in place of letters."""
    return Case(tuple(tuple(map(number, s)) for s in case.shapes), map_dims(name, case.parameters, number), case.domain)


def by_size(name: str, case: Case) -> list[Case]:
    """The case with sizes as numbers, and as letters that the shapes of the operands bind, where they do."""
    node, _ = build(name, case)
    unbound = set(dimensions.letters(node.shape)) - {d for s in case.shapes for d in s}
    told = unbound or (name == "roll" and case.parameters[0] == "k")
    return [in_numbers(name, case)] if told else [case, in_numbers(name, case)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "k"), ALL)
def test_a_kernel_computes_the_meaning_and_keeps_the_type(name: str, k: int, dtype: Any) -> None:
    spec = OPERATIONS[name]
    operands = [x if j in spec.integers else x.astype(dtype) for j, x in enumerate(sample(name, CASES[name][k]))]
    for case in by_size(name, CASES[name][k]):
        kernel = kernel_of(build(name, case)[0])
        value = kernel(**{f"x{j}": x for j, x in enumerate(operands)})
        assert close(value, meaning(name, case, operands), 1e-9 if dtype is np.float64 else 1e-3)
        assert name == "onehot" or value.dtype == dtype


IN_DOUBLES_ALONE = {
    *("pinv", "expm_frechet", "sinm_frechet", "cosm_frechet", "logm", "logm_frechet", "sylvester", "eigvalsh", "eigenvectors"),
    *("svdvals", "left_singular_vectors", "right_singular_vectors", "nuclear_norm", "spectral_norm"),
    "orthogonal_factor",
}
"""Their instructions are not known to numbers with many digits."""


@pytest.mark.parametrize(("name", "k"), ALL)
def test_many_digits_compute_the_meaning(name: str, k: int) -> None:
    case, operands = in_numbers(name, CASES[name][k]), sample(name, CASES[name][k])
    plan = kernel_of(build(name, case)[0]).plan
    given = [operands[int(i.name[1:])] for i in plan.inputs]
    (value,) = reworked(plan, given, (), [np.full(np.shape(meaning(name, case, operands)), np.nan)])
    if name in IN_DOUBLES_ALONE:
        assert np.all(np.isnan(value))
    else:
        assert close(value, meaning(name, case, operands), 1e-13)


ONCE = {"expm", "sinm", "cosm", "logm", "nuclear_norm"}
"""They are differentiated once."""
SLOPES = {"expm_frechet", "sinm_frechet", "cosm_frechet", "logm_frechet", "orthogonal_factor"}
"""Their derivatives, whose first operand nothing is differentiated by."""


@pytest.mark.parametrize(("name", "k"), ALL)
def test_kernels_of_every_order_are_made_run_and_saved(name: str, k: int, tmp_path: Path) -> None:
    """The loaded kernel is the one that was saved: the same plan, with shapes worked out anew, and the same numbers.

    Of a case with letters all orders are made, of the same in numbers the highest.
    """
    spec = OPERATIONS[name]
    at = {f"x{j}": x for j, x in enumerate(sample(name, CASES[name][k]))}
    if name in ("index", "place") and ("new",) in CASES[name][k].parameters[0]:
        return  # the language writes a new axis as a view
    cases = by_size(name, CASES[name][k])
    for case in cases:
        node, args = build(name, case)
        square = nodes.power(node, 2)
        total = nodes.reduce_sum(square, range(len(node.shape))) if node.shape else square
        program = a_program(args, {"C": total}, dimensions.letters(d for s in case.shapes for d in s))
        wrt = [a.name for j, a in enumerate(args) if j not in spec.integers]
        limit = 0 if not spec.pullback or name in SLOPES else 1 if name in ONCE else 2
        for order in range(limit if case is not cases[0] else 0, limit + 1):
            kernel = program.compile("C", wrt=wrt if order else [], order=order)
            kernel.save(tmp_path / "k")
            again = symchain.load(tmp_path / "k")
            assert again.plan == kernel.plan and again.source == kernel.source
            assert repr(again(**at)) == repr(kernel(**at))
        if limit < 2 and spec.pullback:
            with pytest.raises(UnsupportedError, match="second derivative"):
                program.compile("C", wrt=wrt, order=limit + 1)


MOVED = [(name, k) for name, k in ALL if not OPERATIONS[name].stopped]
"""What is held fixed has no derivative, whatever differences say."""


@pytest.mark.parametrize(("name", "k"), MOVED)
def test_complex_step_agrees_with_differences(name: str, k: int) -> None:
    """The meaning is analytic: otherwise every test by complex steps would prove nothing."""
    case = CASES[name][k]
    operands = sample(name, case)
    for j in (j for j in range(len(operands)) if j not in OPERATIONS[name].integers):
        direction = np.random.default_rng(j).normal(size=operands[j].shape)
        h = 1e-6

        def at(t: float, j: int = j, direction: Any = direction) -> Any:
            return meaning(name, case, [*operands[:j], operands[j] + t * direction, *operands[j + 1 :]])

        exact = np.tensordot(jacobian(name, case, operands, j), direction, direction.ndim)
        assert close(exact, (at(h) - at(-h)) / (2 * h), 1e-5)


def errors_of(pull: Any, name: str, case: Case, lead: int) -> float:
    """Largest difference between a pullback and the complex-step derivative over the operands."""
    node, args = build(name, case)
    operands = sample(name, case)
    values = {f"x{j}": x for j, x in enumerate(operands)}
    before = ("k", "l")[:lead]
    g = np.random.default_rng(7).uniform(0.5, 1.5, [number(d) for d in before + node.shape])
    worst = 0.0
    for j, x in enumerate(args):
        if j in OPERATIONS[name].integers or (name in SLOPES and j == 0):
            continue
        tree = pull(node, j, leaf("G", before + node.shape), lead)
        assert tree.shape == before + x.shape
        got = evaluate(tree, {**values, "G": g}, SIZES)
        want = np.tensordot(g, jacobian(name, case, operands, j), len(node.shape))
        worst = max(worst, float(np.max(np.abs(got - want)) / (1 + np.max(np.abs(want)))))
    return worst


@pytest.mark.parametrize("lead", [0, 1, 2])
@pytest.mark.parametrize(("name", "k"), DIFFERENTIABLE)
def test_pullback_is_the_derivative(name: str, k: int, lead: int) -> None:
    assert errors_of(rules.pull_back, name, CASES[name][k], lead) < 1e-9


@pytest.mark.parametrize(("name", "k"), [(n, k) for n, k in DIFFERENTIABLE if n != "orthogonal_factor" and (n, k) in MOVED])
def test_a_wrong_pullback_is_caught(name: str, k: int) -> None:
    def scaled(node: Any, j: int, cotangent: Any, lead: int) -> Any:
        return nodes.scale(1 + Fraction(1, 10**6), rules.pull_back(node, j, cotangent, lead))

    assert errors_of(scaled, name, CASES[name][k], 0) > 1e-9


@pytest.mark.parametrize(("name", "k"), [(name, k) for name, k in ALL if OPERATIONS[name].linear])
def test_linear_operations_are_linear(name: str, k: int) -> None:
    case = CASES[name][k]
    one, two = sample(name, case, 1), sample(name, case, 2)
    integers = OPERATIONS[name].integers
    mixed = [x if j in integers else 2 * x - 3 * y for j, (x, y) in enumerate(zip(one, two, strict=True))]
    two = [one[j] if j in integers else y for j, y in enumerate(two)]
    assert close(meaning(name, case, mixed), 2 * meaning(name, case, one) - 3 * meaning(name, case, two))


# ---------------------------------------------------------------- single facts


@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_share_equally(name: str) -> None:
    x = leaf("x", (4,))
    node = nodes.operation(OPERATIONS[name], [x], ((0,),))
    values = np.array([1.0, 2.0, 1.0, 2.0])
    share = evaluate(rules.pull_back(node, 0, leaf("g")), {"x": values, "g": 1.0})
    assert close(share, (values == (2 if name == "max" else 1)) / 2)


@pytest.mark.parametrize(("shape", "axes"), [((4,), (0,)), ((2, 3), (0,)), ((2, 3, 2), (0, 2))])
@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_product_of_others_is_exact_at_zeros(shape: tuple[int, ...], axes: tuple[int, ...], zeros: int) -> None:
    x = leaf("x", shape)
    node = nodes.operation(OPERATIONS["prod"], [x], (axes,))
    g = leaf("G", node.shape)
    pulled = rules.pull_back(node, 0, g)
    safe = rules.without_division(pulled)
    assert isinstance(pulled, Contraction) and safe is not pulled
    values = np.random.default_rng(1).normal(size=shape)
    values.reshape(-1)[:zeros] = 0
    weights = np.random.default_rng(2).normal(size=node.shape)
    want = np.empty(shape)
    for place in np.ndindex(shape):
        one, none = values.copy(), values.copy()
        one[place], none[place] = 1, 0
        kept = tuple(p for k, p in enumerate(place) if k not in axes)
        want[place] = weights[kept] * (np.prod(one, axis=axes) - np.prod(none, axis=axes))[kept]
    assert close(evaluate(safe, {"x": values, "G": weights}), want)


def test_without_division_leaves_other_products_alone() -> None:
    x, y = leaf("x", (3,)), leaf("y", (3,))
    total = nodes.operation(OPERATIONS["prod"], [x], ((0,),))
    other = nodes.contract([total, nodes.reciprocal(y)], [[], [0]], [0])
    assert rules.without_division(other) is other


@pytest.mark.parametrize(("name", "derivative"), [("expm", "expm"), ("sinm", "cosm"), ("cosm", "sinm")])
def test_trace_of_a_matrix_function_has_a_closed_derivative(name: str, derivative: str) -> None:
    a = leaf("A", ("n", "n"))
    node = nodes.operation(OPERATIONS[name], [a])
    for g in (nodes.identity("n"), nodes.scale(2, nodes.scale(leaf("c"), nodes.identity("n")))):
        pulled = rules.pull_back(node, 0, g)
        assert {n.operation.name for n in nodes.postorder(pulled) if isinstance(n, nodes.Operation)} == {derivative}
        values = {"A": sample(name, CASES[name][0])[0], "c": 1.5}
        general = nodes.operation(OPERATIONS[f"{name}_frechet"], [nodes.transpose(a), g])
        assert close(evaluate(pulled, values, SIZES), evaluate(general, values, SIZES))


def test_trace_of_a_matrix_function_with_leading_axes() -> None:
    a, c = leaf("A", ("n", "n")), leaf("c", ("k",))
    node = nodes.operation(OPERATIONS["sinm"], [a])
    g = nodes.contract([c, nodes.identity("n")], [["l"], ["i", "j"]], ["l", "j", "i"])
    values = {"A": sample("sinm", CASES["sinm"][0])[0], "c": np.array([1.0, -2.0])}
    want = values["c"][:, None, None] * linalg.cosm(values["A"]).T
    assert close(evaluate(rules.pull_back(node, 0, g, 1), values, SIZES), want)


def test_logsumexp_and_softmax_do_not_overflow() -> None:
    x = np.array([1000.0, 1001.0])
    for name in ("softmax", "log_softmax"):
        assert np.isfinite(OPERATIONS[name].evaluate(x, 0)).all()
    assert close(OPERATIONS["logsumexp"].evaluate(x, (0,)), 1001 + np.log1p(np.exp(-1)))


def test_pinv_by_complex_steps_refuses_deficient_rank() -> None:
    with pytest.raises(NotDifferentiableError, match="rank"):
        OPERATIONS["pinv"].evaluate(np.ones((3, 2), complex))


def test_labels_and_second_frechet_derivatives_are_refused() -> None:
    labels = leaf("y", (4,))
    onehot = nodes.operation(OPERATIONS["onehot"], [labels], (3,))
    gathered = nodes.operation(OPERATIONS["gather"], [leaf("x", (3,)), labels])
    for node, k in ((onehot, 0), (gathered, 1)):
        with pytest.raises(NotDifferentiableError, match="labels"):
            rules.pull_back(node, k, leaf("G", node.shape))
    a = leaf("A", (2, 2))
    with pytest.raises(UnsupportedError, match="second derivative of expm"):
        rules.pull_back(nodes.operation(OPERATIONS["expm_frechet"], [a, a]), 0, a)


def test_what_is_held_fixed_is_a_constant_of_the_value_it_has() -> None:
    x, y = np.array([0.5, -1.5, 2.0]), np.array([1.0, 2.0, -3.0])
    held = symchain.parse("x: (3,)\ny: (3,)\nC = sum((x - stop_gradient(exp(x)*y))**2*y)").compile("C", wrt=["x", "y"])
    given = symchain.parse("x: (3,)\ny: (3,)\nt: (3,)\nC = sum((x - t)**2*y)").compile("C", wrt=["x", "y"])
    value, gradient = held(x=x, y=y)
    expected, slopes = given(x=x, y=y, t=np.exp(x) * y)
    assert close(value, expected) and all(close(gradient[n], slopes[n]) for n in "xy")


def test_every_shape_rule_refuses_with_advice() -> None:
    for name, spec in OPERATIONS.items():
        for shapes, parameters in spec.refused:
            with pytest.raises(ShapeError) as caught:
                spec.shape(shapes, parameters)
            assert caught.value.advice, name


def test_a_strided_slice_of_a_letter_is_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="step 2"):
        OPERATIONS["index"].shape((("n",),), ((("slice", 0, "n", 2),),))


def test_every_operation_has_a_noun_in_both_languages() -> None:
    for spec in OPERATIONS.values():
        assert spec.noun.en and spec.noun.fr and spec.noun.gender in ("m", "f")
