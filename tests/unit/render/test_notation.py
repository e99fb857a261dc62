"""Derivatives in other notations: entries with sums and deltas, Kronecker products in the vec layout, and matrix pages with shapes."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
from typing import Any

import numpy as np
import pytest
from test_typesetting import _CHECK, _katex, _mathematics

import symchain
from symchain.deriving.products import carried
from symchain.errors import ArgumentError, LimitError, UnsupportedError
from symchain.nouns.derivation import Derivation
from symchain.render import DETAILS, MEDIA, NOTATIONS, render
from symchain.render import latex as tex
from symchain.render.names import subscripted
from symchain.render.text import write
from symchain.support.notation import Phrase, call, name, number, rewritten
from symchain.tensors.indexform import entry_of, letters
from symchain.tensors.kroneckerform import kronecker_of
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import contract, leaf
from symchain.wording import LANGUAGES

SHAPES = {"A": (2, 3), "X": (3, 4), "B": (4, 5), "P": (3, 3), "x": (4,), "a": (2,), "v": (3,), "M": (3, 4), "c": ()}

JACOBIANS = [
    ("F = A @ X @ B", "X"), ("F = P @ P @ P @ P", "P"), ("y = M @ x", "M"), ("y = M @ x", "x"), ("y = A.T @ a", "A"), ("F = X.T", "X"),
    ("F = X.T @ X", "X"), ("F = P @ P.T", "P"), ("F = tanh(A @ X)", "X"), ("F = tanh(X)*M", "X"), ("F = inv(P)", "P"), ("F = c*X", "c"),
    ("F = outer(a, x)", "a"), ("F = outer(a, x)", "x"), ("F = A*sum(X)", "X"), ("F = X*sum(X**2)", "X"), ("F = X - mean(X)", "X"),
    ("F = X + x[None, :]", "x"), ("F = X/sum(X, axis=1)[:, None]", "X"), ("F = det(P)*P", "P"), ("p = softmax(x)", "x"),
    ("C = sum((A @ X)**2)", "X"), ("C = logdet(P @ P.T)", "P"), ("F = diag(x) @ X.T", "X"), ("y = norm(x)", "x"), ("C = v @ P @ v", "v"),
    ("F = where(X > 0.2, X, 0.1*X)", "X"), ("y = x[1:] - x[:-1]", "x"), ("y = x[::-1]**2", "x"), ("y = x/sum(x)", "x"),
    ("C = tr(P @ P)", "P"),
    ("F = exp(-0.5*X)", "X"),
]  # fmt: skip


def _derived(text: str, wrt: str) -> tuple[Derivation, dict[str, np.ndarray]]:
    shapes = {n: s for n, s in SHAPES.items() if n in text.partition("=")[2]}
    program = symchain.parse(text, shapes=shapes)
    rng = np.random.default_rng(7)
    return program.derive(wrt), {n: rng.normal(size=program.inputs[n].shape) for n in program.inputs}


def _values(d: Derivation, at: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, Any]]:
    """The derivative by differences of the program itself, and all values by name."""
    kernel = d.program.compile(d.output, order=0)
    value = np.asarray(kernel(**at))
    wrt = at[d.wrt]
    found = np.zeros(value.shape + wrt.shape)
    step = 1e-5
    for where in np.ndindex(wrt.shape):
        moved = []
        for sign in (1, -1):
            shifted = np.array(wrt, dtype=float)
            shifted[where] += sign * step
            moved.append(np.asarray(kernel(**{**at, d.wrt: shifted})))
        found[(..., *where)] = (moved[0] - moved[1]) / (2 * step)
    return found, {**at, d.output: value}


# ---------------------------------------------------------------- entries


def _entry(p: Phrase, at: dict[str, int], values: dict[str, Any]) -> float:
    """What an entry formula means, read head by head; indices count from 1."""
    parts = p.parts
    match p.head:
        case "number":
            return float(p.text)
        case "name":
            return at[p.text] if p.text in at else float(values[p.text])
        case "entry":
            index = tuple(round(_entry(q, at, values)) - 1 for q in parts[1:])
            return float(_matrix(parts[0], values)[index])
        case "delta":
            return float(_entry(parts[0], at, values) == _entry(parts[1], at, values))
        case "sum_over":
            ranges = [(r.parts[0].text, int(r.parts[1].text)) for r in parts[1:]]
            spots = itertools.product(*(range(1, n + 1) for _, n in ranges))
            return sum(_entry(parts[0], {**at, **dict(zip([i for i, _ in ranges], spot, strict=True))}, values) for spot in spots)
        case "add":
            return sum(_entry(q, at, values) for q in parts)
        case "neg":
            return -_entry(parts[0], at, values)
        case "mul":
            return math.prod(1 / _entry(q.parts[0], at, values) if q.head == "over" else _entry(q, at, values) for q in parts)
        case "pow":
            return _entry(parts[0], at, values) ** _entry(parts[1], at, values)
        case "call" if p.text == "where":
            left, right = (_entry(q, at, values) for q in parts[0].parts)
            assert parts[0].text == ">"
            return _entry(parts[1] if left > right else parts[2], at, values)
        case "call" if p.text in ("exp", "tanh", "sqrt"):
            return float(getattr(np, p.text)(_entry(parts[0], at, values)))
    return float(_matrix(p, values))


def _matrix(p: Phrase, values: dict[str, Any]) -> np.ndarray:
    """An array in matrix notation, by the compiler."""
    if p.head == "name":
        return np.asarray(values[p.text])
    used = {n: v for n, v in values.items() if n in write(p)}
    return np.asarray(symchain.parse(f"out_ = {write(p)}", shapes={n: np.shape(v) for n, v in used.items()}).compile(order=0)(**used))


@pytest.mark.parametrize(("text", "wrt"), JACOBIANS)
def test_entries_mean_the_derivative(text: str, wrt: str) -> None:
    d, at = _derived(text, wrt)
    expected, values = _values(d, at)
    names = list(itertools.islice(letters(values), len(d.shape)))
    for tree in (d.formula_tree, d.general_tree):
        written = entry_of(tree, names)
        for where in np.ndindex(expected.shape):
            got = _entry(written, {n: k + 1 for n, k in zip(names, where, strict=True)}, values)
            assert got == pytest.approx(expected[where], rel=1e-6, abs=1e-7), (write(written), where)


@pytest.mark.parametrize(
    ("text", "wrt", "expected"),
    [
        ("y = M @ x", "M", "delta[i,j]*x[k]"),
        ("F = A @ X @ B", "X", "B[l,j]*A[i,k]"),
        ("F = X.T", "X", "delta[i,l]*delta[j,k]"),
        ("F = inv(P)", "P", "-F[i,k]*F[l,j]"),
    ],
)
def test_entries_read_as_on_paper(text: str, wrt: str, expected: str) -> None:
    d, _ = _derived(text, wrt)
    got = write(entry_of(d.formula_tree, "ijklpq"[: len(d.shape)]))
    assert got == expected or sorted(got) == sorted(expected)  # the order of factors is free


def test_indices_avoid_every_name() -> None:
    program = symchain.parse("k = A @ j + delta", shapes={"A": ("i", "l"), "j": ("l",), "delta": ("i",)})
    text = program.derive("A").text(notation="index")
    assert "[p = q]" in text and "sum_q" in text  # the bracket stands for the delta that is taken
    assert r"\delta_{pq}" not in program.derive("A").latex(notation="index")


@pytest.mark.thorough
def test_entries_stop_where_nobody_could_read_them() -> None:
    tree = leaf("P", ("n", "n"))
    for _ in range(60):
        tree = contract([tree, tree], [("i", "k"), ("k", "j")], ("i", "j"))
    with pytest.raises(LimitError, match="entries"):
        entry_of(tree, "ij")
    deep = leaf("x", ("n",))
    for _ in range(3000):
        deep = symchain.parse("y = tanh(x)", shapes={"x": ("n",)}).blocks["y"].tree.func(deep)
    assert write(entry_of(deep, "i")).count("tanh") == 3000


def test_subscripts_are_joined() -> None:
    assert subscripted(r"x\text{\_}", "i") == r"x\text{\_}_i"
    assert subscripted(r"\delta_{z_1}", "i") == r"\delta_{z_1,i}"
    assert tex.write(entry_of(leaf("W2", (2, 3)), "ki")) == "W_{2,ki}"


# ---------------------------------------------------------------- Kronecker products

_NUMPY = {
    "kron": np.kron, "eye": np.eye, "diag": np.diag, "outer": np.outer, "ones": np.ones, "sum": np.sum, "inv": np.linalg.inv,
    "det": np.linalg.det, "where": np.where, "tanh": np.tanh, "exp": np.exp, "None": None, "norm": np.linalg.norm, "mean": np.mean,
    "vec": lambda m: m.reshape(-1, order="F"),
}  # fmt: skip


def _commutation(m: int, n: int) -> np.ndarray:
    """K vec(X) = vec(X.T) for X with m rows and n columns."""
    columns = [np.eye(m * n)[k].reshape(m, n, order="F").T.reshape(-1, order="F") for k in range(m * n)]
    return np.array(columns).T


REFUSED = {"y = x[1:] - x[:-1]", "y = x[::-1]**2"}
"""Vectors by vectors are printed as they are, with slices that this test cannot evaluate."""


@pytest.mark.parametrize(("text", "wrt"), [j for j in JACOBIANS if j[0] not in REFUSED])
def test_kronecker_products_mean_the_derivative(text: str, wrt: str) -> None:
    d, at = _derived(text, wrt)
    expected, values = _values(d, at)
    written = write(kronecker_of(d.formula_tree, len(values[d.output].shape)))
    got = eval(written, {"__builtins__": {}, **_NUMPY, "commutation": _commutation, **values})
    rows, columns = values[d.output].size, at[wrt].size
    rank = len(values[d.output].shape)
    axes = [*range(rank)][::-1], [*range(rank, expected.ndim)][::-1]
    flat = expected.transpose(*axes[0], *axes[1]).reshape(rows, columns)  # reversed axes in row order: columns are stacked
    np.testing.assert_allclose(np.reshape(got, (rows, columns)), flat, rtol=1e-6, atol=1e-7, err_msg=written)


@pytest.mark.parametrize(
    ("text", "wrt", "expected"),
    [
        ("F = A @ X @ B", "X", "kron(B.T, A)"),
        ("y = M @ x", "M", "kron(x.T, eye(3))"),
        ("F = X.T", "X", "commutation(3, 4)"),
        ("F = tanh(X)", "X", "diag(vec(1 - F**2))"),
        ("F = inv(P)", "P", "-kron(F.T, F)"),
        ("C = sum(X**2)", "X", "vec(2*X).T"),
    ],
)
def test_kronecker_products_read_as_in_the_literature(text: str, wrt: str, expected: str) -> None:
    d, _ = _derived(text, wrt)
    assert write(kronecker_of(d.formula_tree, len(d.program.blocks[d.output].shape))) == expected


@pytest.mark.thorough
@pytest.mark.parametrize("text", ["F = softmax(X, axis=1)", "F = expm(P)"])
def test_what_has_no_kronecker_form_is_refused_by_name(text: str) -> None:
    d, _ = _derived(text, "X" if "X" in text else "P")
    with pytest.raises(UnsupportedError, match="Kronecker") as caught:
        d.text(notation="kronecker")
    assert 'notation="index"' in (caught.value.advice or "")
    stacked = symchain.parse("y = T @ x", shapes={"T": (2, 3, 4), "x": (4,)}).derive("T")
    with pytest.raises(UnsupportedError, match="vec layout"):
        stacked.text(notation="kronecker")


# ---------------------------------------------------------------- documents

BATCH = """
    Z1 = W1 @ X + b1[:, None]
    A1 = sigma1(Z1)
    Z2 = W2 @ A1 + b2[:, None]
    A2 = sigma2(Z2)
    C = 1/(2*N)*sum((A2 - Y)**2)
