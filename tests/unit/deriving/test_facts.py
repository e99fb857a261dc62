"""Facts are used for values, never before differentiating by what they tie: against differences over the program without them."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest
from test_derivatives import SIZES, run

import symchain
from symchain.deriving.second import second_derivative
from symchain.evidence.evaluation import evaluate
from symchain.evidence.sampling import spread, structured
from symchain.language.shapes import FACTS
from symchain.tensors.facts import EQUATIONS

STEP = 1e-3
UNAVAILABLE = {"toeplitz_entries", "integer"}
"""A derivative by these is refused."""
MATRIX = {"symmetric", "spd", "orthogonal", "diagonal", "invertible", "symmetric_entries", "diagonal_entries"}

SQUARE = [
    "C = sum(exp(A)**F)",
    "C = tr(F @ F.T @ A) + sum((F - F.T)*A*F)",
    "C = logdet(F.T @ F + A @ A.T)",
    "C = x @ inv(F @ F.T + eye(n)) @ x",
    "B = F @ A\nC = sum(B*B.T)",
    "B = F + F.T\nC = sum(B @ A @ B.T) + x @ (B - B.T) @ x*sum(F)",
    "u = F @ x\nv = F.T @ x\nC = (u @ v)*(u @ u)",
    "C = sum(tanh(F) - tanh(F.T))**2 + sum((tanh(F) - tanh(F.T))*A)",
    "C = sum(F @ F.T)*sum(F.T @ F)*sum(A)",
]
ROWS = [
    "C = sum(F)**3*sum(x*F)",
    "C = sum(F*log(F + x)) + log(sum(F))*sum(F**2)",
    "q = F/sum(F)\nC = sum(q**2*x)*sum(q)",
    "C = -sum(F*log_softmax(x))*sum(F)",
    "C = sum((softmax(x) - F)**2)*sum(F)",
    "C = sum(exp(x)**F)",
    "C = sum(F[:, None]*A*F[None, :])*sum(F)",
    "q = (1 - s)*F + s/n\nC = -sum(q*log_softmax(x))*sum(q)",
]
CASES = [(fact, text) for fact in FACTS if fact not in UNAVAILABLE for text in (SQUARE if fact in MATRIX else ROWS)]
REVERSED = {(f, t): bool((list(FACTS).index(f) + (SQUARE if f in MATRIX else ROWS).index(t)) % 2) for f, t in CASES}
"""Whether kernels are asked for with the names in reverse: every fact and every text is looked at in both orders."""


def test_every_text_and_every_fact_is_looked_at_in_both_orders():
    for part in (0, 1):
        for name in {case[part] for case in CASES}:
            assert len({order for case, order in REVERSED.items() if case[part] == name}) == 2, name


class Free:
    """A program and the same without facts, at a point that satisfies them; derivatives of the latter by differences."""

    def __init__(self, text: str, fact: str) -> None:
        shape, used = ("(n, n)" if fact in MATRIX else "(n,)"), [n for n in ("A: (n, n)", "x: (n,)", "s: ()") if n[0] in text]
        self.program, self.free = (symchain.parse("\n".join([f"F: {shape} {f}", *used, text])) for f in (fact, ""))
        generator = np.random.default_rng(1)
        drawn = {n: generator.uniform(0.3, 0.9, [SIZES[d] for d in v.shape]) for n, v in self.program.inputs.items()}
        self.facts = {n: v.facts for n, v in self.program.inputs.items()}
        self.point = {n: np.eye(len(v))[1] if "onehot" in self.facts[n] else structured(v, self.facts[n]) for n, v in drawn.items()}
        self.known: dict[str, Any] = {**self.point, "n": SIZES["n"]}
        self.value(self.known)

    def value(self, known: dict[str, Any]) -> Any:
        for name, block in self.free.blocks.items():
            known[name] = evaluate([block.tree], known, SIZES)[0]
        return known[self.free.last]

    def along(self, wrt: str) -> list[np.ndarray]:
        """How the input moves for each entry of the derivative's layout."""
        moves = np.eye(np.size(self.point[wrt])).reshape(-1, *np.shape(self.point[wrt]))
        return [spread(move, self.facts[wrt]) if np.ndim(move) else move for move in moves]

    @cache  # noqa: B019
    def first(self, wrt: str) -> np.ndarray:
        return np.reshape(self._slopes(self.point, wrt, self.along(wrt)), np.shape(self.point[wrt]))

    def _slopes(self, point: dict[str, Any], wrt: str, moves: list[np.ndarray]) -> np.ndarray:
        return np.array([np.imag(self.value({**point, wrt: point[wrt] + 1e-30j * move})) / 1e-30 for move in moves])

    @cache  # noqa: B019
    def second(self, first: str, second: str) -> np.ndarray:
        """Without facts the order of two moves does not matter, so of each pair one order is looked at."""
        if list(self.point).index(first) > list(self.point).index(second):
            other = self.second(second, first)
            return np.moveaxis(other, range(np.ndim(self.point[second])), range(-np.ndim(self.point[second]), 0))
        along, before = self.along(second), self.along(first)
        found = np.zeros((len(before), len(along)))
        for k, move in enumerate(along):
            these = range(k, len(before)) if first == second else range(len(before))
            up, down, far, low = (
                self._slopes({**self.point, second: self.point[second] + h * STEP * move}, first, [before[j] for j in these])
                for h in (1, -1, 2, -2)
            )
            found[these, k] = (8 * (up - down) - (far - low)) / (12 * STEP)
        if first == second:
            found = np.where(np.tri(len(along), dtype=bool), found, found.T)
        return found.reshape(np.shape(self.point[first]) + np.shape(self.point[second]))


