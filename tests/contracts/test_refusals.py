"""How the input language refuses: the place, what is wrong, what to do; and nothing else ever leaves the reader."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import refused

from symchain.errors import ArgumentError, LimitError, ParseError, ShapeError, SymchainError, UnsupportedError
from symchain.functions.spec import OPERATIONS
from symchain.language.lookup import _OF_WHOLE_ARRAYS
from symchain.language.reading import read_program


@pytest.mark.parametrize(
    ("text", "line", "column", "what", "advice"),
    [
        ("y = x +", 1, 8, "ends too early", "name"),
        ("y = (x", 1, 5, "never closed", "Add ')'"),
        ("y = x)", 1, 6, "closes nothing", "opening"),
        ("y = (x\n+ 1\nz = 2", 1, 5, "never closed", "Add ')'"),
        ("y = x x", 1, 7, "operator is missing", "*"),
        ("y = 2x", 1, 5, "runs into", "2*x"),
        ("y = 1,5*x", 1, 6, "decimal point", "1.5"),
        ("y = 1..2", 1, 5, "not a number", "one decimal point"),
        ("y = 1e", 1, 5, "exponent", "1e-6"),
        ("y = 0xff", 1, 5, "decimal number", "digits"),
        ("y = x.sum()", 1, 6, "attributes", "sum(x)"),
        ("y = np.exp(x)", 1, 7, "attributes", "'np.'"),
        ("y = where(x > 0 & x < 1, x, 1)", 1, 17, "joins conditions", "brackets"),
        ("y = |x|", 1, 5, "|", "abs"),
        ("y = x if x else 1", 1, 7, "'if'", "where"),
        ("y == x", 1, 3, "compares", "y = "),
        ("y <- x", 1, 3, "'<'", "y = "),
        ("1 = x", 1, 1, "not one name", "name = expression"),
        ("x + 1", 1, 1, "without a name", "name = expression"),
        ("x[0] = 1", 1, 1, "items", "where"),
        ("y += 1", 1, 3, "'+='", "another name"),
        ("f(x) = x**2", 1, 1, "functions", "f: function"),
        ("let y = x", 1, 5, "no statement", "name = expression"),
        ("y = x;", 1, 6, "statement is missing", "semicolon"),
        ("y = x\n   z = y", 2, 4, "indented", "column"),
        ("y = x\u200b", 1, 6, "ZERO WIDTH SPACE", "Delete"),
        ("y = x # \u202e", 1, 9, "RIGHT-TO-LEFT", "Delete"),
        ("y = ｅxp(x)", 1, 5, "FULLWIDTH", "Write e"),
        ("y = а + 1", 1, 5, "CYRILLIC", "Latin and Greek"),
        ("y = Α + 1", 1, 5, "GREEK CAPITAL LETTER ALPHA", "Latin A"),
        ("y = 𝑥", 1, 5, "MATHEMATICAL ITALIC", "Write x"),
        ("y = ½*x", 1, 5, "FRACTION", "1/2"),
        ("y = x ÷ 2", 1, 7, "DIVISION SIGN", "/"),
        ("y = __import__('os')", 1, 5, "__import__", "underscores"),
        ("y = expp(x)", 1, 5, "expp", "exp?"),
        ("y = sigmod(x)", 1, 5, "sigmod", "sigmoid?"),
        ("y = quux(x)", 1, 5, "quux", "quux: function"),
        ("y = exp(x, x)", 1, 5, "1 argument, not 2", "exp(x)"),
        ("y = exp(x, out=x)", 1, 16, "keyword out", "order"),
        ("y = e**x", 1, 5, "e is", "exp(x)"),
        ("y = nan*x", 1, 5, "nan", "finite"),
        ("y = True*x", 1, 5, "reserved", "another"),
        ("y = None*x", 1, 5, "index", "None"),
        ("y = x < 1", 1, 5, "comparison", "where"),
        ("y = where((a < x) < b, 1, 0)", 1, 19, "compares numbers", "and"),
        ("y = where(x, 1, 0)", 1, 11, "comparison", "where(x > 0"),
        ("y = where(x=0, 1, 2)", 1, 17, "keyword", "x == 0"),
        ("y = max(x, z)", 1, 12, "whole number", "maximum(x, y)"),
        ("y = min(x, 0)", 1, 5, "no axis", "minimum(x, y)"),
        ("y = tahn(x)", 1, 5, "not a known function", "tanh?"),
        ("y = Sin(x)", 1, 5, "not a known function", "sin?"),
        ("y = LogSumExp(x)", 1, 5, "not a known function", "logsumexp?"),
        ("y = LeakyReLU(x)", 1, 5, "not a known function", "leaky_relu?"),
        ("y = s(x)\ns = SiLU", 2, 5, "not a known function", "silu?"),
        ("y = dropout(x)", 1, 5, "not a known function", "a mask"),
        ("y = y1(x)\ny1 = 2*x", 2, 1, "known function", "another"),
        ("y1 = 2*x\ny = y1(x)", 1, 1, "known function", "another"),
        ("y = multigammaln(a, 0)", 1, 5, "dimension 0", "whole number"),
        ("y = []", 1, 5, "list", "zeros"),
        ("y = [a, [a, b]]", 1, 5, "list", "concatenate"),
        ("A: (n, n)\ny = eigh(A)", 2, 5, "2 results", "eigh"),
        ("A: (n, n)\na, b, c = eigh(A)", 2, 11, "2 results", "Name"),
        ("y = 'text'", 1, 5, "quotes", "einsum"),
        ("y = sin**2(x)", 1, 11, "after its argument", "sin(x)**2"),
        ("y = x'*2", 1, 5, "prime", ".T"),
        ("y = gamma(x) + gamma", 1, 5, "variable and called", "gamma*"),
        ("y = f'(a, b)", 1, 5, "2 arguments", "D1 f"),
        ("y = ones(m)", 1, 10, "shape", "no dimension"),
        ("y = x\ny = z", 2, 1, "twice", "another name"),
        ("y = x\nx = 2", 1, 5, "before it is defined", "above"),
        ("a = b\nb = c\nc = a", 1, 5, "cycle: a -> b -> c -> a", "break"),
        ("a = a + 1", 1, 5, "by itself", "another"),
        ("exp = 2", 1, 1, "known function", "another"),
        ("pi = 3", 1, 1, "constant", "another"),
        ("y = λ + lambda", 1, 9, "two spellings", "λ"),
        ("y = W₁ + W_1", 1, 10, "two spellings", "W₁"),
        ("x: (n,)\nx = 2", 2, 1, "declared as an input on line 1", "Remove"),
        ("x: (n,)\nx: (n,)\ny = x", 2, 1, "declared twice", "Join"),
        ("x: positiv\ny = x", 1, 4, "no fact", "positive?"),
        ("x:\ny = x", 1, 2, "says nothing", "(n,)"),
        ("x: (n, 0)\ny = x", 1, 1, "below 1", "letters"),
        ("A: (n, m) spd\ny = A", 1, 1, "spd", "square"),
        ("s = softmax\ny = s(x)", 1, 5, "whole arrays", "softmax(...)"),
        ("y = s(x)\ns = tanh", 2, 1, "above", "up"),
        ("", 1, 1, "defines nothing", "y = "),
    ],
)
def test_refusals_say_where_what_and_what_to_do(text: str, line: int, column: int, what: str, advice: str) -> None:
    error = refused(text)
    assert what in error.what and advice in error.advice
    assert error.place is not None and (error.place.line, error.place.column) == (line, column)
    shown = str(error).splitlines()
    if error.source.strip():
        before = "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in error.source[: column - 1])
        assert shown[2].index("^") == len("    " + before)


@pytest.mark.parametrize("text", ["y = x\x1b[31m", "y = x\x00", "y = \U000e0001x", "y = x\x85+1", "\x07"])
def test_control_characters_never_reach_the_message(text: str) -> None:
    assert str(refused(text)).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "text",
    [
        *("9**9**9", "2**8388608", "2**-100000000", "x**(10**10**10)", "gamma(10**10)", "1e999", "1e-999", "exp(1000)", "x**100000"),
        *("x" + "¹" * 500, "x⁻" + "¹" * 400, "x" + "²" * 5000, "x⁹⁹⁹⁹⁹⁹", "2¹⁰⁰⁰⁰", "0." + "0" * 400 + "1", "1e-400", "x**-1e5"),
        *("x" + "**2" * 300, "x**(1/" + "9" * 900 + ")", "x**pi**100", "10**-320*x", "(1e-200)**2*x"),
        *("9" * 2000, "a" * 201, "f" + "'" * 40 + "(x)"),
    ],
)
def test_sizes_have_limits(text: str) -> None:
    assert isinstance(refused(f"y = {text}"), LimitError)


@pytest.mark.parametrize(
    "text", ["x/0", "1/(2 - 2)", "0**-1", "log(0)", "log(-1)", "sqrt(-1)", "tan(pi/2)", "arcsin(2)", "(-8)**(1/3)", "x + 1/(3*0)"]
)
def test_constants_without_a_value_are_refused(text: str) -> None:
    error = refused(f"y = {text}")
    assert isinstance(error, ParseError) and error.place is not None


@pytest.mark.parametrize(
    "text",
    ["x**0.1**0.1", "x/x", "log(1)", "2**-10", "0**2 + x", "tan(pi/4)", "-1*log(2)/3", "1e308", "1e-300*x", "(-8)**3", "exp(-1000)*x"],
)
def test_harmless_constants_are_kept(text: str) -> None:
    assert read_program(f"y = {text}").last == "y"


@pytest.mark.parametrize(
    ("text", "shapes", "what"),
    [
        ("z = W @ x", {"W": (3, 2), "x": (3,)}, "W (3, 2) @ x (3,)"),
        ("z = W @ V", {"W": ("n", "m"), "V": ("n", "m")}, "W (n, m) @ V (n, m)"),
        ("z = x + 2*y", {"x": (3,), "y": (4,)}, "x (3,) and 2*y (4,)"),
        ("z = W*x", {"W": (3, 2), "x": (3,)}, "W (3, 2) and x (3,)"),
        ("z = u + c", {"u": (3,), "c": (3, 1)}, "enlarged to (3, 3)"),
        ("z = t @ x", {"x": (3,)}, "t () @ x (3,)"),
        ("z = inv(W)", {"W": (3, 2)}, "W (3, 2)"),
        ("z = tr(W.T)", {"W": (3, 2)}, "W.T (2, 3)"),
        ("z = outer(W, x)", {"W": (3, 2), "x": (3,)}, "W (3, 2), x (3,)"),
        ("z = W[0, 3]", {"W": (3, 2)}, "3 is outside"),
        ("z = x[1:1]", {"x": (3,)}, "nothing"),
        ("z = sum(x, axis=1)", {"x": (3,)}, "no axis 1"),
        ("z = einsum('ij,j->i', W, x)", {"W": (3, 2), "x": (3,)}, "index j"),
        ("z = reshape(W, (4, 2))", {"W": (3, 2)}, "W (3, 2)"),
        ("z = concatenate([W, x])", {"W": (3, 2), "x": (3,)}, "W (3, 2)"),
        ("z = ones((n, n + 1))", {"W": (3, "n + 1")}, "n alone"),
    ],
)
def test_shape_errors_name_operands_and_shapes(text: str, shapes: dict[str, object], what: str) -> None:
    error = refused(text, shapes=shapes)
    assert isinstance(error, ShapeError) and what in error.what


def test_one_written_new_axis_allows_what_is_otherwise_refused() -> None:
    program = read_program("z = x[:, None] + y", shapes={"x": ("m",), "y": ("n",)})
    assert program.blocks["z"].shape == ("m", "n")
    refused("z = c + y", shapes={"c": ("m", 1), "y": ("n",)})


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((-1,), ShapeError),
        ((0,), ShapeError),
        ((2.5,), ShapeError),
        ((True,), ShapeError),
        (tuple("3; import os"), ParseError),
        ("__x", ParseError),
        ((10**9, 10**9), LimitError),
        ((1,) * 20, LimitError),
        (("-n",), ShapeError),
        ((None,), ShapeError),
        (("n*m",), ShapeError),
        (("f(n)",), ParseError),
    ],
)
def test_shapes_from_python_are_checked(shape: object, kind: type[SymchainError]) -> None:
    assert isinstance(refused("z = x", shapes={"x": shape}), kind)


def test_other_arguments_are_checked() -> None:
    refused("y = x", assume={"x": "poistive"})
    refused("y = x", assume={"x y": "positive"})
    refused("y = x", let={"s": "nothing"})
    refused("y = x", let={"s": "softmax"})
    refused("y = x", shapes={"1x": (3,)})
    with pytest.raises(ArgumentError):
        read_program(3)  # type: ignore[arg-type]


@pytest.mark.thorough
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="xyλ₁12.e+-*/^@()[]{},:;='\"#\\ \n\t<>!_Tσ²′·|&\x00\u200bｅ", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but SymchainError ever leaves the reader."""
    try:
        read_program(text)
    except SymchainError as error:
        assert str(error) and error.advice


