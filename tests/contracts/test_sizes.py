"""Axes shorter than what is done with them, and axes without entries: NumPy's meaning, or a ShapeError that says what is needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from plain import NAMES
from randomprograms import DECLARED, FACTS, sample, slicing_program

import symchain
from symchain.errors import ShapeError, SymchainError
from symchain.language.grammar import parse_expression
from symchain.language.shapes import dimension_of
from symchain.render.text import write
from symchain.support.dimensions import Dim, add, at_least, evaluate, larger, learn, minima, minimum, multiply, text_of
from symchain.tensors.indexgraph import dimension

SHAPES = {"x": ("n",), "y": ("n",), "v": ("m",), "A": ("n", "n"), "W": ("m", "n"), "T": ("m", "n", "n"), "s": (), "l": ("k",)}
NUMPY = NAMES | {"std": np.std, "flip": np.flip, "norm": np.linalg.norm, "squeeze": np.squeeze}
ABSENT = re.compile(r"\b(expm_frechet|scatter)\b")
"""What printed lines call that NumPy does not have."""


def run(lines: Sequence[str], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Lines of "name = expression" in plain NumPy."""
    known = NUMPY | dict(environment)
    for line in lines:
        name, expression = line.split(" = ", 1)
        known[name] = eval(expression, {"__builtins__": {}}, known)
    return known


def differences(lines: Sequence[str], environment: Mapping[str, Any], output: str, wrt: str) -> np.ndarray:
    """The derivative by central differences, of shape F + X."""
    x = np.asarray(environment[wrt], float)
    result = np.zeros(np.shape(run(lines, environment)[output]) + x.shape)
    for position in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[position] = 1e-6
        up, down = (run(lines, {**environment, wrt: x + sign * step})[output] for sign in (1, -1))
        result[(..., *position)] = (up - down) / 2e-6
    return result


def point(names: Sequence[str], sizes: Mapping[str, int]) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    drawn: dict[str, Any] = {n: rng.uniform(0.2, 1.5, [sizes[d] for d in SHAPES[n]]) for n in names if n != "l"}
    return drawn | ({"l": np.zeros(sizes["k"], int)} if "l" in names else {})


def names_in(expression: str) -> list[str]:
    """The inputs an expression reads, and one for each letter that it writes."""
    read = {n.id for n in ast.walk(ast.parse(expression)) if isinstance(n, ast.Name)}
    letters = [name for letter, name in (("n", "x"), ("m", "v"), ("k", "l")) if letter in read]
    return [n for n in SHAPES if n in read or n in letters]


def sizes_for(names: Sequence[str]) -> list[dict[str, int]]:
    """Sizes of the letters that these inputs have, from none to more than any slice here asks for."""
    letters = {d for n in names for d in SHAPES[n]}
    return [
        {"n": n, "m": m, "k": k}
        for n in ((0, 1, 2, 3, 5, 7) if "n" in letters else (0,))
        for m in ((0, 2) if "m" in letters else (0,))
        for k in ((0, 2) if "k" in letters else (0,))
    ]


def agrees(expression: str, sizes: Mapping[str, int], kernels: Mapping[str, Any], derivations: Mapping[str, Any]) -> None:
    """Value, derivatives, printed lines: all as NumPy has them."""
    at = point(names_in(expression), sizes)
    environment = {**sizes, **at}
    lines = [f"C = {expression}"]
    with np.errstate(all="ignore"):
        known = run(lines, environment)
        np.testing.assert_allclose(kernels[""](**at), known["C"], rtol=1e-9, atol=1e-12)
        for wrt, derivation in derivations.items():
            got = kernels[wrt](**at)
            assert got.shape == np.shape(known["C"]) + np.shape(at[wrt])
            if np.all(np.isfinite(known["C"])):
                np.testing.assert_allclose(got, differences(lines, environment, "C", wrt), rtol=1e-5, atol=1e-6)
            if not ABSENT.search(" ".join(derivation.lines)):
                printed = run(derivation.lines, known)[derivation.lines[-1].split(" = ")[0]]
                assert np.shape(printed) == got.shape
                np.testing.assert_allclose(printed, got, rtol=1e-9, atol=1e-12)


