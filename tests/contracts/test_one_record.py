"""A function is one record, and so is an operation: what this file declares works from text to kernel, and no other file knows of it.

It is a recipe. The principal square root of a matrix needs a name, a shape, a meaning and what it is called; with its pullback it has
a derivative, and the pullback is made of another operation, the Sylvester equation, which is declared the same way.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from declaring import undone
from scipy import linalg

import symchain
from symchain.errors import ArgumentError, ParseError, ShapeError, UnsupportedError
from symchain.functions.spec import ALIASES, OPERATIONS, Noun, declare_operation
from symchain.operations.pulling import stack_axes
from symchain.operations.shapes import one_square, square_to_square
from symchain.support.dimensions import Shape, show
from symchain.tensors.nodes import MINUS_ONE, Operation, Tree, contract, named_operation, scale, transpose

# ---------------------------------------------------------------- principal_root(A): S with S @ S = A


def square_root(a: Any) -> Any:
    """SciPy's, continued to complex steps: f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]], where E is scaled to the size of A."""
    if not np.iscomplexobj(a):
        root = linalg.sqrtm(a)
        if np.iscomplexobj(root):
            raise np.linalg.LinAlgError("Matrix has no real square root")
        return root
    n, real, step = len(a), np.real(a), np.imag(a)
    size = np.max(np.abs(step)) or 1.0
    both = square_root(np.block([[real, step / size], [np.zeros_like(real), real]]))
    return both[:n, :n] + 1j * size * both[:n, n:]


def pull_square_root(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """S dS + dS S = dA, so dA = X with S.T X + X S.T = G (Higham 2008, Functions of Matrices, sec. 6.1)."""
    root = transpose(node)
    return named_operation("coupled", root, root, cotangent)


# ---------------------------------------------------------------- coupled(A, B, Q): X with A @ X + X @ B = Q


def sylvester_shape(shapes: tuple[Shape, ...], parameters: tuple[Any, ...]) -> Shape:
    a, b, q = shapes
    one_square("coupled", a)
    one_square("coupled", b)
    if q[-2:] != (a[0], b[0]):
        raise ShapeError(f"coupled needs a right side of shape {show((a[0], b[0]))}", advice="A is (m, m), B is (n, n), Q is (m, n).")
    return q


def sylvester(a: Any, b: Any, q: Any) -> Any:
    """As one linear system over the entries of X, row after row; analytic in all of them."""
    m, n = len(a), len(b)
    system = np.kron(a, np.eye(n)) + np.kron(np.eye(m), b.T)
    return np.linalg.solve(system, np.reshape(q, (*q.shape[:-2], m * n, 1))).reshape(q.shape)


def pull_sylvester(node: Operation, k: int, cotangent: Tree, lead: int) -> Tree:
    """dQ = Z with A.T Z + Z B.T = G; dA = -Z X.T and dB = -X.T Z."""
    a, b, q = node.args
    before, stack = stack_axes(q, lead)
    z = named_operation("coupled", transpose(a), transpose(b), cotangent)
    if k == 2:
        return z
    wide = [*before, *stack]
    pair, out = ([[*wide, "i", "p"], [*stack, "j", "p"]], ["i", "j"]) if k == 0 else ([[*wide, "p", "j"], [*stack, "p", "i"]], ["i", "j"])
    return scale(MINUS_ONE, contract([z, node], pair, [*before, *out]))


def declare_both(pullback: Any = pull_square_root) -> None:
    declare_operation(
        "principal_root",
        shape=square_to_square("principal_root", one_square),
        evaluate=square_root,
        noun=Noun("square root of a matrix", "racine carrée de matrice", "f"),
        reason={
            "en": "In {block}, {operation} times itself is {operand}: a change of it counts once on either side.",
            "fr": "Dans {block}, {operation} multipliée par elle-même donne {operand} : une variation y compte une fois de chaque côté.",
        },
        latex="{0}^{{1/2}}",
        operands=("A",),
        rank=2,
        keeps=frozenset({"symmetric"}),
        pullback=pullback,
    )
    declare_operation(
        "coupled",
        shape=sylvester_shape,
        evaluate=sylvester,
        noun=Noun("solution of a Sylvester equation", "solution d'une équation de Sylvester", "f"),
        latex=r"\operatorname{sylv}",
        operands=("A", "B", "Q"),
        pullback=pull_sylvester,
    )


@pytest.fixture
def declared() -> Iterator[None]:
    with undone():
        declare_both()
        yield


# ---------------------------------------------------------------- what follows from the records


PROGRAM = "A: (n, n) spd\nC = sum(principal_root(A))"


def positive(n: int) -> Any:
    x = np.random.default_rng(n).normal(size=(n, n))
    return x @ x.T + np.eye(n)


def gradient(a: Any) -> Any:
    """By SciPy's solver, which nothing here uses."""
    root = linalg.sqrtm(a)
    return linalg.solve_sylvester(root.T, root.T, np.ones_like(a))


@pytest.mark.usefixtures("declared")
def test_the_text_is_read_and_its_shape_is_checked() -> None:
    program = symchain.parse("A: (n, n)\nS = principal_root(A)")
    assert program.blocks["S"].shape == ("n", "n")
    with pytest.raises(ShapeError, match=r"principal_root needs a square matrix.*A \(n, m\)"):
        symchain.parse("A: (n, m)\nS = principal_root(A)")
    with pytest.raises(ParseError, match="no more than 1 argument") as caught:
        symchain.parse("A: (n, n)\nS = principal_root(A, A)")
    assert "principal_root(A)" in caught.value.advice


@pytest.mark.usefixtures("declared")
def test_the_derivation_is_printed_and_verified() -> None:
    derivation = symchain.parse(PROGRAM).derive("C", "A")
    assert derivation.verification.held, derivation.verification
    assert derivation.lines[-1] == "dC_dA = coupled(principal_root(A), principal_root(A), ones((n, n)))"
    for lang, said in (("en", "operation"), ("fr", "opération")):
        assert said in derivation.text(lang=lang) and r"A^{1/2}" in derivation.latex(lang=lang).replace("{A}", "A")
        assert r"\operatorname{sylv}" in derivation.latex(lang=lang)


@pytest.mark.usefixtures("declared")
def test_the_reason_is_said_in_every_language() -> None:
    explanation = symchain.parse(PROGRAM).explain("C", "A")
    assert "In C, principal_root(A) times itself is A: a change" in " ".join(explanation.text("en").split())
    assert "Dans C, principal_root(A) multipliée par elle-même donne A : une" in " ".join(explanation.text("fr").split())


@pytest.mark.usefixtures("declared")
def test_the_kernel_computes_value_and_gradient() -> None:
    kernel = symchain.parse(PROGRAM).compile("C", wrt=["A"])
    for n in (1, 2, 5):
        value, slopes = kernel(A=positive(n))
        assert np.isclose(value, np.sum(linalg.sqrtm(positive(n))))
        assert np.allclose(slopes["A"], gradient(positive(n)))
    with pytest.raises(ArgumentError, match="no value at these arguments"):
        kernel.with_options(facts="trust")(A=-np.eye(2))


@pytest.mark.usefixtures("declared")
def test_the_second_derivative_goes_through_both_records() -> None:
    program = symchain.parse("A: (n, n) spd\nw: ()\nC = sum(principal_root(w*A)**2)")
    kernel = program.compile("C", wrt=["w"], order=2)
    a = positive(3)
    value, slope, curvature = kernel(A=a, w=2.0)
    assert np.allclose([value, slope["w"]], [2 * np.sum(linalg.sqrtm(a) ** 2), np.sum(linalg.sqrtm(a) ** 2)])
    assert abs(next(iter(curvature.values()))) < 1e-9 * abs(value)


@pytest.mark.usefixtures("declared")
def test_a_wrong_pullback_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(OPERATIONS["principal_root"]), "pullback", lambda *given: scale(2, pull_square_root(*given)))
    assert symchain.parse(PROGRAM).derive("C", "A").verification.failed


