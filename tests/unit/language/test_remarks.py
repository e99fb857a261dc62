"""Remarks: what was read entry by entry and may have been meant as linear algebra is said, and its meaning stays NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.errors import ParseError
from symchain.render.programs import program_remarks

SHAPES = {"A": ("n", "n"), "B": ("n", "n"), "M": ("m", "n"), "x": ("n",)}
RANDOM = np.random.default_rng(5)
A, B = RANDOM.normal(size=(2, 3, 3))
X = RANDOM.normal(size=3)

REMARKED = {
    "sum(A^-1)": ("inv(A)", "sum(1/A)"),
    "sum(A**-1*B)": ("inv(A)", "sum(B/A)"),
    "sum(A⁻¹)": ("inv(A)", "sum(1/A)"),
    "tr(A*B)": ("A @ B", "sum(diag(A)*diag(B))"),
    "trace(2*A*B/n)": ("2*(A @ B)/n", "2/n*sum(diag(A)*diag(B))"),
    "det(3*(A*B) + B)": ("A @ B", "det(multiply(A, B)*3 + B)"),
    "tr(A**2)": ("matrix_power(A, 2)", "sum(diag(A)**2)"),
    "sum(x.T*A*x)": ("x.T @ A @ x", "sum(A*x[None, :]*x[None, :])"),
    "sum(A.T*B)": ("A.T @ B", "sum(transpose(A)*B)"),
}
"""expression -> what may have been meant, and what it means."""

SILENT = [
    "sum(A*B)",
    "sum(A**2)",
    "sum(x**-1)",
    "tr(A @ B)",
    "sum(M.T*M.T)",
    "sum(M**-1)",
    "tr(2*A)",
    "tr(exp(A*B))",
    "sum(x.T*x)",
    "tr(A/B)",
]


@pytest.mark.parametrize("text", REMARKED)
def test_what_may_have_been_meant_is_said_and_what_is_written_holds(text: str) -> None:
    meant, plain = REMARKED[text]
    program = symchain.parse(f"y = {text}", shapes={k: v for k, v in SHAPES.items() if k in text})
    assert len(program.remarks) == 1
    assert program.remarks[0].place is not None and program.remarks[0].place.line == 1
    (english,), (french,) = program_remarks(program, "en"), program_remarks(program, "fr")
    assert english.endswith(f" is {meant}.") and french.endswith(f" s'écrit {meant}.") and "ligne 1, colonne" in french
    symchain.parse(f"y = {meant}", shapes={k: v for k, v in SHAPES.items() if k in meant} | {"n": ()} if "n" not in meant else SHAPES)
    values = {"A": A, "B": B, "x": X}
    here = symchain.parse(f"y = {plain}", shapes={k: v for k, v in SHAPES.items() if k in plain})
    found = [p.compile(order=0)(**{k: values[k] for k in p.inputs}) for p in (program, here)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_a_name_that_two_libraries_share_is_told() -> None:
    program = symchain.parse("x: (3,); y: (3,); C = sum(kl_div(x, y))")
    assert program_remarks(program, "en") == [
        "line 1, column 27: kl_div(x, y) is SciPy's function, entry by entry; the loss that PyTorch calls so is kl_div_loss(x, y)."
    ]
    assert "s'écrit kl_div_loss(x, y)." in program_remarks(program, "fr")[0]


@pytest.mark.parametrize("text", SILENT)
def test_what_can_mean_one_thing_alone_is_not_remarked(text: str) -> None:
    assert not symchain.parse(f"y = {text}", shapes={k: v for k, v in SHAPES.items() if k in text}).remarks


@pytest.mark.parametrize("text", ["tr(A^T @ A)", "x^T @ A @ x", "sum(A^-T)", "det(A**T)"])
def test_a_power_by_an_unknown_t_is_refused(text: str) -> None:
    given = {k: v for k, v in SHAPES.items() if k in text}
    with pytest.raises(ParseError, match="power T, which is neither declared nor defined") as caught:
        symchain.parse(f"y = {text}", shapes=given)
    assert "A.T" in caught.value.advice and caught.value.place is not None
    declared = f"T: ()\ny = {text}"  # the advice, followed both ways
    if "@" not in text:
        assert not symchain.parse(declared, shapes=given).blocks["y"].shape
    assert not symchain.parse(f"y = {text.replace('^T', '.T').replace('**T', '.T').replace('^-T', '.T')}", shapes=given).blocks["y"].shape


def test_a_number_to_the_power_t_and_a_known_t_stay() -> None:
    assert symchain.parse("y = x^T").derive("T").lines == ("dy_dT = y*log(x)",)
    assert symchain.parse("T = 2*s; y = sum(A^T)", shapes={"A": (2, 2)}).blocks["y"].shape == ()
    assert "A" in symchain.parse_latex("$$y = \\operatorname{tr}(A^T A)$$", shapes={"A": (2, 2)}).inputs


@pytest.mark.parametrize(
    ("command", "lang", "said"), [("parse", "", "the inverse is inv(A)"), ("derive", "fr", "l'inverse s'écrit inv(A)")]
)
def test_commands_say_it_beside_the_result(command: str, lang: str, said: str) -> None:
    arguments = [command, "-e", "A: (n, n)\ny = sum(A^-1)", *(["--lang", lang, "--wrt", "A"] if lang else [])]
    result = CliRunner().invoke(commands, arguments)
    assert result.exit_code == 0 and said in result.stderr and said not in result.stdout