def made(expression: str, tmp_path: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Kernels of the value ("") and of the derivatives, saved and loaded; the derivations."""
    names = names_in(expression)
    facts = {"l": "integer"} if "l" in names else {}
    program = symchain.parse(f"C = {expression}", shapes={n: SHAPES[n] for n in names}, assume=facts)
    derivations = {n: program.derive("C", n) for n in names if n != "l"}
    kernels = {"": program.compile("C", order=0)} | {n: d.compile() for n, d in derivations.items()}
    for name, kernel in kernels.items():
        kernel.save(tmp_path / "kernel")
        kernels[name] = symchain.load(tmp_path / "kernel")
    return kernels, derivations


CLAMPED = """
    mean(x[1:5]) | sum(x[1:5]) | sum(x[1:5]**2) | sum(x[-3:]**2) | prod(x[-4:-1]) | var(x[-2:-5:-1]) | sum(x[3:0:-1]*y[1:4]) | x[:3] @ y[:3]
    x[-3:] | x[1:3] + s | x[2::-1] | x[-2:-5:-1] | W[:2, 2:4] | A[:2, :2] | A[1:3][:, -2:] | cumsum(x[:3]) | x[1:5][1:3] | x[:2]*y[-2:]
    norm(x[1:3]) | outer(x[:2], y[1:3]) | det(A[:2, :2]) | T[:, 1:3, 0:2] | sum(T[:1]**2) | x[1:5][::-1] | mean(x[:3]*s)
    where(x[:2] > 0, x[:2], s) | stack([x[:2], y[:2]]) | x[:n + 2] | x[0:n] | W[:1]
"""


@pytest.mark.parametrize("expression", [e.strip() for e in CLAMPED.replace("\n", "|").split("|") if e.strip()])
def test_slices_end_where_the_axis_does(expression, tmp_path):
    kernels, derivations = made(expression, tmp_path)
    for sizes in sizes_for(names_in(expression)):
        agrees(expression, sizes, kernels, derivations)


EMPTY = """
    sum(x) | prod(x) | prod(W, axis=1) | prod(W) | sum(prod(W, axis=0)) | cumsum(x) | cumprod(W, axis=1) | mean(x) | mean(W, axis=1)
    var(W, axis=0) | norm(W, axis=1) | norm(x, 1) | max(W, axis=0)[:2] | min(W) | softmax(x) | softmax(W, axis=0) | log_softmax(W)
    det(eye(n) + A) | inv(3*eye(n) + A) | logdet(eye(n) + A @ A.T) | cholesky(eye(n) + A @ A.T) | expm(A) | tr(A) | diag(A) | diag(x)
    outer(x, v) | kron(A, W) | x[l] | sum(x[l]**2) | A[l] | roll(x, 1) | roll(W, 1, axis=0) | flip(x, 0) | W[::-1] | x[::-1] | stack([x, y])
    concatenate([x, v]) | reshape(W, (n, m)) | reshape(W, (m*n,)) | tril(A) | triu(A, 1) | einsum('mij->ij', T) | sum(T, axis=(1, 2))
    x @ y | W @ x | W @ A | T @ x | v @ W | sum(x) + s | x*s | x*ones(n) | mean(x)*s | where(x > 1, x, 0) | maximum(x, 1)
    exp(x)/sum(exp(x)) | x/sum(x) | sum(x**2)*v | mean((W @ x - v)**2) | s*ones((m, n)) | mean(where(x > 1, y, 0)) | max(eye(m), axis=-1)
"""


@pytest.mark.parametrize("expression", [e.strip() for e in EMPTY.replace("\n", "|").split("|") if e.strip()])
def test_axes_without_entries_mean_what_they_mean_in_numpy(expression, tmp_path):
    """What NumPy raises for is refused, in every kernel."""
    kernels, derivations = made(expression, tmp_path)
    for sizes in sizes_for(names_in(expression)):
        at = point(names_in(expression), sizes)
        try:
            with np.errstate(all="ignore"):
                run([f"C = {expression}"], {**sizes, **at})
        except (ValueError, IndexError):
            for kernel in kernels.values() if "l" not in at else [kernels[""]]:
                with pytest.raises(SymchainError):
                    kernel(**at)
        else:
            agrees(expression, sizes, kernels, derivations)


@pytest.mark.parametrize(
    ("program", "needs"),
    [
        ("C = x[-4]", {"n": 4}),
        ("C = x[2]", {"n": 3}),
        ("z = x[1:]; C = sum(z)", {"n": 1}),
        ("z = x[2:-1]; C = sum(z)", {"n": 3}),
        ("C = sum(x[2:n - 1])", {"n": 3}),
        ("C = sum(x[n - 4:])", {"n": 4}),
        ("C = sum(x[n - 2:n - 5:-1])", {"n": 5}),
        ("C = sum(x[:m]) + sum(v)", {"n": 2}),
        ("z = x[1:5]; C = z[2]", {"n": 4}),
        ("z = x[1:5]; C = sum(z[::2])", {"n": 5}),
        ("C = sum(x[1:5]*ones(4))", {"n": 5}),
        ("z = x[:3]; C = cross(z, y[:3])[0]", {"n": 3}),
        ("C = squeeze(x[:1])*s", {"n": 1}),
        ("C = max(x)", {"n": 1}),
        ("C = max(x[1:])", {"n": 2}),
        ("C = sum(softmax(W, axis=1)**2)", {"n": 1}),
        ("C = logsumexp(x)", {"n": 1}),
        ("C = var(x, ddof=1)", {"n": 1}),
    ],
)
def test_what_needs_entries_says_so(program, needs, tmp_path):
    """One entry less is refused by the block's name, where the block is computed and where it is differentiated; enough is not."""
    made = symchain.parse(program, shapes={n: SHAPES[n] for n in names_in(program.replace("; ", "\n"))})
    derivation = made.derive("C", "x" if "x" in made.inputs else "W")
    assert derivation.verification.held
    kernel = made.compile("C")
    kernel.save(tmp_path / "kernel")
    sizes = {"m": 2, "k": 1, **needs}
    for k in (kernel, symchain.load(tmp_path / "kernel"), derivation.compile()):
        k(**point(list(made.inputs), sizes))
        for less in range(sizes["n"]):
            at = point(list(made.inputs), {**sizes, "n": less})
            with pytest.raises(ShapeError, match=r"^in [zC], .* needs .*n is \d"):
                k(**at)
    for read in (lambda at: made.graph(at=at), lambda at: made.explain("x", at=at) if "x" in at else made.graph(at=at)):
        with pytest.raises(ShapeError, match="needs"):
            read(point(list(made.inputs), {**sizes, "n": sizes["n"] - 1}))


def test_a_slice_has_the_size_that_the_rest_of_the_program_gives_it():
    for lines, shapes in (
        ("z = x[1:5]", {"z": ("minimum(n, 5) - minimum(n, 1)",)}),
        ("z = x[1:5]; C = z*ones(4)", {"z": (4,), "C": (4,)}),
        ("z = x[1:5]; C = x[3]", {"z": ("minimum(n, 5) - 1",)}),
        ("z = x[:1]*v", {"z": ("m",)}),
        ("z = concatenate([x[:1], x[1:]])", {"z": ("n",)}),
        ("z = x[-3:]; C = x[:-3]; D = concatenate([C, z])*x", {"z": (3,), "D": ("n",)}),
        ("z = A[:2, -2:] @ x[:2]", {"z": ("minimum(n, 2)",)}),
    ):
        program = symchain.parse(lines, shapes={n: SHAPES[n] for n in names_in(lines.replace("; ", "\n"))})
        assert {name: program.blocks[name].shape for name in shapes} == shapes
    assert symchain.parse("z = x[1:5]", shapes={"x": ("n",), "z": (4,)}).blocks["z"].shape == (4,)
    with pytest.raises(ShapeError, match=r"\(4,\).*\(5,\)"):
        symchain.parse("x: (n,)\ny: (5,)\nz = x[1:5]*y")


SIZES = [{"n": n, "m": m, "k": k} for n, m, k in [(0, 0, 0), (0, 2, 4), (3, 0, 2), (1, 1, 1), (2, 1, 3), (5, 2, 0), (3, 2, 4)]]


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_that_take_slices(seed):
    """At any sizes: NumPy's value, differences for the gradient, or an error of ours; only a need refuses what NumPy has."""
    source = slicing_program(1000 + seed)
    program = symchain.parse(source, shapes=DECLARED, assume=FACTS)
    lines = [line for line in source.split("\n") if line.split(" = ")[0] in ancestors(program)]
    read = {n.id for n in ast.walk(ast.parse("\n".join(lines))) if isinstance(n, ast.Name)}
    inputs = [n for n in DECLARED if n in read and n not in FACTS]
    kernel = program.compile(wrt=inputs)
    for sizes in SIZES:
        at = sample(np.random.default_rng(seed), sizes)
        environment = {**sizes, **at}
        with np.errstate(all="ignore"):
            try:
                known = run(lines, environment)
            except (ValueError, IndexError):
                with pytest.raises(ShapeError, match="needs"):
                    kernel(**at)
                continue
            try:
                value, gradient = kernel(**at)
            except ShapeError as error:
                assert " needs " in error.what
                continue
            want = known[program.last]
            np.testing.assert_allclose(value, want, rtol=1e-7, atol=1e-9, err_msg=source)
            for wrt in inputs:
                assert gradient[wrt].shape == np.shape(at[wrt]), source
                slope = differences(lines, environment, program.last, wrt)
                if np.all(np.isfinite(slope)) and np.isfinite(want) and np.all(np.abs(slope) < 1e4):
                    np.testing.assert_allclose(gradient[wrt], slope, rtol=1e-4, atol=1e-4, err_msg=source)


def ancestors(program: Any) -> set[str]:
    wanted = {program.last}
    for block in reversed(program.blocks.values()):
        if block.name in wanted:
            wanted |= set(block.reads)
    return wanted


# ---------------------------------------------------------------- dimensions


def random_dimension(random: Random, depth: int = 3) -> Dim:
    if depth == 0 or random.random() < 0.25:
        return random.choice(["n", "m", "k", 1, 2, 3])
    a, b = (random_dimension(random, depth - 1) for _ in range(2))
    match random.randrange(4):
        case 0:
            return multiply(a, b)
        case 1:
            return minimum(a, random.randint(0, 6))
        case sign:
            return add(a, b, 1 if sign == 2 else -1)


def test_dimensions_with_minima_are_numbers_whatever_is_done_with_them():
    """Sums, products, what is certain of them, their text as Python and in the language: by evaluating at many sizes."""
    random = Random(5)
    certain = 0
    for _ in range(400):
        a, b = random_dimension(random), random_dimension(random)
        bound, most = random.randint(-3, 4), random.randint(0, 6)
        known = learn({}, random.choice("nmk"), random.randint(0, 4))
        read = dimension_of(parse_expression(write(dimension(a))))
        assert read == a
        certain += at_least(a, bound, known)
        for _ in range(12):
            sizes = {letter: known.get(letter, 0) + random.randint(0, 5) for letter in "nmk"}
            value = evaluate(a, sizes)
            assert evaluate(add(a, b, -1), sizes) == value - evaluate(b, sizes)
            assert evaluate(multiply(a, b), sizes) == value * evaluate(b, sizes)
            assert evaluate(minimum(a, most, known), sizes) == min(value, most)
            assert eval(text_of(a, str), {"min": min, **sizes}) == value
            assert value >= bound or not at_least(a, bound, known)
            learnt = learn({}, a, bound) if isinstance(a, str) else {}
            assert all((evaluate(d, sizes) >= least) == (value >= bound) for d, least in learnt.items())
    assert certain > 40


def test_what_is_known_of_sizes_adds_up():
    assert larger({"n": 2}, {"n - 1": 3, "2*m": 3}) == {"n": 4, "m": 2}
    assert minima(["minimum(n, 5) - minimum(n - 1, 2)", 3]) == {"n": 5, "n - 1": 2}
