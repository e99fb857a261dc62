"""The command line, held to its conventions: where text comes from, where results go, exit codes, errors in plain words."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import symchain
from symchain.app.cli import commands
from symchain.app.terminal import exit_code
from symchain.errors import ArgumentError
from symchain.models import model_names, read_model, recursion_names
from symchain.rules import local
from symchain.support.assignments import read_point
from symchain.tensors.nodes import Power, scale

NEURON = "z = w*x + b; C = (z - y)**2"
POINT = "x=1.5,w=0.8,b=-0.2,y=2"


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(commands, list(arguments), input=stdin)


def shell(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "symchain", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environment})


def refused(result: Result, code: int, *words: str) -> None:
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def test_a_program_from_text_file_and_standard_input_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "neuron.txt"
    file.write_text("\ufeff" + NEURON.replace("; ", "\n"), encoding="utf-8")
    results = [run("derive", "-e", NEURON, "--wrt", "w"), run("derive", str(file), "--wrt", "w")]
    results.append(run("derive", "-", "--wrt", "w", stdin=NEURON))
    assert {r.exit_code for r in results} == {0}
    assert len({r.stdout for r in results}) == 1
    assert results[0].stderr == ""


def test_derive_says_what_the_derivation_says() -> None:
    derivation = symchain.parse(NEURON).derive("C", "w")
    assert run("derive", "-e", NEURON, "--wrt", "w", "--of", "C").stdout.strip() == derivation.text().strip()
    assert run("derive", "-e", NEURON, "--wrt", "w", "--lang", "fr").stdout.strip() == derivation.text(lang="fr").strip()
    assert run("derive", "-e", NEURON, "--wrt", "w", "--format", "latex").stdout.strip() == derivation.latex().strip()
    assert json.loads(run("derive", "-e", NEURON, "--wrt", "w", "--format", "json").stdout) == json.loads(derivation.to_json())


@pytest.mark.parametrize("medium", ("text", "latex", "markdown", "html", "json"))
@pytest.mark.parametrize("command", ("derive", "hessian"))
def test_every_format(command: str, medium: str) -> None:
    for wrt in ("w", "w,b", "all") if command == "derive" else ("w",):
        result = run(command, "-e", NEURON, "--wrt", wrt, "--format", medium)
        assert result.exit_code == 0, result.output
        assert len(result.stdout) > 20


def test_eval_prints_value_and_gradients() -> None:
    result = run("eval", "-e", NEURON, "--at", POINT, "--wrt", "w,b", "--format", "json")
    assert json.loads(result.stdout) == pytest.approx({"z": 1.0, "C": 1.0, "dC/dw": -3.0, "dC/db": -2.0})
    one = run("eval", "-e", NEURON, "--at", POINT, "--wrt", "w")
    assert one.stdout.splitlines()[1:] == ["z     = 1", "C     = 1", "dC/dz = -2", "dz/dw = 1.5", "dC/dw = -3"]


def test_derive_checks_at_the_point_given() -> None:
    for medium, statement in (("text", "dC/dw = (-2) * 1.5 = -3"), ("latex", r"\partial C/\partial w=(-2)\allowbreak(1.5)=-3")):
        assert statement in run("derive", "-e", NEURON, "--at", POINT, "--wrt", "w", "--format", medium).stdout
    several = run("derive", "-e", "C = x**2", "--at", "x=[1, 2, 3]", "--wrt", "x").stdout
    assert several.endswith("dC/dx = [2, 4, 6]\n"), "many points have no place in one sentence"
    array = run("derive", "-e", "x: (n,)\nC = sum(x**2)", "--at", "x=[1, 2, 3]", "--wrt", "x").stdout
    assert "At x = [1, 2, 3]" in array and array.endswith("dC/dx = [2, 4, 6]\n")


@pytest.mark.parametrize("content", ('{"x": 1.5, "w": 0.8, "b": -0.2, "y": 2}', "x = 3/2\nw = 0.8  # weight\nb = -0.2; y = 2\n"))
def test_a_point_from_a_file(content: str, tmp_path: Path) -> None:
    file = tmp_path / "point"
    file.write_text(content, encoding="utf-8")
    assert run("eval", "-e", NEURON, "--at", str(file)).stdout == run("eval", "-e", NEURON, "--at", POINT).stdout


def test_a_point_with_arrays_gives_one_gradient_a_sample() -> None:
    result = run("eval", "-e", "C = x**2", "--at", "x=[1, 2, 3]", "--format", "json")
    assert json.loads(result.stdout) == {"C": [1.0, 4.0, 9.0], "dC/dx": [2.0, 4.0, 6.0]}


BAD_POINTS = ("x", "x=", "=1", "x=one", "x=1,x=2", "x=[1", 'x=["a"]', "x=[true]", '{"x": "1"}', '{"x": ', "x=1/0", "x=" + "[" * 5000)


@pytest.mark.parametrize("text", BAD_POINTS)
def test_a_point_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ArgumentError):
        read_point(text)
    refused(run("eval", "-e", "C = x**2", "--at", text), 2)


def test_compile_prints_source_and_saves_a_kernel(tmp_path: Path) -> None:
    assert run("compile", "-e", NEURON).stdout.strip() == symchain.parse(NEURON).compile().source.strip()
    file = tmp_path / "neuron.json"
    result = run("compile", "-e", NEURON, "--wrt", "w", "-o", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    value, gradient = symchain.load(file)(x=1.5, w=0.8, b=-0.2, y=2.0)
    assert (value, gradient["w"]) == (pytest.approx(1.0), pytest.approx(-3.0))


def test_parse_prints_what_reads_back() -> None:
    text = "W: (m, n)\nx: (n,)\ny = tanh(W @ x)\n"
    once = run("parse", "-e", text).stdout
    assert run("parse", "-", stdin=once).stdout == once
    described = json.loads(run("parse", "-e", text, "--format", "json").stdout)
    assert [(v["name"], v["shape"]) for v in described["inputs"]] == [("W", ["m", "n"]), ("x", ["n"])]
    assert [(b["name"], b["shape"], b["reads"]) for b in described["blocks"]] == [("y", ["m"], ["W", "x"])]
    assert "\\tanh" in run("parse", "-e", text, "--format", "latex").stdout


def test_declarations_by_option() -> None:
    said = run("parse", "-e", "y = sigma1(W @ x)", "--shapes", "W=(m, n), x=(n,)", "--let", "sigma1=sigmoid", "--assume", "x=positive")
    written = run("parse", "-e", "W: (m, n)\nx: (n,) positive\nsigma1 = sigmoid\ny = sigma1(W @ x)")
    assert said.exit_code == 0, said.output
    assert said.stdout == written.stdout


def test_models_are_listed_and_printed() -> None:
    listed = run("models").stdout
    assert len(model_names()) >= 14
    for name in model_names():
        assert name in listed
        assert run("models", name).stdout == read_model(name).text
    refused(run("models", "two-leyer"), 2, "two-layer")
    refused(run("derive", "two-layer"), 2, "--model two-layer")


@pytest.mark.parametrize("name", recursion_names())
def test_models_with_families_are_listed_and_derived_and_else_refused(name: str) -> None:
    assert name in run("models").stdout
    assert run("models", name).stdout == read_model(name).text
    program = symchain.parse(read_model(name).text)
    output, wrt = list(program.blocks)[-1], next(iter(program.inputs))
    found = run("derive", "--model", name, "--wrt", wrt)
    assert found.exit_code == 0, found.output
    assert f"d{output}_d{wrt}" in found.stdout or f"d{output}/d{wrt}" in found.stdout
    for command in (("graph",), ("explain", "--wrt", wrt)):
        assert run(command[0], "--model", name, *command[1:]).exit_code == 0
    refused(run("page", "--model", name), 3, "unrolled")


@pytest.mark.thorough
@pytest.mark.parametrize("name", model_names())
def test_every_model_is_right_at_its_point(name: str) -> None:
    """The printed gradients by numbers against central differences; test_models compares those by arrays with their published forms."""
    model = read_model(name)
    assert run("derive", "--model", name).exit_code == 0
    result = json.loads(run("eval", "--model", name, "--format", "json").stdout)
    program = symchain.parse(model.text)
    assert set(model.at) == set(program.inputs)
    value = program.compile(order=0)
    for x, at in model.at.items():
        if isinstance(at, list):
            continue
        step = 6e-6 * max(1.0, abs(at))
        up, down = (float(value(**{**model.at, x: at + s})) for s in (step, -step))
        assert result[f"d{program.last}/d{x}"] == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-7)


def test_the_two_layer_network_gives_the_published_numbers() -> None:
    result = json.loads(run("eval", "--model", "two-layer", "--format", "json").stdout)
    assert result["C"] == pytest.approx(0.205081094487802, rel=1e-14)
    assert result["dC/dW1"] == pytest.approx(0.0521927894671265, rel=1e-14)
    assert result["dC/dW2"] == pytest.approx(-0.107815278140114, rel=1e-14)
    assert result["dC/dx"] == pytest.approx(0.0278361543824675, rel=1e-14)
    changed = json.loads(run("eval", "--model", "two-layer", "--at", "W1=0", "--format", "json").stdout)
    assert changed["dC/dx"] == 0


def test_the_sigmoid_in_blocks_gives_the_published_numbers() -> None:
    result = json.loads(run("eval", "--model", "sigmoid-blocks", "--format", "json").stdout)
    expected = {"L": 0.26894, "dL/dx1": 0.3932, "dL/dy1": 0.1966, "dL/dx2": 0.5898, "dL/dy2": -0.1966}
    assert {name: result[name] for name in expected} == pytest.approx(expected, abs=6e-5)


BAD_TEXTS = ("", "y = (x", "y = x +", "y = expp(x)", "a = 1\na = 2", "a = b\nb = a", "__import__('os')", "y = x.__class__", "y = x;")


@pytest.mark.parametrize("text", BAD_TEXTS)
@pytest.mark.parametrize("command", ("derive", "parse", "compile", "hessian"))
def test_unreadable_text_is_exit_2(command: str, text: str) -> None:
    wrt = ["--wrt", "x"] if command == "hessian" else []
    refused(run(command, "-e", text, *wrt), 2, "symchain: line 1" if text[:1] == "y" else "symchain: ")


def test_the_caret_is_kept() -> None:
    lines = run("parse", "-e", "y = expp(x)").stderr.splitlines()
    assert lines[2].index("^") == lines[1].index("expp")
    assert "exp" in lines[3]


@pytest.mark.parametrize(
    ("arguments", "code"),
    (
        ([], 2),
        (["derive"], 2),
        (["derive", "a.txt", "-e", "y = x"], 2),
        (["derive", "absent.txt"], 2),
        (["derive", "-e", NEURON, "--wrt", "w2"], 2),
        (["derive", "-e", NEURON, "--wrt", ","], 2),
        (["derive", "-e", NEURON, "--of", "D"], 2),
        (["derive", "-e", NEURON, "--format", "docx"], 2),
        (["derive", "-e", NEURON, "--let", "w"], 2),
        (["parse", "-e", NEURON, "--shapes", "w=(2,"], 2),
        (["derive", "-e", NEURON, "--at", POINT, "--format", "json"], 2),
        (["eval", "-e", NEURON], 2),
        (["eval", "-e", NEURON, "--at", "x=1"], 2),
        (["eval", "-e", NEURON, "--at", POINT + ",q=1"], 2),
        (["eval", "-e", NEURON, "--at", "absent.json"], 2),
        (["compile", "-e", NEURON, "-o", "absent/kernel.json"], 2),
        (["unknown"], 2),
        (["derive", "-e", "y = x" + "**2" * 300, "--wrt", "x"], 3),
    ),
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("medium", ("text", "latex", "markdown", "html", "json"))
@pytest.mark.parametrize(("command", "wrt"), (("derive", "w"), ("derive", "all"), ("hessian", "w")))
def test_a_failed_check_is_exit_1(command: str, wrt: str, medium: str, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the derivative of a power has the wrong sign. What was derived is printed all the same."""
    right = local.PULL[Power]
    monkeypatch.setitem(local.PULL, Power, lambda node, k, cotangent, lead: right(node, k, scale(-1, cotangent), lead))
    failed = run(command, "-e", "z = w*x\nC = z**2 + z**4", "--wrt", wrt, "--format", medium)
    assert failed.exit_code == 1
    assert failed.stdout and "failed; this is a defect of symchain" in failed.stderr


