"""Exported files: what is written for other languages and libraries computes what the kernel does, and what is lacking is refused by name.

Every function of the registry, every ready model and a program of all array instructions go to each target whose tool is here. Julia and
MATLAB are not asked of any machine: their files are read for balanced blocks and brackets alone.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symchain
from symchain.errors import SymchainError, UnsupportedError
from symchain.functions import FUNCTIONS
from symchain.kernels.export import SUFFIXES, _written
from symchain.kernels.kernel import Input, Instruction, Kernel, Output, Plan
from symchain.models import model_names, read_model

COMPILERS = {"c": ["gcc", "-lm"], "cpp": ["g++"], "fortran": ["gfortran"]}
LIBRARIES = {"torch": "torch", "jax": "jax", "numba": "numba", "numpy": "numpy"}
LOOSE = 1e-10
"""Where a function is that of the target's own library, it may be less accurate than SciPy's; elsewhere 1e-12 holds."""


def here(target: str) -> bool:
    return bool(shutil.which(COMPILERS[target][0])) if target in COMPILERS else find_spec(LIBRARIES.get(target, "")) is not None


def needs(target: str) -> Any:
    reason = f"{COMPILERS.get(target, LIBRARIES.get(target, target))} is not installed"
    return pytest.param(target, marks=pytest.mark.skipif(not here(target), reason=reason))


def run(text: str, target: str, folder: Path) -> str:
    """What the file prints, run by itself where symchain cannot be imported."""
    file = folder / f"exported{SUFFIXES[target]}"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-I", str(file)]
    if target in COMPILERS:
        compiler, *libraries = COMPILERS[target]
        command = [str(folder / "program")]
        subprocess.run([compiler, "-O0", "-o", command[0], str(file), *libraries], check=True, cwd=folder, capture_output=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    found = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=240)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def largest(printed: str) -> float:
    return float(printed.split()[-1])


def functions() -> Iterator[tuple[str, Kernel, tuple[float, ...]]]:
    """A kernel of value and slopes of each function of the registry, and a point where they are finite."""
    for spec in FUNCTIONS.values():
        program = symchain.parse(f"value = {spec.name}({', '.join(spec.parameters)})")
        wrt = [p for p, slope in zip(spec.parameters, spec.derivatives, strict=True) if slope is not None]
        kernel = program.compile("value", wrt=wrt)
        for point in spec.probes:
            value, slopes = kernel(**dict(zip(spec.parameters, point, strict=True)))
            if np.isfinite([value, *slopes.values()]).all():
                yield spec.name, kernel, tuple(point)
                break


class Together:
    """Many scalar plans as one, and a kernel's face: so that a compiler is called once."""

    about = None

    def __init__(self, members: list[tuple[str, Kernel, tuple[float, ...]]]) -> None:
        inputs: list[Input] = []
        steps: list[Instruction] = []
        outputs: list[Output] = []
        self.point: dict[str, float] = {}
        self.results: dict[str, float] = {}
        total = sum(len(k.plan.inputs) for _, k, _ in members)
        for name, kernel, point in members:
            plan = kernel.plan
            own = [Input(f"{name}_{i.name}") for i in plan.inputs]
            place = [len(inputs) + k for k in range(len(own))]
            place += [total + len(steps) + k for k in range(len(plan.instructions))]
            at = {p: x for p, x in zip(FUNCTIONS[name].parameters, point, strict=True) if p in kernel.names}
            value, slopes = kernel(**at)
            self.point |= {f"{name}_{n}": x for n, x in at.items()}
            inputs += own
            steps += [Instruction(s.opcode, tuple(place[v] for v in s.operands), s.parameters, s.shape) for s in plan.instructions]
            for o in plan.outputs:
                key = f"{name}_{o.names[0]}" if o.names else f"{name}_"
                outputs.append(Output("gradient", (key,), place[o.value]))
                self.results[key] = float(slopes[o.names[0]] if o.names else value)
        head = Output("value", (), outputs[0].value)
        self.plan = Plan(tuple(inputs), (), tuple(steps), (head, *outputs), 1, True)

    def __call__(self, **point: Any) -> Any:
        return next(iter(self.results.values())), self.results


@pytest.fixture(scope="module")
def registry() -> list[tuple[str, Kernel, tuple[float, ...]]]:
    return list(functions())


def supported(registry: Any, target: str) -> list[Any]:
    found = []
    for member in registry:
        try:
            _written(member[1].plan, target, ())
            found.append(member)
        except UnsupportedError as error:
            assert f"the target {target} has no " in str(error)
    return found


SHARE = {"c": 120, "cpp": 120, "fortran": 120, "numba": 115, "julia": 140, "matlab": 140, "torch": 125, "jax": 140, "numpy": 172}
"""So many functions of the registry each target has at least."""


