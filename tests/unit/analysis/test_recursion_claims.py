"""Claims about programs with families: right ones, wrong ones with their mistake, and those that cannot be read."""

from __future__ import annotations

import pytest

import symchain

LAYERS = """
W[l]: (h, h)
b[l]: (h,)
x: (h,)
y: (h,)
a[0] = x
z[l] = W[l] @ a[l-1] + b[l] for l in 1..L
a[l] = tanh(z[l]) for l in 1..L
C = 1/2*sum((a[L] - y)**2)
"""
STEPS = """
x[t]: (n,)
U: (d, n)
W: (d, d)
v: (d,)
s: (d,)
h[0] = s
h[t] = tanh(W @ h[t-1] + U @ x[t]) for t in 1..T
C = dot(v, h[T])
"""
TWO_BACK = "F[0] = a\nF[1] = b\nF[k] = p*F[k-1] + q*F[k-2] for k in 2..n\nC = F[n]"
SUM = "C = sum(w[t]**2*g**t for t in 1..T)"
BP = """d[L] = (a[L] - y)*(1 - a[L]**2)
d[l] = (W[l+1].T @ d[l+1])*(1 - a[l]**2) for l in L-1..1
dC_dW[l] = outer(d[l], a[l-1]) for l in 1..L"""
BPTT = """e[T] = v
e[t] = W.T @ ((1 - h[t+1]**2)*e[t+1]) for t in T-1..1
dC_dW = sum(outer((1 - h[t]**2)*e[t], h[t-1]) for t in 1..T)"""

LAST = BPTT.rpartition("\n")[0] + "\ndC_dW = outer((1 - h[T]**2)*e[T], h[T-1])"


@pytest.mark.parametrize(
    ("text", "wrt", "claim"),
    [
        (LAYERS, "W", BP),
        (LAYERS, "b", BP.replace("outer(d[l], a[l-1])", "d[l]").replace("dC_dW", "g")),
        (LAYERS, "y", "y - a[L]"),
        (LAYERS, "x", BP.rpartition("\n")[0] + "\ndC_dx = W[1].T @ d[1]"),
        (STEPS, "W", BPTT),
        (STEPS, "v", "h[T]"),
        (TWO_BACK, "b", "d[n] = 1\nd[n-1] = d[n]*p\nd[k] = d[k+1]*p + d[k+2]*q for k in n-2..1\ndC_db = d[1]"),
        (SUM, "w", "2*w[t]*g**t for t in 1..T"),
        (SUM, "g", "sum(t*w[t]**2*g**(t-1) for t in 1..T)"),
    ],
)
def test_what_is_right_agrees(text: str, wrt: str, claim: str) -> None:
    verdict = symchain.parse(text).check("C", wrt, claim)
    assert verdict.status == "agrees" and verdict.points > 1 and verdict.error < 1e-7


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "wrt", "claim", "mistake", "said"),
    [
        (LAYERS, "W", BP.replace("a[l-1]", "a[l]"), "index_shifted", "a[l - 1]"),
        (LAYERS, "W", BP.replace("W[l+1].T", "W[l].T"), "index_shifted", "W[l + 1]"),
        (LAYERS, "W", BP.replace("W[l+1].T", "W[l+1]"), "transposed", "W[l + 1].T"),
        (LAYERS, "W", BP.replace("dW[l] = ", "dW[l] = -"), "sign", ""),
        (LAYERS, "W", BP.replace("l in 1..L", "l in 2..L"), "start_missing", "dC_dW[1]"),
        (LAYERS, "W", BP.partition("\n")[2], "start_missing", "d[L]"),
        (LAYERS, "W", BP.replace("outer(d[l], a[l-1])", "d[l]"), "shape", ""),
        (STEPS, "W", BPTT.replace("t in 1..T)", "t in 2..T)"), "steps", "for t in 1..T"),
        (STEPS, "W", LAST, "missing_steps", "W"),
        (STEPS, "W", BPTT.replace("W.T", "W"), "transposed", "W.T"),
        (SUM, "g", "2*sum(t*w[t]**2*g**(t+3) for t in 1..T)", "unknown", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, wrt: str, claim: str, mistake: str, said: str) -> None:
    verdict = symchain.parse(text).check("C", wrt, claim)
    assert verdict.status == "wrong" and verdict.mistake == mistake
    assert all(said in verdict.message(lang) for lang in ("en", "fr"))
    assert verdict.corrected.count("; ") + 1 == len(symchain.parse(text).derive("C", wrt).lines)


@pytest.mark.parametrize(
    ("wrt", "claim", "said"),
    [
        ("W", BP.replace("d[l+1]", "q[l+1]"), "q is no name"),
        ("W", BP.replace("d[l] =", "a[l] ="), "name of the program"),
        ("y", "y - a[k]", "k is no name"),
        ("y", "y -* 2", "expression|expected|operand"),
        ("W", "y: (h,)", "name = formula"),
    ],
)
def test_what_cannot_be_read_is_refused(wrt: str, claim: str, said: str) -> None:
    with pytest.raises(symchain.SymchainError, match=said):
        symchain.parse(LAYERS).check("C", wrt, claim)


@pytest.mark.thorough
def test_where_nothing_is_known_nothing_is_said() -> None:
    program = symchain.parse("C = sum(w[t]*log(-exp(w[t])) for t in 1..T)")
    assert program.check("C", "w", "log(-exp(w[t])) for t in 1..T").status == "undecided"
