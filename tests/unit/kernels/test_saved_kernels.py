"""Kernels in files: they come back as they were, run without SymPy, and a file that is no kernel is refused."""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from fuzzing import places
from kernels import AT, kernel_of, network_kernel

import symchain
from symchain.errors import ArgumentError, NotDifferentiableError, SymchainError, UnsupportedError
from symchain.functions import ALIASES, FUNCTIONS, Noun, declare
from symchain.kernels.kernel import Plan, digest
from symchain.kernels.numpy import load
from symchain.kernels.primitives import check_form
from symchain.tensors.nodes import contract, leaf

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
    for text in ["", "[]", "{}", '{"format": "symchain kernel", "version": 5}', "not json", "[" * 100000]:
        path.write_text(text)
        with pytest.raises(ArgumentError):
            load(path)
    bad: dict[str, list[object]] = {
        "instructions": [[["add", [0, 99], [], ""]], [["jump", [0], [], ""]], [["add", [0], [], ""]], [["sum", [0], [[0]], ""]]],
        "order": [7, True, None],
        "inputs": [
            [[3]],
            5,
            [["x", 3, False, []]],
            [["x", [-1], False, []]],
            [["x", ["k"], False, []]],
            [["x", [], False, []]] * 2,
            *([["x", shape, False, [fact]]] for shape, fact in (([], "round"), ([], []), ([3, 2], "spd"), ([], "onehot"))),
        ],
        "letters": ["n", 5, ["n", "n)"], [""]],
        "outputs": [[], [["gradient", ["x"], 0]], [["value", [], -1]], [["value", [], 0], ["value", [], 1]]],
        "scalar": [1],
        "guards": [[[0, "0", "f", "", None]], [[0, 0.0, "f", "", 10**6]]],
        "needs": [[["x", 1, "a sum", ""]], [[1, "1", "a sum", ""]], [[1, 1, "a sum"]], [[1, 10**30, "a sum", ""]], [[1, 1, 2, ""]], 5],
        "more": [0],
    }
    for key, value in ((k, v) for k, values in bad.items() for v in values):
        written(path, data, **{key: value})
        with pytest.raises(ArgumentError, match="does not hold a kernel"):
            load(path)
    for version in (2, 99):
        path.write_text(json.dumps({**data, "version": version}))
        with pytest.raises(UnsupportedError, match=f"version {version}.*\n?.*ompile and save it again"):
            load(path)


def instruction(opcode, *parameters, operands=(0,)):
    """The plan of one instruction over a matrix, as data."""
    return {
        "inputs": [["x", ["n", 3], False, []]], "letters": ["n"], "instructions": [[opcode, list(operands), list(parameters), ""]],
        "outputs": [["array", [], 1]], "order": None, "scalar": False, "guards": [],
        "needs": [],
    }  # fmt: skip


CODE = 'np.linalg.test("fast", 1, ["--version"])'


@pytest.mark.parametrize(
    "plan",
    [
        instruction("call", "f", ["exp", "x0"]),
        instruction("view", [1, 0]),
        instruction("index", [["slice", 0, "n", 2 - 1], ["at", 2]]),
        instruction("einsum", "ij->ji"),
        instruction("max", [0, 1]),
        instruction("index", [["slice", "minimum(n, 1)", "2*minimum(n - 1, 5)", 1], ["at", 2]]),
        instruction("place", [["slice", 0, "n", 1], ["slice", 1, 4, 1]], ["n", 5]),
    ],
)
def test_what_the_grammar_allows(plan):
    assert Plan.from_json(plan).to_json()["outputs"]


