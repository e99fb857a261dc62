"""What generated code calls for sine and cosine integrals, Fresnel integrals and Airy functions: SciPy computes several of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from symchain.kernels.stable import helper

Array = Any


@helper
def sinint(x: Array) -> Array:
    from scipy import special  # what needs none of its functions starts without it

    return special.sici(x)[0]


@helper
def cosint(x: Array) -> Array:
    """Of positive numbers; the others have no real value."""
    from scipy import special

    return np.where(x > 0, special.sici(np.where(x > 0, x, 1))[1], np.nan)[()].astype(np.asarray(x * 1.0).dtype)


@helper
def fresnels(x: Array) -> Array:
    from scipy import special

    return special.fresnel(x)[0]


@helper
def fresnelc(x: Array) -> Array:
    from scipy import special

    return special.fresnel(x)[1]


@helper
def airyai(x: Array) -> Array:
    from scipy import special

    return special.airy(x)[0]


@helper
def airyaiprime(x: Array) -> Array:
    from scipy import special

    return special.airy(x)[1]


@helper
def airybi(x: Array) -> Array:
    from scipy import special

    return special.airy(x)[2]


@helper
def airybiprime(x: Array) -> Array:
    from scipy import special

    return special.airy(x)[3]


__all__ = ["airyai", "airyaiprime", "airybi", "airybiprime", "cosint", "fresnelc", "fresnels", "sinint"]
