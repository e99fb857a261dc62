"""Forty derivatives as the literature prints them: what the golden page compares symchain's own lines with.

`published` is the source's formula in the input language, one expression or a few lines of which the last is the value. Where our
lines differ from it in more than the order of terms, `reason` says why in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Shape = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Published:
    """A computation, what it is differentiated by, and the derivative that its source prints."""

    name: str
    source: str
    text: str
    shapes: Mapping[str, Shape]
    wrt: str
    published: str
    output: str | None = None
    """None for the last block."""
    order: int = 1
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def _(name: str, source: str, text: str, shapes: dict[str, Shape], wrt: str, published: str, **more: object) -> Published:
    return Published(name, source, text, shapes, wrt, published, **more)  # type: ignore[arg-type]


COOKBOOK = "Matrix Cookbook"
TABLES = "matrix calculus tables"

PRINTED = (
    # ------------------------------------------------------------ Matrix Cookbook, sections 2.1 to 2.8
    _("determinant", f"{COOKBOOK} 49", "f = det(X)", {"X": ("n", "n")}, "X", "det(X)*inv(X).T",
      reason="The determinant is the block f, whose value is known already."),
    _("determinant of a product", f"{COOKBOOK} 51", "f = det(A @ X @ B)", {"A": ("n", "n"), "X": ("n", "n"), "B": ("n", "n")}, "X",
      "det(A @ X @ B)*inv(X).T",
      reason="The determinant is the block f, whose value is known already."),
    _("determinant of a Gram matrix", f"{COOKBOOK} 54", "G = X.T @ A @ X\nf = det(G)", {"A": ("m", "m"), "X": ("m", "n")}, "X",
      "2*f*A @ X @ inv(X.T @ A @ X)", facts={"A": "symmetric"},
      reason="The Gram matrix is the block G, which need not be written again."),
    _("log determinant", f"{COOKBOOK} 57", "f = logdet(X)", {"X": ("n", "n")}, "X", "inv(X).T", facts={"X": "invertible"}),
    _("log determinant of a Gram matrix", f"{COOKBOOK} 56", "f = logdet(X.T @ X)", {"X": ("m", "n")}, "X", "2*pinv(X).T"),
    _("bilinear form of an inverse", f"{COOKBOOK} 61", "f = a @ inv(X) @ b", {"a": ("n",), "b": ("n",), "X": ("n", "n")}, "X",
      "-inv(X).T @ outer(a, b) @ inv(X).T",
      reason="Two matrices times vectors are cheaper than two products of matrices."),
    _("trace of an inverse", f"{COOKBOOK} 63", "f = tr(A @ inv(X) @ B)", {"A": ("n", "n"), "X": ("n", "n"), "B": ("n", "n")}, "X",
      "-(inv(X) @ B @ A @ inv(X)).T",
      reason="The transpose is carried out: the factors come in the reverse order."),
    _("bilinear form", f"{COOKBOOK} 70", "f = a @ X @ b", {"a": ("m",), "X": ("m", "n"), "b": ("n",)}, "X", "outer(a, b)"),
    _("product of two images", f"{COOKBOOK} 77", "f = (X @ b) @ (X @ c)", {"X": ("m", "n"), "b": ("n",), "c": ("n",)}, "X",
      "X @ (outer(b, c) + outer(c, b))"),
    _("two affine maps", f"{COOKBOOK} 78", "f = (B @ x + b) @ C @ (D @ x + d)",
      {"x": ("n",), "B": ("m", "n"), "b": ("m",), "C": ("m", "k"), "D": ("k", "n"), "d": ("k",)}, "x",
      "B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b)"),
    _("quadratic form", f"{COOKBOOK} 81", "f = x @ A @ x", {"x": ("n",), "A": ("n", "n")}, "x", "(A + A.T) @ x"),
    _("weighted residuals by the map", f"{COOKBOOK} 88", "r = x - A @ s\nf = r @ W @ r", {"x": ("m",), "A": ("m", "n"), "s": ("n",),
      "W": ("m", "m")}, "A", "-2*W @ outer(x - A @ s, s)", facts={"W": "symmetric"},
      reason="The residual is the block r, and a matrix times a vector is cheaper than a matrix times a matrix."),
    _("trace of a cube", f"{COOKBOOK} 121", "f = tr(X @ X @ X)", {"X": ("n", "n")}, "X", "3*(X @ X).T",
      reason="The transpose is carried out: a product of two equal factors has no order."),
    _("trace of two matrices around X", f"{COOKBOOK} 118", "f = tr(A @ X @ B @ X.T @ C)",
      {"A": ("k", "m"), "X": ("m", "n"), "B": ("n", "n"), "C": ("m", "k")}, "X", "A.T @ C.T @ X @ B.T + C @ A @ X @ B"),
    _("generalised Rayleigh trace", f"{COOKBOOK} 126", "f = tr(inv(X.T @ C @ X) @ (X.T @ B @ X))",
      {"X": ("m", "n"), "B": ("m", "m"), "C": ("m", "m")}, "X",
      "-2*C @ X @ inv(X.T @ C @ X) @ X.T @ B @ X @ inv(X.T @ C @ X) + 2*B @ X @ inv(X.T @ C @ X)", facts={"B": "symmetric", "C": "spd"}),
    _("unit vector", f"{COOKBOOK} 130", "f = (x - a)/norm(x - a)", {"x": ("n",), "a": ("n",)}, "x",
      "eye(n)/norm(x - a) - outer(x - a, x - a)/norm(x - a)**3",
      reason="The block f is the unit vector itself, and the common denominator is taken out."),
    _("log determinant of a symmetric matrix, by its entries", f"{COOKBOOK} 141", "f = logdet(X)", {"X": ("n", "n")}, "X",
      "2*inv(X) - diag(diag(inv(X)))", facts={"X": "symmetric_entries"}),
    # ------------------------------------------------------------ tables
    _("inverse along a line", TABLES, "Y = A + t*B\nF = inv(Y)", {"A": ("n", "n"), "B": ("n", "n"), "t": ()}, "t", "-inv(Y) @ B @ inv(Y)",
      reason="The inverse is the block F, whose value is known already."),
    _("scaled linear map", TABLES, "f = a*(B @ x)", {"a": ("m",), "B": ("m", "n"), "x": ("n",)}, "x", "diag(a) @ B",
      reason="The text scales the rows of B without making a diagonal matrix; set as mathematics, it is diag(a) B."),
    _("Hessian of a quadratic form", TABLES, "f = x @ A @ x + b @ x", {"x": ("n",), "A": ("n", "n"), "b": ("n",)}, "x", "A + A.T", order=2),
    # ------------------------------------------------------------ the two source documents
    _("sigmoid of two products", "first source", "p = x1*y1 + x2*y2\ns = sigmoid(p)", {"x1": (), "y1": (), "x2": (), "y2": ()}, "x2",
      "s*(1 - s)*y2"),
    _("first weight of two layers", "second source",
      "z1 = W1*x + b1\na1 = sigmoid(z1)\nz2 = W2*a1 + b2\na2 = sigmoid(z2)\nC = 1/2*(a2 - y_true)**2",
      {"x": (), "W1": (), "b1": (), "W2": (), "b2": (), "y_true": ()}, "W1", "(a2 - y_true)*a2*(1 - a2)*W2*a1*(1 - a1)*x"),
    _("first weights of two layers and a batch", "second source",
      "sigma1 = sigmoid\nsigma2 = sigmoid\nZ1 = W1 @ X + b1[:, None]\nA1 = sigma1(Z1)\nZ2 = W2 @ A1 + b2[:, None]\nA2 = sigma2(Z2)\n"
      "C = 1/(2*N)*sum((A2 - Y)**2)",
      {"X": ("p", "N"), "W1": ("h", "p"), "b1": ("h",), "W2": ("q", "h"), "b2": ("q",), "Y": ("q", "N")}, "W1",
      "delta2 = 1/N*(A2 - Y)*A2*(1 - A2)\ndelta1 = (W2.T @ delta2)*A1*(1 - A1)\ng = delta1 @ X.T"),
    # ------------------------------------------------------------ deep learning
    _("softmax cross-entropy", "deep learning", "C = -sum(t*log(softmax(z)))", {"z": ("k",), "t": ("k",)}, "z", "softmax(z) - t",
      facts={"t": "onehot"}),
    _("Hessian of softmax cross-entropy", "deep learning", "p = softmax(z)\nC = -sum(t*log(p))", {"z": ("k",), "t": ("k",)}, "z",
      "diag(p) - outer(p, p)", order=2, facts={"t": "onehot"}),
    _("softmax regression", "Bishop 2006, 4.109", "P = softmax(X @ W + b)\nC = -1/n*sum(T*log(P))",
      {"X": ("n", "p"), "W": ("p", "k"), "b": ("k",), "T": ("n", "k")}, "W", "X.T @ (P - T)/n", facts={"T": "onehot"}),
    _("logistic regression", "Bishop 2006, 4.91", "s = sigmoid(X @ w)\nC = -sum(y*log(s) + (1 - y)*log(1 - s))",
      {"X": ("n", "p"), "w": ("p",), "y": ("n",)}, "w", "X.T @ (s - y)"),
    _("Hessian of logistic regression", "Bishop 2006, 4.97", "s = sigmoid(X @ w)\nC = -sum(y*log(s) + (1 - y)*log(1 - s))",
      {"X": ("n", "p"), "w": ("p",), "y": ("n",)}, "w", "X.T @ diag(s*(1 - s)) @ X", order=2,
      reason="The text scales the rows of X without making a diagonal matrix; set as mathematics, it is X' diag(s(1 - s)) X."),
    _("layer normalisation", "Ba et al. 2016",
      "mu = mean(x)\nsigma = sqrt(var(x) + epsilon)\nu = (x - mu)/sigma\nC = 1/2*sum((gamma*u + beta - t)**2)",
      {"x": ("n",), "gamma": ("n",), "beta": ("n",), "epsilon": (), "t": ("n",)}, "x",
      "g = (gamma*u + beta - t)*gamma\nd = (g - mean(g) - u*mean(g*u))/sigma", facts={"epsilon": "positive"}),
    _("attention by the queries", "Dao et al. 2022, B.4", "S = Q @ K.T/sqrt(d)\nP = softmax(S)\nO = P @ V\nC = 1/2*sum((O - T)**2)",
      {"Q": ("n", "d"), "K": ("m", "d"), "V": ("m", "q"), "T": ("n", "q")}, "Q",
      "dP = (O - T) @ V.T\ndS = P*(dP - sum(dP*P, axis=1)[:, None])\ng = dS @ K/sqrt(d)",
      reason="The row sums are those of (O - T)*O, smaller matrices than those of the source's two first lines."),
    _("forget gate of an LSTM cell", "Greff et al. 2017",
      "z = W @ x + U @ h + b\nf = sigmoid(z)\nc_new = f*c + g\nC = 1/2*sum((o*tanh(c_new) - t)**2)",
      {"W": ("n", "m"), "x": ("m",), "U": ("n", "n"), "h": ("n",), "b": ("n",), "c": ("n",), "g": ("n",), "o": ("n",), "t": ("n",)}, "W",
      "dc = (o*tanh(c_new) - t)*o*(1 - tanh(c_new)**2)\ndf = dc*c*f*(1 - f)\nd = outer(df, x)"),
    _("InfoNCE", "van den Oord et al. 2018", "S = U @ V.T/tau\nC = 1/n*(sum(logsumexp(S, axis=1)) - tr(S))",
      {"U": ("n", "d"), "V": ("n", "d"), "tau": ()}, "U", "(softmax(S, axis=1) - eye(n)) @ V/(n*tau)", facts={"tau": "positive"},
      reason="The identity is multiplied out, which leaves a difference of two matrices."),
    _("matrix factorisation", "Koren et al. 2009", "E = R - U @ V.T\nC = sum(E**2) + lambda*(sum(U**2) + sum(V**2))",
      {"R": ("m", "n"), "U": ("m", "k"), "V": ("n", "k"), "lambda": ()}, "U", "2*(lambda*U - E @ V)"),
    # ------------------------------------------------------------ statistics
    _("ridge regression", "Hoerl and Kennard 1970", "C = sum((X @ w - y)**2) + alpha*sum(w**2)",
      {"X": ("n", "p"), "w": ("p",), "y": ("n",), "alpha": ()}, "w", "2*(X.T @ (X @ w - y) + alpha*w)"),
    _("Poisson regression", "McCullagh and Nelder 1989", "C = sum(exp(X @ w) - y*(X @ w))", {"X": ("n", "p"), "w": ("p",), "y": ("n",)},
      "w", "X.T @ (exp(X @ w) - y)"),
    _("Gaussian log density by the covariance", f"{COOKBOOK} 371",
      "r = x - mu\nL = -1/2*logdet(Sigma) - 1/2*r @ inv(Sigma) @ r - n/2*log(2*pi)", {"x": ("n",), "mu": ("n",), "Sigma": ("n", "n")},
      "Sigma", "1/2*(inv(Sigma) @ outer(x - mu, x - mu) @ inv(Sigma) - inv(Sigma))", facts={"Sigma": "spd"}),
    _("Gaussian process by its noise", "Rasmussen and Williams 2006, 5.9", "K = G + q**2*eye(n)\nL = -1/2*y @ inv(K) @ y - 1/2*logdet(K)",
      {"G": ("n", "n"), "q": (), "y": ("n",)}, "q", "a = inv(K) @ y\ng = q*tr(outer(a, a) - inv(K))", facts={"G": "spd", "q": "positive"}),
    _("means of a Gaussian mixture", "Bishop 2006, 9.16", "D = X[:, None, :] - M\nl = log_softmax(alpha) - 1/2*sum(D**2, axis=2)\n"
      "L = sum(logsumexp(l, axis=1))", {"X": ("n", "d"), "alpha": ("k",), "M": ("k", "d")}, "M",
      "r = softmax(l, axis=1)\ng = r.T @ X - sum(r, axis=0)[:, None]*M",
      reason="The differences are the block D, so the responsibilities weight them in one sum."),
    _("t-SNE", "van der Maaten and Hinton 2008, 5",
      "D = Y[:, None, :] - Y[None, :, :]\nW = 1/(1 + sum(D**2, axis=2))\nZ = sum(W) - n\nC = -sum(P*log(W)) + log(Z)",
      {"Y": ("n", "d"), "P": ("n", "n")}, "Y",
      "G = 4*(P - W/Z)*W\ng = sum(G, axis=1)[:, None]*Y - G @ Y", facts={"P": "symmetric"}),
    _("Rayleigh quotient", "Golub and Van Loan 2013", "r = x @ A @ x/(x @ x)", {"x": ("n",), "A": ("n", "n")}, "x",
      "2*(A @ x - r*x)/(x @ x)", facts={"A": "symmetric"}),
)  # fmt: skip
