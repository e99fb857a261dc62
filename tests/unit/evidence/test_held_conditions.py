"""Conditions that do not move with what is differentiated by choose a branch, and its slope with it."""

from __future__ import annotations

import pytest

import symchain

HELD = [
    ("C = where(s == 1, a**2, a**3)", "a", "where(s == 1, 2*a, 3*a**2)"),
    ("a: (n,)\nC = where(s == 1, sum(a**2), sum(a**3))", "a", "where(s == 1, 2*a, 3*a**2)"),
    ("t = 2*s; C = where(t == 4, sin(a), a)", "a", "where(t == 4, cos(a), 1)"),
    ("C = where(lam == 0, log(x), (x**lam - 1)/lam)", "x", "x**(lam - 1)"),
]


@pytest.mark.parametrize(("text", "wrt", "line"), HELD)
def test_the_branch_that_is_chosen_has_its_own_slope(text: str, wrt: str, line: str) -> None:
    program = symchain.parse(text)
    assert program.derive("C", wrt).verification.held
    assert program.hessian("C", wrt).verification.held
    assert program.check("C", wrt, line).status in ("proved", "agrees")


@pytest.mark.parametrize("wrong", ["where(s == 1, 3*a, 3*a**2)", "3*a**2", "where(s == 1, 2*a, 2*a)"])
def test_a_claim_that_is_wrong_where_the_condition_holds_is_not_accepted(wrong: str) -> None:
    assert symchain.parse("C = where(s == 1, a**2, a**3)").check("C", "a", wrong).status in ("wrong", "undecided")


def test_kernels_choose_alike() -> None:
    kernel = symchain.parse("C = where(s == 1, a**2, a**3)").compile(wrt=["a"])
    assert [kernel(s=s, a=5.0)[1]["a"] for s in (1.0, 2.0)] == [10.0, 75.0]
