"""Programs with families for tests: a text, the names to differentiate by, and lengths at which it is written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symchain.language.unrolling import named
from symchain.nouns.program import Program

TEXTS: dict[str, tuple[str, list[str], list[dict[str, int]]]] = {
    "layers": (
        "W[l]: (h, h)\nb[l]: (h,)\nx: (h,)\ny: (h,)\na[0] = x\nz[l] = W[l] @ a[l-1] + b[l] for l in 1..L\n"
        "a[l] = sigmoid(z[l]) for l in 1..L\nC = 1/2*sum((a[L] - y)**2)",
        ["W", "b", "x", "W[1]", "W[L]", "a[0]", "a[1]"],
        [{"L": 1}, {"L": 2}, {"L": 5}],
    ),
    "widths": (
        "W[l]: (n[l], n[l-1])\nx: (n[0],)\na[0] = x\na[l] = tanh(W[l] @ a[l-1]/sqrt(n[l-1])) for l in 1..L-1\n"
        "f = W[L] @ a[L-1]\nC = logsumexp(f) + lam*sum(sum(W[l]**2) for l in 1..L)",
        ["W", "x", "lam", "W[L]"],
        [{"L": 1}, {"L": 2}, {"L": 4}],
    ),
    "recurrent": (
        "x[t]: (n,)\nU: (d, n)\nW: (d, d)\nv: (d,)\nh[0] = zeros(d)\nh[t] = tanh(W @ h[t-1] + U @ x[t]) for t in 1..T\n"
        "o[t] = dot(v, h[t]) for t in 1..T\nC = sum((o[t] - y[t])**2 for t in 1..T)/T",
        ["W", "U", "v", "x", "y", "x[T]"],
        [{"T": 1}, {"T": 2}, {"T": 4}],
    ),
    "look-back two": (
        "y[0] = a\ny[1] = b\ny[t] = p*sin(y[t-1]) + q*y[t-2] + t*c for t in 2..T\nC = sum(y[t]**2*g**t for t in 0..T)",
        ["p", "q", "a", "b", "c", "g"],
        [{"T": 2}, {"T": 3}, {"T": 6}],
    ),
    "array": (
        "x: (T,)\ny[0] = r*x[0]\ny[t] = r*x[t] + s*x[t-1] + m*y[t-1] for t in 1..T-1\nC = sum(exp(-y[t]) for t in 0..T-1)",
        ["x", "r", "s", "m"],
        [{"T": 1}, {"T": 2}, {"T": 5}],
    ),
    "two families": (
        "q[0] = q0\nv[0] = v0\nv[n] = v[n-1] - h*sin(q[n-1]) for n in 1..N\nq[n] = q[n-1] + h*v[n] for n in 1..N\nC = v[N]**2 - cos(q[N])",
        ["q0", "v0", "h"],
        [{"N": 1}, {"N": 2}, {"N": 6}],
    ),
    "shifted": (
        "d[t] = r[t] + g*V[t+1] - V[t] for t in 0..T-1\nA = sum((g*k)**t*d[t]**2 for t in 0..T-1)",
        ["r", "V", "g", "k", "V[0]", "V[T]"],
        [{"T": 1}, {"T": 2}, {"T": 5}],
    ),
    "product": (
        "f = prod(x - r[k] for k in 1..n)\nC = f**2 + y*f",
        ["x", "r", "y"],
        [{"n": 1}, {"n": 2}, {"n": 5}],
    ),
    "forward algorithm": (
        "A: (k, k)\np: (k,)\nB[t]: (k,)\nal[1] = p + B[1]\nal[t] = logsumexp(al[t-1][:, None] + A, axis=0) + B[t] for t in 2..T\n"
        "C = logsumexp(al[T])",
        ["B", "p", "A", "B[1]"],
        [{"T": 1}, {"T": 2}, {"T": 4}],
    ),
    "attention": (
        "q: (d,)\nk[t]: (d,)\nv[t]: (m,)\nw[t] = exp(dot(q, k[t])) for t in 1..T\nZ = sum(w[t] for t in 1..T)\n"
        "o = sum(w[t]*v[t] for t in 1..T)/Z\nC = sum(o**2)",
        ["q", "k", "v"],
        [{"T": 1}, {"T": 3}],
    ),
    "filter": (
        "A: (n, n)\nH: (p, n)\nR: (p, p)\nm0: (n,)\nP0: (n, n)\ny[t]: (p,)\nm[0] = m0\nP[0] = P0\n"
        "V[t] = H @ P[t-1] @ H.T + R for t in 1..T\n"
        "K[t] = P[t-1] @ H.T @ inv(V[t]) for t in 1..T\ne[t] = y[t] - H @ m[t-1] for t in 1..T\n"
        "m[t] = A @ (m[t-1] + K[t] @ e[t]) for t in 1..T\nP[t] = A @ (P[t-1] - K[t] @ H @ P[t-1]) @ A.T for t in 1..T\n"
        "C = sum(e[t] @ inv(V[t]) @ e[t] for t in 1..T)",
        ["A", "H", "m0", "y"],
        [{"T": 1}, {"T": 3}],
    ),
    "empty start": (
        "c[1] = d[1]/V\nc[t] = c[t-1]*exp(-k/V) + d[t]/V for t in 2..T\nC = sum(c[t]**2 for t in 1..T)",
        ["k", "V", "d"],
        [{"T": 1}, {"T": 2}, {"T": 5}],
    ),
    "reversed": (
        "p[0] = c[n]\np[k] = p[k-1]*x + c[n-k] for k in 1..n\nC = p[n]**2",
        ["x", "c"],
        [{"n": 1}, {"n": 3}],
    ),
}
"""By name: text, names to differentiate by, lengths. The sizes of all other letters are drawn."""


def sizes_of(program: Program, lengths: Mapping[str, int], rng: np.random.Generator) -> dict[str, int]:
    """A size for every letter of the program that is written out."""
    return {d: int(rng.integers(2, 5)) for d in program.dimensions if d not in lengths}


def point(text_program: Program, lengths: Mapping[str, int], rng: np.random.Generator) -> tuple[Program, dict[str, Any], dict[str, Any]]:
    """The program written out, values for its inputs, and the same values for the program with families."""
    written = text_program.unrolled(**lengths)
    sizes = sizes_of(written, lengths, rng)
    flat = {
        name: rng.uniform(0.3, 1.2, tuple(d if isinstance(d, int) else sizes[d] for d in v.shape)) for name, v in written.inputs.items()
    }
    whole: dict[str, Any] = {n: flat.get(n, 0.5) for n in text_program.inputs}
    for own, family in text_program.families.items():
        if family.given:
            members = [k for k in range(-2, 60) if named(own, k, text_program) in flat]
            whole[own] = [flat[named(own, k, text_program)] for k in members]
    return written, flat, whole


def first_of(program: Program, family: str, flat: Mapping[str, Any]) -> int:
    """The number of the first member that is read."""
    return next(k for k in range(-2, 60) if named(family, k, program) in flat)


def network_point(rng: np.random.Generator, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values for a network of three units over four steps with two inputs; as the loops take them, and as the program written out does."""
    given: dict[str, Any] = {"x": rng.normal(size=(4, 2)), "U": rng.normal(size=(3, 2)), "W": rng.normal(size=(3, 3)) * 0.5}
    given |= {"v": rng.normal(size=3), "g": 0.8} | more
    return given, {n: v for n, v in given.items() if n != "x"} | {f"x_{t + 1}": given["x"][t] for t in range(4)}
