"""PyTorch: its functions, the methods of its tensors and its ATen operators, by one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symchain.tracing.convolutions import CONVOLUTIONS
from symchain.tracing.layers import LAYERS
from symchain.tracing.numpy import BUILDERS as NUMPY_BUILDERS
from symchain.tracing.pieces import PIECES
from symchain.tracing.recording import Recording, words
from symchain.tracing.records import Tables, read_records

RECORDS = read_records("""
# Arithmetic.
add(input, other, alpha=1) = input + alpha*other
sub|subtract(input, other, alpha=1) = input - alpha*other
rsub(input, other, alpha=1) = other - alpha*input
mul(input, other) = input*other
div|divide|true_divide(input, other, rounding_mode=None) = input/other
div|divide(input, other, rounding_mode='floor') = floor_divide(input, other)
div|divide(input, other, rounding_mode='trunc') = trunc(input/other)
neg|negative(input) = -input
positive(input) = input
frac(input) = input - trunc(input)
square(input) = input**2
lerp(input, end, weight) = input + weight*(end - input)
addcmul(input, tensor1, tensor2, value=1) = input + value*tensor1*tensor2
addcdiv(input, tensor1, tensor2, value=1) = input + value*tensor1/tensor2
heaviside(input, values) = where(input == 0, values, heaviside(input))
rad2deg|degrees(input) = input*180/pi
deg2rad|radians(input) = input*pi/180
ldexp(input, other) = input*2**other
mvlgamma|multigammaln(input, p) = multigammaln(input, p)
igamma|gammainc(input, other) = gammainc(input, other)
igammac|gammaincc(input, other) = gammaincc(input, other)
round(input, decimals=0) = round(input)
logit(input, eps=None) = logit(input)
bessel_j0|bessel_j1|bessel_y0|bessel_y1(input) = NAME(input)
dist(input, other, p=2) = norm(input - other)
detach(input) = stop_gradient(input)

# Activations.
gelu(input, approximate='none') = gelu(input)
gelu(input, approximate='tanh') = gelu_tanh(input)
leaky_relu(input, negative_slope=0.01, inplace=False) = leaky_relu(input)
leaky_relu(input, negative_slope, inplace=False) = maximum(input, 0) + negative_slope*minimum(input, 0)
elu(input, alpha=1.0, scale=1, input_scale=1, inplace=False) = elu(input)
elu(input, alpha, inplace=False) = where(input > 0, input, alpha*expm1(input))
celu(input, alpha=1.0, inplace=False) = elu(input)
celu(input, alpha, inplace=False) = where(input > 0, input, alpha*expm1(input/alpha))
softplus(input, beta=1.0, threshold=20.0) = softplus(beta*input)/beta
hardshrink(input, lambd=0.5) = hardshrink(input)
hardshrink(input, lambd) = where(abs(input) > lambd, input, 0)
softshrink(input, lambd=0.5) = softshrink(input)
softshrink(input, lambd) = sign(input)*relu(abs(input) - lambd)
hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False) = hardtanh(input)
hardtanh(input, min_val, max_val, inplace=False) = clip(input, min_val, max_val)
relu|relu6|selu|silu|mish|hardswish|hardsigmoid(input, inplace=False) = NAME(input)
log_sigmoid|logsigmoid(input) = logsigmoid(input)
threshold|_threshold(input, threshold, value, inplace=False) = threshold(input, threshold, value)

