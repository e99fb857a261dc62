"""JavaScript made of plans, run by node: what it computes is what the kernels of NumPy compute."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
from ready import ready_program

import symchain
from symchain.errors import UnsupportedError
from symchain.functions import FUNCTIONS
from symchain.kernels.javascript.code import JavaScriptBackend, function_text
from symchain.kernels.kernel import Kernel
from symchain.models import model_names, read_model

NODE = shutil.which("node")
node = pytest.mark.skipif(NODE is None, reason="node is not installed: apt-get install nodejs")
WITHOUT = frozenset(
    (
        *("j0", "j1", "jv", "y0", "y1", "yv", "i0", "i1", "iv", "k0", "k1", "kv", "i0e", "i1e", "k0e", "k1e", "airyai", "airyaiprime"),
        *("airybi", "airybiprime", "fresnels", "fresnelc", "sinint", "cosint", "spence", "owens_t", "hyp2f1", "ellipk", "ellipe"),
    )
)
"""Functions that have no JavaScript yet, themselves or in their slopes."""

Case = tuple[str, Kernel, list[list[float]]]


def run(cases: list[tuple[str, list[list[float]]]]) -> list[list[list[float | None]]]:
    """What each function gives at its points, by one start of node; None where it is not finite."""
    assert NODE is not None
    calls = ",\n".join(f"{json.dumps(points)}.map((p) => ({text})(...p))" for text, points in cases)
    ran = subprocess.run(
        [NODE, "-"], input=f"console.log(JSON.stringify([{calls}]))", capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return list(json.loads(ran.stdout))


@cache
def registry() -> tuple[list[Case], dict[str, str]]:
    found: list[Case] = []
    refused: dict[str, str] = {}
    for spec in FUNCTIONS.values():
        program = symchain.parse(f"value = {spec.name}({', '.join(spec.parameters)})")
        wrt = [p for p, slope in zip(spec.parameters, spec.derivatives, strict=True) if slope is not None]
        kernel = program.compile("value", wrt=wrt, order=1)
        try:
            text = function_text(kernel.plan)
        except UnsupportedError as error:
            refused[spec.name] = error.what
            continue
        given = [dict(zip(spec.parameters, map(float, point), strict=True)) for point in spec.probes]
        found.append((text, kernel, [[at[n] for n in kernel.names] for at in given]))
    return found, refused


def compared(cases: list[Case]) -> tuple[int, list[Any]]:
    """How many numbers were compared, and which differ."""
    count, wrong = 0, []
    for (_, kernel, points), results in zip(cases, run([(text, points) for text, _, points in cases]), strict=True):
        for point, got in zip(points, results, strict=True):
            value, gradient = kernel(**dict(zip(kernel.names, point, strict=True)))
            for number, want in zip(got, [float(value), *map(float, gradient.values())], strict=True):
                if not math.isfinite(want) or abs(want) < 1e-290:
                    continue  # a page shows no number there, or 0
                count += 1
                if number is None or abs(number - want) > 1e-12 * max(abs(want), 1e-3):
                    wrong.append((kernel.plan.inputs, point, number, want))
    return count, wrong


@pytest.mark.thorough
@node
def test_every_function_has_the_kernels_values_and_slopes() -> None:
    cases, _ = registry()
    count, wrong = compared(cases)
    assert count > 500 and not wrong, wrong[:20]


def test_what_has_no_javascript_is_refused_by_name() -> None:
    _, refused = registry()
    assert set(refused) == WITHOUT
    assert all("has no JavaScript form" in what for what in refused.values())
    with pytest.raises(UnsupportedError, match="arrays"):
        function_text(symchain.parse("x: (n,)\nC = sum(x**2)").compile("C", wrt="x").plan)


@pytest.mark.thorough
@node
def test_ready_models() -> None:
    cases: list[Case] = []
    for name in model_names():
        program = ready_program(name)
        try:
            kernel = program.compile(wrt="all")
            text = function_text(kernel.plan)
        except symchain.errors.SymchainError:
            continue
        at = read_model(name).at
        cases.append((text, kernel, [[float(at[n]) for n in kernel.names]]))
    count, wrong = compared(cases)
    assert count > 60 and not wrong, wrong[:5]


def test_a_name_never_becomes_code() -> None:
    program = symchain.parse("script = été*λ_1 + onerror\nT = script**2")
    text = JavaScriptBackend().source(program.compile("T", wrt="all").plan, {})
    code = "\n".join(line.partition("//")[0] for line in text.splitlines())
    assert code.isascii() and "onerror" not in code