"""
BATCH_SHAPES = {"W1": ("n1", "n0"), "X": ("n0", "N"), "b1": ("n1",), "W2": ("n2", "n1"), "b2": ("n2",), "Y": ("n2", "N")}


def _subjects() -> list[Any]:
    batch = symchain.parse(BATCH, shapes=BATCH_SHAPES)
    cross = symchain.parse("p = softmax(z); L = -sum(y*log(p))", shapes={"z": ("n",), "y": ("n",)}, assume={"y": "onehot"})
    layer = symchain.parse("z = W @ x + b; y = tanh(z)", shapes={"W": ("m", "n"), "x": ("n",), "b": ("m",)})
    matrices = symchain.parse("Z = W @ X; Y = tanh(Z); F = Y.T", shapes={"W": ("m", "n"), "X": ("n", "N")})
    scalar = symchain.parse("z = w*x + b; a = sigma(z); L = a**2")
    squares = symchain.parse("f = sum((X @ w - t)**2)", shapes={"X": ("m", "n"), "w": ("n",), "t": ("m",)})
    return [
        batch.derive("W1"), batch.derive(["W1", "b1", "W2", "b2"]), cross.derive("z"), layer.derive("W"), layer.derive("x"),
        matrices.derive("W"), scalar.derive("w"), squares.hessian("w"), symchain.parse("C = (a - b)**2; d = 3*a").derive("d", "b"),
    ]  # fmt: skip


@pytest.mark.thorough
def test_every_notation_in_every_medium() -> None:
    sources = []
    for subject in _subjects():
        for notation, lang, detail in itertools.product(NOTATIONS, LANGUAGES, DETAILS):
            if notation == "kronecker" and isinstance(subject, Derivation) and subject.order == 2:
                continue
            for medium in MEDIA:
                printed = render(subject, medium, lang=lang, detail=detail, notation=notation)
                assert printed and not any(c in printed for c in "\x1c\x1d\x1e\x1f?"), (notation, medium)
                if medium == "html":
                    sources += _mathematics(printed)
    with pytest.raises(ArgumentError, match="notation"):
        _subjects()[0].text(notation="words")
    if _katex() is None:
        pytest.skip("node or npm's katex is not installed (set SYMCHAIN_KATEX to its folder)")
    command = ["node", "-e", _CHECK, str(_katex())]
    done = subprocess.run(command, input=json.dumps(sorted(set(sources))), capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout) == []


def test_factors_between_matrices_are_maps() -> None:
    d = symchain.parse(BATCH, shapes=BATCH_SHAPES).derive("W1")
    text = d.text()
    assert "F3 = dZ2/dA1 : delta_Z2 -> W2.T @ delta_Z2" in text and "F5 = dZ1/dW1 : delta_Z1 -> delta_Z1 @ X.T" in text
    assert "einsum" not in text and "multiplication by X.T on the right" in text
    assert "The gradient dC/dW1 has the shape of W1, (n1, n0)." in text
    assert "/N" in "".join(d.lines) and "".join(d.lines).count("N") == 1
    latex = d.latex()
    for factor, shape in ((r"W_2^{\top}", r"n_1\times n_2"), (r"\Delta_1", r"n_1\times N"), (r"X^{\top}", r"N\times n_0")):
        assert rf"\underbrace{{{factor}}}_{{{shape}}}" in latex
    assert r"\mathbf{1}^{\top}" in latex and "None" not in latex


def test_transposes_and_sums_are_explained() -> None:
    program = symchain.parse(BATCH, shapes=BATCH_SHAPES)
    english, french = (program.derive(["W1", "b1"]).text(lang=lang).replace("\n", " ") for lang in ("en", "fr"))
    english, french = " ".join(english.split()), " ".join(french.replace("\u00a0", " ").split())
    assert "Why W2.T: in sum_k delta_Z2[k,j]*W2[k,i] the index k of the sum comes first in W2" in english
    assert "Why X.T: in sum_k delta_Z1[i,k]*X[j,k] the index k of the sum comes last in X" in english
    assert "the same b1 serves for every value of j" in english
    assert "Pourquoi X.T : dans sum_k delta_Z1[i,k]*X[j,k], l'indice de sommation k est le dernier indice de X" in french


def test_deltas_are_written_then_removed() -> None:
    text = symchain.parse(BATCH, shapes=BATCH_SHAPES).derive("W1").text(notation="index")
    assert "dZ1[i,j]/dW1[k,l] = delta[i,k]*X[l,j]" in text
    assert "= sum_{k,l} delta_Z1[k,l]*delta[k,i]*X[j,l]" in text
    assert "| dC/dW1[i,j] = sum_k delta_Z1[i,k]*X[j,k] |" in text
    assert "dC/dW1        = delta_Z1 @ X.T   (in matrix notation)" in text
    assert "delta_Z1 @ X.T" in symchain.parse(BATCH, shapes=BATCH_SHAPES).derive("W1").lines[-1]  # the lines stay in the input language


def test_shapes_stand_under_their_factors() -> None:
    program = symchain.parse(BATCH, shapes=BATCH_SHAPES)
    lines = program.derive("W1").text().splitlines()
    k = next(k for k, line in enumerate(lines) if "W2.T" in line and "@" in line and "delta_Z1 =" in line)
    above, below = lines[k], lines[k + 1]
    assert abs(above.index("W2.T") - below.index("(n1, n2)")) <= 4 and "(n1, N)" in below


def test_a_pulled_factor_is_what_the_input_receives() -> None:
    program = symchain.parse(BATCH, shapes=BATCH_SHAPES)
    factor = program.derive("W1").factors["dZ2/dA1"]
    received = carried(factor.shown, leaf("delta_Z2", ("n2", "N")))
    assert received.shape == ("n1", "N") and write(phrase_of(received)) == "W2.T @ delta_Z2"


@pytest.mark.thorough
def test_deep_phrases_compare_and_change_without_recursion() -> None:
    def deep(core: str, depth: int = 5000) -> Phrase:
        phrase = name(core)
        for _ in range(depth):
            phrase = Phrase("neg", (phrase,))
        return phrase

    assert deep("x") == deep("x") and hash(deep("x")) == hash(deep("x"))
    assert deep("x") != deep("y") and deep("x", 10) != deep("x", 11) and Phrase("neg") != "neg"
    assert rewritten(deep("x"), lambda p: name("y") if p.text == "x" else None) == deep("y")
    kept = deep("x")
    assert rewritten(kept, lambda p: None) is kept
    summed = call("sum", name("x"), axis=number(0))
    assert summed == call("sum", name("x"), axis=number(0)) != call("sum", name("x"))


@pytest.mark.thorough
def test_towers_of_powers_within_the_limit_are_derived() -> None:
    assert len(symchain.parse("y = " + "**".join(["x"] * 160)).derive("y", "x").lines) > 1
