"""Mistakes planted one at a time in rules and declarations: verification finds every one that changes a formula."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from mistakes import scaled
from randomprograms import DECLARED, FACTS, random_program

import symchain
from symchain.evidence.verification import wrong_factors
from symchain.functions import FUNCTIONS
from symchain.functions.spec import OPERATIONS as DECLARED_OPERATIONS
from symchain.rules import local
from symchain.tensors import nodes as t
from symchain.tensors.memory import forget

pytestmark = pytest.mark.usefixtures("fresh")


# ---------------------------------------------------------------- functions, in every parameter


def constant(text: str) -> bool:
    return text.strip() in ("0", "0.0")


CASES = [(s, k) for s in FUNCTIONS.values() for k, d in enumerate(s.derivatives) if d is not None]


@pytest.mark.parametrize(("spec", "k"), CASES, ids=[f"{s.name}-{s.parameters[k]}" for s, k in CASES])
def test_a_wrong_derivative_of_any_function_is_caught(spec: Any, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a declared derivative a thousandth too large, with the other sign, and off by a constant."""
    text, wrt, right = f"C = {spec.name}({', '.join(spec.parameters)})", spec.parameters[k], spec.derivatives[k]
    program = symchain.parse(text)
    verdict = program.derive("C", wrt).verification
    assert verdict.held, verdict
    if not any(getattr(n, "function", None) is spec for n in t.postorder(program.blocks["C"].tree)):
        assert spec.name == "power", "every other function is read as itself"
        return
    plants = [f"({right}) + 0.001"] if constant(right) else [f"({right})*1.001", f"-({right})", f"({right}) + 0.001"]
    for plant in plants:
        forget()
        wrong = replace(spec, derivatives=tuple(plant if j == k else d for j, d in enumerate(spec.derivatives)))
        monkeypatch.setitem(FUNCTIONS, spec.name, wrong)
        planted = symchain.parse(text).derive("C", wrt)
        assert planted.verification.failed, plant
        assert wrong_factors(planted) == (f"dC/d{wrt}",)