@pytest.mark.parametrize(
    "plan",
    [
        instruction("call", "f", CODE),
        instruction("call", "f", [CODE, "x0"]),
        instruction("call", "f", ["np.exp", "x0"]),
        instruction("call", "f", ["exp", "x1"]),
        instruction("call", "f", ["exp", "x0", "x0"]),
        instruction("call", "f", ["exp", ["<", "x0", 1]]),
        instruction("call", "f", ["where", "x0", 1, 2]),
        instruction("call", "f", ["__class__", "x0"]),
        instruction("call", "f", ["exp", "v0"]),
        instruction("call", "f\nimport os", ["exp", "x0"]),
        instruction("call", "f", ["near_zero", "x0", "x0", 0.5, 2, 1, []]),
        instruction("call", "f", ["near_zero", "x0", "x0", 0.5, 2, 1, ["x0"]]),
        instruction("operation", "f", CODE),
        instruction("constant", CODE, operands=()),
        instruction("constant", "1", operands=()),
        instruction("constant", True, operands=()),
        instruction("size", "n + len(v0)", operands=()),
        instruction("size", "m", operands=()),
        instruction("size", "print(n, 5)", operands=()),
        instruction("size", "minimum(n, -5)", operands=()),
        instruction("size", "minimum(n,5)", operands=()),
        instruction("size", "minimum(m, 5)", operands=()),
        instruction("size", "minimum(n, 5", operands=()),
        instruction("size", "minimum(n, len(n))", operands=()),
        instruction("size", "minimum(minimum(n, 5) - print(n, 1), 3)", operands=()),
        instruction("compare", "is", operands=(0, 0)),
        instruction("compare", "<", operands=(0, 0)),
        instruction("einsum", 'ij->ji", v0)\nimport os\nnp.einsum("ij->ji'),
        instruction("einsum", "ij->ij\n"),
        instruction("einsum", "ijk->ij"),
        instruction("einsum", "ij->k"),
        instruction("sum", ["0"]),
        instruction("sum", [2]),
        instruction("sum", [True]),
        instruction("view", [0, 0]),
        instruction("view", [0, "None"]),
        instruction("drop", [0]),
        instruction("broadcast", ["n", -3]),
        instruction("broadcast", [10**30, "n", 3]),
        instruction("reshape", ["n", 2]),
        instruction("index", [["slice", 0, "n", "1"], ["at", 0]]),
        instruction("index", [["at", 0], ["at", 3]]),
        instruction("max", CODE),
        instruction("softmax", "0); import os; (0"),
        instruction("inv"),
        instruction("inner"),
        instruction("_write_add", operands=(0, 0)),
        instruction("gather", operands=(0, 0)),
    ],
    ids=lambda plan: str(plan["instructions"][0]),
)
def test_what_the_grammar_refuses(plan):
    """Text where a number is wanted, names outside the tables, axes and shapes that do not fit."""
    with pytest.raises(ArgumentError, match="does not hold a kernel"):
        Plan.from_json(json.loads(json.dumps(plan)))


@pytest.mark.thorough
@pytest.mark.parametrize("passes", [False, True])
def test_a_damaged_file_is_refused(tmp_path, passes):
    """Whatever is lost or replaced; where the damage passes for the saved plan, loading still raises nothing but our errors."""
    path = tmp_path / "k"
    symchain.parse("x: (n,)\nz = relu(w*x[1:])\ny = sum(tanh(z)) + max(x)").compile().save(path)
    saved = json.loads(path.read_text())
    for place in list(places(saved["plan"])):
        for value in (None, -1, 10**6, "add", [], {"x": "{9}"}):
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


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=lambda s: s.name)
def test_kernels_of_every_function_are_made_run_and_saved(spec, tmp_path):
    """Its form is of the grammar; a kernel of its value, slopes and second slopes comes back as it was."""
    check_form(spec.form, len(spec.parameters))
    program = symchain.parse(f"value = {spec.name}({', '.join(spec.parameters)})")
    wrt = [p for p, slope in zip(spec.parameters, spec.derivatives, strict=True) if slope is not None]
    at = dict(zip(spec.parameters, spec.probes[0], strict=True))
    for order in (0, 1, 2) if wrt else (0,):
        with contextlib.suppress(NotDifferentiableError):  # some have slopes of which nobody knows the slopes
            kernel = program.compile("value", wrt=wrt if order else [], order=order)
            kernel.save(tmp_path / "k")
            again = load(tmp_path / "k")
            assert again.plan == kernel.plan and again.source == kernel.source and repr(again(**at)) == repr(kernel(**at))


def test_a_declared_function_is_saved_as_its_form(tmp_path):
    """Its code is read into primitives when it is declared; what is none is refused then, and nothing is run."""
    fields = dict(
        parameters=("x",), meaning=lambda x: x * sympy.exp(-x), derivatives=("(1 - x)*exp(-x)",), latex="d", noun=Noun("d", "d"),
        reason={"en": "", "fr": ""}, probes=((0.5,),),
    )  # fmt: skip
    try:
        declare("damped", code={"numpy": "{x}*np.exp(-{x})"}, **fields)
        with pytest.raises(UnsupportedError, match="may not hold 'array"):
            declare("listed", code={"numpy": "np.array(list({x}))"}, **fields)
        symchain.parse("y = damped(w*x)").compile().save(tmp_path / "k")
        value, gradient = load(tmp_path / "k")(w=0.5, x=3.0)
        assert np.allclose([value, gradient["x"], gradient["w"]], np.exp(-1.5) * np.array([1.5, -0.25, -1.5]))
    finally:
        for name in ("damped", "listed"):
            FUNCTIONS.pop(name, None), ALIASES.pop(name, None)


# ---------------------------------------------------------------- files that were changed, by the thousand

COUNT = int(os.environ.get("SYMCHAIN_FUZZ", "1200"))
"""How many changed files are loaded; set the variable for a longer search."""


@pytest.mark.thorough
def test_whatever_is_in_a_file_nothing_runs_but_what_was_generated(tmp_path):
    """Each changed file is a kernel that runs, or a SymchainError. Only the backend's text is compiled; no other file is opened."""
    script = tmp_path / "fuzz.py"
    folders = [str(ROOT), str(ROOT / "tests" / "support")]
    script.write_text(f"import sys\nsys.path[:0] = {folders!r}\nfrom fuzzing import search\nsearch({str(tmp_path)!r}, {COUNT})\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
