"""Printed lines as plain NumPy and SciPy: what their names mean there, and how they are run."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
from randomprograms import SIZES
from scipy import special

_NUMPY = """
    exp log sin cos tan tanh sinh cosh arcsin arccos arctan arcsinh arccosh arctanh arctan2 sqrt abs sign exp2 expm1 log1p log2
    log10 hypot sinc square cbrt logaddexp logaddexp2 maximum minimum where power clip sum mean var max min prod cumsum cumprod
    kron outer dot diag ones zeros concatenate stack tril triu einsum roll cross pi e transpose swapaxes trace expand_dims reshape
    true_divide
"""
_LINEAR = "inv det norm pinv matrix_power solve cholesky"
_MATRIX = "expm sinm cosm"
_SPECIAL = """
    logsumexp erf erfc erfinv erfcx gammaln digamma polygamma i0 i1 i0e i1e log_ndtr ndtri logit xlogy xlog1py entr zeta gamma
    gammainc gammaincc betaln
"""
NAMES: dict[str, Any] = {name: getattr(np, name) for name in _NUMPY.split()}
NAMES |= {name: getattr(np.linalg, name) for name in _LINEAR.split()}
NAMES |= {name: getattr(scipy.linalg, name) for name in _MATRIX.split()}
NAMES |= {name: getattr(special, name) for name in _SPECIAL.split()}
NAMES |= {
    "logdet": lambda m: np.linalg.slogdet(m)[1],
    "tr": np.trace,
    "eye": lambda n: np.eye(int(n)),
    "onehot": lambda y, k: np.eye(int(k))[np.asarray(y, int)],
    "norm1": lambda m: np.sum(np.abs(m)),
    "vec": lambda m: np.asarray(m).T.reshape(-1),
    "softmax": lambda x, axis=-1: special.softmax(x, axis=axis),
    "log_softmax": lambda x, axis=-1: special.log_softmax(x, axis=axis),
    "sigmoid": special.expit,
    "logsigmoid": special.log_expit,
    "relu": lambda t: np.maximum(t, 0),
    "softplus": lambda t: np.logaddexp(0, t),
    "silu": lambda t: t * special.expit(t),
    "gelu": lambda t: t * special.ndtr(t),
    "heaviside": lambda t: np.heaviside(t, 0.0),
    "rsqrt": lambda t: 1 / np.sqrt(t),
    "Phi": special.ndtr,
    "normpdf": lambda t: np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi),
}
"""What printed lines may use: NumPy, SciPy and a few definitions."""


def run(lines: list[str] | tuple[str, ...], environment: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Lines of "name = expression" in plain NumPy: the last value, and all of them."""
    known = {**NAMES, **SIZES, **environment}
    value = None
    for line in lines:
        name, expression = line.split(" = ", 1)
        value = known[name] = eval(expression, {"__builtins__": {}}, known)
    return value, known