@cache
def case(fact: str, text: str) -> Free:
    return Free(text, fact)


def agrees(found: Any, want: np.ndarray, said: object = "") -> None:
    np.testing.assert_allclose(found, want, rtol=1e-7, atol=1e-8 * max(1.0, np.abs(want).max()), err_msg=str(said))


def test_every_fact_that_ties_entries_is_looked_at():
    assert EQUATIONS - {"unit_sum"} <= {fact for fact, _ in CASES}  # unit_sum is said of blocks alone


@pytest.mark.thorough
@pytest.mark.parametrize(("fact", "text"), CASES)
def test_first_and_second_derivatives_by_what_a_fact_is_about(fact, text):
    c = case(fact, text)
    names = list(c.program.inputs)
    for wrt in names:
        agrees(run(c.program.derive(wrt).lines, c.known)[0], c.first(wrt), wrt)
        hessian, product = c.program.hessian(wrt), c.program.hvp("C", wrt)
        assert wrt != "F" or not hessian.verification.failed
        want, vector = c.second(wrt, wrt), np.random.default_rng(2).uniform(-1, 1, np.shape(c.point[wrt]))
        agrees(run(hessian.lines, c.known)[0], want, hessian.lines)
        agrees(hessian.compile()(**c.point), want)
        along = np.tensordot(want, vector, np.ndim(vector))
        agrees(run(product.lines, {**c.known, f"v_{wrt}": vector})[0], along, product.lines)
        agrees(product.compile()(**c.point, **{f"v_{wrt}": vector}), along)
    for order in [names[:: -1 if REVERSED[fact, text] else 1]]:
        _, gradient, hessian = c.program.compile(wrt=order, order=2)(**c.point)
        for wrt in names:
            agrees(gradient[wrt], c.first(wrt), wrt)
            agrees(hessian[wrt], c.second(wrt, wrt), wrt)
        for one, other in itertools.combinations(order, 2):
            agrees(hessian[one, other], c.second(one, other), (one, other))
            lines = second_derivative(c.program, "C", one, other).lines
            agrees(run(lines, c.known)[0], c.second(one, other), lines)


TRANSPOSED = ["tanh(A) - tanh(A.T)", "exp(A) - exp(A.T)", "log(A) - log(A.T)", "sigmoid(A) - sigmoid(A).T", "1 - tanh(A)*tanh(A).T"]
LAID_OUT = ["1 - diag(tanh(A)**2)", "1 - sum(tanh(A)**2, axis=0)", "sin(A) - sin(diag(A))[:, None]", "erf(A) - sum(erf(A), axis=1)"]


@pytest.mark.parametrize("text", [*TRANSPOSED, *LAID_OUT])
def test_an_identity_of_functions_holds_entry_by_entry(text):
    """f(A) - f(A.T) was taken for f(A) - f(A): what is matched to a function must stand at the same entries."""
    program = symchain.parse(f"A: (n, n)\nB: (n, n)\nC = sum(({text})*B)")
    generator = np.random.default_rng(1)
    point = {name: generator.uniform(0.3, 0.9, (3, 3)) for name in "AB"}
    value, gradient = program.compile(wrt=["A", "B"])(**point)
    np.testing.assert_allclose(value, evaluate([program.blocks["C"].tree], point, SIZES)[0], rtol=1e-12)
    for wrt in "AB":
        want = np.zeros((3, 3))
        for entry in np.ndindex(3, 3):
            moved = np.array(point[wrt], complex)
            moved[entry] += 1e-30j
            want[entry] = np.imag(evaluate([program.blocks["C"].tree], {**point, wrt: moved}, SIZES)[0]) / 1e-30
        np.testing.assert_allclose(gradient[wrt], want, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(run(program.derive(wrt).lines, {**point, **SIZES})[0], want, rtol=1e-10, atol=1e-12)


def test_digits_where_a_matrix_is_nearly_symmetric():
    """tanh(A) - tanh(A).T has the form of a difference that does not cancel."""
    program = symchain.parse("A: (n, n)\nB: (n, n)\nC = sum((tanh(A) - tanh(A.T))*B)")
    a, gap = 2.0, 2.0**-40
    found = program.compile(wrt=["B"])(A=np.array([[0.3, a + gap], [a, 1.0]]), B=np.ones((2, 2)))[1]["B"][0, 1]
    np.testing.assert_allclose(found, gap / np.cosh(a + gap / 2) ** 2, rtol=1e-13)