def test_a_failed_check_is_exit_1_in_a_file_and_for_many_derivatives(tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    right = local.PULL[Power]
    monkeypatch.setitem(local.PULL, Power, lambda node, k, cotangent, lead: right(node, k, scale(-1, cotangent), lead))
    page = run("derive", "-e", "C = (w*x)**2", "--format", "html", "-o", str(tmp_path / "page.html"))
    many = run("derive", "-e", "C = (" + " + ".join(f"x{k}" for k in range(14)) + ")**2")
    assert page.exit_code == many.exit_code == 1
    assert (tmp_path / "page.html").exists() and "The check failed" in many.stdout


@pytest.mark.parametrize("text", ("y = log(-x**2)", "y = exp(-1000 - x**2)", "y = tanh(50 + x**2)"))
def test_where_nothing_can_be_checked_it_is_said(text: str) -> None:
    result = run("derive", "-e", text)
    assert result.exit_code == 0
    assert "No numerical check was possible here" in result.stdout or "Nothing is decided here" in result.stdout


def test_a_point_outside_the_domain_is_spoken_of() -> None:
    assert "At x = -1 the computation has no value." in " ".join(run("derive", "-e", "y = log(x)", "--at", "x=-1").stdout.split())
    assert "there is a kink" in " ".join(run("derive", "-e", "y = relu(x)", "--at", "x=0").stdout.split())


def test_every_error_has_an_exit_code() -> None:
    codes = {name: exit_code(getattr(symchain, name)("what")) for name in symchain.__all__ if name.endswith("Error")}
    assert codes == {
        "SymchainError": 2, "ParseError": 2, "ShapeError": 2, "ArgumentError": 2, "VerificationError": 1, "PrecisionError": 4,
        "NotDifferentiableError": 3, "UnsupportedError": 3, "LimitError": 3, "NumberVariableError": 2,
    }  # fmt: skip


@pytest.mark.parametrize("wrt", ("3", "w,3", "0.5", "-1"))
def test_a_number_cannot_vary(wrt: str) -> None:
    refused(run("derive", "-e", "f = 3*w", "--wrt", wrt), 2, "is a number; it cannot vary", "Give the number a name: f = c*x")
    refused(run("hessian", "-e", "f = 3*w", "--wrt", wrt, "--lang", "fr"), 2, "est un nombre, il ne peut pas varier", "On lui donne un nom")


def test_a_file_is_replaced_at_once_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    file.write_text("before")
    file.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(file)
    assert run("parse", "-e", "y = x +", "-o", str(link)).exit_code == 2
    assert file.read_text() == "before"
    assert run("parse", "-e", "y = x + 1", "-o", str(link)).exit_code == 0
    assert "y = x + 1" in file.read_text()
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.txt", "out.txt"]


def test_unexpected_failures_are_one_line_and_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(symchain, "parse", fail)
    result = run("parse", "-e", "y = x")
    refused(result, 70, "RuntimeError: first line", "report")
    assert "second line" not in result.stderr


def test_undecodable_input(tmp_path: Path) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(b"y = \xff\xfe")
    refused(run("parse", str(file)), 2, "UTF-8")
    refused(run("parse", "-", stdin=b"y = \xff\xfe"), 2, "UTF-8")


@pytest.mark.thorough
def test_help_starts_with_examples_that_run() -> None:
    lines = run("--help").stdout.splitlines()
    examples = [line.strip() for line in lines[1:4]]
    assert all(e.startswith("symchain ") for e in examples)
    for example in examples:
        script = f'symchain() {{ "{sys.executable}" -m symchain "$@"; }}; {example}'
        ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False)
        assert (ran.returncode, ran.stderr) == (0, ""), example
        assert ran.stdout


