"""Ready models with families: numbers beside loops of their own with complex steps, recursions beside the published ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.models import read_model, recursion_names

N = 4
RNG = np.random.default_rng(8)


def _numbers(*shape: int) -> Any:
    return RNG.uniform(0.2, 1.1, shape)


def _lse(v: Any, axis: int | None = None) -> Any:
    return np.log(np.exp(v).sum(axis=axis))


def _sigmoid(v: Any) -> Any:
    return 1 / (1 + np.exp(-v))


def elman(x: Any, y: Any, U: Any, W: Any, b: Any, V: Any, c: Any) -> Any:
    h, total = np.zeros(len(b)), 0.0
    for now, target in zip(x, y, strict=True):
        h = np.tanh(W @ h + U @ now + b)
        total = total + _lse(V @ h + c) * sum(target) - target @ (V @ h + c)
    return total


def layers(W: Any, b: Any, x: Any, y: Any) -> Any:
    for weights, bias in zip(W, b, strict=True):
        x = np.tanh(weights @ x + bias)
    return ((x - y) ** 2).sum() / 2


def gru(x: Any, Wz: Any, Uz: Any, Wr: Any, Ur: Any, Wh: Any, Uh: Any, v: Any) -> Any:
    h = np.zeros(len(v))
    for now in x:
        z, r = _sigmoid(Wz @ h + Uz @ now), _sigmoid(Wr @ h + Ur @ now)
        h = (1 - z) * h + z * np.tanh(Wh @ (r * h) + Uh @ now)
    return v @ h


def euler(p0: Any, dt: Any, r: Any, K: Any, y: Any) -> Any:
    total = 0.0
    for seen in y:
        p0 = p0 + dt * r * p0 * (1 - p0 / K)
        total = total + (p0 - seen) ** 2 / 2
    return total


def leapfrog(q0: Any, p0: Any, h: Any) -> Any:
    for _ in range(N):
        p0 = p0 - h / 2 * np.sin(q0)
        q0 = q0 + h * p0
        p0 = p0 - h / 2 * np.sin(q0)
    return p0**2 / 2 - np.cos(q0)


def kalman(s: Any, r: Any, P0: Any, m0: Any, y: Any) -> Any:
    total = 0.0
    for seen in y:
        F, e = P0 + s + r, seen - m0
        gain = (P0 + s) / F
        m0, P0 = m0 + gain * e, (1 - gain) * (P0 + s)
        total = total + (np.log(F) + e**2 / F) / 2
    return total


def forward(A: Any, p: Any, B: Any) -> Any:
    f = p + B[0]
    for now in B[1:]:
        f = _lse(f[:, None] + A, 0) + now
    return _lse(f)


def garch(omega: Any, alpha: Any, beta: Any, s0: Any, r: Any) -> Any:
    total = 0.0
    for before, now in zip(r[:-1], r[1:], strict=True):
        s0 = omega + alpha * before**2 + beta * s0
        total = total + (np.log(s0) + now**2 / s0) / 2
    return total


def descent(A: Any, b: Any, x0: Any, eta: Any) -> Any:
    for _ in range(N):
        x0 = x0 - eta * (A @ x0 - b)
    return x0 @ (A @ x0) / 2 - b @ x0


def horner(c: Any, x: Any) -> Any:
    return sum(c[k] * x**k for k in range(len(c)))


def lstm(x: Any, v: Any, **weights: Any) -> Any:
    h = c = np.zeros(len(v))
    for now in x:
        f, i, o, g = (weights[f"W{k}"] @ h + weights[f"U{k}"] @ now for k in "fiog")
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
    return v @ h


def residual(W: Any, V: Any, x: Any, y: Any) -> Any:
    for inner, outer in zip(W, V, strict=True):
        x = x + outer @ np.tanh(inner @ x)
    return ((x - y) ** 2).sum() / 2


def rk4(p0: Any, dt: Any, r: Any, K: Any, y: Any) -> Any:
    def slope(p: Any) -> Any:
        return r * p * (1 - p / K)

    total = 0.0
    for seen in y:
        a = slope(p0)
        b = slope(p0 + dt / 2 * a)
        c = slope(p0 + dt / 2 * b)
        p0 = p0 + dt / 6 * (a + 2 * b + 2 * c + slope(p0 + dt * c))
        total = total + (p0 - seen) ** 2 / 2
    return total


def crf(A: Any, e: Any, y: Any) -> Any:
    f = e[0]
    for now in e[1:]:
        f = _lse(f[:, None] + A, 0) + now
    return _lse(f) - (y * e).sum() - sum(a @ A @ b for a, b in zip(y[:-1], y[1:], strict=True))


def lqr(A: Any, B: Any, Q: Any, R: Any, u: Any, x0: Any) -> Any:
    total = 0.0
    for now in u:
        x0 = A @ x0 + B @ now
        total = total + (x0 @ Q @ x0 + now @ R @ now) / 2
    return total


_A = _numbers(3, 3)
MODELS: dict[str, tuple[Callable[..., Any], dict[str, Any], dict[str, int]]] = {
    "elman": (elman, {"x": _numbers(N, 2), "y": _numbers(N, 3), "U": _numbers(2, 2), "W": _numbers(2, 2), "b": _numbers(2),
                      "V": _numbers(3, 2), "c": _numbers(3)}, {}),
    "layers": (layers, {"W": [_numbers(2, 3), _numbers(4, 2)], "b": [_numbers(2), _numbers(4)], "x": _numbers(3), "y": _numbers(4)}, {}),
    "gru-steps": (gru, {"x": _numbers(N, 3),
                        **{f"{a}{g}": _numbers(2, 2 if a == "W" else 3) for g in "zrh" for a in "WU"}, "v": _numbers(2)}, {}),
    "euler": (euler, {"p0": 0.4, "dt": 0.1, "r": 0.9, "K": 2.0, "y": _numbers(N)}, {}),
    "leapfrog": (leapfrog, {"q0": 0.7, "p0": 0.2, "h": 0.1}, {"N": N}),
    "kalman-filter": (kalman, {"s": 0.3, "r": 0.8, "P0": 1.1, "m0": 0.2, "y": _numbers(N)}, {}),
    "hmm-forward": (forward, {"A": _numbers(3, 3), "p": _numbers(3), "B": _numbers(N, 3)}, {}),
    "garch": (garch, {"omega": 0.1, "alpha": 0.2, "beta": 0.6, "s0": 0.5, "r": _numbers(N)}, {}),
    "gradient-descent": (descent, {"A": _A + _A.T, "b": _numbers(3), "x0": _numbers(3), "eta": 0.2}, {"N": N}),
    "lstm-steps": (lstm, {"x": _numbers(N, 3), **{f"{a}{g}": _numbers(2, 2 if a == "W" else 3) for g in "fiog" for a in "WU"},
                          "v": _numbers(2)}, {}),
    "residual": (residual, {"W": _numbers(N, 2, 2), "V": _numbers(N, 2, 2), "x": _numbers(2), "y": _numbers(2)}, {}),
    "rk4": (rk4, {"p0": 0.4, "dt": 0.1, "r": 0.9, "K": 2.0, "y": _numbers(N)}, {}),
    "crf": (crf, {"A": _numbers(3, 3), "e": _numbers(N, 3), "y": np.eye(3)[[0, 2, 2, 1]]}, {}),
    "lqr": (lqr, {"A": _numbers(2, 2), "B": _numbers(2, 3), "Q": np.eye(2) + 0.2, "R": np.eye(3) - 0.1, "u": _numbers(N, 3),
                  "x0": _numbers(2)}, {}),
    "horner": (horner, {"c": _numbers(N), "x": 0.7}, {}),
}  # fmt: skip
PUBLISHED = {
    "elman": ("W", "d[T] = (1 - h[T]**2)*(V.T @ (softmax(o[T])*sum(y[T]) - y[T]))\n"
              "d[t] = (1 - h[t]**2)*(V.T @ (softmax(o[t])*sum(y[t]) - y[t]) + W.T @ d[t+1]) for t in T-1..1\n"
              "dC_dW = sum(outer(d[t], h[t-1]) for t in 1..T)"),
    "layers": ("W", "d[L] = (a[L] - y)*(1 - a[L]**2)\nd[l] = (W[l+1].T @ d[l+1])*(1 - a[l]**2) for l in L-1..1\n"
               "g[l] = outer(d[l], a[l-1]) for l in 1..L"),
    "euler": ("p0", "u[N] = p[N] - y[N]\nu[k] = p[k] - y[k] + u[k+1]*(1 + dt*r*(1 - 2*p[k]/K)) for k in N-1..1\n"
              "g = u[1]*(1 + dt*r*(1 - 2*p0/K))"),
    "hmm-forward": ("B", "b[T] = softmax(f[T])\n"
                    "b[t] = exp(f[t][:, None] + A - logsumexp(f[t][:, None] + A, axis=0)) @ b[t+1] for t in T-1..1\n"
                    "g[t] = b[t] for t in 1..T"),
    "garch": ("beta", "v[1] = s[0]\nv[t] = s[t-1] + beta*v[t-1] for t in 2..T\ng = 1/2*sum((1/s[t] - r[t]**2/s[t]**2)*v[t] for t in 1..T)"),
    "gradient-descent": ("eta", "u[N] = A @ x[N] - b\nu[k] = u[k+1] - eta*(A @ u[k+1]) for k in N-1..1\n"
                         "g = -sum(dot(u[k], A @ x[k-1] - b) for k in 1..N)"),
    "lstm-steps": ("Wf", "a[T] = v\nb[T] = a[T]*o[T]*(1 - tanh(c[T])**2)\n"
                   "a[t] = Wf.T @ (b[t+1]*c[t]*f[t+1]*(1 - f[t+1])) + Wi.T @ (b[t+1]*g[t+1]*i[t+1]*(1 - i[t+1])) "
                   "+ Wg.T @ (b[t+1]*i[t+1]*(1 - g[t+1]**2)) + Wo.T @ (a[t+1]*tanh(c[t+1])*o[t+1]*(1 - o[t+1])) for t in T-1..1\n"
                   "b[t] = b[t+1]*f[t+1] + a[t]*o[t]*(1 - tanh(c[t])**2) for t in T-1..1\n"
                   "dC_dWf = sum(outer(b[t]*c[t-1]*f[t]*(1 - f[t]), h[t-1]) for t in 1..T)"),
    "gru-steps": ("Wz", "a[T] = v\na[t] = a[t+1]*(1 - z[t+1]) + Wz.T @ (a[t+1]*(k[t+1] - h[t])*z[t+1]*(1 - z[t+1])) "
                  "+ r[t+1]*(Wh.T @ (a[t+1]*z[t+1]*(1 - k[t+1]**2))) "
                  "+ Wr.T @ ((Wh.T @ (a[t+1]*z[t+1]*(1 - k[t+1]**2)))*h[t]*r[t+1]*(1 - r[t+1])) for t in T-1..1\n"
                  "dC_dWz = sum(outer(a[t]*(k[t] - h[t-1])*z[t]*(1 - z[t]), h[t-1]) for t in 1..T)"),
    "residual": ("W", "d[L] = h[L] - y\nd[l] = d[l+1] + W[l+1].T @ ((V[l+1].T @ d[l+1])*(1 - r[l+1]**2)) for l in L-1..1\n"
                 "g[l] = outer((V[l].T @ d[l])*(1 - r[l]**2), h[l-1]) for l in 1..L"),
    "rk4": ("p0", "u[N] = p[N] - y[N]\n"
            "d[N] = u[N]*dt/6\nc[N] = u[N]*dt/3 + d[N]*dt*r*(1 - 2*(p[N-1] + dt*k3[N])/K)\n"
            "b[N] = u[N]*dt/3 + c[N]*dt/2*r*(1 - 2*(p[N-1] + dt/2*k2[N])/K)\n"
            "a[N] = u[N]*dt/6 + b[N]*dt/2*r*(1 - 2*(p[N-1] + dt/2*k1[N])/K)\n"
            "u[n] = p[n] - y[n] + u[n+1] + r*(a[n+1]*(1 - 2*p[n]/K) + b[n+1]*(1 - 2*(p[n] + dt/2*k1[n+1])/K) "
            "+ c[n+1]*(1 - 2*(p[n] + dt/2*k2[n+1])/K) + d[n+1]*(1 - 2*(p[n] + dt*k3[n+1])/K)) for n in N-1..1\n"
            "d[n] = u[n]*dt/6 for n in N-1..1\nc[n] = u[n]*dt/3 + d[n]*dt*r*(1 - 2*(p[n-1] + dt*k3[n])/K) for n in N-1..1\n"
            "b[n] = u[n]*dt/3 + c[n]*dt/2*r*(1 - 2*(p[n-1] + dt/2*k2[n])/K) for n in N-1..1\n"
            "a[n] = u[n]*dt/6 + b[n]*dt/2*r*(1 - 2*(p[n-1] + dt/2*k1[n])/K) for n in N-1..1\n"
            "g = u[1] + r*(a[1]*(1 - 2*p0/K) + b[1]*(1 - 2*(p0 + dt/2*k1[1])/K) + c[1]*(1 - 2*(p0 + dt/2*k2[1])/K) "
            "+ d[1]*(1 - 2*(p0 + dt*k3[1])/K))"),
    "leapfrog": ("q0", "a[N] = sin(q[N]) - h/2*cos(q[N])*p[N]\nb[N] = p[N] + h*a[N]\n"
                 "a[n] = a[n+1] - h/2*cos(q[n])*(b[n+1] + b[n+1]) for n in N-1..1\nb[n] = b[n+1] + h*a[n] for n in N-1..1\n"
                 "g = a[1] - h/2*cos(q0)*b[1]"),
    "kalman-filter": ("m0", "u[T] = -e[T]/F[T]\nu[t] = -e[t]/F[t] + (1 - (P[t-1] + s)/F[t])*u[t+1] for t in T-1..1\ng = u[1]"),
    "crf": ("e", "b[T] = softmax(f[T])\n"
            "b[t] = exp(f[t][:, None] + A - logsumexp(f[t][:, None] + A, axis=0)) @ b[t+1] for t in T-1..1\n"
            "g[t] = b[t] - y[t] for t in 1..T"),
    "lqr": ("u", "a[N] = Q @ x[N]\na[k] = Q @ x[k] + A.T @ a[k+1] for k in N-1..1\ng[k] = R @ u[k] + B.T @ a[k] for k in 1..N"),
    "horner": ("x", "q[1] = p[0]\nq[k] = q[k-1]*x + p[k-1] for k in 2..n\ng = q[n]"),
}  # fmt: skip


def test_every_model_is_here() -> None:
    assert set(recursion_names()) == set(MODELS) == set(PUBLISHED)


@pytest.mark.parametrize("name", MODELS)
def test_values_and_gradients_are_those_of_a_loop_with_complex_steps(name: str) -> None:
    loop, given, lengths = MODELS[name]
    value, gradient = symchain.parse(read_model(name).text).compile(wrt=list(given))(**given, **lengths)
    assert value == pytest.approx(loop(**given), rel=1e-12)
    for n, at in given.items():
        way = [RNG.normal(size=np.shape(m)) for m in at] if isinstance(at, list) else RNG.normal(size=np.shape(at))
        moved = [m + 1e-30j * w for m, w in zip(at, way, strict=True)] if isinstance(at, list) else at + 1e-30j * way
        slope = sum(np.sum(g * w) for g, w in zip(gradient[n], way, strict=True)) if isinstance(at, list) else np.sum(gradient[n] * way)
        assert slope == pytest.approx(np.imag(loop(**given | {n: moved})) / 1e-30, rel=1e-9), n


@pytest.mark.thorough
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_recursion_is_right(name: str) -> None:
    wrt, claim = PUBLISHED[name]
    program = symchain.parse(read_model(name).text)
    assert program.check(list(program.blocks)[-1], wrt, claim).status == "agrees"
