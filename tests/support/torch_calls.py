"""Calls of PyTorch, one a line: an expression over arrays, and the arrays: a name, perhaps what it is drawn from, and a shape."""

CALLS = """
torch.add(a, b, alpha=0.5) | a 2 3 | b 2 3
torch.sub(a, b, alpha=2) | a 2 3 | b 3
torch.rsub(a, b) | a 3 | b 3
torch.mul(a, b) | a 2 3 | b 3
torch.multiply(a, b) | a 2 3 | b 3
torch.div(a, b) | a 2 3 | b:pos 3
torch.div(a, b, rounding_mode="floor")*b | a 3 | b:pos 3
torch.div(a, b, rounding_mode="trunc")*b | a 3 | b:pos 3
torch.true_divide(a, b) | a 3 | b:pos 3
torch.div(a, b, rounding_mode="floor") + a | a 3 | b:pos 3
torch.fmod(a, b) | a 3 | b:pos 3
torch.remainder(a, b) | a 3 | b:pos 3
torch.neg(a) + torch.positive(a)*a | a 3
torch.frac(a) | a 3
a.detach()*torch.exp(a) - torch.sin(a).detach() | a 3
torch.square(a) | a 3
torch.pow(a, 3) | a 3
torch.pow(a, b) | a:pos 3 | b 3
torch.float_power(a, b) | a:pos 3 | b 3
2**a + a**2.5 | a:pos 3
torch.lerp(a, b, 0.3) | a 3 | b 3
torch.lerp(a, b, c) | a 3 | b 3 | c 3
torch.addcmul(a, b, c, value=0.7) | a 2 3 | b 2 3 | c 3
torch.addcdiv(a, b, c, value=0.7) | a 2 3 | b 2 3 | c:pos 3
a*torch.heaviside(torch.tensor([-1., 0, 2]), torch.tensor([0.5])) | a 3
torch.rad2deg(a) | a 3
torch.deg2rad(a) | a 3
torch.mvlgamma(a, 2) | a:big 3
torch.special.multigammaln(a, 3) | a:big 3
torch.igamma(2.5*torch.ones(3), b) | b:pos 3
torch.special.gammaincc(1.5*torch.ones(3), b) | b:pos 3
torch.logit(a) | a:unit 3
torch.maximum(a, b) | a 3 | b 3
torch.minimum(a, b) | a 3 | b 3
torch.fmax(a, b) + torch.fmin(a, 2*b) | a 3 | b 3
torch.max(a, b) | a 3 | b 3
torch.min(a, b) | a 3 | b 3
torch.clamp(a, -0.5, 0.6) | a 2 5
torch.clamp(a, min=0.1) | a 5
torch.clamp(a, max=b) | a 2 5 | b 5
torch.clip(a, -0.5, 0.6) | a 5
torch.clamp_min(a, 0.1) | a 5
torch.hypot(a, b) | a 3 | b 3
torch.atan2(a, b) | a 3 | b 3
torch.arctan2(a, b) | a 3 | b 3
torch.logaddexp(a, b) | a 3 | b 3
torch.logaddexp2(a, b) | a 3 | b 3
torch.copysign(a, b) | a 3 | b 3
torch.xlogy(a, b) | a 3 | b:pos 3
torch.special.xlog1py(a, b) | a 3 | b:pos 3
torch.special.zeta(2.5 + torch.zeros(3), 1.5 + torch.ones(3))*a | a 3
torch.polygamma(1, a) | a:pos 3
torch.where(a > 0, a**2, b) | a 3 | b 3
torch.where((a > 0) & (b < 0.2)|(a < -1), a**2, b) | a 5 | b 5
torch.masked_fill(a, b > 0, 0.5) | a 5 | b 5
a.masked_fill(a > 0, 2.0) | a 5
torch.gt(a, b)*a + torch.le(a, b)*b | a 3 | b 3
torch.ge(a, b)*a + torch.lt(a, b)*b + torch.ne(a, b)*a + torch.eq(a, b)*b | a 3 | b 3
torch.logical_and(a > 0, b > 0)*a + torch.logical_or(a > 0, b > 0)*b + torch.logical_not(a > 0)*a | a 5 | b 5
F.gelu(a) + F.gelu(a, approximate="tanh") | a 3
F.leaky_relu(a) + F.leaky_relu(a, 0.2) | a 5
F.elu(a) + F.elu(a, 0.5) | a 5
F.celu(a) + F.celu(a, 0.5) | a 5
F.selu(a) + F.relu(a) + F.relu6(5*a) | a 5
F.silu(a) + F.mish(a) + F.hardswish(a) + F.hardsigmoid(a) | a 5
F.softplus(a) + F.softplus(a, beta=2) | a 5
F.hardshrink(a) + F.hardshrink(a, 0.2) | a 5
F.softshrink(a) + F.softshrink(a, 0.2) | a 5
F.hardtanh(a) + F.hardtanh(a, -0.3, 0.4) | a 5
F.threshold(a, 0.1, -2.0) | a 5
F.logsigmoid(a) + F.softsign(a) + F.tanhshrink(a) | a 5
F.prelu(a, b) | a 2 3 | b 3
F.prelu(a, b) | a 2 3 | b 1
F.glu(a) | a 2 6
F.glu(a, dim=0) | a 4 3
torch.sum(a) + torch.mean(a) | a 2 3
torch.sum(a, dim=1) | a 2 3
torch.sum(a, (0, 2), keepdim=True) | a 2 3 2
a.sum(-1) * a.mean(dim=-1) | a 2 3
torch.nansum(a, dim=1) + torch.nanmean(a, dim=1) | a 2 3
torch.prod(a) | a 5
torch.prod(a, 1) | a 2 3
torch.var(a) + torch.std(a) | a 2 3
torch.var(a, dim=1) + torch.std(a, 1) | a 2 3
torch.var(a, dim=1, unbiased=False) + torch.std(a, dim=1, correction=0) | a 2 3
torch.var(a, dim=0, keepdim=True, correction=1) | a 4 3
torch.var_mean(a, dim=1)[0] + torch.var_mean(a, dim=1)[1] | a 2 3
torch.std_mean(a, dim=1)[0] + torch.std_mean(a, dim=1)[1] | a 2 3
torch.amax(a, dim=1) + torch.amin(a, dim=1) | a 2 3
torch.amax(a, dim=(0, 2)) | a 2 3 2
torch.max(a) + torch.min(a) | a 2 3
torch.max(a, dim=1)[0] + torch.min(a, dim=1).values | a 2 3
a.max(dim=0, keepdim=True)[0] | a 2 3
torch.logsumexp(a, dim=1) + torch.logsumexp(a, 1) | a 2 3
torch.norm(a) | a 2 3
torch.norm(a, dim=1) + torch.norm(a, p=1, dim=1) | a 2 3
torch.linalg.norm(a) | a 2 3
torch.linalg.vector_norm(a) + torch.linalg.vector_norm(a, dim=1).sum() | a 2 3
torch.linalg.matrix_norm(a) | a 2 3
torch.linalg.matrix_norm(a, ord="nuc") + torch.linalg.matrix_norm(a, ord=2) | a 2 3
torch.softmax(a, dim=1) | a 2 3
F.softmax(a, dim=0) + F.softmin(a, dim=1) | a 2 3
F.log_softmax(a, dim=-1) | a 2 3
torch.special.log_softmax(a, dim=1) + torch.special.softmax(a, dim=1) | a 2 3
torch.cumsum(a, 1) | a 2 3
torch.cumprod(a, dim=0) | a 4 2
torch.logcumsumexp(a, 1) | a 2 3
torch.cummax(a, 1)[0] + torch.cummin(a, 1).values | a 2 5
torch.diff(a) | a 2 5
torch.diff(a, n=2, dim=0) | a 4 2
torch.flip(a, (0, 1)) | a 2 3
torch.fliplr(a) + torch.flipud(a) | a 2 3
torch.roll(a, 1, 1) + torch.roll(a, 1, dims=0) | a 2 3
torch.trapezoid(a) + torch.trapezoid(a, dx=0.5) | a 5
torch.trapz(a, b) | a 5 | b 5
torch.quantile(a, 0.3) + torch.quantile(a, 0.75, dim=1) | a 2 5
torch.sort(a)[0] * torch.arange(1., 6.) | a 2 5
torch.sort(a, dim=0, descending=True).values * torch.arange(1., 3.)[:, None] | a 2 5
torch.msort(a) * torch.arange(1., 3.)[:, None] | a 2 5
torch.topk(a, 2)[0] | a 2 5
torch.mm(a, b) | a 2 3 | b 3 2
torch.bmm(a, b) | a 2 3 2 | b 2 2 3
torch.mv(a, b) | a 2 3 | b 3
torch.matmul(a, b) + a @ b | a 2 3 | b 3 2
a @ b | a 2 2 3 | b 3
torch.dot(a, b) + torch.inner(a, b) + torch.vdot(a, b) | a 3 | b 3
torch.outer(a, b) + torch.ger(a, b) | a 3 | b 2
torch.kron(a, b) | a 2 2 | b 2 3
torch.addmm(a, b, c, beta=0.5, alpha=2) | a 2 4 | b 2 3 | c 3 4
torch.addmv(a, b, c) | a 2 | b 2 3 | c 3
torch.addr(a, b, c, alpha=0.5) | a 2 3 | b 2 | c 3
torch.baddbmm(a, b, c) | a 2 2 2 | b 2 2 3 | c 2 3 2
torch.addbmm(a, b, c) | a 2 2 | b 3 2 3 | c 3 3 2
F.linear(a, b) + F.linear(a, b, c) | a 4 3 | b 2 3 | c 2
torch.linalg.vecdot(a, b) | a 2 3 | b 2 3
torch.linalg.cross(a, b) | a 3 | b 3
torch.cross(a, b, dim=-1) | a 2 3 | b 2 3
torch.trace(a) | a 3 3
torch.tril(a) + torch.triu(a, 1) | a 3 3
torch.inverse(A) + torch.linalg.inv(A) | A:spd 3 3
torch.det(A) + torch.linalg.det(A) | A:spd 3 3
torch.logdet(A) + torch.linalg.slogdet(A)[1] | A:spd 3 3
torch.slogdet(A).logabsdet | A:spd 3 3
torch.pinverse(a) + torch.linalg.pinv(a) | a 3 2
torch.linalg.solve(A, b) | A:spd 3 3 | b 3
torch.linalg.cholesky(A) | A:spd 3 3
torch.cholesky_solve(b, torch.linalg.cholesky(A)) | A:spd 3 3 | b 3 2
torch.linalg.solve_triangular(torch.tril(A), b, upper=False) | A:spd 3 3 | b 3 2
torch.matrix_power(a, 3) + torch.linalg.matrix_power(a, 2) | a 3 3
torch.matrix_exp(a) + torch.linalg.matrix_exp(a) | a 3 3
torch.linalg.eigvalsh(A) | A:spd 3 3
torch.linalg.eigh(A)[0] | A:spd 3 3
torch.linalg.svdvals(a) | a 3 2
torch.cov(a) | a 2 5
torch.cov(a, correction=0) + torch.corrcoef(a) | a 2 5
torch.cdist(a, b) | a 2 3 | b 4 3
torch.block_diag(a, b) | a 2 2 | b 1 3
torch.chain_matmul(a, b, c) + torch.linalg.multi_dot([a, b, c]) | a 2 3 | b 3 2 | c 2 4
torch.einsum("ij,kj->ik", a, b) | a 2 3 | b 4 3
torch.tensordot(a, b, dims=1) | a 2 3 | b 3 2
torch.tensordot(a, b, dims=([1], [0])) | a 2 3 | b 3 2
F.mse_loss(a, b) + F.mse_loss(a, b, reduction="sum") | a 3 | b 3
F.mse_loss(a, b, reduction="none") | a 3 | b 3
F.l1_loss(a, b) + F.l1_loss(a, b, reduction="sum") | a 3 | b 3
F.smooth_l1_loss(a, b) + F.smooth_l1_loss(a, b, beta=0.4, reduction="sum") | a 5 | b 5
F.huber_loss(a, b) + F.huber_loss(a, b, delta=0.4) | a 5 | b 5
F.binary_cross_entropy(a, b) + F.binary_cross_entropy(a, b, reduction="sum") | a:unit 3 | b:unit 3
F.binary_cross_entropy_with_logits(a, b) | a 3 | b:unit 3
F.kl_div(a, b, reduction="sum") + F.kl_div(a, b) | a 3 | b:unit 3
F.kl_div(a, b, log_target=True) | a 3 | b 3
F.poisson_nll_loss(a, b) | a 3 | b:pos 3
F.gaussian_nll_loss(a, b, c) | a 3 | b 3 | c:pos 3
F.binary_cross_entropy(a, b, reduction="none") + F.huber_loss(a, b, reduction="none") | a:unit 3 | b:unit 3
F.kl_div(a, b, reduction="none") + F.smooth_l1_loss(a, b, reduction="none", beta=0.4) | a 3 | b:unit 3
F.bilinear(a, b, c) + F.bilinear(a, b, c, d) | a 4 2 | b 4 3 | c 2 2 3 | d 2
torch.gru_cell(a, b, c, d) | a 2 3 | b 2 2 | c 6 3 | d 6 2
torch.lstm_cell(a, (b, c), d, e)[0] + torch.lstm_cell(a, (b, c), d, e)[1] | a 2 3 | b 2 2 | c 2 2 | d 8 3 | e 8 2
torch.rnn_tanh_cell(a, b, c, d) + torch.rnn_relu_cell(a, b, c, d) | a 2 3 | b 2 2 | c 2 3 | d 2 2
F.soft_margin_loss(a, torch.tensor([1., -1, 1])) | a 3
F.hinge_embedding_loss(a, torch.tensor([1., -1, 1])) | a 3
F.margin_ranking_loss(a, b, torch.tensor([1., -1, 1])) | a 3 | b 3
F.triplet_margin_loss(a, b, c) | a 2 3 | b 2 3 | c 2 3
F.pairwise_distance(a, b) | a 2 3 | b 2 3
F.cosine_similarity(a, b) + F.cosine_similarity(a, b, dim=-1) | a 2 3 | b 2 3
F.normalize(a) + F.normalize(a, dim=1) | a 2 3
F.cross_entropy(a, torch.tensor([0, 2])) | a 2 3
F.cross_entropy(a, b) + F.cross_entropy(a, b, reduction="sum") | a 2 3 | b:unit 2 3
F.cross_entropy(a, torch.tensor([0, 2]), label_smoothing=0.1) | a 2 3
F.nll_loss(F.log_softmax(a, 1), torch.tensor([0, 2])) | a 2 3
F.layer_norm(a, (3,)) | a 2 3
F.layer_norm(a, (3,), b, c) | a 2 3 | b 3 | c 3
F.rms_norm(a, (3,), b, eps=1e-6) | a 2 3 | b 3
F.batch_norm(a, torch.ones(3)/2, torch.ones(3)*2, b, c, training=False) | a 2 3 | b 3 | c 3
F.batch_norm(a, None, None, b, c, training=True) | a 4 3 | b 3 | c 3
F.batch_norm(a, None, None, b, c, training=True) | a 2 2 3 | b 2 | c 2
F.group_norm(a, 2, b, c) | a 2 4 3 | b 4 | c 4
F.instance_norm(a) | a 2 2 5
F.scaled_dot_product_attention(a, b, c) | a 2 3 4 | b 2 5 4 | c 2 5 4
F.dropout(a, 0.5, training=False) | a 3
F.conv1d(a, b, c) | a 1 2 5 | b 3 2 3 | c 3
F.conv1d(a, b, stride=2, padding=1, dilation=2) | a 2 2 7 | b 2 2 2
F.conv1d(a, b, groups=2) | a 1 4 4 | b 2 2 2
F.conv2d(a, b, c, padding=1) | a 1 2 3 3 | b 2 2 3 3 | c 2
F.conv2d(a, b, padding="same") | a 1 1 3 3 | b 1 1 3 3
F.conv3d(a, b) | a 1 1 2 2 3 | b 1 1 2 2 2
F.avg_pool1d(a, 2) | a 1 2 4
F.avg_pool2d(a, 2) + F.max_pool2d(a, 2) | a 1 1 4 4
F.max_pool2d(a, 3, stride=1) | a 1 1 4 4
F.max_pool1d(a, 2, stride=1) | a 1 2 5
F.adaptive_avg_pool2d(a, 2) + F.adaptive_max_pool2d(a, 2) | a 1 1 4 4
F.pad(a, (1, 2)) | a 2 3
F.pad(a, (1, 0, 0, 2), value=1.5) | a 2 3
F.one_hot(torch.tensor([0, 2]), 3)*a | a 2 3
F.embedding(torch.tensor([1, 0, 1]), a) | a 2 3
torch.index_select(a, 1, torch.tensor([2, 0])) | a 2 3
torch.reshape(a, (3, 2)) @ a.reshape(2, -1) | a 2 3
a.view(-1) * a.flatten() | a 2 3
torch.flatten(a, 1) | a 2 3 2
torch.unflatten(a, 1, (2, 2)) | a 2 4
torch.ravel(a) | a 2 3
torch.transpose(a, 0, 1) @ a + a.t() @ a | a 2 3
a.permute(2, 0, 1).contiguous() | a 2 3 2
torch.permute(a, (1, 0)) | a 2 3
torch.swapaxes(a, 0, 2) + torch.swapdims(a, 0, 2) | a 2 3 2
torch.movedim(a, 0, 2) | a 2 3 2
torch.moveaxis(a, 0, 2) | a 2 3 2
a.mT @ a + a.T @ a + torch.adjoint(a) @ a | a 2 3
torch.unsqueeze(a, 0) + a.unsqueeze(-1).squeeze(-1) | a 2 3
torch.squeeze(a) | a 1 3
torch.squeeze(a, 0) | a 1 3
a.expand(2, 3) * b.expand_as(a.expand(2, 3)) | a 3 | b 1 3
torch.broadcast_to(a, (2, 3)) | a 3
torch.cat([a, b]) | a 2 3 | b 1 3
torch.concat([a, b], dim=1) | a 2 3 | b 2 1
torch.stack([a, b], dim=1) | a 2 3 | b 2 3
torch.hstack([a, b]) | a 2 3 | b 2 1
torch.vstack([a, b]) | a 3 | b 2 3
torch.chunk(a, 2, dim=1)[1] + torch.split(a, 2, dim=1)[0] | a 2 4
torch.split(a, [1, 3], dim=1)[1] | a 2 4
torch.unbind(a)[1] * torch.unbind(a, 1)[0].sum() | a 2 3
torch.select(a, 1, 2) + a.narrow(1, 0, 1).squeeze(1) | a 2 3
a.repeat(2, 1) * torch.tile(a, (2, 1)) | a 2 3
torch.repeat_interleave(a, 2) | a 3
torch.diag(a) @ torch.diag(b) | a 3 3 | b 3
torch.diagonal(a, 1) | a 3 3
torch.diag_embed(a) | a 3
torch.zeros_like(a) + torch.ones_like(a)*a + torch.full_like(a, 2.0)*a | a 2 3
a[0] * a[:, 1:].sum() + a[..., -1].sum() + a[None].sum() | a 2 3
a[:, torch.tensor([0, 2])] | a 2 3
a.clone().exp_() + a.add(b).mul(2).sub(1).div(3) | a 3 | b 3
torch.ops.aten.addmm.default(a, b, c) | a 2 2 | b 2 3 | c 3 2
torch.ops.aten._softmax.default(a, 1, False) + torch.ops.aten._log_softmax.default(a, 1, False) | a 2 3
torch.ops.aten.native_layer_norm.default(a, [3], b, c, 1e-5)[0] | a 2 3 | b 3 | c 3
torch.ops.aten.convolution.default(a, b, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1) | a 1 1 3 3 | b 2 1 2 2
torch.ops.aten.slice.Tensor(a, 1, 0, 9223372036854775807) + torch.ops.aten.slice.Tensor(a, 1, 0, 3) | a 2 3
torch.ops.aten.sum.dim_IntList(a, [1], True) + torch.ops.aten.mean.dim(a, [1], True) | a 2 3
torch.ops.aten.select.int(a, 0, 1) + torch.ops.aten.view.default(a, [6])[:3] | a 2 3
torch.ops.aten.mul.Tensor(a, 2.0) + torch.ops.aten.add.Tensor(a, 1) + torch.ops.aten.pow.Tensor_Scalar(a, 2) | a 2 3
torch.ops.aten.t.default(a) @ torch.ops.aten.relu.default(a) | a 2 3
torch.ops.aten.clamp.default(a, -0.5, 0.5) + torch.ops.aten.cat.default([a, a], 0)[:2] | a 2 3
"""