def test_without_a_pullback_the_error_says_which_field_is_missing() -> None:
    with undone():
        declare_both(pullback=None)
        program = symchain.parse(PROGRAM)
        assert np.isclose(program.compile("C", order=0)(A=4 * np.eye(2)), 4.0)
        with pytest.raises(UnsupportedError, match="no derivative of principal_root is known") as caught:
            program.derive("C", "A")
        assert 'declare_operation("principal_root", pullback=f, ...)' in caught.value.advice


@pytest.mark.usefixtures("declared")
def test_a_kernel_of_it_stays_in_this_process(tmp_path: Path) -> None:
    kernel = symchain.parse(PROGRAM).compile("C")
    for send in (lambda: kernel.save(tmp_path / "kernel.json"), lambda: pickle.dumps(kernel)):
        with pytest.raises(UnsupportedError, match="a kernel with principal_root cannot be saved"):
            send()
    assert not list(tmp_path.iterdir())


def test_a_kernel_keeps_the_meaning_it_was_compiled_with() -> None:
    kernels = []
    for factor in (1.0, 3.0):
        with undone():
            declare_operation(
                "scaled",
                shape=square_to_square("scaled"),
                evaluate=lambda a, factor=factor: factor * a,
                noun=Noun("multiple", "multiple", "m"),
                operands=("A",),
            )
            kernels.append(symchain.parse("A: (n, n)\nC = sum(scaled(A))").compile("C", order=0))
    assert [float(k(A=np.eye(2))) for k in kernels] == [2.0, 6.0]


def test_a_record_with_a_field_that_does_not_exist_is_refused() -> None:
    before = dict(ALIASES)
    with pytest.raises(ArgumentError, match="derivative"):
        declare_operation("principal_root", derivative=None)
    with pytest.raises(ArgumentError, match="a reason is said in en and fr"):
        declare_operation(
            "twin", shape=square_to_square("twin"), evaluate=np.array, noun=Noun("twin", "jumeau", "m"), reason={"en": "In {block}, so."}
        )
    with pytest.raises(ArgumentError, match="inv is already the name of inv"):
        declare_operation("inv", shape=square_to_square("inv"), evaluate=np.linalg.inv, noun=Noun("inverse", "inverse", "m"))
    assert before == ALIASES


def test_nothing_of_it_is_left() -> None:
    with undone():
        declare_both()
    assert not {"principal_root", "coupled"} & {*OPERATIONS, *ALIASES}
    with pytest.raises(ParseError, match="principal_root is not a known function"):
        symchain.parse("A: (n, n)\nS = principal_root(A)")