# Along axes.
sum|nansum(input, dim=None, keepdim=False) = sum(input, axis=dim, keepdims=keepdim)
mean|nanmean(input, dim=None, keepdim=False) = mean(input, axis=dim, keepdims=keepdim)
prod(input, dim=None, keepdim=False) = prod(input, axis=dim, keepdims=keepdim)
var(input, dim=None, unbiased=True, keepdim=False) = var(input, axis=dim, ddof=1, keepdims=keepdim)
var(input, dim=None, unbiased=False, keepdim=False) = var(input, axis=dim, keepdims=keepdim)
var(input, dim=None, correction=1, keepdim=False) = var(input, axis=dim, ddof=correction, keepdims=keepdim)
std(input, dim=None, unbiased=True, keepdim=False) = std(input, axis=dim, ddof=1, keepdims=keepdim)
std(input, dim=None, unbiased=False, keepdim=False) = std(input, axis=dim, keepdims=keepdim)
std(input, dim=None, correction=1, keepdim=False) = std(input, axis=dim, ddof=correction, keepdims=keepdim)
amax(input, dim=None, keepdim=False) = max(input, axis=dim, keepdims=keepdim)
amin(input, dim=None, keepdim=False) = min(input, axis=dim, keepdims=keepdim)
logsumexp(input, dim=None, keepdim=False) = logsumexp(input, axis=dim, keepdims=keepdim)
norm(input, p='fro', dim=None, keepdim=False) = norm(input, axis=dim, keepdims=keepdim)
norm(input, p=2, dim=None, keepdim=False) = norm(input, axis=dim, keepdims=keepdim)
norm(input, p=1, dim=None, keepdim=False) = sum(abs(input), axis=dim, keepdims=keepdim)
vector_norm(x, ord=2, dim=None, keepdim=False) = norm(x, axis=dim, keepdims=keepdim)
vector_norm(x, ord=1, dim=None, keepdim=False) = sum(abs(x), axis=dim, keepdims=keepdim)
matrix_norm(A, ord='fro') = norm(A)
matrix_norm(A, ord='nuc') = nuclear_norm(A)
matrix_norm(A, ord=2) = spectral_norm(A)
softmax|_softmax(input, dim, half_to_float=False) = softmax(input, axis=dim)
log_softmax|_log_softmax(input, dim, half_to_float=False) = log_softmax(input, axis=dim)
softmin(input, dim) = softmin(input, axis=dim)
cumsum(input, dim) = cumsum(input, axis=dim)
cumprod(input, dim) = cumprod(input, axis=dim)
logcumsumexp(input, dim) = log(cumsum(exp(input), axis=dim))
diff(input, n=1, dim=-1) = diff(input, n, axis=dim)
flip(input, dims) = flip(input, axis=dims)
fliplr|flipud(input) = NAME(input)
roll(input, shifts, dims=None) = roll(input, shifts, axis=dims)
trapezoid|trapz(y, x=None, dim=-1, dx=1) = dx*trapezoid(y, axis=dim)
trapezoid|trapz(y, x, dim=-1) = trapezoid(y, x, axis=dim)
quantile(input, q, dim=None, keepdim=False) = quantile(input, q, axis=dim, keepdims=keepdim)
msort(input) = sort(input, axis=0)

# Products and linear algebra.
mm|bmm|mv|matmul(input, mat2) = input @ mat2
dot|vdot|inner(input, other) = inner(input, other)
outer|ger(input, vec2) = outer(input, vec2)
kron(input, other) = kron(input, other)
addmm(input, mat1, mat2, beta=1, alpha=1) = beta*input + alpha*(mat1 @ mat2)
addmv(input, mat, vec, beta=1, alpha=1) = beta*input + alpha*(mat @ vec)
addr(input, vec1, vec2, beta=1, alpha=1) = beta*input + alpha*outer(vec1, vec2)
baddbmm(input, batch1, batch2, beta=1, alpha=1) = beta*input + alpha*(batch1 @ batch2)
addbmm(input, batch1, batch2, beta=1, alpha=1) = beta*input + alpha*sum(batch1 @ batch2, axis=0)
linear(input, weight, bias=None) = input @ weight.T
linear(input, weight, bias) = input @ weight.T + bias
bilinear(input1, input2, weight, bias=None) = einsum('bi,oij,bj->bo', input1, weight, input2)
bilinear(input1, input2, weight, bias) = einsum('bi,oij,bj->bo', input1, weight, input2) + bias
vecdot(input, other, dim=-1) = vecdot(input, other, axis=dim)
cross(input, other, dim=-1) = cross(input, other)
trace(input) = tr(input)
tril|triu(input, diagonal=0) = NAME(input, diagonal)
inv|inverse(A) = inv(A)
det(A) = det(A)
logdet(A) = logdet(A)
pinv|pinverse(A) = pinv(A)
solve(A, B) = solve(A, B)
cholesky(A, upper=False) = cholesky(A)
cholesky_solve(B, L, upper=False) = cho_solve(L, B)
solve_triangular(A, B, upper=False, left=True, unitriangular=False) = solve_triangular(A, B, lower=True)
solve_triangular(A, B, upper=True, left=True, unitriangular=False) = solve_triangular(A, B)
matrix_power(A, n) = matrix_power(A, n)
matrix_exp(A) = expm(A)
eigvalsh(A, UPLO='L') = eigvalsh(A)
svdvals(A) = svdvals(A)
cov(input, correction=1) = cov(input)
cov(input, correction=0) = cov(input, bias=True)
corrcoef(input) = corrcoef(input)
cdist(x1, x2, p=2.0) = cdist(x1, x2)
block_diag(a, b) = block_diag(a, b)

