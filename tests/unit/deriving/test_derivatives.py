"""Derivatives of random programs: kernel, printed lines, formula and verification against complex steps through the program."""

from __future__ import annotations

import ast
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import randomprograms
from plain import run
from randomprograms import DECLARED, FACTS, SIZES, random_program

import symchain
from symchain.evidence.evaluation import evaluate
from symchain.tensors.nodes import scale

STEP = 1e-30
DIFFERENCE = 1e-5


class Case:
    """A random program at a point of its domain, with derivatives of its last block by complex steps."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.program = symchain.parse(text, shapes=DECLARED, assume=FACTS)
        self.output = self.program.last
        self.point = randomprograms.sample(np.random.default_rng(1))
        used = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
        self.inputs = [name for name in DECLARED if name in used]

    def value(self, point: dict[str, Any]) -> Any:
        known = dict(point)
        for block in self.program.blocks.values():
            known[block.name] = evaluate([block.tree], known, SIZES)[0]
        return known[self.output]

    def derivative(self, wrt: str, point: dict[str, Any] | None = None) -> np.ndarray:
        """Of shape F + X."""
        point = self.point if point is None else point
        columns = []
        for position in np.ndindex(np.shape(point[wrt])):
            moved = np.array(point[wrt], complex)
            moved[position] += 1j * STEP
            columns.append(np.imag(self.value({**point, wrt: moved})) / STEP)
        return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + np.shape(point[wrt])) if np.shape(point[wrt]) else columns[0]

    def second(self, first: str, second: str) -> np.ndarray:
        """Of shape F + first + second, by central differences of complex steps."""
        columns = []
        for position in np.ndindex(np.shape(self.point[second])):
            step = np.zeros(np.shape(self.point[second]))
            step[position] = DIFFERENCE
            up, down = ({**self.point, second: self.point[second] + sign * step} for sign in (1, -1))
            columns.append((self.derivative(first, up) - self.derivative(first, down)) / (2 * DIFFERENCE))
        shape = np.shape(self.point[second])
        return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + shape) if shape else columns[0]

    def sensitive(self, wrt: str, reference: np.ndarray) -> float:
        """How much the derivative moves when the point moves in the last digits."""
        moved = {name: value * (1 + 1e-13) for name, value in self.point.items()}
        return float(np.nan_to_num(np.abs(self.derivative(wrt, moved) - reference)).max())

    def agree(self, kind: str, wrt: str, got: Any, want: np.ndarray, tolerance: float) -> None:
        got = np.asarray(got, float)
        assert got.shape == want.shape, f"{kind} d{self.output}/d{wrt} has shape {got.shape}, not {want.shape}\n{self.text}"
        error = np.abs(got - want).max()
        assert error <= tolerance * (1 + np.abs(want).max()), (
            f"{kind} d{self.output}/d{wrt} is off by {error:.2e} of {np.abs(want).max():.2e}\n{self.text}"
        )


def tame(reference: np.ndarray, limit: float = 1e6) -> bool:
    return bool(np.all(np.isfinite(reference)) and np.abs(reference).max() < limit)


SCALAR = [random_program(seed) for seed in range(80)]
SHAPED = [random_program(seed, 2, (("n",), ("m", "n"), ("k",))) for seed in range(1000, 1040)]
SMALL = [random_program(seed, 2) for seed in range(2000, 2040)]


@pytest.mark.thorough
@pytest.mark.parametrize("texts", [SCALAR, SHAPED], ids=["gradients", "Jacobians"])
def test_first_derivatives(texts):
    compared = 0
    for text in texts:
        case = Case(text)
        plain, environment = run(text.split("\n"), case.point)
        derivations = case.program.derive(case.output, "all")
        for wrt in case.inputs:
            want = case.derivative(wrt)
            if not tame(want):
                continue
            tolerance = 1e-8 + 1e3 * case.sensitive(wrt, want)
            d = case.program.derive(case.output, wrt)
            value, gradient = case.program.compile(case.output, wrt=[wrt])(**case.point)
            np.testing.assert_allclose(value, plain, rtol=1e-8, atol=1e-10, err_msg=text)
            case.agree("kernel", wrt, gradient[wrt], want, tolerance)
            case.agree("lines", wrt, run(d.lines, environment)[0], want, tolerance)
            lines = dict(environment)
            for line in d.adjoint_lines:
                lines[line.name] = evaluate([line.tree], lines, SIZES)[0]
            for form in (d.formula_tree, d.general_tree):
                case.agree("formula", wrt, np.broadcast_to(evaluate([form], lines, SIZES)[0], want.shape), want, tolerance)
            case.agree("one of all", wrt, run([*derivations.lines], environment)[1][derivations[wrt].result.name], want, tolerance)
            compared += 1
    assert compared > len(texts)


def test_a_condition_holds_for_its_own_entry_alone():
    case = Case("b3 = norm(max(A, axis=1))*(t*mean(v))\nb4 = b3*b3")
    _, gradient = case.program.compile(wrt=["A"])(**case.point)
    case.agree("kernel", "A", gradient["A"], case.derivative("A"), 1e-9)


def test_products_of_zeros():
    _, gradient = symchain.parse("y = prod(x)", shapes={"x": ("n",)}).compile(wrt=["x"])(x=np.array([2.0, 0.0, 3.0]))
    np.testing.assert_allclose(gradient["x"], [0.0, 6.0, 0.0])


@pytest.mark.thorough
def test_lines_read_back():
    for text in (*SCALAR[:40], *SHAPED[:20]):
        program = symchain.parse(text, shapes=DECLARED, assume=FACTS)
        for name, d in program.derive("all").items():
            again = symchain.parse("\n".join([str(program), *d.lines]))
            assert again.blocks[d.result.name].shape == d.shape, (name, text)


@pytest.mark.thorough
def test_verification_holds():
    for text in (*SCALAR[:30], *SHAPED[:15]):
        case = Case(text)
        for wrt in case.inputs:
            want = np.abs(case.derivative(wrt))
            if tame(want) and not np.any((want > 0) & (want < 1e-20)):
                verification = case.program.derive(case.output, wrt).verification
                vanishes = verification.open == "flat" and not np.any(want)
                assert verification.held or vanishes, f"d{case.output}/d{wrt}: {verification.error}\n{text}"


def test_verification_holds_where_the_derivative_vanishes():
    assert symchain.parse("y = min(D**3, axis=1)", shapes={"D": ("n", "n")}, assume={"D": "diagonal"}).derive("D").verification.held


@pytest.mark.thorough
def test_second_derivatives():
    compared = 0
    for text in SMALL:
        case = Case(text)
        for wrt in case.inputs:
            shape = np.shape(case.point[wrt])
            want = case.second(wrt, wrt)
            if not tame(want, 1e4):
                continue
            _, environment = run(text.split("\n"), case.point)
            _, gradient, hessian = case.program.compile(case.output, wrt=[wrt], order=2)(**case.point)
            case.agree("kernel of order 2", wrt, gradient[wrt], case.derivative(wrt), 1e-7)
            case.agree("Hessian in the kernel", wrt, hessian[wrt], want, 1e-5)
            size = int(np.prod(shape))
            square = np.reshape(hessian[wrt], (size, size))
            np.testing.assert_allclose(square, square.T, rtol=1e-6, atol=1e-7 * (1 + np.abs(square).max()), err_msg=text)
            case.agree("Hessian in lines", wrt, run(case.program.hessian(case.output, wrt).lines, environment)[0], want, 1e-5)
            vector = np.random.default_rng(5).uniform(-1, 1, shape)
            product = case.program.hvp(case.output, wrt)
            got = run(product.lines, {**environment, f"v_{wrt}": vector})[0]
            case.agree("Hessian times vector", wrt, got, np.reshape(square @ vector.ravel(), shape), 1e-6)
            compared += 1
    assert compared > len(SMALL)


@pytest.mark.thorough
def test_mixed_second_derivatives():
    compared = 0
    for text in SMALL:
        case = Case(text)
        if not 2 <= len(case.inputs) <= 3:
            continue
        _, gradient, hessian = case.program.compile(case.output, wrt=case.inputs, order=2)(**case.point)
        for k, first in enumerate(case.inputs):
            want = case.derivative(first)
            if tame(want):
                case.agree("gradient", first, gradient[first], want, 1e-7 + 1e3 * case.sensitive(first, want))
            for second in case.inputs[k + 1 :]:
                want = case.second(first, second)
                if tame(want, 1e4):
                    case.agree(f"d/d{second} of", first, hessian[first, second], want, 1e-5)
                    compared += 1
    assert compared > 10


def test_hessian_kernels_keep_lines_of_one_name_apart():
    text = "b0 = s - t\nb1 = where(3 > (0.5 + sigmoid(b0))**tanh(s), b0*b0, (0.5 + sigmoid(s))**tanh(b0))"
    values = {"s": 0.4, "t": -0.7}
    program = symchain.parse(text)
    assert program.compile(wrt=["s"], order=2)(**values)[1]["s"] == pytest.approx(program.compile(wrt=["s"])(**values)[1]["s"], rel=1e-12)


# ---------------------------------------------------------------- names and order


def renamed(text: str, names: dict[str, str]) -> str:
    """Every identifier replaced, also inside delta_z1 and dC_dW1."""
    table = dict(names)
    for a, b in names.items():
        table[f"delta_{a}"] = f"delta_{b}"
        table |= {f"d{a}_d{c}": f"d{b}_d{d}" for c, d in names.items()}
    pieces = []
    word = ""
    for letter in text + " ":
        if letter.isalnum() or letter == "_":
            word += letter
        else:
            core = word.rstrip("_")
            attribute = bool(pieces) and pieces[-1] == "."  # the T of A.T
            pieces += [core if attribute else table.get(core, core), word[len(core) :], letter]
            word = ""
    return "".join(pieces)[:-1]


@pytest.mark.thorough
def test_names_do_not_matter():
    different = []
    for text in SCALAR[:60]:
        blocks = [line.split(" = ")[0] for line in text.split("\n")]
        names = {name: f"{name}9" for name in (*DECLARED, *blocks)}
        one = symchain.parse(text, shapes=DECLARED, assume=FACTS)
        other = symchain.parse(
            renamed(text, names),
            shapes={names[n]: shape for n, shape in DECLARED.items()},
            assume={names[n]: fact for n, fact in FACTS.items()},
        )
        for wrt in one.inputs:
            lines = tuple(renamed(line, names) for line in one.derive(wrt).lines)
            again = other.derive(names[wrt]).lines
            if lines != again:
                different.append(f"{text}\n  d/d{wrt}: {lines}\n  or   {again}")
    assert not different, "\n".join(different[:3])


@pytest.mark.thorough
def test_independent_blocks_may_change_places():
    for text in SCALAR[:60]:
        lines = text.split("\n")
        program = symchain.parse(text, shapes=DECLARED, assume=FACTS)
        reads = {name: set(block.reads) for name, block in program.blocks.items()}
        order: list[str] = []
        while len(order) < len(lines):  # the last block that can come next, comes next
            ready = [
                n
                for n in reads
                if n not in order and reads[n] & set(reads) <= set(order) and (n != program.last or len(order) == len(lines) - 1)
            ]
            order.append(ready[-1])
        texts = dict(line.split(" = ", 1) for line in lines)
        other = symchain.parse("\n".join(f"{n} = {texts[n]}" for n in order), shapes=DECLARED, assume=FACTS)
        _, environment = run(lines, randomprograms.sample(np.random.default_rng(2)))
        for wrt, d in program.derive("all").items():
            with np.errstate(all="ignore"):
                want, got = (run(one.lines, environment)[0] for one in (d, other.derive(wrt)))
            np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-9 * (1 + np.abs(np.nan_to_num(want)).max()), err_msg=text)


def test_verification_sees_a_wrong_mask():
    """What an equality decides is not rounding: a derivative that is wrong by a factor does not hold."""
    d = symchain.parse("m = max(x)\ny = m**2", shapes={"x": ("n",)}).derive("x")
    tree = scale(2, d.result.tree)
    wrong = replace(d, result=replace(d.result, tree=tree, general=None), formula_tree=tree, general_tree=tree)
    assert d.verification.held
    assert not wrong.verification.held


# ---------------------------------------------------------------- refusals and size

REFUSED = [
    ("y = onehot(c, 3)\nz = sum(y*x[None, :])", {"c": ("k",), "x": (3,)}, "c"),
    ("y = polygamma(s, x)", {}, "s"),
    ("y = x + 1", {}, "q"),
    ("y = x + 1", {}, "3"),
    ("y = sum(ones(n)*x)", {"x": ("n",)}, "n"),
]


@pytest.mark.parametrize("text, shapes, wrt", REFUSED, ids=[f"{text.splitlines()[0]} by {wrt}" for text, _, wrt in REFUSED])
def test_refusals_are_errors_of_the_project(text, shapes, wrt):
    with pytest.raises(symchain.SymchainError):
        assert symchain.parse(text, shapes=shapes).derive(wrt).lines


def test_a_program_of_many_paths():
    lines = ["u0 = sin(x)"]
    for k in range(60):
        lines += [f"l{k} = sin(u{k})", f"r{k} = cos(u{k})", f"u{k + 1} = l{k}*r{k}"]
    start = time.perf_counter()
    d = symchain.parse("\n".join(lines)).derive("x")
    assert (d.path_count, len(d.paths)) == (2**60, 64)
    assert time.perf_counter() - start < 10


@pytest.mark.thorough
def test_a_chain_of_many_blocks():
    size = 2000
    text = "\n".join(["z0 = tanh(w0*x + b0)", *(f"z{k} = tanh(w{k}*z{k - 1} + b{k})" for k in range(1, size))])
    start = time.process_time()
    program = symchain.parse(text)
    d = program.derive("all")
    assert len(d.lines) < 4 * size
    kernel = program.compile(wrt=["x", "b0"])
    assert time.process_time() - start < 200, "some seconds; what grows faster than the chain takes minutes"
    point = {name: 1.0 if name.startswith("w") else 0.0 for name in program.inputs} | {"x": 1e-3}
    _, gradient = kernel(**point)
    value, slope = 1e-3, 1.0
    for _ in range(size):
        value = np.tanh(value)
        slope *= 1 - value**2
    assert gradient["x"] == pytest.approx(slope, rel=1e-9)
    assert gradient["b0"] == pytest.approx(slope, rel=1e-9)


@pytest.mark.thorough
def test_a_sum_of_many_terms():
    start = time.perf_counter()
    program = symchain.parse("y = " + " + ".join(f"x{k}*x{k + 1}" for k in range(10_000)))
    assert program.derive("x77").lines == ("dy_dx77 = x76 + x78",)
    assert time.perf_counter() - start < 20


def test_every_term_of_a_sum_has_a_step() -> None:
    step = symchain.parse("C = a*x + b + c**2 + x").derive("C", "x").factors["dC/dx"].steps[0]
    assert [s.rule for s in step.substeps] == ["scale", "const", "const", "self"]
    assert [s.rule for s in step.substeps[1:3]] == ["const", "const"] and step.substeps[-1].rule == "self"
    assert [s.rule for s in step.moving] == ["scale", "self"]


@pytest.mark.thorough
def test_wide_sums_and_deep_nestings_are_derived_by_all_names() -> None:
    wide = symchain.parse("C = " + " + ".join(f"w{k}*x{k}" for k in range(5_000))).derive("C", "all")
    assert wide.lines[0] == "dC_dw0 = x0" and len(wide.lines) == 10_000
    text = "x"
    for _ in range(60):
        text = f"(({text} + y)**y + 1)**2"
    deep = symchain.parse(f"C = {text}").derive("C", "all")  # spelt out, each inner power is written again in all outer ones
    assert len(deep.lines) > 100 and sum(map(len, deep.lines)) < 20_000