@pytest.mark.thorough
def test_exit_codes_of_the_process() -> None:
    good, bad = shell("parse", "-e", NEURON), shell("parse", "-e", "y = x +")
    assert (good.returncode, good.stderr) == (0, "")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("symchain: line 1, column ")


def test_a_broken_pipe_is_quiet() -> None:
    outer, inner = os.pipe()
    os.close(outer)
    ran = subprocess.run([sys.executable, "-m", "symchain", "models"], stdout=inner, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(inner)
    assert (ran.returncode, ran.stderr) == (141, b"")


def test_a_bare_terminal_shows_no_bar_for_quick_work() -> None:
    outer, inner = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "symchain", "models"], stdout=subprocess.PIPE, stderr=inner) as process:
        os.close(inner)
        process.communicate(timeout=120)
    try:
        said = os.read(outer, 1000)
    except OSError:  # Linux: nothing was written before the other end closed
        said = b""
    os.close(outer)
    assert said == b""


def test_names_that_are_python_words_can_be_evaluated() -> None:
    result = run("eval", "-e", "C = self*lambda**2", "--at", "self=3,lambda=2", "--format", "json")
    assert json.loads(result.stdout) == {"C": 12.0, "dC/dself": 4.0, "dC/dlambda": 12.0}


def test_nothing_that_was_given_is_dropped() -> None:
    both = run("derive", "-e", NEURON, "--wrt", "w", "--wrt", "b")
    assert both.exit_code == 0 and both.stdout == run("derive", "-e", NEURON, "--wrt", "w,b").stdout
    split = run("eval", "-e", "z = w*x + b", "-e", "C = (z - y)**2", "--at", "x=1.5,w=0.8", "--at", "b=-0.2,y=2")
    assert split.exit_code == 0 and split.stdout == run("eval", "-e", NEURON, "--at", POINT).stdout
    refused(run("eval", "-e", NEURON, "--at", POINT, "--at", "x=3"), 2, "x is given twice")
    for option, value in (("--of", "C"), ("--lang", "fr"), ("--detail", "brief"), ("--format", "text"), ("-o", "file"), ("--model", "x")):
        refused(run("derive", "-e", NEURON, option, value, option, value), 2, f"{option} is given 2 times")
    refused(run("explain", "-e", NEURON, "--wrt", "w", "--wrt", "x"), 2, "--wrt is given 2 times")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--let", "f", ("'f' is not name = value", "--let sigma1=sigmoid")),
        ("--shapes", "x", ("'x' is not name = value", "--shapes")),
        ("--assume", "x", ("'x' is not name = value", "--assume r=positive")),
        ("--let", "sgima=tanh", ("sgima is never called", "Did you mean sigma?")),
    ],
)
def test_advice_is_about_the_option(option: str, value: str, words: tuple[str, ...]) -> None:
    refused(run("derive", "-e", "y = sigma(x)", option, value), 2, *words)


