"""Derivatives of higher order: values against SymPy's own differentiation and many digits, how they are told, what is refused."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement
from math import factorial

import pytest
import sympy
from click.testing import CliRunner

import symchain
from symchain.app.cli import commands
from symchain.errors import ArgumentError, LimitError, SymchainError, UnsupportedError
from symchain.nouns.derivation import Line
from symchain.nouns.higher import HigherDerivative, HigherDerivatives

POINT = {"x": 0.7, "y": 1.3}
EXPRESSIONS = [
    "exp(-x**2)*y**3", "sin(x*y)/(1 + x**2)", "log(1 + x*y)", "tanh(x)**2*y", "x**y", "sqrt(x**2 + y**2)", "1/(1 + exp(-x*y))",
    "x**4*y**2 - 3*x*y", "atan(x/y)", "erf(x)*y",
]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize(("text", "order"), [(text, 4 if k < 3 else 3) for k, text in enumerate(EXPRESSIONS)])
def test_values_are_those_of_repeated_differentiation(text: str, order: int) -> None:
    x, y = sympy.symbols("x y", positive=True)
    exact = sympy.sympify(text, locals={"x": x, "y": y})
    found = symchain.parse(f"f = {text}").derive("f", ["x", "y"], order=order)
    assert list(found) == list(combinations_with_replacement(("x", "y"), order))
    value, derivatives = found.compile()(**POINT)
    assert float(value) == pytest.approx(float(exact.evalf(30, subs={x: 0.7, y: 1.3})), rel=1e-12)
    for names, d in found.items():
        want = float(sympy.diff(exact, *(x if n == "x" else y for n in names)).evalf(30, subs={x: 0.7, y: 1.3}))
        assert float(derivatives[",".join(names)]) == pytest.approx(want, rel=1e-9, abs=1e-9), (text, names)
        assert float(d.compile()(**POINT)) == pytest.approx(want, rel=1e-9, abs=1e-9)
        assert d.verification.held, (text, names)


def test_lines_are_a_program_whose_last_line_is_the_derivative() -> None:
    d = symchain.parse("z = w*x + b\nC = (sin(z) - y)**2").derive("C", "w", order=4)
    at = {"w": 0.3, "x": 1.2, "b": -0.4, "y": 0.8}
    text = "z = w*x + b\nC = (sin(z) - y)**2\n" + "\n".join(d.lines)
    value = symchain.parse(text).compile(order=0)(**at)
    assert float(value) == pytest.approx(float(d.compile()(**at)), rel=1e-12)
    assert [line.split(" = ")[0] for line in d.lines if line.startswith("d")][-1] == "d4C_dw4" and d.order == 4 and d.wrt == "w"


def test_forms_a_textbook_has() -> None:
    last = {
        "f = x**5": "d3f_dx3 = 60*x**2",
        "f = log(x)": "d3f_dx3 = 2/x**3",
        "f = exp(2*x)": "d3f_dx3 = 8*f",
        "f = tanh(x)": "d3f_dx3 = (6*f**2 - 2)*(1 - f**2)",
        "f = sigma(x)": "d3f_dx3 = sigma'''(x)",
    }
    for text, line in last.items():
        assert symchain.parse(text).derive("f", "x", order=3).lines[-1] == line


def test_taylor_coefficients() -> None:
    """The derivatives of tan at 0 over the factorials: 1, 0, 1/3, 0, 2/15, 0, 17/315."""
    program = symchain.parse("f = tan(x)")
    found = [float(program.derive("f", order={"x": n}).compile()(x=0.0)) / factorial(n) for n in range(1, 8)]
    assert found == pytest.approx([1, 0, 1 / 3, 0, 2 / 15, 0, 17 / 315], abs=1e-12)


def test_a_mapping_says_the_order_of_each_name() -> None:
    program = symchain.parse("f = exp(x*y)*z")
    d = program.derive("f", order={"x": 2, "y": 1})
    assert d.names == ("x", "x", "y") and d.lines[-1].startswith("d3f_dx2_dy = ")
    assert isinstance(program.derive(order={"z": 1, "x": 1}), HigherDerivative)
    assert isinstance(program.derive("f", ["x", "y"], order=3), HigherDerivatives)
    assert program.derive("f", "x", order=2).lines == program.hessian("f", "x").lines
    assert program.derive("f", "x", order=1).lines == program.derive("f", "x").lines


@pytest.mark.thorough
def test_a_density_functional_to_fourth_order() -> None:
    """An enhancement factor of the generalized gradient kind (Perdew, Burke, Ernzerhof 1996), by density and reduced gradient."""
    program = symchain.parse("""
        s = g/(2*(3*pi**2)**(1/3)*rho**(4/3))
        F = 1 + k - k/(1 + m*s**2/k)
        e = -3/4*(3/pi)**(1/3)*rho**(4/3)*F
    """)
    found = program.derive("e", ["rho", "g"], order=4)
    at = {"rho": 0.8, "g": 0.5, "k": 0.804, "m": 0.21951}
    rho, g = sympy.symbols("rho g", positive=True)
    s = g / (2 * sympy.cbrt(3 * sympy.pi**2) * rho ** sympy.Rational(4, 3))
    e = -sympy.Rational(3, 4) * sympy.cbrt(3 / sympy.pi) * rho ** sympy.Rational(4, 3) * (1 + 0.804 - 0.804 / (1 + 0.21951 * s**2 / 0.804))
    derivatives = found.compile()(**at)[1]
    for names in found:
        want = sympy.diff(e, *({"rho": rho, "g": g}[n] for n in names)).evalf(30, subs={rho: 0.8, g: 0.5})
        assert float(derivatives[",".join(names)]) == pytest.approx(float(want), rel=1e-9)


def test_it_is_told_in_every_medium() -> None:
    d = symchain.parse("f = exp(-x**2)").derive("f", "x", order=3)
    assert "Derivative of order 3: d3f/dx3" in d.text() and "2. Order 2." in d.text() and "Numerical check." in d.text()
    assert "Dérivée d'ordre trois" in d.text("fr") and "grand nombre de chiffres" in " ".join(d.text("fr").split())
    assert r"\frac{\partial^3 f}{\partial x^3}" in d.latex() and r"\boxed" in d.latex(detail="brief")
    assert "equal factors" in d.text(detail="full") or "(" in d.text(detail="full")
    assert d.markdown() and d.html() and d._repr_mimebundle_()["text/latex"].count(r"\partial^3")
    several = symchain.parse("f = x**3*y**3").derive("f", ["x", "y"], order=3)
    assert r"\partial x^2\,\partial y" in several.latex() and "d3f/dx2 dy" in several.text()
    data = json.loads(several.to_json())
    assert data["order"] == 3 and [m["names"] for m in data["derivatives"]][1] == ["x", "x", "y"]
    assert all(m["verification"]["held"] for m in data["derivatives"])
    assert "-0.5" in d.text(at={"x": -0.5})


def test_a_wrong_line_is_noticed() -> None:
    d = symchain.parse("f = sin(x)*x").derive("f", "x", order=3)
    stage = d.stages[-1]
    wrong = symchain.parse("g = 3*cos(x) - x*sin(x)").blocks["g"].tree
    object.__setattr__(stage, "result", Line(stage.result.name, wrong, "derivative", "x", ()))
    object.__setattr__(stage, "adjoint_lines", ())
    assert d.verification.failed


@pytest.mark.parametrize(
    ("text", "arguments", "order", "error"),
    [
        ("x: (n,)\nf = sum(x**3)", ("f", "x"), 3, UnsupportedError),
        ("f = x**3", ("f", "x"), 0, ArgumentError),
        ("f = x**3", ("f", "x"), True, ArgumentError),
        ("f = x**3", ("f", "x"), "3", ArgumentError),
        ("f = x**3", ("f", "x"), {"x": 2}, ArgumentError),
        ("f = x**3", ("f",), {}, ArgumentError),
        ("f = x**3", ("f",), {"q": 2}, ArgumentError),
        ("f = x**3", ("f", "x"), 65, LimitError),
        ("h[0] = x\nh[t] = h[t-1]**2 for t in 1..T\nf = h[T]", ("f", "x"), 3, SymchainError),
    ],
)
def test_what_is_refused(text: str, arguments: tuple[str, ...], order: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        symchain.parse(text).derive(*arguments, order=order)  # type: ignore[arg-type]


def test_in_a_shell() -> None:
    run = CliRunner().invoke(commands, ["derive", "-e", "f = x**5*y", "--order", "x=2,y=1", "--at", "x=1,y=2"])
    assert run.exit_code == 0 and "d3f/dx2 dy = 20" in run.stdout
    run = CliRunner().invoke(commands, ["derive", "-e", "f = x**5", "--wrt", "x", "--order", "3", "--format", "json"])
    assert run.exit_code == 0 and json.loads(run.stdout)["order"] == 3
    run = CliRunner().invoke(commands, ["derive", "-e", "f = x**5", "--order", "x=two"])
    assert run.exit_code == 2 and "whole number" in run.stderr