@pytest.mark.parametrize("factor", ["(-1)", "1.5"])
def test_a_wrong_derivative_of_clip_by_a_bound_is_caught(factor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = FUNCTIONS["clip"]
    for k, text in enumerate(spec.derivatives):
        wrong = replace(spec, derivatives=tuple(f"{factor}*({d})" if j == k else d for j, d in enumerate(spec.derivatives)))
        forget()
        monkeypatch.setitem(FUNCTIONS, "clip", wrong)
        assert symchain.parse("y = clip(x, l, u)").derive("y", "xlu"[k]).verification.failed, text


# ---------------------------------------------------------------- pullbacks of all operations

OPERATIONS = {
    "max": "x: (n,)\nC = max(x)", "min": "x: (m, n)\nC = min(x, axis=1)", "prod": "x: (n,)\nC = prod(x)",
    "logsumexp": "x: (m, n)\nC = sum(logsumexp(x, axis=0)**2)", "softmax": "x: (m, n)\nC = softmax(x, axis=0)",
    "log_softmax": "x: (n,)\nC = log_softmax(x)", "cumsum": "x: (n,)\nC = sum(cumsum(x)**2)", "cumprod": "x: (n,)\nC = sum(cumprod(x)**2)",
    "index": "x: (m, n)\nC = sum(x[0]**2)", "concatenate": "x: (n,)\ny: (m,)\nC = sum(exp(concatenate([y, x])))",
    "reshape": "x: (6,)\nC = sum(exp(reshape(x, (2, 3)) @ reshape(x, (3, 2))))", "flip": "x: (n,)\ny: (n,)\nC = flip(exp(x)) @ y",
    "roll": "x: (n,)\ny: (n,)\nC = roll(exp(x), 1) @ y", "inv": "x: (n, n)\nC = inv(x)", "det": "x: (n, n)\nC = det(x)",
    "logdet": "x: (n, n) spd\nC = logdet(x)", "pinv": "x: (4, 3)\nC = sum(pinv(x)**2)",
    "cholesky": "x: (n, n) spd\nC = sum(cholesky(x)**3)",
    "expm": "x: (n, n)\nC = sum(expm(x)**2)", "sinm": "x: (n, n)\nC = sum(sinm(x)**2)", "cosm": "x: (n, n)\nC = sum(cosm(x)**2)",
    "tril": "x: (n, n)\nC = sum(exp(tril(x)))", "triu": "x: (n, n)\nC = sum(exp(triu(x)))",
    "cross": "x: (3,)\ny: (3,)\nC = sum(exp(cross(x, y)))",
    "eigvalsh": "x: (n, n)\nC = sum(exp(eigvalsh(x)))", "eigenvectors": "x: (n, n)\nC = sum(eigh(x)[1][:, 0]**3)",
    "svdvals": "x: (3, 3)\nC = sum(exp(svdvals(x)))", "left_singular_vectors": "x: (3, 3)\nC = sum(svd(x)[0][:, 0]**3)",
    "right_singular_vectors": "x: (3, 3)\nC = sum(svd(x)[2][0]**3)", "nuclear_norm": "x: (m, n)\nC = nuclear_norm(x)",
    "spectral_norm": "x: (m, n)\nC = spectral_norm(x)", "logm": "x: (n, n) spd\nC = sum(logm(x)**2)",
    "sqrtm": "x: (n, n) spd\nC = sum(sqrtm(x)**3)",
    "sylvester": "x: (n, n) spd\nB: (n, n) spd\nQ: (n, n)\nC = sum(sylvester(x, B, Q)**2)",
    "sort": "x: (n,)\nC = sum(sort(x)*cumsum(x))",
    "take_sorted": "x: (n,)\ny: (n,)\nC = sum(take_sorted(x, y)**2*cumsum(y))", "cummax": "x: (n,)\nC = sum(exp(cummax(x)))",
    "take_ranked": "x: (n,)\ny: (n,)\nC = sum(take_ranked(x, y)**2*cumsum(y))", "cummin": "x: (n,)\nC = sum(exp(cummin(x)))",
    "convolution": "x: (n,)\ny: (m,)\nC = sum(exp(convolve(x, y)))",
    "gather": "x: (n,)\nl: (m,) integer\nC = sum(exp(x[l]))",
}  # fmt: skip
SECOND = {"place": "x: (n,)\nC = sum(x[1:]**3)", "scatter": "x: (n,)\nl: (m,) integer\nC = sum(x[l]**3)"}
"""Operations that only derivatives hold: they are differentiated in a second derivative."""
UNWRITTEN = {"expm_frechet", "sinm_frechet", "cosm_frechet", "logm_frechet", "orthogonal_factor"}
"""Only derivatives hold these, and their second derivatives are refused."""
HELD = {"stop_gradient"}
"""Whose pullback is another one than that of its value by definition, so that no difference can tell a wrong one."""


def test_every_pullback_has_a_program() -> None:
    assert {name for name, spec in DECLARED_OPERATIONS.items() if spec.pullback} == OPERATIONS.keys() | SECOND.keys() | UNWRITTEN | HELD


@cache
def holds(name: str) -> bool:
    """Whether the derivative of the program of an operation holds, nothing planted."""
    return symchain.parse(OPERATIONS[name]).derive("C", "x").verification.held


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("factor", [-1, Fraction(1001, 1000)], ids=["sign", "factor"])
def test_a_wrong_pullback_of_any_operation_is_caught(name: str, factor: Fraction | int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert holds(name)
    monkeypatch.setitem(vars(DECLARED_OPERATIONS[name]), "pullback", scaled(DECLARED_OPERATIONS[name].pullback, factor))
    assert symchain.parse(OPERATIONS[name]).derive("C", "x").verification.failed


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives_through_rearrangements_hold(name: str) -> None:
    assert symchain.parse(SECOND[name]).hessian("C", "x").verification.held


# ---------------------------------------------------------------- rules, in random programs

KINDS = [(kind, k) for kind in (t.Sum, t.Contraction, t.Power, t.Apply, t.Where, t.Operation) for k in (0, 1)]
SHAPES = {n: s for n, s in DECLARED.items() if s}


@pytest.mark.parametrize("seed", range(3000, 3040))
def test_a_wrong_rule_is_caught_in_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it changes nothing that is printed, or the derivative is 0 and that is said."""
    text = random_program(seed, 3)
    program = symchain.parse(text, shapes=SHAPES, assume=FACTS)
    output, wrt = list(program.blocks)[-1], next(n for b in program.blocks.values() for n in b.reads if n in program.inputs)
    right = program.derive(output, wrt)
    assert not right.verification.failed, text
    kind, k = KINDS[seed % len(KINDS)]
    monkeypatch.setitem(local.PULL, kind, scaled(local.PULL[kind], 3, k))
    forget()
    wrong = symchain.parse(text, shapes=SHAPES, assume=FACTS).derive(output, wrt)
    if wrong.lines != right.lines:
        assert wrong.verification.failed or wrong.verification.open, text
