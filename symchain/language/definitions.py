"""Losses and layers by the names of PyTorch and Keras, defined in the language itself: a line each, over names that are here already.

A name that SciPy or NumPy gives another meaning keeps theirs: kl_div(x, y) is SciPy's x*log(x/y) - x + y, entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from symchain.errors import ShapeError, SymchainError, UnsupportedError
from symchain.language.elaborate import Scope, elaborate
from symchain.language.forms import FORMS, Form, Parameter
from symchain.language.grammar import parse_expression
from symchain.support.notation import Phrase
from symchain.tensors.nodes import Tree

_KINDS = {"axis": "Axis", "reduction": "Text"}
_REDUCTIONS = {"mean": "mean({})", "sum": "sum({})", "none": "{}"}

_LOSSES: Mapping[str, str] = {
    "mse_loss(input, target)": "squared_error(input, target)",
    "l1_loss(input, target)": "absolute_error(input, target)",
    "smooth_l1_loss(input, target, beta=1)": "huber(input - target, beta)/beta",
    "huber_loss(input, target, delta=1)": "huber(input - target, delta)",
    "binary_cross_entropy_with_logits(input, target)": "bce_with_logits(input, target)",
    "soft_margin_loss(input, target)": "softplus(-target*input)",
    "hinge_embedding_loss(input, target, margin=1)": "where(target > 0, input, relu(margin - input))",
    "margin_ranking_loss(input1, input2, target, margin=0)": "relu(margin - target*(input1 - input2))",
    "cosine_embedding_loss(input1, input2, target, margin=0)": "where(target > 0, 1 - cosine_similarity(input1, input2), "
    "relu(cosine_similarity(input1, input2) - margin))",
    "triplet_margin_loss(anchor, positive, negative, margin=1, eps=0.000001)": "relu(norm(anchor - positive + eps, axis=-1) "
    "- norm(anchor - negative + eps, axis=-1) + margin)",
    "poisson_nll_loss(input, target)": "exp(input) - target*input",
    "gaussian_nll_loss(input, target, variance)": "(log(variance) + squared_error(input, target)/variance)/2",
    "multilabel_soft_margin_loss(input, target)": "mean(-target*logsigmoid(input) - (1 - target)*logsigmoid(-input), axis=-1)",
    "kl_div_loss(input, target)": "target*(log(target) - input)",
}
"""What PyTorch averages over all, unless told otherwise: reduction="mean", "sum" or "none"."""

_LAYERS: Mapping[str, str] = {
    # Keras: the average over the last axis
    "mean_squared_error(y_true, y_pred)": "mean(squared_error(y_true, y_pred), axis=-1)",
    "mean_absolute_error(y_true, y_pred)": "mean(absolute_error(y_true, y_pred), axis=-1)",
    "mean_absolute_percentage_error(y_true, y_pred)": "100*mean(abs((y_true - y_pred)/y_true), axis=-1)",
    "mean_squared_logarithmic_error(y_true, y_pred)": "mean(squared_error(log1p(y_true), log1p(y_pred)), axis=-1)",
    "binary_crossentropy(y_true, y_pred)": "mean(binary_cross_entropy(y_pred, y_true), axis=-1)",
    "categorical_crossentropy(y_true, y_pred)": "-sum(y_true*log(y_pred), axis=-1)",
    "categorical_hinge(y_true, y_pred)": "relu(1 + max((1 - y_true)*y_pred, axis=-1) - sum(y_true*y_pred, axis=-1))",
    "kl_divergence(y_true, y_pred)": "sum(y_true*log(y_true/y_pred), axis=-1)",
    # layers
    "linear(input, weight, bias=None)": "input @ weight.T",
    "rms_norm(input, weight=None, eps=0.000001, axis=-1)": "input*rsqrt(mean(input**2, axis=axis, keepdims=True) + eps)",
    "standardize(x, epsilon=0.00001, axis=-1)": "(x - mean(x, axis=axis, keepdims=True))*rsqrt(var(x, axis=axis, keepdims=True) + epsilon)",
    "swiglu(x, W, V)": "silu(x @ W)*(x @ V)",
    "geglu(x, W, V)": "gelu(x @ W)*(x @ V)",
    "reglu(x, W, V)": "relu(x @ W)*(x @ V)",
    # products and sums
    "lerp(input, end, weight)": "input + weight*(end - input)",
    "addcmul(input, tensor1, tensor2, value=1)": "input + value*tensor1*tensor2",
    "addcdiv(input, tensor1, tensor2, value=1)": "input + value*tensor1/tensor2",
    "addmm(input, mat1, mat2, beta=1, alpha=1)": "beta*input + alpha*mat1 @ mat2",
    "addmv(input, mat, vec, beta=1, alpha=1)": "beta*input + alpha*mat @ vec",
    "addr(input, vec1, vec2, beta=1, alpha=1)": "beta*input + alpha*outer(vec1, vec2)",
    "baddbmm(input, batch1, batch2, beta=1, alpha=1)": "beta*input + alpha*batch1 @ batch2",
    "addbmm(input, batch1, batch2, beta=1, alpha=1)": "beta*input + alpha*einsum('bij,bjk->ik', batch1, batch2)",
    "rsub(input, other, alpha=1)": "other - alpha*input",
    "dist(input, other)": "norm(ravel(input - other))",
    "pairwise_distance(x1, x2, eps=0.000001)": "norm(x1 - x2 + eps, axis=-1)",
    "matrix_norm(A)": "norm(A)",
    "vector_norm(x)": "norm(ravel(x))",
    "frac(x)": "x - trunc(x)",
    "ldexp(x1, x2)": "x1*2**x2",
    "cumulative_trapezoid(y)": "cumsum((y[1:] + y[:-1])/2)",
    "logcumsumexp(x)": "log(cumsum(exp(x - max(x)))) + max(x)",
    "interp(x, xp, fp)": "fp[0] + sum(minimum(relu(expand_dims(x, -1) - xp[:-1]), xp[1:] - xp[:-1])"
    "*((fp[1:] - fp[:-1])/(xp[1:] - xp[:-1])), axis=-1)",
    # other names of what is here
    "neg(x)": "-x",
    "positive(x)": "x",
    "real(x)": "x",
    "conj(x)": "x",
    "conjugate(x)": "x",
    "copy(x)": "x",
    "clone(x)": "x",
    "sub(x, y)": "x - y",
    "mul(x, y)": "x*y",
    "div(x, y)": "x/y",
    "rem(x, y)": "fmod(x, y)",
    "clamp_min(x, min)": "maximum(x, min)",
    "clamp_max(x, max)": "minimum(x, max)",
    "erf_inv(x)": "erfinv(x)",
    "igamma(a, x)": "gammainc(a, x)",
    "igammac(a, x)": "gammaincc(a, x)",
    "bessel_i0e(x)": "i0e(x)",
    "bessel_i1e(x)": "i1e(x)",
    "around(x)": "round(x)",
    "matrix_exp(A)": "expm(A)",
    "pinverse(A)": "pinv(A)",
    "polyadd(a1, a2)": "a1 + a2",
    "polysub(a1, a2)": "a1 - a2",
    "fftconvolve(in1, in2)": "convolve(in1, in2)",
    "cumlogsumexp(x)": "log(cumsum(exp(x - max(x)))) + max(x)",
    # of a matrix and its factors
    "cholesky_solve(B, L)": "cho_solve(L, B)",
    "cholesky_inverse(L)": "inv(L @ L.T)",
    "cond(x)": "svdvals(x)[0]*(1/min(svdvals(x)))",
}


def _parameters(text: str) -> list[tuple[str, str | None]]:
    found = []
    for part in text.rstrip(")").split(", "):
        name, equals, default = part.partition("=")
        found.append((name, default if equals else None))
    return found


def define(signature: str, body: str, reduction: bool = False) -> Form:
    """Register a function by its definition: expressions for its parameters, and for `axis` a whole number."""
    name, _, inside = signature.partition("(")
    parameters = _parameters(inside) + ([("reduction", "mean")] if reduction else [])
    defaults = {p: d for p, d in parameters if d is not None}

    def build(**given: Any) -> Tree:
        text = body
        if reduction:
            how = given.pop("reduction", "mean")
            if how not in _REDUCTIONS:
                raise UnsupportedError(f"the reduction {how!r}", advice="It is 'mean', 'sum' or 'none'.")
            text = _REDUCTIONS[how].format(text)
        for extra, join in (("weight", "({})*weight"), ("bias", "({}) + bias")):
            if defaults.get(extra) == "None" and extra in given:
                text = join.format(text)
        axis = given.pop("axis", None)
        names: dict[str, Tree] = {p: parse_number(d) for p, d in defaults.items() if p not in _KINDS and d != "None"}
        names |= given
        phrase = parse_expression(text)
        if "axis" in defaults:
            phrase = _with_axis(phrase, int(defaults["axis"]) if axis is None else axis)
        try:
            return elaborate(phrase, Scope(names))
        except SymchainError as error:  # its place would be one in the definition
            raise ShapeError(f"{name}: {error.what}", advice=f"{name} is {body}.") from None

    made = tuple(Parameter(p, _KINDS.get(p, "Tree"), d is None, variadic=False) for p, d in parameters)
    FORMS[name] = Form(name, made, build, free=True)
    return FORMS[name]


def parse_number(text: str) -> Tree:
    return elaborate(parse_expression(text), Scope({}))


def _with_axis(phrase: Phrase, axis: int) -> Phrase:
    """The axis as a number wherever it is named."""
    number = Phrase("number", text=str(abs(axis)))
    value = Phrase("neg", (number,)) if axis < 0 else number
    keywords = tuple((k, value if v == Phrase("name", text="axis") or v.text == "axis" else v) for k, v in phrase.keywords)
    return replace(phrase, parts=tuple(_with_axis(p, axis) for p in phrase.parts), keywords=keywords)


for _signature, _body in _LOSSES.items():
    define(_signature, _body, reduction=True)
for _signature, _body in _LAYERS.items():
    define(_signature, _body)

__all__ = ["define"]
