"""Verdicts: wrong formulas with the mistake that each should be told, right ones however written, and what a verdict says."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.nouns.verdict import MISTAKES
from symchain.wording import LANGUAGES

PROGRAMS = {
    "abstract": "z1 = W1*x + b1; a1 = sigma1(z1); z2 = W2*a1 + b2; a2 = sigma2(z2); C = 1/2*(a2 - y)**2",
    "sigmoid": "sigma1 = sigmoid; sigma2 = sigmoid; z1 = W1*x + b1; a1 = sigma1(z1); z2 = W2*a1 + b2; a2 = sigma2(z2); C = 1/2*(a2 - y)**2",
    "plain": "z = w*x + b; a = tanh(z); C = (a - y)**2",
    "linear": "z1 = W1*x1 + b1",
    "batch": """
        W1: (h, n); X: (n, N); b1: (h,); W2: (k, h); b2: (k,); Y: (k, N)
        Z1 = W1 @ X + b1[:, None]; A1 = sigma1(Z1); Z2 = W2 @ A1 + b2[:, None]; A2 = sigma2(Z2)
        C = 1/(2*N)*sum((A2 - Y)**2)""",
    "square": """
        W1: (n, n); X: (n, n); W2: (n, n); Y: (n, n)
        Z1 = W1 @ X; A1 = sigma1(Z1); Z2 = W2 @ A1; A2 = sigma2(Z2)
        C = 1/2*sum((A2 - Y)**2)""",
    "softmax": """
        X: (m, d); W: (d, k); b: (k,); Y: (m, k)
        Z = X @ W + b; P = softmax(Z); L = 1/m*sum((P - Y)**2)""",
    "logistic": """
        X: (m, n); w: (n,); y: (m,)
        z = X @ w + b; p = sigmoid(z); L = -1/m*sum(y*log(p) + (1 - y)*log(1 - p))""",
    "fan": "u = x**2; v = sin(x); w = 3*x + c; f = u*v + w",
    "quadratic": "A: (n, n); x: (n,); q = x @ A @ x",
    "ridge": "X: (m, n); w: (n,); y: (m,); r = X @ w - y; L = 1/m*sum(r**2) + lam*sum(w**2)",
    "vector": "W: (h, n); x: (n,); b: (h,); t: (h,); z = W @ x + b; a = tanh(z); C = 1/2*sum((a - t)**2)",
    "inner": "f = exp(a*x**2)",
    "composed": "f = sin(a*x**2 + c)",
}

WRONG = [
    # the two-layer network, abstract activations
    ("abstract", "C", "W1", "(y - a2)*sigma2'(z2)*W2*sigma1'(z1)*x", "sign", {}),
    ("abstract", "C", "W1", "2*(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x", "constant", {"ratio": 2}),
    ("abstract", "C", "W1", "1/2*(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x", "constant", {"ratio": 0.5}),
    ("abstract", "C", "W1", "(a2 - y)*W2*sigma1'(z1)*x", "missing_factor", {"factor": "da2/dz2"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*W2*x", "missing_factor", {"factor": "da1/dz1"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*sigma1'(z1)*x", "missing_factor", {"factor": "dz2/da1"}),
    ("abstract", "C", "W1", "sigma2'(z2)*W2*sigma1'(z1)*x", "missing_factor", {"factor": "dC/da2"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*W2*W2*sigma1'(z1)*x", "extra_factor", {"factor": "dz2/da1"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)**2*W2*sigma1'(z1)*x", "extra_factor", {"factor": "da2/dz2"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(a2)*W2*sigma1'(z1)*x", "derivative_at_output", {"factor": "da2/dz2"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*W2*sigma1'(a1)*x", "derivative_at_output", {"factor": "da1/dz1"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2(z2)*W2*sigma1'(z1)*x", "function_for_derivative", {"factor": "da2/dz2"}),
    ("abstract", "C", "W1", "dC/da2*da2/dz2*dz2/da1*a1*dz1/dW1", "function_for_derivative", {"factor": "da1/dz1"}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)", "other_variable", {"variable": "b1"}),
    ("abstract", "C", "W2", "(a2 - y)*sigma2'(z2)*x", "wrong_operand", {}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*a1", "wrong_operand", {}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*W1*sigma1'(z1)*x", "wrong_operand", {}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z1)*W2*sigma1'(z1)*x", "wrong_operand", {}),
    ("abstract", "C", "W1", "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*(x + b1)", "constant_kept", {"factor": "dz1/dW1"}),
    ("abstract", "C", "b1", "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x", "other_variable", {"variable": "W1"}),
    ("abstract", "C", "x", "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x", "other_variable", {"variable": "W1"}),
    ("abstract", "C", "W1", "-2*(a2 - y)*W2*sigma1'(z1)*x", "several", {"mistakes": {"missing_factor", "constant"}}),
    ("abstract", "C", "W1", "(y - a2)*sigma2'(a2)*W2*sigma1'(z1)*x", "several", {"mistakes": {"derivative_at_output", "sign"}}),
    ("abstract", "C", "W1", "x + 7", "unknown", {}),
    # the same with sigmoids
    ("sigmoid", "C", "W1", "(a2 - y)*a2*W2*a1*(1 - a1)*x", "function_for_derivative", {"factor": "da2/dz2"}),
    ("sigmoid", "C", "W1", "(a2 - y)*a2*(1 - a2)*W2*x", "missing_factor", {"factor": "da1/dz1"}),
    ("sigmoid", "C", "W1", "(y - a2)*a2*(1 - a2)*W2*a1*(1 - a1)*x", "sign", {}),
    ("sigmoid", "C", "W1", "(a2 - y)*sigmoid(a2)*(1 - sigmoid(a2))*W2*a1*(1 - a1)*x", "derivative_at_output", {"factor": "da2/dz2"}),
    ("sigmoid", "C", "W2", "(a2 - y)*a2*(1 - a2)", "other_variable", {"variable": "b2"}),
    ("sigmoid", "C", "W2", "(a2 - y)*a2*(1 - a2)*z1", "wrong_operand", {}),
    ("sigmoid", "C", "b2", "2*(a2 - y)*a2*(1 - a2)", "constant", {"ratio": 2}),
    # one layer, tanh
    ("plain", "C", "w", "(a - y)*(1 - a**2)*x", "constant", {"ratio": 0.5}),
    ("plain", "C", "w", "2*(a - y)*(1 - tanh(a)**2)*x", "derivative_at_output", {"factor": "da/dz"}),
    ("plain", "C", "w", "2*(a - y)*(1 - z**2)*x", "wrong_operand", {}),
    ("plain", "C", "b", "2*(a - y)*(1 - a**2)*x", "other_variable", {"variable": "w"}),
    ("plain", "C", "b", "2*(a - y)", "missing_factor", {"factor": "da/dz"}),
    # a line
    ("linear", "z1", "W1", "1", "answer_one", {}),
    ("linear", "z1", "x1", "1", "answer_one", {}),
    ("linear", "z1", "W1", "W1", "other_variable", {"variable": "x1"}),
    ("linear", "z1", "W1", "x1 + b1", "constant_kept", {}),
    ("linear", "z1", "W1", "-x1", "sign", {}),
    ("linear", "z1", "b1", "x1", "other_variable", {"variable": "W1"}),
    ("linear", "z1", "b1", "2", "constant", {"ratio": 2}),
    # a batch
    ("batch", "C", "W1", "(W2.T @ ((A2 - Y)*sigma2'(Z2))*sigma1'(Z1)) @ X.T", "batch_mean", {"ratio": "N"}),
    ("batch", "C", "W1", "((W2.T @ ((A2 - Y)/N*sigma2'(Z2)))*sigma1'(Z1)) @ X.T/N", "batch_mean", {"ratio": "1/N"}),
    ("batch", "C", "W1", "((W2.T @ ((A2 - Y)/N*sigma2'(A2)))*sigma1'(Z1)) @ X.T", "derivative_at_output", {"factor": "dA2/dZ2"}),
    ("batch", "C", "W1", "((W2.T @ ((A2 - Y)/N))*sigma1'(Z1)) @ X.T", "missing_factor", {"factor": "dA2/dZ2"}),
    ("batch", "C", "W1", "((W2.T @ ((A2 - Y)/N*sigma2'(Z2)))*A1) @ X.T", "function_for_derivative", {"factor": "dA1/dZ1"}),
    ("batch", "C", "W1", "((W2.T @ ((Y - A2)/N*sigma2'(Z2)))*sigma1'(Z1)) @ X.T", "sign", {}),
    ("batch", "C", "W1", "((W2 @ ((A2 - Y)/N*sigma2'(Z2)))*sigma1'(Z1)) @ X.T", "shape", {}),
    ("batch", "C", "W1", "X @ ((W2.T @ ((A2 - Y)/N*sigma2'(Z2)))*sigma1'(Z1)).T", "shape", {}),
    ("batch", "C", "b1", "(W2.T @ ((A2 - Y)/N*sigma2'(Z2)))*sigma1'(Z1)", "missing_sum", {}),
    ("batch", "C", "b2", "(A2 - Y)/N*sigma2'(Z2)", "missing_sum", {}),
    ("batch", "C", "b2", "sum((A2 - Y)*sigma2'(Z2), axis=1)", "batch_mean", {"ratio": "N"}),
    ("batch", "C", "W2", "2*((A2 - Y)/N*sigma2'(Z2)) @ A1.T", "constant", {"ratio": 2}),
    ("batch", "C", "A2", "(A2 - Y)", "batch_mean", {"ratio": "N"}),
    # square matrices, where everything fits
    ("square", "C", "W1", "((W2 @ ((A2 - Y)*sigma2'(Z2)))*sigma1'(Z1)) @ X.T", "transposed", {}),
    ("square", "C", "W1", "((W2.T @ ((A2 - Y)*sigma2'(Z2)))*sigma1'(Z1)) @ X", "transposed", {}),
    ("square", "C", "W1", "X.T @ ((W2.T @ ((A2 - Y)*sigma2'(Z2)))*sigma1'(Z1))", "wrong_order", {}),
    ("square", "C", "W1", "((((A2 - Y)*sigma2'(Z2)) @ W2.T)*sigma1'(Z1)) @ X.T", "wrong_order", {}),
    ("square", "C", "W1", "((W2.T*((A2 - Y)*sigma2'(Z2)))*sigma1'(Z1)) @ X.T", "elementwise_for_matmul", {}),
    ("square", "C", "W1", "((W2.T @ ((A2 - Y)*sigma2'(Z2)))*sigma1'(Z1))*X.T", "elementwise_for_matmul", {}),
    ("square", "C", "W1", "((W2.T @ ((A2 - Y)*sigma2'(Z2))) @ sigma1'(Z1)) @ X.T", "matmul_for_elementwise", {}),
    ("square", "C", "W2", "((A2 - Y) @ sigma2'(Z2)) @ A1.T", "matmul_for_elementwise", {}),
    ("square", "C", "W2", "((A2 - Y)*sigma2'(Z2)) @ Z1.T", "wrong_operand", {}),
    ("square", "C", "W2", "(((A2 - Y)*sigma2'(Z2)) @ A1.T).T", "transposed", {}),
    # softmax, logistic regression, ridge
    ("logistic", "L", "w", "X.T @ (p - y)", "batch_mean", {"ratio": "m"}),
    ("logistic", "L", "w", "X.T @ (y - p)/m", "sign", {}),
    ("logistic", "L", "w", "X @ (p - y)/m", "shape", {}),
    ("logistic", "L", "b", "(p - y)/m", "missing_sum", {}),
    ("logistic", "L", "b", "sum(p - y)", "batch_mean", {"ratio": "m"}),
    ("logistic", "L", "w", "X.T @ (z - y)/m", "wrong_operand", {}),
    ("softmax", "L", "b", "2/m*(P*((P - Y) - sum(P*(P - Y), axis=1)[:, None]))", "missing_sum", {}),
    ("softmax", "L", "P", "2*(P - Y)", "batch_mean", {"ratio": "m"}),
    ("softmax", "L", "P", "(P - Y)/m", "constant", {"ratio": 0.5}),
    ("ridge", "L", "w", "2/m*X.T @ r", "missing_path", {}),
    ("ridge", "L", "w", "2/m*X.T @ r + lam*w", "constant", {"ratio": 0.5}),
    ("ridge", "L", "w", "2*X.T @ r + 2*lam*w", "batch_mean", {}),
    ("ridge", "L", "w", "2/m*X.T @ r - 2*lam*w", "sign", {}),
    # several paths
    ("fan", "f", "x", "2*x*v + 3", "missing_path", {}),
    ("fan", "f", "x", "u*cos(x) + 3", "missing_path", {}),
    ("fan", "f", "x", "2*x*v + u*cos(x)", "missing_path", {"path": ("f", "w", "x")}),
    ("fan", "f", "x", "2*x*v - u*cos(x) + 3", "sign", {}),
    ("fan", "f", "x", "x*v + u*cos(x) + 3", "constant", {}),
    ("fan", "f", "x", "2*x*v + u*sin(x) + 3", "function_for_derivative", {"factor": "dv/dx"}),
    ("fan", "f", "x", "2*x*v + u*cos(x) + 3 + c", "constant_kept", {}),
    ("fan", "f", "x", "2*x*v + u*cos(x) + 6", "extra_path", {"path": ("f", "w", "x")}),
    ("fan", "f", "x", "2*x*v + u*cos(x) + 1", "missing_factor", {"factor": "dw/dx"}),
    # quadratic forms, vectors, inner derivatives
    ("quadratic", "q", "x", "2*A @ x", "transposed", {}),
    ("quadratic", "q", "x", "A @ x", "missing_path", {}),
    ("quadratic", "q", "A", "2*outer(x, x)", "constant", {"ratio": 2}),
    ("quadratic", "q", "A", "x @ x", "shape", {}),
    ("vector", "C", "W", "outer(a - t, x)", "missing_factor", {"factor": "da/dz"}),
    ("vector", "C", "b", "(a - t)*(1 - z**2)", "wrong_operand", {}),
    ("vector", "C", "b", "(a - t)*a", "function_for_derivative", {"factor": "da/dz"}),
    ("vector", "C", "W", "(a - t)*(1 - a**2)", "shape", {}),
    ("composed", "f", "x", "cos(a*x**2 + c)", "other_variable", {"variable": "c"}),
    ("inner", "f", "x", "exp(a*x**2)", "missing_factor", {"factor": "df/dx"}),
    ("inner", "f", "x", "2*x*exp(a*x**2)", "missing_factor", {"factor": "df/dx"}),
    ("composed", "f", "x", "2*a*x", "missing_factor", {"factor": "df/dx"}),
    ("composed", "f", "x", "sin(a*x**2 + c)*2*a*x", "function_for_derivative", {"factor": "df/dx"}),
    ("composed", "f", "x", "2*x*cos(a*x**2 + c)", "missing_factor", {}),
    ("composed", "f", "x", "(2*a*x + c)*cos(a*x**2 + c)", "constant_kept", {}),
]

RIGHT = [
    ("abstract", "C", "W1", [
        "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x", "x*W2*sigma1'(z1)*sigma2'(z2)*(a2 - y)", "-(y - a2)*W2*sigma2'(z2)*sigma1'(z1)*x",
        "dC/da2*da2/dz2*dz2/da1*da1/dz1*dz1/dW1", "dC/dz2*W2*da1/dz1*x", "delta_z1*x", "delta1*x", "dC_dz1*x", "dC/db1*x",
        "∂C/∂a2*∂a2/∂z2*∂z2/∂a1*∂a1/∂z1*∂z1/∂W1", "a2*sigma2'(z2)*W2*sigma1'(z1)*x - y*sigma2'(z2)*W2*sigma1'(z1)*x",
        "(sigma2(z2) - y)*sigma2'(W2*sigma1(z1) + b2)*W2*sigma1'(W1*x + b1)*x", "1/2*2*(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x",
        "delta_z2 = (a2 - y)*sigma2'(z2); delta_z1 = delta_z2*W2*sigma1'(z1); dC_dW1 = delta_z1*x",
        "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)/(1/x)", "sqrt(x**2)*sign(x)*W2*(a2 - y)*sigma2'(z2)*sigma1'(z1)",
    ]),
    ("abstract", "C", "W2", ["(a2 - y)*sigma2'(z2)*a1", "(a2 - y)*sigma2'(z2)*sigma1(z1)", "delta2*a1"]),
    ("sigmoid", "C", "W1", [
        "(a2 - y)*a2*(1 - a2)*W2*a1*(1 - a1)*x", "(a2 - y)*(a2 - a2**2)*W2*(a1 - a1**2)*x", "(a2 - y)*sigma2'(z2)*W2*sigma1'(z1)*x",
        "(a2 - y)*sigmoid(z2)*(1 - sigmoid(z2))*W2*sigmoid(z1)*sigmoid(-z1)*x", "W2*x*(a2 - y)*exp(-z2)/(1 + exp(-z2))**2*a1*(1 - a1)",
        "(a2 - y)*a2*(1 - a2)*W2*a1**2*exp(-z1)*x", "(a2 - y)*W2*x/(4*cosh(z2/2)**2)/(2 + 2*cosh(z1))",
    ]),
    ("plain", "C", "w", [
        "2*(a - y)*(1 - a**2)*x", "2*(a - y)*(1 - a)*(1 + a)*x", "2*(a - y)/cosh(z)**2*x", "2*x*(tanh(w*x + b) - y)*(1 - tanh(z)**2)",
        "2*x*(a - a**3 - y + y*a**2)", "8*x*(a - y)/(exp(z) + exp(-z))**2",
    ]),
    ("linear", "z1", "W1", ["x1", "1*x1 + 0", "x1*1", "(z1 - b1)/W1", "x1 + 0*b1"]),
    ("linear", "z1", "b1", ["1", "x1/x1", "sin(x1)**2 + cos(x1)**2"]),
    ("batch", "C", "W1", [
        "((W2.T @ ((A2 - Y)/N*sigma2'(Z2)))*sigma1'(Z1)) @ X.T", "1/N*((W2.T @ ((A2 - Y)*sigma2'(Z2)))*sigma1'(Z1)) @ X.T",
        "(X @ ((W2.T @ ((A2 - Y)/N*sigma2'(Z2)))*sigma1'(Z1)).T).T", "dC/dZ1 @ X.T", "delta_Z1 @ X.T", "delta1 @ X.T",
        "((((A2 - Y)/N*sigma2'(Z2)).T @ W2).T*sigma1'(Z1)) @ X.T", "(W2.T @ dC/dZ2*sigma1'(Z1)) @ X.T",
        "einsum('ij,kj->ik', delta_Z1, X)", "((W2.T @ (dC/dA2*dA2/dZ2))*dA1/dZ1) @ X.T",
    ]),
    ("batch", "C", "b1", [
        "sum((W2.T @ ((A2 - Y)/N*sigma2'(Z2)))*sigma1'(Z1), axis=1)", "delta1 @ ones(N)", "sum(delta1, axis=1)[:, None]",
        "mean((W2.T @ ((A2 - Y)*sigma2'(Z2)))*sigma1'(Z1), axis=1)",
    ]),
    ("logistic", "L", "w", [
        "X.T @ (p - y)/m", "(p - y) @ X/m", "1/m*X.T @ (sigmoid(X @ w + b) - y)", "-X.T @ (y - p)/m", "X.T @ (1/(1 + exp(-z)) - y)/m",
        "X.T @ (-y/p + (1 - y)/(1 - p) - 0*y)*0 + X.T @ ((-y/p + (1 - y)/(1 - p))*p*(1 - p))/m",
    ]),
    ("logistic", "L", "b", ["sum(p - y)/m", "mean(p - y)", "ones(m) @ (p - y)/m", "mean(p) - mean(y)"]),
    ("softmax", "L", "P", ["2*(P - Y)/m", "2/m*P - 2/m*Y"]),
    ("softmax", "L", "W", ["X.T @ dL/dZ", "2/m*X.T @ (P*((P - Y) - sum(P*(P - Y), axis=1)[:, None]))"]),
    ("fan", "f", "x", [
        "2*x*v + u*cos(x) + 3", "2*x*sin(x) + x**2*cos(x) + 3", "x*(2*v + x*cos(x)) + 3", "df/du*du/dx + df/dv*dv/dx + df/dw*dw/dx",
        "v*2*x + u*sqrt(1 - v**2)*sign(cos(x)) + 3",
    ]),
    ("quadratic", "q", "x", ["(A + A.T) @ x", "A @ x + A.T @ x", "A @ x + x @ A", "x @ (A + A.T)", "(x @ A.T) + (A.T @ x)"]),
    ("quadratic", "q", "A", ["outer(x, x)", "x[:, None]*x", "x[:, None] @ x[None, :]"]),
    ("ridge", "L", "w", ["2/m*X.T @ r + 2*lam*w", "2*(X.T @ (X @ w - y)/m + lam*w)", "2/m*(X.T @ X @ w - X.T @ y) + 2*lam*w"]),
    ("vector", "C", "W", ["outer((a - t)*(1 - a**2), x)", "((a - t)*(1 - a**2))[:, None]*x", "outer(delta_z, x)"]),
    ("vector", "a", "z", ["diag(1 - a**2)", "1 - a**2", "eye(h)*(1 - a**2)"]),
    ("vector", "z", "b", ["eye(h)", "1"]),
    ("composed", "f", "x", ["2*a*x*cos(a*x**2 + c)", "cos(a*x**2 + c)*(a*x + x*a)", "2*a*x*sin(a*x**2 + c + pi/2)"]),
]  # fmt: skip


@cache
def program(name: str) -> Any:
    return symchain.parse(PROGRAMS[name])


@cache
def judged(name: str, output: str, wrt: str, claim: str) -> Any:
    return program(name).check(output, wrt, claim)


def right() -> Iterator[tuple[str, str, str, str]]:
    return ((p, output, wrt, claim) for p, output, wrt, claims in RIGHT for claim in claims)


def test_the_tables_are_large_enough() -> None:
    assert len(WRONG) >= 60 and len({p for p, *_ in WRONG}) >= 6
    assert len(list(right())) >= 60


@pytest.mark.parametrize(("name", "output", "wrt", "claim", "mistake", "more"), WRONG)
def test_mistakes_are_named(name: str, output: str, wrt: str, claim: str, mistake: str, more: dict[str, Any]) -> None:
    verdict = judged(name, output, wrt, claim)
    assert (verdict.status, verdict.mistake) == ("wrong", mistake), verdict.message()
    for key, value in more.items():
        found = getattr(verdict, key)
        assert (set(found) if isinstance(value, set) else found) == value


@pytest.mark.parametrize(("name", "output", "wrt", "claim"), list(right()))
def test_right_formulas_hold(name: str, output: str, wrt: str, claim: str) -> None:
    verdict = judged(name, output, wrt, claim)
    assert verdict.status in ("proved", "agrees"), verdict.message()
    assert verdict.mistake is None and verdict.mistakes == ()


@pytest.mark.thorough
def test_the_corrected_formula_is_proved() -> None:
    for name, output, wrt in dict.fromkeys((p, o, w) for p, o, w, *_ in WRONG):
        corrected = program(name).check(output, wrt, "0").corrected
        assert program(name).check(output, wrt, corrected).status == "proved", corrected


def test_every_mistake_has_its_sentences() -> None:
    for lang, language in LANGUAGES.items():
        assert all(f"check.{key}" in language.sentences for key in MISTAKES), lang


@pytest.mark.thorough
@pytest.mark.parametrize("lang", LANGUAGES)
def test_messages_are_whole_sentences(lang: str) -> None:
    for name, output, wrt, claim, *_ in WRONG:
        verdict = judged(name, output, wrt, claim)
        message = verdict.message(lang)
        assert message.endswith(".") and verdict.corrected in message and "{" not in message and " = ." not in message


@pytest.mark.thorough
def test_json_holds_everything() -> None:
    verdict = program("abstract").check("C", "W1", "(y - a2)*sigma2'(a2)*W2*sigma1'(z1)*x")
    data = json.loads(verdict.to_json())
    assert data["status"] == "wrong" and data["mistake"] == "several" and data["mistakes"] == ["derivative_at_output", "sign"]
    assert data["factor"] == "da2/dz2" and data["ratio"] == -1 and set(data["message"]) == set(LANGUAGES)
    assert len(data["table"]) == verdict.points and set(data["table"][0]) == {"at", "claim", "derivative"}
    for p, output, wrt, claim, *_ in WRONG:
        json.loads(judged(p, output, wrt, claim).to_json())


def test_what_cannot_be_judged_is_said() -> None:
    linear = program("linear")
    with pytest.raises(symchain.NumberVariableError):
        linear.check("3*x", 3, "x")
    with pytest.raises(symchain.ArgumentError, match="no name"):
        linear.check("z1", "W9", "x1")
    with pytest.raises(symchain.ArgumentError, match="no block"):
        linear.check("z9", "W1", "x1")
    for text in ("x1 +", "x9", "", "dz1/dW9"):
        with pytest.raises(symchain.ParseError):
            linear.check("z1", "W1", text)


def test_outputs_may_be_expressions_and_inputs() -> None:
    linear = program("linear")
    assert linear.check("3*x1", "x1", "3").status == "proved"
    assert linear.check("W1*x1", "x1", "1").mistake == "answer_one"
    assert linear.check("b1", "W1", "0").status == "proved"
    assert linear.check("u**2 + W1", "u", "2*u").status == "proved"


def test_undecided_where_there_is_no_point() -> None:
    outside = symchain.parse("y = log(-x**2 - 1)*w")
    assert outside.check("y", "w", "log(x)").status == "undecided"
    assert symchain.parse("y = w*x").check("y", "w", "log(-1 - x**2)").status == "undecided"


def test_a_name_of_the_program_wins() -> None:
    named = symchain.parse("z = w*x + dz/dw")
    assert named.check("z", "w", "x").status == "proved"
    assert named.check("z", "w", "dz/dw").mistake is not None


def test_an_assumed_activation_is_told() -> None:
    verdict = program("abstract").check("C", "W1", "a2*(1 - a2)*(a2 - y)*W2*a1*(1 - a1)*x")
    assert (verdict.status, verdict.reason, verdict.declare) == ("undecided", "condition", "sigma1 = sigmoid; sigma2 = sigmoid")
    bound = symchain.parse(verdict.declare + "; " + PROGRAMS["abstract"])
    assert bound.check("C", "W1", verdict.claim).holds


@pytest.mark.thorough
def test_time_of_a_verdict() -> None:
    """In processor time, with room for slow machines: a verdict takes some tens of milliseconds, a few take a second."""
    times = []
    for name, output, wrt, claim in [*((p, o, w, c) for p, o, w, c, *_ in WRONG), *right()]:
        started = time.process_time()
        program(name).check(output, wrt, claim)
        times.append(time.process_time() - started)
    assert statistics.median(times) < 1 and max(times) < 20, (statistics.median(times), max(times))


CONDITIONS = [
    ("f = acosh(x/a)", "x", "1/sqrt(x**2 - a**2)", "a > 0", "2/sqrt(x**2 - a**2)"),
    ("f = sqrt(a**2*x)", "x", "a/(2*sqrt(x))", "a > 0", "a/sqrt(x)"),
    ("f = abs(a)*b*x + log(b**2)", "x", "a*b", "a > 0", "a/b"),
    ("e: (n,); d: (); f = sum(where(abs(e) <= d, e**2/2, d*(abs(e) - d/2)))", "e", "clip(e, -d, d)", "d > 0", "-clip(e, -d, d)"),
    ("z: (k,); y: (k,); p = softmax(z); f = -sum(y*log(p))", "z", "p - y", "sum(y) = 1", "y - 2*p"),
    ("Z: (m, k); Y: (m, k); P = softmax(Z); f = -sum(Y*log(P))", "Z", "P - Y", "sum(Y, axis=1) = 1", "Y - 2*P"),
    ("f = sigma(z)", "z", "f*(1 - f)", "sigma = sigmoid", "f*(2 - f)"),
    ("f = sigma(z)", "z", "1 - sigma(z)**2", "sigma = tanh", "2 - sigma(z)**2"),
]


@pytest.mark.parametrize(("text", "wrt", "claim", "condition", "wrong"), CONDITIONS)
def test_a_claim_that_holds_under_a_condition_is_told_so(text: str, wrt: str, claim: str, condition: str, wrong: str) -> None:
    """With the declaration that the verdict asks for, it is right; what fails under the condition too is wrong."""
    verdict = symchain.parse(text).check("f", wrt, claim)
    assert (verdict.status, verdict.reason, verdict.condition, verdict.mistake) == ("undecided", "condition", condition, None)
    for lang in LANGUAGES:
        assert verdict.declare in verdict.message(lang) and verdict.message(lang).endswith(".")
    assert json.loads(verdict.to_json())["condition"] == condition
    name = verdict.declare.partition(":")[0]
    rest = "; ".join(part for part in text.split("; ") if part.partition(":")[0] != name)
    assert symchain.parse(f"{verdict.declare}; {rest}").check("f", wrt, claim).holds
    assert symchain.parse(text).check("f", wrt, wrong).status == "wrong"


def test_a_condition_on_the_variable_makes_no_claim_right() -> None:
    for text, claim in (("f = log(x**2)", "2/abs(x)"), ("f = x**3", "3*x*abs(x)"), ("f = abs(x)*a", "a")):
        assert symchain.parse(text).check("f", "x", claim).status == "wrong"


def test_what_is_to_be_shown_shows_nothing() -> None:
    for claim in ("dC/dw", "dC/dw + 0", "1*dC/dw", "dC_dw"):
        verdict = program("plain").check("C", "w", claim)
        assert (verdict.status, verdict.reason) == ("undecided", "circular"), claim
        assert all(claim in verdict.message(lang) for lang in LANGUAGES)
    assert program("plain").check("C", "w", "2*dC/dw").mistake == "constant"
    assert program("plain").check("C", "w", "dC_dw = 2*(a - y)*(1 - a**2)*x; dC_dw").holds


def test_derivatives_that_a_claim_still_holds_are_listed() -> None:
    verdict = program("plain").check("C", "w", "dC/da*da/dz*dz/dw")
    assert verdict.holds and verdict.derivatives == ("dC/da", "da/dz", "dz/dw")
    assert all("∂a/∂z" in verdict.message(lang) for lang in LANGUAGES)
    assert program("plain").check("C", "w", "2*(a - y)*(1 - a**2)*x").derivatives == ()


@pytest.mark.parametrize(
    ("claim", "least"),
    [
        ("dC/da*da/dz*x", "factors"),
        ("2*(a - y)*(1 - a**2)*x", "blocks"),
        ("2*(tanh(w*x + b) - y)*(1 - tanh(w*x + b)**2)*x", "inputs"),
    ],
)
def test_what_a_claim_may_hold(claim: str, least: str) -> None:
    kinds = ("inputs", "blocks", "factors")
    for using in kinds:
        verdict = program("plain").check("C", "w", claim, using=using)
        assert verdict.holds == (kinds.index(using) >= kinds.index(least))
        assert verdict.holds or ((verdict.status, verdict.reason) == ("undecided", "used") and verdict.used)
        assert program("plain").check("C", "w", f"2*({claim})", using=using).mistake == "constant"
        code = CliRunner().invoke(commands, ["check", "-e", PROGRAMS["plain"], "--wrt", "w", "--claim", claim, "--using", using]).exit_code
        assert code == (0 if verdict.holds else 4)
    with pytest.raises(symchain.ArgumentError, match="using"):
        program("plain").check("C", "w", claim, using="anything")


@pytest.mark.parametrize(
    ("text", "wrt", "claim", "mistake"),
    [
        ("f = x**n", "x", "x**(n - 1)", "missing_factor"),
        ("f = x**2", "x", "x**3/3", "unknown"),
        ("z: (k,); y: (k,); p = softmax(z); f = -sum(y*log(p))", "z", "sum(p*y) - y", "unknown"),
        ("z: (k,); c: (k,); p = softmax(z); f = sum(c*p)", "z", "c*p*(1 - p)", "missing_path"),
        ("z = w*x + b; a = sigmoid(z); f = -(y*log(a) + (1 - y)*log(1 - a))", "w", "a - y", "other_variable"),
        ("z = w*x + b; a = sigmoid(z); f = (a - y)**2/2", "w", "(a - y)*(1 - a**2)*x", "wrong_operand"),
        ("z = w*x + b; a = sigmoid(z); f = (a - y)**2/2", "w", "(a - y)*(1 - tanh(z)**2)*x", "wrong_operand"),
        ("W: (n, n); x: (n,); c: (n,); z = W @ x; f = c @ tanh(z)", "x", "W @ (c*(1 - tanh(z)**2))", "transposed"),
        ("r: (n,); f = sum(r**2)/N", "r", "2*r", "batch_mean"),
        ("X: (n, d); w: (n,); y: (n,); b: (d,); f = sum(w*(y - X @ b)**2)", "b", "-2*X.T @ (y - X @ b)", "missing_factor"),
        ("X: (n, d); w: (n,); y: (n,); b: (d,); f = sum(w*(y - X @ b)**2)", "b", "-2*X.T @ (w**2*(y - X @ b))", "extra_factor"),
        ("A: (n, n); B: (n, n); X: (n, n); f = tr(A @ X @ B @ X.T)", "X", "B @ X @ A + B.T @ X @ A.T", "wrong_order"),
    ],
)
def test_one_change_of_its_kind_names_a_mistake(text: str, wrt: str, claim: str, mistake: str) -> None:
    verdict = symchain.parse(text).check("f", wrt, claim)
    assert (verdict.status, verdict.mistake) == ("wrong", mistake), verdict.message()
    for lang in LANGUAGES:
        assert "{" not in verdict.message(lang) and verdict.message(lang).endswith(".")


def test_an_antiderivative_is_told() -> None:
    assert "antiderivative" in symchain.parse("f = x**2").check("f", "x", "x**3/3").message()
    assert "primitive" in symchain.parse("f = x**5").check("f", "x", "x**6/6").message("fr")


def test_an_output_known_by_name_alone() -> None:
    blocks = symchain.parse("y = f(x)")
    assert blocks.check("L", "x", "dL/dy*dy/dx").status == "proved"
    assert blocks.check("L", "x", "dL/dy").mistake == "missing_factor"


LATEX = r"""
$$z = w x + b$$
$$\frac{\partial z}{\partial w} = x$$
$$\frac{\partial z}{\partial x} = 1$$
$$\frac{d}{d3} (3x) = x$$
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["-e", "z = w*x + b", "--wrt", "w", "--claim", "x"], 0),
        (["-e", "z = w*x + b", "--wrt", "w", "--claim", "1"], 1),
        (["-e", "z = w*x + b", "--wrt", "w", "--claim", "x +"], 2),
        (["-e", "z = w*x + b", "--wrt", "3", "--claim", "x"], 2),
        (["-e", "z = w*x + b", "--wrt", "w"], 2),
        (["-e", "z = w*x + b"], 2),
        (["-e", "z = w*x + b", "--wrt", "w", "--claim", "log(-1 - x**2)"], 4),
        (["-e", "z = w*x + b", "--wrt", "w", "--claim", "dz/dw"], 4),
        (["-e", "z = acosh(w/a)", "--wrt", "w", "--claim", "1/sqrt(w**2 - a**2)"], 4),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    assert CliRunner().invoke(commands, ["check", *arguments]).exit_code == code


