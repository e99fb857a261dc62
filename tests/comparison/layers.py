"""Layers and losses that none of the libraries has by this name, as the literature writes them, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

_R = np.random.default_rng(11)
X, Y = _R.uniform(0.2, 0.8, (2, 3, 4))
P = X / X.sum(1, keepdims=True)
W, V = _R.normal(size=(2, 4, 5))
LABELS = np.array([1, 0, 3])


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


ORACLES: dict[str, Any] = {
    "swiglu(X, W, V)": lambda: (X @ W) * _sigmoid(X @ W) * (X @ V),
    "reglu(X, W, V)": lambda: np.maximum(X @ W, 0) * (X @ V),
    "rotate_half(X)": lambda: np.concatenate([-X[:, 2:], X[:, :2]], 1),
    "rotary_embedding(X, Y, P)": lambda: X * Y + np.concatenate([-X[:, 2:], X[:, :2]], 1) * P,
    "mean_squared_error(X, Y)": lambda: ((X - Y) ** 2).mean(-1),
    "mean_absolute_error(X, Y)": lambda: abs(X - Y).mean(-1),
    "mean_absolute_percentage_error(X, Y)": lambda: 100 * abs((X - Y) / X).mean(-1),
    "mean_squared_logarithmic_error(X, Y)": lambda: ((np.log1p(X) - np.log1p(Y)) ** 2).mean(-1),
    "binary_crossentropy(X, Y)": lambda: -(X * np.log(Y) + (1 - X) * np.log(1 - Y)).mean(-1),
    "categorical_crossentropy(X, P)": lambda: -(X * np.log(P)).sum(-1),
    "categorical_hinge(P, X)": lambda: np.maximum(0, 1 + ((1 - P) * X).max(-1) - (P * X).sum(-1)),
    "kl_divergence(P, X)": lambda: (P * np.log(P / X)).sum(-1),
    "sparse_categorical_crossentropy(labels, P)": lambda: -np.log(P[np.arange(3), LABELS]),
    "segment_sum(X, labels, 4)": lambda: np.stack([X[k == LABELS].sum(0) for k in range(4)]),
    "mse_loss(X, Y, reduction='sum')": lambda: ((X - Y) ** 2).sum(),
    "huber_loss(X, Y, 0.1, reduction='none')": lambda: np.where(abs(X - Y) < 0.1, (X - Y) ** 2 / 2, 0.1 * abs(X - Y) - 0.005),
    "X[:, [0, 2, -1]]": lambda: X[:, [0, 2, -1]],
    "X[1:, [3, 1]]": lambda: X[1:, [3, 1]],
    "X[[2, 0], 1]": lambda: X[[2, 0], 1],
    "take(X, [5, 0, 1])": lambda: np.take(X, [5, 0, 1]),
    "softmax(X, dim=0)": lambda: np.exp(X) / np.exp(X).sum(0),
    "sum(X, dim=1, keepdim=True)": lambda: X.sum(1, keepdims=True),
    "linspace(0, 1, 4)": lambda: np.linspace(0, 1, 4),
    "hankel(X[0], X[1])": lambda: np.array([[*X[0], *X[1][1:]][i : i + 4] for i in range(4)]),
    "lp_pool1d(X, 2, 2)": lambda: np.sqrt(X[:, ::2] ** 2 + X[:, 1::2] ** 2),
    "lp_pool2d(X[None, :, :], 3, 2)": lambda: (sum(X[None, a:2:2, b::2] ** 3 for a in (0, 1) for b in (0, 1))) ** (1 / 3),
    "lp_pool3d(reshape(X[:2], (1, 2, 2, 2)), 1, 2)": lambda: X[:2].sum().reshape(1, 1, 1, 1),
    "geglu(X, W, V)": lambda: (X @ W) * special.ndtr(X @ W) * (X @ V),
    "X[:1][0, [1, 1]]": lambda: X[0, [1, 1]],
    "argsort(X[1])": lambda: np.argsort(X[1]),
    "argsort(argsort(X[1]))": lambda: np.argsort(np.argsort(X[1])),
    "X.T[argsort(X[1])]": lambda: X.T[np.argsort(X[1])],
    "Y[0][argsort(X[1])]": lambda: Y[0][np.argsort(X[1])],
    "searchsorted(sort(X[0]), Y)": lambda: np.searchsorted(np.sort(X[0]), Y),
    "argmax(X)": lambda: np.argmax(X),
    "argmin(X, axis=1)": lambda: np.argmin(X, axis=1),
    "x // 2": lambda: np.float64(1.0),
}

VALUES: dict[str, Any] = {"X": X, "Y": Y, "P": P, "W": W, "V": V, "labels": LABELS, "x": np.float64(3.7)}