@pytest.mark.thorough
@pytest.mark.parametrize("target", SUFFIXES)
def test_targets_have_most_functions(registry: Any, target: str) -> None:
    assert len(supported(registry, target)) >= SHARE[target] * len(registry) // len(FUNCTIONS)


@pytest.mark.thorough
@pytest.mark.parametrize("target", [needs(t) for t in ("c", "fortran", "numpy", "torch")])
def test_functions_are_those_of_the_kernel(registry: Any, target: str, tmp_path: Path) -> None:
    from symchain.kernels.export import export

    members = supported(registry, target)
    together = Together(members)
    assert largest(run(export(together, target, together.point), target, tmp_path)) <= LOOSE


EVERY = """
x: (n,)
A: (n, n)
B: (m, n)
T: (m, n, 3)
S: (n, n) spd
labels: (m,) integer
s1 = sum(softmax(B)*B) + sum(log_softmax(B, axis=0)) + logsumexp(B) + sum(logsumexp(B, axis=1)**2)
s2 = max(x) + sum(min(B, axis=0)) + prod(x[:2]) + norm(x) + norm(B) + mean(cumsum(x)*x) + sum(cumprod(B, axis=1))
s3 = sum(tril(A)*triu(A, -1)) + tr(A @ A.T) + sum(diag(x) @ A) + x @ A @ x + sum(kron(x, x))
s4 = sum(flip(x)*roll(x, 1)) + sum(concatenate([x, x[1:], 2*x])**3) + sum(stack([x, x**2]) @ A) + sum(reshape(B, (m*n,))**2)
s5 = sum(einsum("ijk,ij->k", T, B)**2) + sum(T[:, 1, ::2]) + sum(T[0, ::-1]**2) + var(B) + sum((B - mean(B, axis=1)[:, None])**2)
s6 = sum(x[labels]*B[:, 0]) + sum(onehot(labels, n)*B) + sum(where(B > 0, B, exp(B))) + sum(maximum(B, 0.1)*gammaln(2 + x**2))
s7 = sum(sort(x)*x) + median(x) + logdet(S) + x @ inv(S) @ x + sum(cholesky(S)*A) + sum(convolve(x, x[:2])) + sum(cummax(x)*x)
s8 = sum(cross(T[0], T[1])*T[0])
C = s1 + tanh(s2) + s3*s4/10 + s5 + s6*s6 + s7 + s8
"""


@pytest.fixture(scope="module")
def every() -> Kernel:
    return symchain.parse(EVERY).compile(wrt=["x", "B", "T", "S"])