def test_a_file_of_claims(tmp_path: Path) -> None:
    path = tmp_path / "claims.md"
    path.write_text(LATEX, encoding="utf-8")
    ran = CliRunner().invoke(commands, ["check", str(path), "--format", "json"])
    assert ran.exit_code == 1
    assert [entry["status"] for entry in json.loads(ran.stdout)] == ["proved", "wrong", "unjudged"]
    assert "n'a pas de sens" in CliRunner().invoke(commands, ["check", str(path), "--lang", "fr"]).stdout


@pytest.mark.parametrize(
    ("text", "wrt", "right", "wrong"),
    [
        ("z = w*x; a = relu(z); C = (a - y)**2", "w", "2*(a - y)*where(z > 0, 1, 0)*x", "2*(a - y)*x"),
        ("z = w*x; a = abs(z)", "w", "sign(z)*x", "x"),
        ("f = x**3", "x", "3*abs(x)**2", "3*x*abs(x)"),
        ("f = x**3", "x", "3*sqrt(x**4)", "3*x*sqrt(x**2)"),
        ("f = maximum(x, y)", "x", "where(x > y, 1, 0)", "1"),
        ("f = log(x**2)", "x", "2/x", "2/abs(x)"),
    ],
)
def test_both_sides_of_a_kink_count(text: str, wrt: str, right: str, wrong: str) -> None:
    pieced = symchain.parse(text)
    output = pieced.last
    assert pieced.check(output, wrt, right).status in ("proved", "agrees")
    assert pieced.check(output, wrt, wrong).status == "wrong"


@pytest.mark.parametrize(
    ("text", "claim"),
    [("y = maximum(x, 1.5)", "where(x > 1.5, 1, 0)"), ("y = clip(x, -0.61, 0.45)", "where(x >= -0.61, where(x <= 0.45, 1, 0), 0)")],
)
def test_a_claim_is_not_judged_on_a_kink(text: str, claim: str) -> None:
    """What it says there is a convention; the points that are drawn first are on these kinks."""
    assert symchain.parse(text).check("y", "x", claim).status in ("proved", "agrees")


def test_a_wrong_sign_of_a_small_derivative_is_wrong() -> None:
    assert symchain.parse("y = 1e-200*x**2").check("y", "x", "-2e-200*x").mistake == "sign"
