"""Functions of several arguments that are known by name alone: read, derived, printed in every notation, verified, checked."""

from __future__ import annotations

import pytest

import symchain
from symchain.errors import ArgumentError, ParseError, SymchainError
from symchain.support.notation import digits_of, primes_of

ENERGY = """
F: (3, 3)
W: function
I1 = tr(F.T @ F)
J = det(F)
E = W(I1, J)
"""


@pytest.mark.parametrize(
    ("text", "wrt", "line"),
    [
        ("C = g(x, y)**2", "x", "dC_dx = 2*g(x, y)*D1 g(x, y)"),
        ("C = g(x, y)*g(y, x)", "x", "dC_dx = D1 g(x, y)*g(y, x) + g(x, y)*D2 g(y, x)"),
        ("C = g(x, x**2)", "x", "dC_dx = D1 g(x, x**2) + 2*D2 g(x, x**2)*x"),
        ("C = D1 g(x, y)", "y", "dC_dy = D12 g(x, y)"),
        ("C = D2 g(x, y)", "x", "dC_dx = D12 g(x, y)"),
        ("x: (n,)\ny: (n,)\nC = sum(g(x, y))", "x", "dC_dx = D1 g(x, y)"),
        ("D1 = 2*x\nC = D1*g(D1, y)", "y", "dC_dy = D1*D2 g(D1, y)"),
        ("f: function\nC = f(x, y, z)", "z", "dC_dz = D3 f(x, y, z)"),
    ],
)
def test_lines(text: str, wrt: str, line: str) -> None:
    program = symchain.parse(text)
    d = program.derive("C", wrt)
    assert d.lines[-1] == line and d.verification.held
    assert str(symchain.parse(str(program))) == str(program)
    lines = symchain.parse(f"{program}\n" + "\n".join(d.lines))
    assert lines.blocks[line.split(" = ")[0]].shape == d.shape


def test_the_energy_of_a_material_by_its_deformation() -> None:
    """The first Piola-Kirchhoff stress of an isotropic material: 2 W_1 F + W_2 J F^-T (Bonet and Wood, Nonlinear Continuum Mechanics)."""
    d = symchain.parse(ENERGY).derive("E", "F")
    assert d.lines == ("delta_J = D2 W(I1, J)", "delta_I1 = D1 W(I1, J)", "dE_dF = 2*delta_I1*F + delta_J*J*inv(F).T")
    assert d.verification.held


def test_second_derivatives_are_symmetric() -> None:
    d = symchain.parse("C = g(x, y)").hessian("C", ["x", "y"])
    assert d["x", "y"].lines == ("d2C_dx_dy = D12 g(x, y)",) and d["x"].lines == ("d2C_dx2 = D11 g(x, y)",)
    assert all(x.verification.held for x in d.every)
    assert symchain.parse("C = g(x, y)").derive("C", order={"x": 2, "y": 1}).lines[-1] == "d3C_dx2_dy = D112 g(x, y)"


@pytest.mark.parametrize(("partials", "written"), [("partial", r"\partial_1 g"), ("D", "D_1 g"), ("comma", "g_{,1}")])
def test_notations_in_latex(partials: str, written: str) -> None:
    d = symchain.parse("C = g(x, y)").derive("C", "x")
    assert written in d.latex(partials=partials)
    assert r"\partial_{12} g" in symchain.parse("C = D1 g(x, y)").derive("C", "y").latex()


def test_an_unknown_notation_is_refused() -> None:
    with pytest.raises(ArgumentError):
        symchain.parse("C = g(x, y)").derive("C", "x").latex(partials="dots")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("C = g'(x, y)", "D1 g"),
        ("C = g(x) + g(x, y)", "1 above"),
        ("C = D3 g(x, y)", "number 3"),
        ("C = g()", "argument"),
        ("C = g(a, b, c, d, e, f, h, i, j, k)", "one to 9"),
        ("C = D1 x", ""),
    ],
)
def test_what_is_refused(text: str, word: str) -> None:
    with pytest.raises(ParseError) as caught:
        symchain.parse(text)
    assert word in str(caught.value)


def test_bound_to_a_known_function_they_are_that() -> None:
    program = symchain.parse("C = g(x, y)", let={"g": "hypot"})
    d = program.derive("C", "x")
    assert d.lines == ("dC_dx = x/C",) and d.verification.held
    assert "D1 g(x, y) = x/C" in d.text()
    assert float(program.compile("C")(x=3.0, y=4.0)[1]["x"]) == 0.6
    with pytest.raises(ArgumentError, match="not known"):
        symchain.parse("C = g(x, y)").compile("C")(x=1.0, y=1.0)


def test_claims_and_explanations() -> None:
    program = symchain.parse("C = g(x, y)**2")
    assert program.check("C", "x", "2*g(x, y)*D1 g(x, y)").status == "proved"
    assert program.check("C", "x", "2 g(x, y) D1 g(x, y)").status == "proved"
    assert program.check("C", "x", "2*g(x, y)*D2 g(x, y)").status == "wrong"
    assert program.check("C", "x", "g(x, y)*D1 g(x, y)").mistake
    assert "one for each argument" in " ".join(program.explain("C", "x").text().split())
    assert "the first argument" in " ".join(program.derive("C", "x").text().split())
    assert "premier argument" in " ".join(program.derive("C", "x").text("fr").split())


def test_sympy_goes_in_and_out() -> None:
    import sympy

    x, y = sympy.symbols("x y", real=True)
    g = sympy.Function("g")
    found = symchain.gradient(g(x, y) ** 2, [x, y])
    assert [sympy.simplify(f - 2 * g(x, y) * g(x, y).diff(v)) for f, v in zip(found, (x, y), strict=True)] == [0, 0]


def test_orders_and_digits() -> None:
    assert primes_of((2,)) == 2 and primes_of((0, 0)) == 0 and primes_of((1, 0)) == (1, 0)
    assert digits_of((1, 2)) == "122"


def test_other_media() -> None:
    d = symchain.parse(ENERGY).derive("E", "F")
    for medium in (d.text("fr", "full"), d.markdown(), d.html(), d.text(notation="index")):
        assert "W" in medium
    try:
        assert d.pdf()[:4] == b"%PDF"
    except SymchainError as error:  # neither Typst nor LaTeX is here
        assert "PDF" in str(error)
