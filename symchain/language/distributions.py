"""SciPy's names of distribution functions and of functions that it computes together, composed of registered ones."""

from __future__ import annotations

from fractions import Fraction

from symchain.functions.spec import FUNCTIONS
from symchain.language import arithmetic
from symchain.language.forms import form
from symchain.language.sequences import conforming
from symchain.tensors import nodes
from symchain.tensors.nodes import MINUS_ONE, ONE, Tree


def _of(name: str, *args: Tree) -> Tree:
    """A function elementwise, its arguments stretched to a common shape; numbers stay numbers."""
    shape = nodes.common_shape(conforming(*args))
    return nodes.apply(FUNCTIONS[name], *(arithmetic.stretched(a, shape) for a in args))


def _product(*factors: Tree) -> Tree:
    return arithmetic.product(factors, nodes.common_shape(conforming(*factors)))


def _sum(*terms: Tree) -> Tree:
    return nodes.add(conforming(*terms))


def _half(x: Tree) -> Tree:
    return nodes.scale(Fraction(1, 2), x)


def _above(k: Tree) -> Tree:
    """The number of whole numbers from 0 up to k."""
    return _sum(_of("floor", k), ONE)


def _share(d1: Tree, d2: Tree, x: Tree) -> tuple[Tree, Tree]:
    """d1*x/(d2 + d1*x), and what is left of 1."""
    part = _product(d1, x)
    whole = nodes.reciprocal(_sum(d2, part))
    return _product(part, whole), _product(d2, whole)


@form("chdtr", free=True)
def _chdtr(v: Tree, x: Tree) -> Tree:
    """The chi-square distribution with v degrees of freedom, up to x."""
    return _of("gammainc", _half(v), _half(x))


@form("chdtrc", free=True)
def _chdtrc(v: Tree, x: Tree) -> Tree:
    """The chi-square distribution beyond x."""
    return _of("gammaincc", _half(v), _half(x))


@form("gdtr", free=True)
def _gdtr(a: Tree, b: Tree, x: Tree) -> Tree:
    """The gamma distribution with rate a and shape b, up to x."""
    return _of("gammainc", b, _product(a, x))


@form("gdtrc", free=True)
def _gdtrc(a: Tree, b: Tree, x: Tree) -> Tree:
    """The gamma distribution beyond x."""
    return _of("gammaincc", b, _product(a, x))


@form("pdtr", free=True)
def _pdtr(k: Tree, m: Tree) -> Tree:
    """The Poisson distribution with mean m, up to k events."""
    return _of("gammaincc", _above(k), m)


@form("pdtrc", free=True)
def _pdtrc(k: Tree, m: Tree) -> Tree:
    """The Poisson distribution beyond k events."""
    return _of("gammainc", _above(k), m)


@form("bdtr", free=True)
def _bdtr(k: Tree, n: Tree, p: Tree) -> Tree:
    """The binomial distribution of n trials, up to k successes."""
    return _of("betaincc", _above(k), _sum(n, nodes.scale(MINUS_ONE, _of("floor", k))), p)


@form("bdtrc", free=True)
def _bdtrc(k: Tree, n: Tree, p: Tree) -> Tree:
    """The binomial distribution beyond k successes."""
    return _of("betainc", _above(k), _sum(n, nodes.scale(MINUS_ONE, _of("floor", k))), p)


@form("nbdtr", free=True)
def _nbdtr(k: Tree, n: Tree, p: Tree) -> Tree:
    """The negative binomial distribution: at most k failures before n successes."""
    return _of("betainc", n, _above(k), p)


@form("nbdtrc", free=True)
def _nbdtrc(k: Tree, n: Tree, p: Tree) -> Tree:
    """The negative binomial distribution: more than k failures before n successes."""
    return _of("betaincc", n, _above(k), p)


@form("fdtr", free=True)
def _fdtr(dfn: Tree, dfd: Tree, x: Tree) -> Tree:
    """The F distribution up to x."""
    return _of("betainc", _half(dfn), _half(dfd), _share(dfn, dfd, x)[0])


@form("fdtrc", free=True)
def _fdtrc(dfn: Tree, dfd: Tree, x: Tree) -> Tree:
    """The F distribution beyond x."""
    return _of("betainc", _half(dfd), _half(dfn), _share(dfn, dfd, x)[1])


@form("sici", parts=2, free=True)
def _sici(x: Tree) -> tuple[Tree, Tree]:
    """The sine and the cosine integral."""
    return nodes.apply(FUNCTIONS["sinint"], x), nodes.apply(FUNCTIONS["cosint"], x)


@form("fresnel", parts=2, free=True)
def _fresnel(x: Tree) -> tuple[Tree, Tree]:
    """The Fresnel integrals, of the sine and of the cosine."""
    return nodes.apply(FUNCTIONS["fresnels"], x), nodes.apply(FUNCTIONS["fresnelc"], x)


@form("airy", parts=4, free=True)
def _airy(x: Tree) -> tuple[Tree, ...]:
    """Ai, its slope, Bi and its slope."""
    return tuple(nodes.apply(FUNCTIONS[name], x) for name in ("airyai", "airyaiprime", "airybi", "airybiprime"))
