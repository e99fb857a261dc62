"""SymPy in and out: what goes in means what it means in SymPy, and whatever has no meaning here is refused in one sentence."""

from __future__ import annotations

import contextlib
import re
from itertools import product
from typing import Any

import pytest
import sympy as sp
from sympy.core.relational import Relational

import symchain
from symchain.errors import ArgumentError, LimitError, NumberVariableError, ParseError, SymchainError, UnsupportedError
from symchain.functions import declare

x, y = sp.symbols("x y", real=True)
a, k, n = sp.symbols("a k n")
f = sp.Function("f")


# ---------------------------------------------------------------- cases


@pytest.mark.parametrize(
    "expression",
    [
        sp.Piecewise((x**2, x > 1), (x, True)),
        sp.Piecewise((x**2, x > 1), (sp.sin(x), x > 0), (x, True)),
        sp.Piecewise((x**2, sp.Eq(y, 1)), (x, sp.Ne(x, 2)), (5 * x, True)),
        sp.Piecewise((sp.Piecewise((x, y > 0), (x**3, True)), x > 0), (x * y, True)),
        2 * sp.Piecewise((x**2, x > 1), (x, True)) + sp.sin(sp.Piecewise((x, x > y), (y, True))),
        sp.Piecewise((x, sp.And(x > 0, x < 1)), (x**2, sp.Or(x > 2, y > 1)), (3 * x, True)),
        sp.Piecewise((x, sp.Not(sp.And(x > 0, sp.Or(y > 0, x > 2)))), (x**2, True)),
        sp.Piecewise((x, sp.ITE(x > 0, y > 0, y < 0)), (7 * x, True)),
        sp.Piecewise((x, sp.Xor(x > 0, y > 0)), (7 * x, True)),
        sp.Piecewise((x, x < 0), (x**2, x >= 0), evaluate=False),
        sp.Piecewise((x, x < 0), (5, sp.Eq(x, 0)), (x**2, -x < 0)),
        sp.Piecewise((x, x**2 + y**2 < 1), (1 / x, True)),
    ],
)
def test_cases_are_those_of_sympy(expression: Any) -> None:
    found = symchain.gradient(expression, [x, y])
    for at in product([-1.5, 0.25, 0.7, 1.3, 2, 2.6], [-1.5, -0.6, 0.3, 1, 1.4]):
        point = dict(zip((x, y), map(sp.nsimplify, at), strict=True))
        expected = []
        for s in (x, y):  # what x == 2 chooses is a value: the slope by x is that beside it
            beside = {c: sp.S(isinstance(c, sp.Ne)) for c in expression.atoms(sp.Eq, sp.Ne) if c.has(s)}
            branch = expression.subs({c: c.subs(point) for c in expression.atoms(Relational)} | beside)
            expected.append(sp.diff(branch, s).subs(point))
        assert [sp.sympify(g).subs(point) for g in found] == expected, at


def test_cases_in_matrices() -> None:
    program = symchain.program({"m": sp.Matrix([[sp.Piecewise((x**2, x > 1), (x, True)), x], [y, x * y]])})
    assert program.derive("m", "x").verification.held
    value, slopes = program.compile("m", wrt=["x"])(x=3.0, y=2.0)
    assert value.tolist() == [[9, 3], [2, 6]] and slopes["x"].tolist() == [[6, 1], [0, 2]]