def test_an_empty_name_is_a_name_that_was_given() -> None:
    refused(run("check", "-e", NEURON, "--of", "", "--wrt", "w", "--claim", "1"), 2)
    refused(run("derive", "", stdin=NEURON), 2, "'' cannot be read")
    refused(run("eval", "-e", "C = x", "--at", '{"x": 1, "x": 2}'), 2, "x is given twice")


@pytest.mark.parametrize("point", ("w=1", "q=1", "x=[[1], [2, 3]],w=1,b=1,y=1"))
@pytest.mark.parametrize("command", ("page", "explain", "eval", "graph", "derive", "sensitivity"))
def test_every_command_refuses_a_wrong_point(command: str, point: str) -> None:
    wrt = ["--wrt", "w"] if command in ("explain", "derive") else []
    refused(run(command, "-e", NEURON, "--at", point, *wrt), 2)


@pytest.mark.parametrize("command", ["derive", "hessian", "page", "eval", "sensitivity"])
def test_without_inputs_there_is_nothing_to_differentiate_by(command: str) -> None:
    at = ("--at", "x=1") if command in ("eval", "sensitivity") else ()
    refused(run(command, "-e", "y = 3", *at), 2, "no input to differentiate by", "y = 3*x")
    assert "3.0" in run("compile", "-e", "y = 3").stdout and "y = 3" in run("parse", "-e", "y = 3").stdout


