"""Calls of JAX, one a line: an expression over arrays, and the arrays: a name, perhaps what it is drawn from, and a shape."""

CALLS = """
jnp.exp(a) + jnp.sin(a)*jnp.cos(a) - jnp.tan(a) | a 3
jnp.log(a) + jnp.sqrt(a) + jnp.cbrt(a) + jnp.log2(a) + jnp.log10(a) + jnp.log1p(a) | a:pos 3
jnp.expm1(a) + jnp.exp2(a) + jnp.sinh(a) + jnp.cosh(a) + jnp.tanh(a) | a 3
jnp.arcsin(a) + jnp.arccos(a) + jnp.arctan(a) + jnp.arctanh(a) | a:unit 3
jnp.arcsinh(a) + jnp.arccosh(a) | a:big 3
jnp.arctan2(a, b) + jnp.hypot(a, b) | a:pos 3 | b:pos 3
jax.lax.erf(a) + jax.lax.erfc(a) + jax.lax.erf_inv(a) | a:unit 3
jax.lax.lgamma(a) + jax.lax.digamma(a) | a:pos 3
jax.lax.rsqrt(a) + jax.lax.logistic(a) + jax.lax.square(a) | a:pos 3
jsp.gammaln(a) + jsp.expit(a) + jsp.ndtr(a) + jsp.xlogy(a, a) | a:unit 3
jsp.i0e(a) + jsp.i1e(a) | a 3
jsp.gammainc(2.5, a) + jsp.gammaincc(1.5, a) | a:pos 3
a**3 + a**2.5 + 2**a + a/b - b % 1.7 | a:pos 3 | b:pos 3
jnp.abs(a) + jnp.sign(a)*a + jnp.floor(a) + jnp.ceil(a) + jnp.round(a) | a 5
jnp.maximum(a, b) + jnp.minimum(a, b) + jnp.fmod(a, b) + jnp.power(b, a) | a 3 | b:pos 3
jnp.where(a > 0, a**2, b) + jnp.where((a > 0) & (b < 1), a, 0) | a 5 | b 5
jnp.clip(a, -0.5, 0.6) + jax.lax.clamp(jnp.array(-0.2), a, jnp.array(0.9)) | a 5
jnp.sum(a, axis=0) + jnp.mean(a, axis=0) + jnp.max(a, 0) + jnp.min(a, 0) + jnp.prod(a, axis=0) | a 2 3
jnp.sum(a) + a.mean() + jnp.var(a) + jnp.std(a, axis=1) | a 3 3
jnp.var(a, axis=0, ddof=1, keepdims=True) | a 3 3
jnp.cumsum(a, axis=1) + jnp.cumprod(a, axis=1) + jax.lax.cummax(a, axis=1) | a 2 3
jax.nn.softmax(a) + jax.nn.log_softmax(a, axis=0) | a 2 3
jax.nn.logsumexp(a, axis=1) + jax.scipy.special.logsumexp(a) | a 2 3
jax.nn.relu(a) + jax.nn.silu(a) + jax.nn.gelu(a) + jax.nn.gelu(a, approximate=False) + jax.nn.softplus(a) | a 5
jax.nn.elu(a) + jax.nn.selu(a) + jax.nn.leaky_relu(a) + jax.nn.sigmoid(a) + jax.nn.relu6(a) + jax.nn.soft_sign(a) | a 5
jax.nn.hard_tanh(a) + jax.nn.hard_sigmoid(a) + jax.nn.hard_swish(a) + jax.nn.mish(a) + jax.nn.log_sigmoid(a) + jax.nn.celu(a) | a 5
jnp.logaddexp(a, b) | a 3 | b 3
a @ b | a 2 3 | b 3 4
a @ b | a 2 3 | b 3
jnp.dot(a, a) + jnp.vdot(a, a) + jnp.inner(a, a) | a 3
jnp.outer(a, b) | a 3 | b 2
jnp.einsum("bij,bjk->bik", a, b) | a 2 2 3 | b 2 3 2
jnp.tensordot(a, b, axes=1) | a 2 3 | b 3 2
jnp.kron(a, b) | a 2 2 | b 2 2
jnp.linalg.norm(a) + jnp.linalg.norm(a, axis=1) | a 2 3
jnp.linalg.inv(A) + jnp.linalg.det(A) | A:spd 3 3
jnp.linalg.solve(A, b) | A:spd 3 3 | b 3
jnp.linalg.slogdet(A)[1] | A:spd 3 3
jnp.linalg.cholesky(A) | A:spd 3 3
jax.scipy.linalg.solve_triangular(jnp.tril(A), b, lower=True) + jax.scipy.linalg.solve_triangular(jnp.triu(A), b, trans=1) | A:spd 3 3 | b 3
jax.lax.linalg.triangular_solve(jnp.tril(A), a, left_side=False, lower=True) | A:spd 3 3 | a 2 3
jnp.linalg.eigh(A)[0] | A:spd 3 3
jax.scipy.linalg.expm(a) | a 3 3
jnp.trace(a) + jnp.diag(a) + jnp.diagonal(a) | a 3 3
jnp.tril(a) + jnp.triu(a, 1) | a 3 3
jnp.reshape(a, (3, 2)) @ a + a.T.reshape(3, 2) @ a | a 2 3
jnp.transpose(a, (2, 0, 1)) + jnp.swapaxes(a, 0, 2).transpose(0, 2, 1) | a 2 3 2
jnp.concatenate([a, b]) | a 2 3 | b 1 3
jnp.stack([a, b], axis=1) + jnp.array([a, b]).transpose(1, 0, 2) | a 2 3 | b 2 3
jnp.expand_dims(a, 0) + a[None] + a[:, None].squeeze(1) | a 3
jnp.broadcast_to(a, (2, 3)) + jnp.ones((2, 3))*a + jnp.zeros(3) | a 3
a[0] + a[-1] + a[1:].sum() + a[::2].sum() + a[::-1] | a 5
a[:, 1] + a[0, 0] + a[..., -1] | a 3 3
a[jnp.array([0, 2])] | a 3 2
jnp.flip(a) + jnp.roll(a, 1) | a 5
jnp.sort(a) * jnp.arange(1., 6) | a 5
jnp.pad(a, 1) | a 2 3
jnp.diff(a) | a 5
jnp.split(a, 2)[1] | a 4
jnp.eye(3) @ a + jnp.full(3, 2.0)*a | a 3
jnp.tanh(a) + jax.jit(lambda t: t**2)(a) | a 3
jax.vmap(lambda r: jnp.tanh(r).sum())(a) | a 2 3
jax.grad(lambda t: jnp.sum(jnp.sin(t)*t))(a) | a 3
0.5*jnp.minimum(jnp.abs(a), 0.5)**2 + 0.5*(jnp.abs(a) - jnp.minimum(jnp.abs(a), 0.5)) | a 5
"""
