"""Kernels in files: they come back as they were, run without SymPy, and a file that is no kernel is refused."""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kernels import AT, kernel_of, network_kernel

import symchain
from symchain.errors import ArgumentError, SymchainError, UnsupportedError
from symchain.functions import FUNCTIONS
from symchain.kernels.guard import check
from symchain.kernels.kernel import digest
from symchain.kernels.numpy import load
from symchain.kernels.stable import STABLE
from symchain.operations import OPERATIONS
from symchain.tensors.nodes import apply, contract, leaf

ROOT = Path(__file__).parents[3]


def test_a_saved_kernel_runs_without_sympy(tmp_path):
    path = tmp_path / "net.kernel"
    kernel = network_kernel()
    kernel.save(path)
    code = f"""
import sys, symchain
k = symchain.load({str(path)!r})
value, gradient = k(**{AT!r})
assert 'sympy' not in sys.modules
print(repr((float(value), {{n: float(g) for n, g in gradient.items()}})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == kernel(**AT)


def test_saving_keeps_shapes_options_and_names(tmp_path):
    path = tmp_path / "k"
    x, w = leaf("λ", ("m", "n")), leaf("self", ("m",))
    kernel = kernel_of(contract([x, w, x], ["ki", "k", "kj"], "ij"))
    kernel.save(path)
    again = load(path)
    assert again.names == kernel.names and again.source == kernel.source and str(again) == str(kernel)
    at = {"λ": np.ones((4, 2)), "self": np.arange(4.0)}
    np.testing.assert_array_equal(again(**at), kernel(**at))


def written(path, data, **changes):
    """A file with the data of another, whose plan is changed and passes for the one that was saved."""
    plan = {**data["plan"], **changes}
    path.write_text(json.dumps({**data, "plan": plan, "digest": digest(plan)}))


def test_files_that_are_not_kernels(tmp_path):
    path = tmp_path / "k"
    network_kernel().save(path)
    data = json.loads(path.read_text())
    for text in ["", "[]", "{}", '{"format": "symchain kernel", "version": 3}', "not json", "[" * 100000]:
        path.write_text(text)
        with pytest.raises(ArgumentError):
            load(path)
    bad: dict[str, list[object]] = {
        "instructions": [[["add", [0, 99], [], [], "", {}]], [["jump", [0], [], [], "", {}]]],
        "order": [7],
        "inputs": [[[3]], 5, [["x", 3, False]]],
        "letters": ["n", 5],
    }
    for key, value in ((k, v) for k, values in bad.items() for v in values):
        written(path, data, **{key: value})
        with pytest.raises(ArgumentError, match="does not hold a kernel"):
            load(path)
    path.write_text(json.dumps({**data, "version": 99}))
    with pytest.raises(UnsupportedError):
        load(path)


@pytest.mark.parametrize(
    "code",
    [
        "__import__('os').system('true')",
        "{0}.__class__",
        "np.load({0})",
        "np.fromfile({0})",
        "np.random.seed({0})",
        "np.f2py.os",
        "np.linalg.linalg.sys",
        "special.sys",
        "open({0})",
        "eval({0})",
        "(lambda: 1)()",
        "{0}.tofile({0})",
        "{0}\n    import os",
        "{0};{0}",
        "np.where. __class__",
        "({0}).tobytes()",
        "np.core.multiarray.np",
        "exit()",
        "f'{0}'",
        "math.os",
        "np.exp.reduce.__self__",
    ],
)
def test_code_in_a_file_that_does_more_than_compute_is_refused(tmp_path, code):
    path = tmp_path / "k"
    kernel_of(apply(FUNCTIONS["exp"], leaf("x"))).save(path)
    data = json.loads(path.read_text())
    data["plan"]["instructions"][0][5] = {"numpy": code}
    written(path, data)
    with pytest.raises(SymchainError):
        load(path)


def places(data, path=()):
    """Every key and index of nested JSON."""
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(data[key], (*path, key))


@pytest.mark.parametrize("passes", [False, True])
def test_a_damaged_file_is_refused(tmp_path, passes):
    """Whatever is lost or replaced; where the damage passes for the saved plan, loading still raises nothing but our errors."""
    path = tmp_path / "k"
    symchain.parse("x: (n,)\nz = relu(w*x[1:])\ny = sum(tanh(z)) + max(x)").compile().save(path)
    saved = json.loads(path.read_text())
    for place in list(places(saved["plan"])):
        for value in (None, -1, 10**6, "add", [], {"numpy": "{9}"}):
            data = copy.deepcopy(saved)
            holder = data["plan"]
            for key in place[:-1]:
                holder = holder[key]
            if value is None:
                del holder[place[-1]]
            elif holder[place[-1]] == value:
                continue
            else:
                holder[place[-1]] = value
            if not passes:
                path.write_text(json.dumps(data))
                with pytest.raises(ArgumentError, match="was changed"):
                    load(path)
                continue
            written(path, data)
            with contextlib.suppress(SymchainError):
                load(path)


def test_files_that_cannot_be_reached(tmp_path):
    with pytest.raises(ArgumentError, match="cannot be read: No such file"):
        load(tmp_path / "nothing")
    with pytest.raises(ArgumentError, match="cannot be written"):
        network_kernel().save(tmp_path / "no" / "folder")


@pytest.mark.parametrize("spec", [*FUNCTIONS.values(), *OPERATIONS.values()], ids=lambda s: s.name)
def test_registered_code_passes_the_guard(spec):
    from scipy import linalg, special

    if isinstance(spec.code["numpy"], str):
        check(spec.code["numpy"].format(**dict.fromkeys(spec.parameters, "v0")), {"np": np, "special": special, "linalg": linalg}, STABLE)