@pytest.mark.parametrize(
    ("expression", "error", "what"),
    [
        (sp.Piecewise((x, x > 0)), UnsupportedError, "no value everywhere"),
        (sp.Piecewise((x, x > 0), (x**2, y > 0)), UnsupportedError, "no value everywhere"),
        (sp.Piecewise((x, sp.Contains(x, sp.Interval(0, 1))), (1, True)), UnsupportedError, "Contains is not a condition"),
        (sp.Sum(x * k, (k, 1, n)), UnsupportedError, "n is an input, and neither an index nor a size"),
        (sp.Product(x * k, (k, 1, n)), UnsupportedError, "n is an input"),
        (sp.Integral(x * k, (k, 1, n)), UnsupportedError, "Integral"),
        (sp.Derivative(f(2 * x), x), UnsupportedError, "derivatives of undefined functions"),
        (sp.Derivative(f(x, x), x), UnsupportedError, "derivatives of undefined functions"),
        (sp.Subs(x**2, x, y), UnsupportedError, "derivatives of undefined functions"),
        (x * sp.I, UnsupportedError, "ImaginaryUnit"),
        (x * sp.nan, UnsupportedError, "NaN"),
        (sp.Symbol("A", commutative=False) * x, UnsupportedError, "A does not commute"),
        (sp.Symbol("z", imaginary=True) * x, UnsupportedError, "z is not real"),
        (sp.Matrix([x, y]), ArgumentError, "matrix of shape (2, 1)"),
        (x > 1, ArgumentError, "condition"),
        ((x, y), ArgumentError, "Tuple"),
        (None, ArgumentError, "NoneType"),
        ("x**2", ArgumentError, "text"),
    ],
)
def test_what_has_no_derivative_here_is_refused(expression: Any, error: type[SymchainError], what: str) -> None:
    with pytest.raises(error) as refused:
        symchain.gradient(expression, [x])
    assert what in refused.value.what and refused.value.advice


@pytest.mark.parametrize(
    ("by", "error", "what"),
    [
        ([f(x)], ArgumentError, "f(x) is not a symbol"),
        ([x + 1], ArgumentError, "x + 1 is not a symbol"),
        ([3], NumberVariableError, "3 is a number"),
        (3, ArgumentError, "no list of symbols"),
        (None, ArgumentError, "no list of symbols"),
        ("x", ArgumentError, "'x' is a text"),
        (["x"], ArgumentError, "'x' is a text"),
        ([sp.MatrixSymbol("A", 2, 2)], ArgumentError, "A is a matrix"),
    ],
)
def test_only_symbols_are_differentiated_by(by: Any, error: type[SymchainError], what: str) -> None:
    for derive in (symchain.hessian, symchain.jacobian, *([] if what == "A is a matrix" else [symchain.gradient])):
        with pytest.raises(error) as refused:
            derive(x**2 * f(x), by)
        assert what in refused.value.what and refused.value.advice


def test_one_symbol_is_a_list_of_one() -> None:
    assert symchain.gradient(x**3, x) == symchain.gradient(x**3, {x}) == symchain.gradient(x**3, sp.Matrix([x])) == [3 * x**2]
    assert symchain.hessian(x**3, x) == sp.Matrix([[6 * x]])
    assert symchain.jacobian(x**2 * y, y) == sp.Matrix([[x**2]])
    assert symchain.jacobian(sp.Matrix([x * y, y]), [x, y]) == sp.Matrix([[y, x], [0, 1]])
    assert symchain.gradient(x, []) == [] and symchain.gradient(2, [x, x]) == [0, 0]
    assert symchain.program({"C": x**2}).derive("C", x).lines == ("dC_dx = 2*x",)


def test_a_jacobian_is_of_expressions() -> None:
    for given in (None, 3.5j, sp.MatrixSymbol("A", 2, 2)):
        with pytest.raises(ArgumentError):
            symchain.jacobian(given, [x])


def test_own_results_are_read_again() -> None:
    first = symchain.gradient(f(2 * x), [x])
    xi = sp.Dummy()
    [second] = symchain.gradient(first[0], [x])
    assert second.doit() == (4 * sp.Subs(sp.Derivative(f(xi), xi, 2), xi, 2 * x)).doit()


def test_a_float_is_the_double_that_it_is() -> None:
    [slope] = symchain.gradient(sp.Float(0.1 + 0.2) * x, [x])
    assert float(slope) == 0.1 + 0.2


def test_coefficients_inside_and_outside_become_one() -> None:
    [found] = symchain.gradient(5 * a**2 * sp.log(a), [a])
    assert "*(-1)" not in str(found) and sp.simplify(found.rewrite(sp.log) - sp.diff(5 * a**2 * sp.log(a), a)).subs(a, 3) == 0


# ---------------------------------------------------------------- names