def test_unsupported_indices_say_what_to_use() -> None:
    with pytest.raises(UnsupportedError) as caught:
        read_program("y = W[k]", shapes={"W": (3, 2)})
    assert "onehot" in caught.value.advice


def test_operations_written_otherwise_are_not_called() -> None:
    assert "index" in OPERATIONS
    refused("y = index(x)")
    refused("y = gather(x)")


FOLLOWED = [
    ("y = foo(x)", None), ("y = sigmod(x)", None), ("y = expp(x)", None), ("y = tahn(x)", None), ("y = LogSumExp(x)", None),
    ("y = f1(x); e = 2*y; z = bar(e)", None), ("y = e**x", "exp(x)"),
    ("y = comb(n, k)", "binom(n, k)"), ("y = Ei(x)", "expi(x)"),
]  # fmt: skip
"""Texts that are refused with advice; what to write in place of the right-hand side where the advice says it in general letters."""


@pytest.mark.parametrize(("text", "instead"), FOLLOWED)
def test_advice_that_is_followed_works(text: str, instead: str | None) -> None:
    with pytest.raises(ParseError) as caught:
        read_program(text)
    advice = caught.value.advice
    declared, meant = re.search(r"declare '([^']+)'", advice), re.search(r"Did you mean (\w+)\?", advice)
    assert declared or meant or instead
    if declared:
        read_program(f"{declared[1]}\n{text}")
    elif meant:
        unknown = re.match(r"(\w+) is not a known function", caught.value.what)
        assert unknown
        read_program(re.sub(rf"\b{unknown[1]}\b", meant[1], text))
    if instead:
        assert instead.split("(")[0] in advice
        read_program(f"y = {instead}")


@pytest.mark.parametrize("name", sorted(_OF_WHOLE_ARRAYS))
def test_functions_of_whole_arrays_are_not_advised_to_be_declared(name: str) -> None:
    with pytest.raises(ParseError) as caught:
        read_program(f"A: (n, n)\ny = sum({name}(A))")
    assert f"does not have {name} yet" in caught.value.advice
    assert "declare '" not in caught.value.advice and "Did you mean" not in caught.value.advice