def test_the_exit_code_of_a_defect_is_documented() -> None:
    readme = Path(__file__).parents[3] / "README.md"
    for text in (run("--help").stdout, readme.read_text(encoding="utf-8")):
        assert "70 a defect of symchain" in " ".join(text.split())


def test_latex_for_a_column_and_as_a_whole_document() -> None:
    whole = run("derive", "-e", NEURON, "--wrt", "w", "--format", "latex", "--standalone", "--width", "column")
    assert whole.stdout.startswith(r"\documentclass[10pt,a4paper,twocolumn]{article}") and whole.exit_code == 0
    derivation = symchain.parse(NEURON).derive("w")
    assert (
        run("derive", "-e", NEURON, "--wrt", "w", "--format", "latex", "--notation", "index").stdout.strip()
        == derivation.latex(notation="index").strip()
    )
    for wrong in (
        ["--width", "88mm"],
        ["--standalone"],
        ["--format", "json", "--notation", "index"],
        ["--format", "latex", "--width", "wide"],
    ):
        assert run("derive", "-e", NEURON, "--wrt", "w", *wrong).exit_code == 2


@pytest.mark.parametrize(("option", "code"), [(["--width", "column"], 0), (["--standalone"], 0), (["--notation", "index"], 3)])
def test_recursions_take_the_options_of_latex_or_refuse_them(option: list[str], code: int) -> None:
    text = "a[0] = x\na[t] = w*a[t-1] for t in 1..T\nC = a[T]**2"
    result = run("derive", "-e", text, "--wrt", "x,w", "--format", "latex", *option)
    assert result.exit_code == code
    assert ("has no" in result.output or "have no" in result.output) == bool(code)