def test_latex_names_are_mapped_and_given_back() -> None:
    names = {
        r"\alpha": "alpha",
        "x_{1}": "x_1",
        r"y_{\text{true}}": "y_true",
        r"\mu_i": "mu_i",
        "x_{i,j}": "x_i_j",
        r"\sigma_{\alpha}": "sigma_alpha",
    }
    symbols = list(map(sp.Symbol, names))
    total = sum(s**2 for s in symbols)
    assert symchain.gradient(total, symbols) == [2 * s for s in symbols]
    program = symchain.program({r"\theta": total, "C": sp.Symbol(r"\theta") ** 2}, shapes={"x_{1}": ()})
    assert set(program.inputs) == set(names.values())
    assert program.derive("C", symbols[1]).lines == program.derive("C", "x_1").lines
    assert program.derive(r"\theta", r"\alpha").formula == 2 * symbols[0]
    assert symchain.program({sp.Symbol("x_{1}"): x}).last == "x_1"


@pytest.mark.parametrize("name", [r"\input", r"\input{x}", "x_{1", "x_1}^{2", r"x_{\input}", "x y", "<script>", r"\alpha\beta"])
def test_other_commands_are_no_names(name: str) -> None:
    with pytest.raises(ParseError, match="is not a name"):
        symchain.gradient(x * sp.Symbol(name), [x])


def test_two_symbols_never_become_one() -> None:
    for pair in (sp.symbols(r"\alpha alpha"), (sp.Symbol("x_{1}"), sp.Symbol("x_1"))):
        with pytest.raises(ParseError, match="two different symbols"):
            symchain.gradient(pair[0] * pair[1], [x])


@pytest.mark.parametrize("key", [3, None, ("y",), x + 1])
def test_blocks_have_names(key: Any) -> None:
    with pytest.raises(ArgumentError, match="not the name of a block"):
        symchain.program({key: x})


@pytest.mark.parametrize("option", ["shapes", "assume", "let"])
def test_options_map_names(option: str) -> None:
    for read in (symchain.parse, symchain.parse_latex, lambda text, **options: symchain.program({"y": x}, **options)):
        with pytest.raises(ArgumentError, match=f"{option} is int"):
            read("y = x", **{option: 3})


@pytest.mark.thorough
def test_a_condition_has_a_depth_limit() -> None:
    condition = x > 0
    for i in range(200):
        condition = sp.And(sp.Or(condition, x > i, evaluate=False), y > i, evaluate=False)
    with pytest.raises(LimitError):
        symchain.gradient(sp.Piecewise((x, condition), (y, True), evaluate=False), [x])


# ---------------------------------------------------------------- what is asked of a program


@pytest.mark.parametrize("wrt", [None, object(), [], ()])
def test_what_is_asked_is_a_name(wrt: Any) -> None:
    program = symchain.program({"C": x**2})
    for ask in (program.derive, program.hessian, program.jacobian, program.hvp):
        with pytest.raises(ArgumentError, match="name to differentiate by"):
            ask("C", wrt)
    for output in (3, ["C"], x):
        with pytest.raises(ArgumentError):
            program.derive(output, x)


@pytest.mark.parametrize("order", [1.0, True, "1", None, 3, -1])
def test_orders_are_whole_numbers(order: Any) -> None:
    with pytest.raises(ArgumentError, match="order is 0, 1 or 2"):
        symchain.program({"C": x**2}).compile(order=order)


def test_without_inputs_there_is_nothing_to_differentiate_by() -> None:
    program = symchain.parse("y = 3")
    for ask in (program.derive, program.hessian, program.jacobian, program.hvp):
        for wrt in ("all", []):
            with pytest.raises(ArgumentError, match="no input to differentiate by"):
                ask("y", wrt)
    for show in (program.html, lambda: program.sensitivity(at={})):
        with pytest.raises(ArgumentError, match="no input to differentiate by"):
            show()
    assert program.compile()() == (3.0, {}) and symchain.parse("y = 2*x").compile(wrt=[])(x=1.0) == (2.0, {})
    assert program.latex() and program.graph().svg()


@pytest.mark.parametrize("name", ["oo", "zoo", "I", "E", "lambda"])
def test_plain_names_are_inputs_whatever_they_are_called(name: str) -> None:
    assert symchain.parse(f"y = {name}**2*x").derive("y", name).lines == (f"dy_d{name} = 2*{name}*x",)


