"""Kernels without loops in the manner of NPBench (polybench, weather, deep learning, physics), as people write them in NumPy.

Each function is called with arrays of SHAPES; letters are sizes, and one function is tried with SIZES for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SIZES = {"n": 4, "m": 3, "k": 5, "l": 2}


def gemm(alpha, beta, C, A, B):
    C[:] = alpha * A @ B + beta * C


def atax(A, x):
    return (A @ x) @ A


def bicg(A, p, r):
    return r @ A, A @ p


def gesummv(alpha, beta, A, B, x):
    return alpha * A @ x + beta * B @ x


def gemver(alpha, beta, A, u1, v1, u2, v2, x, y, z):
    A += np.outer(u1, v1) + np.outer(u2, v2)
    x += beta * y @ A + z
    w = alpha * A @ x
    return w


def k2mm(alpha, beta, A, B, C, D):
    D[:] = alpha * A @ B @ C + beta * D


def k3mm(A, B, C, D):
    return A @ B @ C @ D


def mvt(x1, x2, y1, y2, A):
    x1 += A @ y1
    x2 += y2 @ A
    return x1, x2


def syrk(alpha, beta, C, A):
    C *= beta
    C += alpha * np.tril(A @ A.T)
    return C


def syr2k(alpha, beta, C, A, B):
    return beta * C + np.tril(alpha * (A @ B.T + B @ A.T))


def doitgen(A, C4):
    NR, NQ, NP = A.shape
    A[:] = np.reshape(np.reshape(A, (NR, NQ, 1, NP)) @ C4, (NR, NQ, NP))


def covariance(data):
    mean = np.mean(data, axis=0)
    data -= mean
    cov = data.T @ data / (data.shape[0] - 1.0)
    return cov


def correlation(data):
    mean = np.mean(data, axis=0)
    stddev = np.std(data, axis=0)
    data = (data - mean) / (np.sqrt(data.shape[0]) * stddev)
    corr = data.T @ data
    return corr


def jacobi_1d(A, B):
    B[1:-1] = 0.33333 * (A[:-2] + A[1:-1] + A[2:])
    A[1:-1] = 0.33333 * (B[:-2] + B[1:-1] + B[2:])


def jacobi_2d(A, B):
    B[1:-1, 1:-1] = 0.2 * (A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1])
    return B


def heat_3d(A, B):
    B[1:-1, 1:-1, 1:-1] = (
        0.125 * (A[2:, 1:-1, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[:-2, 1:-1, 1:-1])
        + 0.125 * (A[1:-1, 2:, 1:-1] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, :-2, 1:-1])
        + 0.125 * (A[1:-1, 1:-1, 2:] - 2.0 * A[1:-1, 1:-1, 1:-1] + A[1:-1, 1:-1, :-2])
        + A[1:-1, 1:-1, 1:-1]
    )


def fdtd_2d(ex, ey, hz, source):
    ey[0, :] = source
    ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
    ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
    hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])


def hdiff(in_field, coeff):
    lap = 4.0 * in_field[1:-1, 1:-1] - (in_field[2:, 1:-1] + in_field[:-2, 1:-1] + in_field[1:-1, 2:] + in_field[1:-1, :-2])
    res = lap[1:, 1:-1] - lap[:-1, 1:-1]
    flx = np.where(res * (in_field[2:-1, 2:-2] - in_field[1:-2, 2:-2]) > 0, 0, res)
    res2 = lap[1:-1, 1:] - lap[1:-1, :-1]
    fly = np.where(res2 * (in_field[2:-2, 2:-1] - in_field[2:-2, 1:-2]) > 0, 0, res2)
    out_field = in_field[2:-2, 2:-2] - coeff * (flx[1:, :] - flx[:-1, :] + fly[:, 1:] - fly[:, :-1])
    return out_field


def advection(u, c, dt, dx):
    un = u.copy()
    u[1:] = un[1:] - c * dt / dx * (un[1:] - un[:-1])
    return u


def burgers(u, nu):
    dt, dx = 0.01, 0.1
    u[1:-1] = u[1:-1] - u[1:-1] * dt / dx * (u[1:-1] - u[:-2]) + nu * dt / dx**2 * (u[2:] - 2 * u[1:-1] + u[:-2])
    u[0] = 0
    u[-1] = u[0] + 1
    return u


def pressure(p, b):
    dx = dy = 0.5
    pn = p.copy()
    around = (pn[1:-1, 2:] + pn[1:-1, :-2]) * dy**2 + (pn[2:, 1:-1] + pn[:-2, 1:-1]) * dx**2
    p[1:-1, 1:-1] = around / (2 * (dx**2 + dy**2)) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[1:-1, 1:-1]
    p[:, -1] = p[:, -2]
    p[0, :] = p[1, :]
    p[:, 0] = p[:, 1]
    p[-1, :] = 0
    return p


def compute(array_1, array_2, a, b, c):
    return np.clip(array_1, 0.2, 1.0) * a + array_2 * b + c


def go_fast(a):
    trace = np.sum(np.tanh(np.diagonal(a)))
    return a + trace


def arc_distance(theta_1, phi_1, theta_2, phi_2):
    temp = np.sin((theta_2 - theta_1) / 2) ** 2 + np.cos(theta_1) * np.cos(theta_2) * np.sin((phi_2 - phi_1) / 2) ** 2
    distance_matrix = 2 * (np.arctan2(np.sqrt(temp), np.sqrt(1 - temp)))
    return distance_matrix


def softmax_of_rows(x):
    tmp_max = np.max(x, axis=-1, keepdims=True)
    tmp_out = np.exp(x - tmp_max)
    tmp_sum = np.sum(tmp_out, axis=-1, keepdims=True)
    return tmp_out / tmp_sum


def _rectified(x):
    return np.maximum(x, 0)


def mlp(input, w1, b1, w2, b2):
    x = _rectified(input @ w1 + b1)
    x = softmax_of_rows(x @ w2 + b2)
    return x


def batchnorm2d(x, eps=1e-5):
    mean = np.mean(x, axis=0, keepdims=True)
    std = np.std(x, axis=0, keepdims=True)
    return (x - mean) / np.sqrt(std + eps)


def acceleration(pos, mass, softening=0.1):
    x = pos[:, 0:1]
    y = pos[:, 1:2]
    dx = x.T - x
    dy = y.T - y
    inv_r3 = dx**2 + dy**2 + softening**2
    inv_r3[inv_r3 > 100] = 100
    inv_r3 = inv_r3**-1.5
    ax = (dx * inv_r3) @ mass
    ay = (dy * inv_r3) @ mass
    return np.hstack((ax, ay))


def energy(vel, mass):
    kinetic = 0.5 * np.sum(np.sum(mass * vel**2))
    return kinetic


def radial(x, centres, scale):
    d2 = np.sum((x[:, None, :] - centres[None, :, :]) ** 2, axis=-1)
    return np.exp(-d2 / (2 * scale**2)).sum(axis=1)


def lstm_cell(x, h, c, W, U, b):
    z = W @ x + U @ h + b
    i, f, o, g = np.split(z, 4)
    s = lambda t: 1 / (1 + np.exp(-t))  # noqa: E731
    c_new = s(f) * c + s(i) * np.tanh(g)
    h_new = s(o) * np.tanh(c_new)
    return {"h": h_new, "c": c_new}


def ridge(X, y, w, penalty):
    r = X @ w - y
    return r.dot(r) / len_of(r) + penalty * np.linalg.norm(w) ** 2


def len_of(r):
    return r.shape[0]


def mixture(x, weight, mu, sigma):
    z = (x[:, np.newaxis] - mu) / sigma
    logs = np.log(weight) - np.log(sigma) - 0.5 * z**2
    top = logs.max(axis=1, keepdims=True)
    return -np.sum(top[:, 0] + np.log(np.exp(logs - top).sum(axis=1)))


def attention(Q, K, V):
    scores = Q @ K.T / np.sqrt(Q.shape[-1])
    return softmax_of_rows(scores) @ V


def smooth(A):
    for _ in range(3):
        A[1:-1] = 0.25 * (A[:-2] + 2 * A[1:-1] + A[2:])
    return A


Kernel = Any
SHAPES: list[tuple[Kernel, dict[str, Any]]] = [
    (gemm, {"C": ("n", "m"), "A": ("n", "k"), "B": ("k", "m")}),
    (atax, {"A": ("n", "m"), "x": ("m",)}),
    (bicg, {"A": ("n", "m"), "p": ("m",), "r": ("n",)}),
    (gesummv, {"A": ("n", "n"), "B": ("n", "n"), "x": ("n",)}),
    (gemver, {"A": ("n", "n"), **dict.fromkeys(("u1", "v1", "u2", "v2", "x", "y", "z"), ("n",))}),
    (k2mm, {"A": ("n", "m"), "B": ("m", "k"), "C": ("k", "l"), "D": ("n", "l")}),
    (k3mm, {"A": ("n", "m"), "B": ("m", "k"), "C": ("k", "l"), "D": ("l", "n")}),
    (mvt, {"A": ("n", "n"), **dict.fromkeys(("x1", "x2", "y1", "y2"), ("n",))}),
    (syrk, {"C": ("n", "n"), "A": ("n", "m")}),
    (syr2k, {"C": ("n", "n"), "A": ("n", "m"), "B": ("n", "m")}),
    (doitgen, {"A": (2, 3, 4), "C4": (4, 4)}),
    (covariance, {"data": ("n", "m")}),
    (correlation, {"data": ("n", "m")}),
    (jacobi_1d, {"A": (6,), "B": (6,)}),
    (jacobi_2d, {"A": (4, 5), "B": (4, 5)}),
    (heat_3d, {"A": (3, 4, 3), "B": (3, 4, 3)}),
    (fdtd_2d, {"ex": (3, 4), "ey": (3, 4), "hz": (3, 4)}),
    (hdiff, {"in_field": (6, 6), "coeff": (2, 2)}),
    (advection, {"u": (5,)}),
    (burgers, {"u": (6,)}),
    (pressure, {"p": (4, 4), "b": (4, 4)}),
    (compute, {"array_1": ("n", "m"), "array_2": ("n", "m")}),
    (go_fast, {"a": ("n", "n")}),
    (arc_distance, dict.fromkeys(("theta_1", "phi_1", "theta_2", "phi_2"), ("n",))),
    (softmax_of_rows, {"x": ("n", "m")}),
    (mlp, {"input": ("n", "m"), "w1": ("m", "k"), "b1": ("k",), "w2": ("k", 3), "b2": (3,)}),
    (batchnorm2d, {"x": (4, 2, 2)}),
    (acceleration, {"pos": ("n", 2), "mass": ("n", 1)}),
    (energy, {"vel": ("n", 3), "mass": ("n", 1)}),
    (radial, {"x": ("n", 2), "centres": ("m", 2)}),
    (lstm_cell, {"x": (3,), "h": (2,), "c": (2,), "W": (8, 3), "U": (8, 2), "b": (8,)}),
    (ridge, {"X": ("n", "m"), "y": ("n",), "w": ("m",)}),
    (mixture, {"x": ("n",), "weight": (2,), "mu": (2,), "sigma": (2,)}),
    (attention, {"Q": ("n", "k"), "K": ("m", "k"), "V": ("m", 2)}),
    (smooth, {"A": (7,)}),
]