@pytest.mark.thorough
@pytest.mark.parametrize("target", [needs(t) for t in ("c", "fortran", "torch")])
def test_array_instructions_are_those_of_the_kernel(every: Kernel, target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    at = {"x": rng.normal(size=3), "A": rng.normal(size=(3, 3)), "B": rng.normal(size=(4, 3)), "T": rng.normal(size=(4, 3, 3))}
    at |= {"S": at["A"] @ at["A"].T + np.eye(3), "labels": np.array([2, 0, 1, 2])}
    assert largest(run(every.export(target, at), target, tmp_path)) <= 1e-12


ORDERS = [(name, k % 3) for k, name in enumerate(model_names())]


@pytest.mark.thorough
@pytest.mark.parametrize("target", [needs(t) for t in ("numpy", "c")])
def test_ready_models_are_those_of_the_kernel(target: str, tmp_path: Path) -> None:
    for name, order in ORDERS[:: 4 if target == "numpy" else 12]:
        kernel = symchain.parse(read_model(name).text).compile(order=order)
        text = kernel.export(target)
        if target == "numpy":
            scope: dict[str, Any] = {"__name__": "exported"}
            exec(text, scope)
            assert scope["self_test"]() <= 1e-12, name
        else:
            assert largest(run(text, target, tmp_path)) <= 1e-12, name


OPENS = {"julia": re.compile(r"^\s*(?:function|for|if)\b"), "matlab": re.compile(r"^\s*(?:function|for|if)\b(?!.*\bend\s*$)")}


@pytest.mark.parametrize("target", ["julia", "matlab"])
def test_blocks_and_brackets_are_balanced(every: Kernel, target: str) -> None:
    text = every.export(target)
    lines = [re.sub(r"\"[^\"]*\"|(?<=\()'[^']*'", "", line).split("#" if target == "julia" else "%")[0] for line in text.splitlines()]
    depth = 0
    for line in lines:
        assert all(line.count(a) == line.count(b) for a, b in ("()", "[]", "{}")), line
        depth += bool(OPENS[target].match(line)) - bool(re.fullmatch(r"\s*end\s*", line))
        assert depth >= 0, line
    assert depth == 0


def test_what_is_lacking_is_refused_by_name() -> None:
    kernel = symchain.parse("y = airyai(x)").compile()
    with pytest.raises(UnsupportedError, match="the target julia has no airyai"):
        kernel.export("julia")
    with pytest.raises(UnsupportedError, match="the target fortran has no svdvals"):
        symchain.parse("A: (2, 3)\ny = sum(svdvals(A))").compile(order=0).export("fortran")
    with pytest.raises(UnsupportedError, match="there is no target 'cobol'"):
        kernel.export("cobol")


@pytest.mark.parametrize("target", [needs(t) for t in ("c", "fortran")])
@pytest.mark.parametrize("matrix", [np.diag([0.0, 2.0, 3.0]), np.array([[3.0]]), np.array([[1.0, 2.0], [2.0, 4.001]])])
def test_cofactors_are_those_of_singular_matrices_too(target: str, matrix: Any, tmp_path: Path) -> None:
    kernel = symchain.parse("A: (n, n)\ny = det(A)").compile()
    assert largest(run(kernel.export(target, {"A": matrix}), target, tmp_path)) <= 1e-12


def test_kernels_of_loops_say_what_to_do() -> None:
    kernel = symchain.parse("w[l]: ()\na[0] = x\na[l] = tanh(w[l]*a[l-1]) for l in 1..L\nC = a[L]**2").compile("C", wrt=["w"])
    for asked in (kernel.export, kernel.function):
        with pytest.raises(UnsupportedError, match="unrolled"):
            asked("torch")


def test_a_shape_that_is_not_declared_is_refused() -> None:
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(symchain.parse("X: (n, p)\nw: (p,)\ny = sum((X @ w)**2)").compile().export("numpy"), scope)
    with pytest.raises(ValueError, match="w has another shape"):
        scope["value_and_gradients"](np.ones((2, 3)), np.ones(2))


@pytest.mark.parametrize("target", SUFFIXES)
def test_names_that_a_language_has_taken_are_changed_and_told(target: str) -> None:
    text = symchain.parse("y = end*v1 + W*w + x1*s2 + d_model*i0").compile().export(target)
    for name in ("v1", "x1", "s2", "d_model", "i0"):
        assert f" {name} is called in_{name} here" in text
    if target == "fortran":
        assert "! end is called end_ here" in text and "! w is called w_ here" in text


@pytest.mark.thorough
@pytest.mark.parametrize("target", [needs(t) for t in ("torch", "jax", "numba")])
def test_kernels_run_on_other_libraries(target: str) -> None:
    program = symchain.parse("X: (n, p)\nw: (p,)\ny: (n,)\nC = sum((sigmoid(X @ w) - y)**2)")
    rng = np.random.default_rng(1)
    at = {"X": rng.normal(size=(5, 3)), "w": rng.normal(size=3), "y": rng.uniform(size=5)}
    (value, gradient), (want, slopes) = program.compile(wrt=["w"], target=target)(**at), program.compile(wrt=["w"])(**at)
    assert math.isclose(float(value), want, rel_tol=1e-12)
    np.testing.assert_allclose(np.asarray(gradient["w"]), slopes["w"], rtol=1e-12)


@pytest.mark.skipif(not here("torch"), reason="torch is not installed")
def test_tensors_keep_their_type() -> None:
    import torch

    call = symchain.parse("x: (n,)\ny = sum(x**2*sigmoid(x))").compile().function("torch")
    for dtype in (torch.float32, torch.float64):
        value, gradient = call(torch.ones(3, dtype=dtype))
        assert value.dtype == gradient["x"].dtype == dtype
    x = torch.tensor([0.3, -1.0], dtype=torch.float64, requires_grad=True)
    value, gradient = call(x=x)
    value.backward()
    assert torch.allclose(x.grad, gradient["x"])


@pytest.mark.thorough
@pytest.mark.skipif(not here("jax"), reason="jax is not installed")
def test_jax_traces_through() -> None:
    import jax
    import jax.numpy as jnp

    call = symchain.parse("x: (n,)\ny = sum(x**2*sigmoid(x))").compile().function("jax")
    x = jnp.array([0.3, -1.0])
    value, gradient = jax.jit(call)(x)
    assert np.allclose(jax.grad(lambda x: call(x)[0])(x), gradient["x"]) and np.allclose(value, call(x)[0])


def test_a_missing_library_is_told() -> None:
    kernel = symchain.parse("y = x**2").compile()
    with pytest.raises(SymchainError, match="makes no functions here"):
        kernel.function("julia")