def test_what_is_bound_is_called() -> None:
    sigma = sp.Function("sigma")
    for read in (
        lambda let: symchain.parse("y = sigma(x)", let=let),
        lambda let: symchain.parse_latex(r"$$y = \sigma(x)$$", let=let),
        lambda let: symchain.program({"y": sigma(x)}, let=let),
    ):
        assert read({"sigma": "tanh"}).functions["sigma"].binding.name == "tanh"
        with pytest.raises(ArgumentError, match="sgima is never called") as refused:
            read({"sigma": "tanh", "sgima": "tanh"})
        assert refused.value.advice == "The program calls no other function."
        with pytest.raises(ArgumentError, match="sgima is never called") as refused:
            read({"sgima": "tanh"})
        assert refused.value.advice == "Did you mean sigma?"


@pytest.mark.thorough
@pytest.mark.parametrize("function", ["exp", "gamma"])
def test_what_sympy_cannot_hold_is_a_limit(function: str) -> None:
    program = symchain.parse("y = " + f"{function}(" * 250 + "x" + ")" * 250)
    derivation = program.derive("y", "x")
    assert derivation.lines
    for ask in (lambda: derivation.formula, lambda: derivation.closed, lambda: program.blocks["y"].expr):
        with contextlib.suppress(LimitError):
            ask()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("y = x**2*log(x)", ("dy_dx = 2*x*log(x) + x",)),
        ("y = x/sqrt(x**2 + a**2)", ("t1 = sqrt(x**2 + a**2)", "dy_dx = 1/t1 - x**2/t1**3")),
        ("y = arcsin(x)", ("dy_dx = 1/sqrt(1 - x**2)",)),
        ("y = log(exp(x) + exp(a))", ("dy_dx = sigmoid(x - a)",)),
        ("y = x*log(1 + exp(x))", ("dy_dx = softplus(x) + x*sigmoid(x)",)),
        ("y = x*entr(x)", None),
        ("y = x*log(x/(1 - x))", None),
        ("y = a*log(exp(x) + exp(a))", None),
    ],
)
def test_formulas_speak_of_functions_that_every_reader_knows_or_the_program_has(text: str, lines: tuple[str, ...] | None) -> None:
    derivation = symchain.parse(text).derive("y", "x")
    assert derivation.verification.held
    if lines is not None:
        assert derivation.lines == lines
    rare = {"entr", "hypot", "logit", "logaddexp", "rsqrt"} - set(re.findall(r"\w+", text))
    assert not rare & set(re.findall(r"\w+", " ".join(derivation.lines)))


def test_a_gradient_is_what_a_textbook_has() -> None:
    [slope] = symchain.gradient(a**2 * sp.log(a), [a])
    assert str(slope) in ("2*a*log(a) + a", "a + 2*a*log(a)", "2*(a*log(a)) + a")


@pytest.mark.parametrize(
    "ask",
    [
        lambda p: p.graph(at=3),
        lambda p: p.sensitivity(at=3),
        lambda p: p.sensitivity(at=[{"w": 1.0, "x": 2.0}, 3]),
        lambda p: p.explain("C", "w", at=3),
        lambda p: p.html(at="x=1"),
        lambda p: p.derive("C", "w").text(at=3),
        lambda p: p.derive("C", ["w"]).text(at=3),
        lambda p: p.check("C", "w", 3),
        lambda p: p.check("C", "w", None),
        lambda p: p.hvp("C", "w", vector=3),
        lambda p: p.hvp("C", "w", vector="1x"),
        lambda p: p.compile()(1.0, 2.0),
        lambda p: p.compile().save(None),
        lambda p: p.compile(kinks=3)(w=1.0, x=2.0),
        lambda p: symchain.load(3),
        lambda p: declare("one_more"),
        lambda p: declare("one_more", colour="red"),
    ],
)
def test_arguments_of_the_wrong_kind_are_told(ask: Any) -> None:
    with pytest.raises(SymchainError) as refused:
        ask(symchain.parse("C = (w*x)**2"))
    assert refused.value.what and refused.value.advice
