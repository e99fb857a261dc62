"""Forms that an expert would print: each line as it would be published, and held against the program."""

from __future__ import annotations

import pytest

import symchain
from symchain.models import read_model

BLACK_SCHOLES = read_model("black-scholes-call").text


@pytest.mark.parametrize(
    ("text", "wrt", "line"),
    [
        (BLACK_SCHOLES, "S", "dV_dS = Phi(d1)"),
        (BLACK_SCHOLES, "K", "dV_dK = -exp(-r*T)*Phi(d2)"),
        (BLACK_SCHOLES, "r", "dV_dr = K*exp(-r*T)*T*Phi(d2)"),
        ("X: (n, p)\nC = sum(X @ pinv(X) @ X)", "X", "dC_dX = ones((n, p))"),
        ("x: (n,)\ny = x[::-1][::-1]\nC = sum(y**2)", "x", "dC_dx = 2*y"),
        ("x: (n,)\nC = sum(flip(flip(x))**2)", "x", "dC_dx = 2*x"),
    ],
)
def test_lines(text: str, wrt: str, line: str) -> None:
    program = symchain.parse(text)
    d = program.derive(program.last, wrt)
    assert d.lines[-1] == line
    assert d.verification.held


def test_exponentials_that_differ_otherwise_stay_apart() -> None:
    """Another sign in d2: the terms are no multiples of one another."""
    program = symchain.parse(BLACK_SCHOLES.replace("d2 = d1 - w", "d2 = d1 + w"))
    d = program.derive(program.last, "S")
    assert "normpdf" in " ".join(d.lines) and d.verification.held
