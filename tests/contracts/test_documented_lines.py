"""Printed lines are Python over documented names: NumPy's, SciPy's, and the few that README defines."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

import symchain
from symchain.functions import FUNCTIONS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
MODULES = {"np": np, "special": special}


def defined() -> dict[str, Any]:
    """README's table of definitions, as Python."""
    table = README.split("Printed lines are Python too")[1].split("\n\n")[1]
    rows = re.findall(r"^\| `(\w+)\(([^)]*)\)` \| `([^`]+)` \|$", table, re.MULTILINE)
    return {name: eval(f"lambda {arguments}: {text}", dict(MODULES)) for name, arguments, text in rows}


class Documented(dict[str, Any]):
    """The names that lines may use: each is looked up in README, in NumPy, in SciPy."""

    def __missing__(self, name: str) -> Any:
        for module in (np, special):
            if hasattr(module, name):
                return getattr(module, name)
        raise NameError(name)


NAMES = defined()
LOOSE = {"mod", "binom", "owens_t", "hyp1f1", "stdtr", "betainc", "betaincc", "poch", "gammainc", "gammaincc", "lambertw", "zeta"}
"""Functions whose printed derivatives subtract what nearly cancels at some probes."""
SLOW = {"owens_t", "k0e", "k1e", "k0", "k1", "hyp1f1", "stdtr", "kv", "yv", "jv", "iv"}
"""Functions whose second derivatives take seconds; they are called by SciPy's names at both orders."""


def test_the_definitions_are_those_of_the_records():
    flagged = {name for name, spec in FUNCTIONS.items() if spec.defined}
    assert flagged <= NAMES.keys()
    for name in flagged:
        spec = FUNCTIONS[name]
        for probe in spec.probes:
            point = dict(zip(spec.parameters, probe, strict=True))
            want = float(symchain.parse(f"C = {name}({', '.join(spec.parameters)})").compile(order=0)(**point))
            assert NAMES[name](*probe) == pytest.approx(want, rel=1e-13)


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=FUNCTIONS)
def test_lines_of_every_function_are_python_over_documented_names(spec):
    """Its derivative with the value beside it, at order one and two; the numbers of the first are the kernel's."""
    names = list("xyzuvw"[: len(spec.parameters)])
    program = symchain.parse(f"C = {spec.name}({', '.join(names)})**2*t")
    for by, derivative in zip(names, spec.derivatives, strict=True):
        if derivative is None:
            continue
        try:
            first = program.derive("C", by)
            kernel = program.compile("C", wrt=[by])
            for line in (*first.lines, *(program.hessian("C", by).lines if spec.name not in SLOW else ())):
                _check_names(line)
        except symchain.errors.UnsupportedError:
            continue
        for probe in spec.probes[:4] if spec.name not in LOOSE else ():
            point = {**dict(zip(names, map(float, probe), strict=True)), "t": 0.7}
            value, gradient = kernel(**{n: point[n] for n in kernel.names})
            with np.errstate(all="ignore"):
                found = _evaluated(first.lines, {**point, "C": float(value)})
            if np.isfinite(found) and np.isfinite(gradient[by]):
                assert found == pytest.approx(float(gradient[by]), rel=1e-6, abs=1e-9 * (1 + abs(value))), (first.lines, probe)


def _check_names(line: str) -> None:
    """Raises NameError for a call of what is not documented."""
    known = Documented(NAMES)
    for node in ast.walk(ast.parse(line)):
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            known[node.func.id]


def _evaluated(lines: tuple[str, ...], point: dict[str, Any]) -> float:
    known = Documented({**NAMES, **point})
    value = 0.0
    for line in lines:
        name, expression = line.split(" = ", 1)
        value = known[name] = eval(expression, {"__builtins__": {}}, known)
    return float(np.real(value))
