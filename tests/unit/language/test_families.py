"""Lines with an index and a range: what they mean, written out; and what is refused, with its place."""

from __future__ import annotations

import numpy as np
import pytest

import symchain
from symchain.errors import ParseError, SymchainError
from symchain.support.linear import Linear
from tests.support.recurrences import TEXTS

NETWORK = "W[l]: (h, h)\nx: (h,)\na[0] = x\nz[l] = W[l] @ a[l-1] for l in 1..L\na[l] = tanh(z[l]) for l in 1..L\nC = sum(a[L])"


def test_families_are_known_by_name() -> None:
    families = symchain.parse(NETWORK).families
    assert {n: (f.given, str(f.low), str(f.high), f.shape) for n, f in families.items()} == {
        "W": (True, "1", "L", ("h", "h")),
        "z": (False, "1", "L", ("h",)),
        "a": (False, "1", "L", ("h",)),
    }
    assert families["a"].starts == (Linear.of(0),)
    assert list(symchain.parse(NETWORK).blocks) == ["C"] and list(symchain.parse(NETWORK).inputs) == ["x"]


@pytest.mark.parametrize("case", TEXTS)
def test_a_program_printed_is_read_back_as_the_same(case: str) -> None:
    program = symchain.parse(TEXTS[case][0])
    again = symchain.parse(str(program))
    assert str(again) == str(program)
    assert again.recurrence is not None and program.recurrence is not None
    assert [c.tree for c in again.recurrence.clauses] == [c.tree for c in program.recurrence.clauses]


def test_what_is_written_out() -> None:
    written = symchain.parse(NETWORK).unrolled(L=2)
    assert str(written).splitlines()[-5:] == ["z_1 = W_1 @ a_0", "a_1 = tanh(z_1)", "z_2 = W_2 @ a_1", "a_2 = tanh(z_2)", "C = sum(a_2)"]
    program = symchain.parse("F[0] = 0\nF[1] = 1\nF[k] = F[k-1] + F[k-2] for k in 2..n\nC = x*F[n] + sum(k**2 for k in 1..n)")
    for n, want in ((1, 1 + 1), (2, 1 + 5), (10, 55 + 385)):
        assert program.unrolled(n=n).compile(order=0)(x=1.0) == want


def test_a_line_below_may_be_read_earlier() -> None:
    text = "a[0] = x\nb[0] = x\na[l] = a[l-1] + b[l-1] for l in 1..L\nc = 2\nb[l] = c*b[l-1] for l in 1..L\n"
    text += "d[l] = a[l+1] - a[l] for l in 0..L-1\nC = sum(d[l] for l in 0..L-1)"
    assert symchain.parse(text).compile(order=0)(x=1.0, L=3) == 7.0


def test_a_name_that_is_no_family_keeps_its_meaning() -> None:
    value = symchain.parse("x: (T, n)\nC = sum(sum(x[t-1]*t) for t in 1..T)").compile(order=0)(x=np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert value == 17.0


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (NETWORK.replace("a[l-1]", "a[l+1]"), 4, "its line stands below"),
        ("a[0] = x\na[l] = a[l-1] + a[l+1] for l in 1..L\nC = a[L]", 2, r"reads the later member a\[l\+1\]"),
        ("a[0] = x\nz[l] = a[l] for l in 1..L\na[l] = z[l] for l in 1..L\nC = a[L]", 2, "its line stands below"),
        ("a[l] = a[l-1]*w for l in 1..L\nC = a[L]", 1, "read before any member of it is defined"),
        ("F[1] = x\nF[k] = F[k-1] + F[k-2] for k in 2..n\nC = F[n]", 2, r"F\[0\] has no line and no start"),
        (NETWORK.replace("a[L]", "a[L+1]"), 6, r"a\[L\+1\] is above the last member"),
        (NETWORK.replace("sum(a[L])", "sum(a)"), 6, "a is a family and has no index"),
        (NETWORK.replace("sum(a[L])", "sum(W @ a[L])"), 6, "W is a family and has no index"),
        ("a[0] = x\na[1] = y\na[l] = a[l-1] for l in 1..L\nC = a[L]", 3, "defined twice"),
        ("a[0] = x\na[l] = a[l-1] for l in 3..1\nC = a[1]", 2, "runs down"),
        ("a[0] = x\na[l] = a[l-1] for l in L..1\nC = a[1]", 2, "runs down"),
        ("x: (T,)\na[0] = 1\na[t] = a[t-1] + x[t] for t in 1..T\nC = a[T]", 3, "outside of an array of T rows"),
        ("x: (T,)\ny[t] = x[t-2] for t in 1..T\nC = y[T]", 2, "does not count from the end"),
        ("a[0] = x\na[l] = sum(a[l-1] for k in 1..l) for l in 1..L\nC = a[L]", 2, "a range inside a range"),
        ("W: (2, 3)\nx: (3,)\na[0] = x\na[l] = W @ a[l-1] for l in 1..L\nC = sum(a[L])", 4, "cannot have one shape"),
        ("a[0] = x\na[l] = b[l-1] for l in 1..L\nb[0] = x\nb[l] = a[l] for l in 1..L-1\nC = a[L]", 2, "read before any member"),
        ("a[0] = x\nb[0] = x\na[l] = b[l-1] for l in 1..L\nb[l] = a[l] for l in 1..L-1\nC = a[L]", 3, "has another range"),
        ("w[l]: ()\na[l, 0] = w[l] for l in 1..L\nC = a[1]", 2, "items cannot be assigned"),
        ("C = tanh(x[t] for t in 1..T)", 1, "does not run over an index"),
        ("C = sum(x[t] for t in 1..T*T)", 1, "a bound is a whole number"),
        ("C = sum(x[t] for t 1..T)", 1, "'in' is expected"),
        ("C = sum(x[t] for t in 1:T)", 1, "'..' is expected"),
    ],
)
def test_what_is_refused(text: str, line: int, said: str) -> None:
    with pytest.raises(SymchainError, match=said) as caught:
        symchain.parse(text)
    assert caught.value.place is not None and caught.value.place.line == line
    assert caught.value.advice


def test_items_are_still_not_assigned() -> None:
    with pytest.raises(ParseError, match="items cannot be assigned"):
        symchain.parse("x[0] = 3\ny = x")


def test_questions_without_an_answer_are_refused_by_name() -> None:
    program = symchain.parse(NETWORK)
    with pytest.raises(symchain.UnsupportedError, match="families"):
        program.sensitivity(at={"x": 1.0})
    with pytest.raises(symchain.ArgumentError, match="no length is given for L"):
        program.unrolled()
    with pytest.raises(symchain.ArgumentError, match="bounds no range"):
        program.unrolled(L=2, T=3)
    with pytest.raises(symchain.ArgumentError, match="family of blocks"):
        program.compile(wrt=["a"])
