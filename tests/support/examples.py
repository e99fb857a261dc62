"""Derivations that several tests print, and names that strangers might give."""

from __future__ import annotations

TWO_LAYERS = """
    sigma1 = sigmoid
    sigma2 = sigmoid
    z1 = W1*x + b1
    a1 = sigma1(z1)
    z2 = W2*a1 + b2
    a2 = sigma2(z2)
    C = 1/2*(a2 - y_true)**2
"""

EXAMPLES = {
    "two-layers": (TWO_LAYERS, ("C", "W1"), "latex", "standard"),
    "two-layers-brief": (TWO_LAYERS, ("C", "W1"), "text", "brief"),
    "several": (TWO_LAYERS, ("C", ["W1", "b1", "W2", "b2"]), "latex", "standard"),
    "intermediate": (TWO_LAYERS, ("C", "a1"), "markdown", "standard"),
    "sigmoid-blocks": ("p = x1*y1 + x2*y2; s = sigmoid(p)", ("s", "x2"), "text", "standard"),
    "linear": ("z1 = W1*x1 + b1", ("z1", "W1"), "markdown", "standard"),
    "bias": ("z1 = W1*x1 + b1", ("z1", "b1"), "text", "standard"),
    "quotient": ("u = x**3*sin(x); v = 1 + x**2; y = u/v", ("y", "x"), "text", "full"),
    "fan-out": ("h = w*x; p = tanh(h); q = h**2; y = p*q", ("y", "w"), "html", "standard"),
    "zero": ("C = (a - b)**2; d = 3*a", ("d", "b"), "text", "standard"),
    "abstract": ("z = w*x + b; a = sigma(z); L = a**2", ("L", "w"), "text", "standard"),
    "log-cosh": ("r = y - t; s = cosh(k*r); L = log(s)", ("L", "y"), "latex", "standard"),
    "relu": ("z = w*x + b; a = relu(z); L = 0.5*(a - 1.25)**2", ("L", "w"), "latex", "standard"),
}
"""name -> (program, arguments of derive, medium, detail); one golden file per language."""

POINT = {"x": 1.5, "W1": 0.8, "b1": -0.2, "W2": -1.2, "b2": 0.3, "y_true": 1.0}
"""Where the two layers are checked."""

HOSTILE = [
    r"\openin5=/etc/passwd", r"\csname input\endcsname{/etc/passwd}", r"\begin{input}{/etc/passwd}\end{input}",
    r"\verbatiminput{/etc/passwd}",
    r"\directlua{os.getenv('HOME')}", r"\href{javascript:alert(1)}{x}", "x_1}^{2", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    'x" onmouseover="alert(1)', "x' autofocus onfocus='alert(1)", "</math><script>alert(1)</script>", "]]>", "x\nimport os",
    "x $ y", "a%b", "x#1&2~3",
    "\x1f\x00\x1b[31m", "\u202egnp", "x^^5cinput", "\\", "{", "}", "_{", "x_\\input{y}", "🙂", "x_`id`",
]  # fmt: skip