# Losses.
mse_loss(input, target, reduction='mean') = mean((input - target)**2)
mse_loss(input, target, reduction='sum') = sum((input - target)**2)
mse_loss(input, target, reduction='none') = (input - target)**2
l1_loss(input, target, reduction='mean') = mean(abs(input - target))
l1_loss(input, target, reduction='sum') = sum(abs(input - target))
l1_loss(input, target, reduction='none') = abs(input - target)
smooth_l1_loss(input, target, reduction='mean', beta=1.0) = mean(huber(input - target, beta)/beta)
smooth_l1_loss(input, target, reduction='sum', beta=1.0) = sum(huber(input - target, beta)/beta)
huber_loss(input, target, reduction='mean', delta=1.0) = mean(huber(input - target, delta))
huber_loss(input, target, reduction='sum', delta=1.0) = sum(huber(input - target, delta))
binary_cross_entropy(input, target, reduction='mean') = mean(binary_cross_entropy(input, target))
binary_cross_entropy(input, target, reduction='sum') = sum(binary_cross_entropy(input, target))
binary_cross_entropy_with_logits(input, target, reduction='mean') = mean(bce_with_logits(input, target))
binary_cross_entropy_with_logits(input, target, reduction='sum') = sum(bce_with_logits(input, target))
kl_div(input, target, reduction='mean', log_target=False) = mean(xlogy(target, target) - target*input)
kl_div(input, target, reduction='sum', log_target=False) = sum(xlogy(target, target) - target*input)
kl_div(input, target, reduction='mean', log_target=True) = mean(exp(target)*(target - input))
kl_div(input, target, reduction='sum', log_target=True) = sum(exp(target)*(target - input))
poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction='mean') = mean(exp(input) - target*input)
poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction='sum') = sum(exp(input) - target*input)
gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction='mean') = \
mean(log(maximum(var, eps)) + (input - target)**2/maximum(var, eps))/2
gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction='sum') = \
sum(log(maximum(var, eps)) + (input - target)**2/maximum(var, eps))/2
soft_margin_loss(input, target, reduction='mean') = mean(softplus(-target*input))
soft_margin_loss(input, target, reduction='sum') = sum(softplus(-target*input))
binary_cross_entropy(input, target, reduction='none') = binary_cross_entropy(input, target)
binary_cross_entropy_with_logits(input, target, reduction='none') = bce_with_logits(input, target)
smooth_l1_loss(input, target, reduction='none', beta=1.0) = huber(input - target, beta)/beta
huber_loss(input, target, reduction='none', delta=1.0) = huber(input - target, delta)
soft_margin_loss(input, target, reduction='none') = softplus(-target*input)
kl_div(input, target, reduction='none', log_target=False) = xlogy(target, target) - target*input
hinge_embedding_loss(input, target, margin=1.0, reduction='mean') = mean(where(target == 1, input, relu(margin - input)))
margin_ranking_loss(input1, input2, target, margin=0.0, reduction='mean') = mean(relu(margin - target*(input1 - input2)))
triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction='mean') = \
mean(relu(margin + norm(anchor - positive + eps, axis=-1) - norm(anchor - negative + eps, axis=-1)))
pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False) = norm(x1 - x2 + eps, axis=-1, keepdims=keepdim)
cosine_similarity(x1, x2, dim=1, eps=1e-8) = sum(x1*x2, axis=dim)/(maximum(norm(x1, axis=dim), eps)*maximum(norm(x2, axis=dim), eps))
normalize(input, p=2.0, dim=1, eps=1e-12) = input/maximum(norm(input, axis=dim, keepdims=True), eps)
""")
"""A NAME in a formula is the name of the record."""

_PREFIXES = ("special_", "linalg_", "fft_")


@dataclass(frozen=True, slots=True)
class Torch:
    """The library by its own names: those of torch.special and torch.linalg carry a prefix, those that write to their tensor a _."""

    tables: Tables
    name: str = "torch"

    @property
    def dtype(self) -> Any:
        import torch

        return torch.get_default_dtype()

    @property
    def device(self) -> Any:
        import torch

        return torch.device("cpu")

    def call(self, recording: Recording, function: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        for prefix in _PREFIXES:
            function = function.removeprefix(prefix)
        if "reduce" in keywords or "size_average" in keywords:
            keywords = {k: v for k, v in keywords.items() if k not in ("reduce", "size_average") or v is not None}
        if isinstance(keywords.get("reduction"), int):
            keywords = {**keywords, "reduction": ("none", "mean", "sum")[keywords["reduction"]]}
        function = _METHODS.get(function, function)
        return self.tables.call(recording, function, arguments, keywords)


_METHODS = {
    "__getitem__": "getitem", "__rsub__": "rsub", "__rpow__": "rpow", "__rtruediv__": "rdiv", "__rdiv__": "rdiv", "__rmatmul__": "rmatmul",
    "__radd__": "add", "__rmul__": "mul", "__neg__": "neg", "__abs__": "abs", "__pow__": "power_of", "__matmul__": "matmul",
    "__and__": "logical_and", "__or__": "logical_or", "__invert__": "logical_not",
}  # fmt: skip
_SHARED = words(
    "power_of pow float_power getitem transpose_all matrix_transpose zeros_like ones_like empty_like full_like greater gt greater_equal "
    "ge less lt less_equal le equal eq not_equal ne logical_and logical_or logical_not bitwise_and bitwise_or einsum reshape "
    "moveaxis clip squeeze slogdet eigh svd stack atleast_1d atleast_2d fill matmul subtract true_divide multiply"
)
_BUILDERS = {**{word: NUMPY_BUILDERS[word] for word in _SHARED}, **PIECES, **LAYERS, **CONVOLUTIONS}
_RENAMED = {"dim": "axis", "keepdim": "keepdims"}
TORCH = Torch(Tables("torch", RECORDS, _BUILDERS, renamed=_RENAMED, forms=False))
