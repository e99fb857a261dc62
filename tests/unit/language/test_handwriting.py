"""Answers as people type them: what can mean one thing is read so, what can mean two is refused with both, and nothing else is read."""

from __future__ import annotations

import random

import pytest

import symchain
from symchain.analysis.checking.claims import read_claim
from symchain.analysis.checking.latex_answers import as_text
from symchain.analysis.checking.questions import ask
from symchain.errors import AnswerError, SymchainError
from symchain.language.grammar import parse_expression
from symchain.nouns.program import Program
from symchain.render.text import write
from symchain.wording import LANGUAGES, sentence

NEURON = symchain.parse("z = w*x + b; a = sigmoid(z); C = (a - y)**2")
LAYERS = symchain.parse("z1 = W1*x + b1\na1 = sigma1(z1)\nz2 = W2*a1 + b2\na2 = sigma2(z2)\nC = 1/2*(a2 - y)**2")
BATCH = symchain.parse("X: (m, n)\nw: (n,)\ny: (m,)\nr = X@w - y\nC = 1/2*sum(r**2) + lam*sum(w**2)")


def reading(program: Program, wrt: str, answer: str) -> str:
    """The answer in the input language."""
    question = ask(program, "C", wrt, answer)
    claim = next(read_claim(question, as_text(question, answer)))
    claim.tree()
    return write(claim.phrase)


READ = [
    ("2(a-y)a(1-a)x", "2*(a - y)*a*(1 - a)*x"),
    ("2 x a", "2*x*a"),
    ("2ax(1-a)", "2*a*x*(1 - a)"),
    ("tanh(wx+b)", "tanh(w*x + b)"),
    ("2a²(1–a)x", "2*a**2*(1 - a)*x"),
    ("2·(a−y)×x", "2*(a - y)*x"),
    ("x(a+b)", "x*(a + b)"),
    ("(a+b)(a-b)", "(a + b)*(a - b)"),
    ("x^2y", "x**2*y"),
    ("x^2/2", "x**2/2"),
    ("x^(1/2)", "x**(1/2)"),
    ("[2(a-y)+b]/2", "(2*(a - y) + b)/2"),
    ("2[x+1]y", "2*(x + 1)*y"),
    ("(a-y)^2 x", "(a - y)**2*x"),
    ("x^(a-1)y", "x**(a - 1)*y"),
    ("2/3*x y", "2/3*x*y"),
    ("x y/2", "x*y/2"),
    ("-x^2", "-x**2"),
    ("2**3**x", "2**3**x"),
    ("e^x", "exp(x)"),
    ("2e^-x", "2*exp(-x)"),
    ("e^(2x)y", "exp(2*x)*y"),
    ("e²", "exp(2)"),
    ("sin x", "sin(x)"),
    ("sin x + y", "sin(x) + y"),
    ("sin x cos y", "sin(x)*cos(y)"),
    ("sin^2(x)", "sin(x)**2"),
    ("tanh²x", "tanh(x)**2"),
    ("exp(x)^2y", "exp(x)**2*y"),
    ("Tanh(z)EXP(x)", "tanh(z)*exp(x)"),
    ("tg(x)+sh(y)", "tan(x) + sinh(y)"),
    ("√x", "sqrt(x)"),
    ("√(x+1)y", "sqrt(x + 1)*y"),
    ("0,5x", "0.5*x"),
    ("1,5(a-y)", "1.5*(a - y)"),
    ("clip(x,0,1)", "clip(x, 0, 1)"),
    ("maximum(0,5x)", "maximum(0, 5*x)"),
    ("2|x|y", "2*abs(x)*y"),
    ("|a|+|b|", "abs(a) + abs(b)"),
    ("|a-|b||", "abs(a - abs(b))"),
    ("ln|x|", "ln(abs(x))"),
    ("= 2x.", "2*x"),
    ("dC/dw = 2x", "2*x"),
    ("dC/da da/dz x", "dC/da*da/dz*x"),
    ("d = a-y; 2d x", "2*d*x"),
    ("2π x", "2*π*x"),
]


@pytest.mark.parametrize(("answer", "read"), READ, ids=[a for a, _ in READ])
def test_what_means_one_thing_is_read(answer: str, read: str) -> None:
    assert reading(NEURON, "w", answer) == read


TWICE = [
    ("1/2x", "(1/2)*x", "1/(2*x)"),
    ("1/2 (a-y)", "(1/2)*(a-y)", "1/(2*(a-y))"),
    ("a/b x", "(a/b)*x", "a/(b*x)"),
    ("1/x^2y", "(1/x^2)*y", "1/(x^2*y)"),
    ("e^2x", "(e^2)*x", "e^(2*x)"),
    ("e^-x y", "(e^-x)*y", "e^(-x*y)"),
    ("x^a(b+1)", "(x^a)*(b+1)", "x^(a*(b+1))"),
    ("2^3^x", "(2^3)^x", "2^(3^x)"),
    ("e^x²", "(e^x)^2", "e^(x^2)"),
    ("x²^y", "(x^2)^y", "x^(2^y)"),
    ("x^1/2", "(x^1)/2", "x^(1/2)"),
    ("(a+b)^-3/2*x", "((a+b)^-3)/2", "(a+b)^(-3/2)"),
    ("sin 2x", "sin(2)*x", "sin(2*x)"),
    ("sin x y", "sin(x)*y", "sin(x*y)"),
    ("sin x^2", "sin(x)^2", "sin(x^2)"),
    ("ln x/2", "ln(x)/2", "ln(x/2)"),
    ("(a-y)2", "(a-y)*2", "(a-y)^2"),
    ("|a|b|x|", "abs(a*abs(b)*x)", "abs(a)*b*abs(x)"),
    ("maximum(x,0,5)", "0.5", "0; 5"),
]


@pytest.mark.parametrize(("answer", "one", "other"), TWICE, ids=[a for a, *_ in TWICE])
def test_what_means_two_things_is_refused_with_both(answer: str, one: str, other: str) -> None:
    with pytest.raises(AnswerError) as caught:
        reading(NEURON, "w", answer)
    assert (caught.value.fields["one"], caught.value.fields["other"]) == (one, other)
    assert one in caught.value.what and other in caught.value.what


REFUSED = [
    ("x2", "joined"), ("w3x", "joined"), ("x(a)", "call"), ("C(a-y, x)", "call"), ("q", "unknown"),
    ("I do not know", "unknown"),
    ("sigma(z)", "function"), ("tnah(z)", "function"), ("sin^-1(x)", "power"), ("e", "euler"), ("|x", "bars"), ("dC/db = x", "subject"),
    ("z = x", "subject"), ("2x = 2w", "chain"), ("", "empty"), ("=", "empty"), ("  \n ", "empty"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "key"), REFUSED, ids=[a for a, _ in REFUSED])
def test_what_is_refused_says_why(answer: str, key: str) -> None:
    with pytest.raises(SymchainError) as caught:
        reading(NEURON, "w", answer)
    assert isinstance(caught.value, AnswerError) and caught.value.key == key
    for lang in LANGUAGES:
        for part in ("", ".advice"):
            assert "{" not in sentence(lang, f"typed.{key}{part}").format(**caught.value.fields)


@pytest.mark.parametrize(
    ("answer", "key"), [("X^T r", "product"), ("X^T(X w - y)", "product"), ("X·w", "product"), ("X×w", "product"), ("|w|", "norm")]
)
def test_products_of_arrays_are_never_guessed(answer: str, key: str) -> None:
    with pytest.raises(AnswerError) as caught:
        reading(BATCH, "w", answer)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("answer", "read"),
    [("X^T@r + 2lam w", "X.T @ r + 2*lam*w"), ("X^⊤@r", "X.T @ r"), ("w*w lam", "w*w*lam"), ("sum(r)w", "sum(r)*w")],
)
def test_arrays_are_read_where_the_product_is_said(answer: str, read: str) -> None:
    assert reading(BATCH, "w", answer) == read


def test_a_name_of_the_program_wins() -> None:
    program = symchain.parse("C = (e*x + T)**2*tg + E")
    assert reading(program, "x", "2e^x") == "2*e**x"
    assert reading(program, "x", "x^T") == "x**T"
    assert reading(program, "x", "tg(x+1)") == "tg*(x + 1)"
    with pytest.raises(AnswerError, match=r"2e3 can be read as 2e3 and as 2\*e3"):
        reading(program, "x", "2e3")


@pytest.mark.parametrize("answer", ["(a_2 - y)σ₂'(z2)W_2 sigma_1'(z1)x", r"(a_2 - y)\sigma_2'(z_2) W_2 \sigma_1'(z_1) x",
                                    r"$(a^{(2)} - y)\,\sigma_2'(z^{(2)}) W2\,\sigma_1'(z1) x$"])  # fmt: skip
def test_names_are_found_in_other_spellings(answer: str) -> None:
    assert LAYERS.check("C", "W1", answer).status == "proved"


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        (r"2(a-y)\,a(1-a)x", "2*(a - y)*a*(1 - a)*x"),
        (r"\frac{\partial C}{\partial w} = 2(a-y)\operatorname{sigmoid}'(z)x.", "2*(a - y)*sigmoid'(z)*x"),
        (r"\frac{dC}{da}\frac{da}{dz} \cdot x", "dC/da*da/dz*x"),
        (r"0,5\,x + 1{,}5\max(0, x)", "0.5*x + 1.5*maximum(0, x)"),
        (r"\nabla_w C = 2 \left(a-y\right) \frac{e^{-z}}{(1+e^{-z})^2} x", "2*(a - y)*(exp(-z)/(1 + exp(-z))**2)*x"),
    ],
)
def test_latex_is_read_in_the_programs_names(answer: str, read: str) -> None:
    assert reading(NEURON, "w", answer) == read


def test_latex_knows_matrix_products() -> None:
    assert reading(BATCH, "w", r"X^\top (X w - y) + 2 lam w") == "X.T @ (X @ w - y) + 2*lam*w"
    assert reading(BATCH, "w", r"X^{T} r + 2 lam w") == "X.T @ r + 2*lam*w"


@pytest.mark.parametrize(
    "answer", [r"\frac{dC}{db} = 2", r"z = \frac12", r"\sigma(z)", r"\frac{1", r"\text{je ne sais pas}", r"\sin x y", r"\tanh(0,5)"]
)
def test_latex_that_is_not_the_answer_is_refused(answer: str) -> None:
    with pytest.raises(SymchainError):
        reading(NEURON, "w", answer)


def test_the_format_can_be_said() -> None:
    assert NEURON.check("C", "w", "2(a-y)a(1-a)x", claim_format="latex").status == "proved"
    with pytest.raises(symchain.ParseError):
        NEURON.check("C", "w", r"2\cdot x", claim_format="text")
    with pytest.raises(symchain.ArgumentError):
        NEURON.check("C", "w", "2x", claim_format="word")


def test_what_the_grammar_reads_is_read_the_same() -> None:
    """Whole formulas, with every sign written, mean what they mean in a program."""
    pick = random.Random(11)

    def formula(depth: int) -> str:
        if depth == 0:
            return pick.choice(["x", "y", "w", "a", "2", "0.5", "b"])
        one, other = formula(depth - 1), formula(pick.randrange(depth))
        kinds = [f"{one} + {other}", f"{one} - {other}", f"({one})*({other})", f"({one})/({other})", f"exp({one})", f"-({one})",
                 f"({one})**2", f"maximum({one}, {other})", f"{other}*({one})"]  # fmt: skip
        return pick.choice(kinds)

    for _ in range(300):
        text = formula(pick.randrange(1, 5))
        assert reading(NEURON, "w", text) == write(parse_expression(text)), text


def test_left_out_signs_are_those_of_the_whole_formula() -> None:
    """Leaving out product signs is refused or changes nothing."""
    pick = random.Random(12)
    read = 0
    for _ in range(600):
        pieces = [pick.choice(["x", "y", "2", "(a - y)", "a**2", "exp(x)", "(1 - a)", "b"]) for _ in range(pick.randrange(2, 6))]
        signs = [pick.choice(["*", "*", "*", "/", " + ", " - "]) for _ in pieces[1:]]
        whole = pieces[0] + "".join(map("".join, zip(signs, pieces[1:], strict=True)))
        short = pieces[0] + "".join((" " if s == "*" and pick.random() < 0.7 else s) + p for s, p in zip(signs, pieces[1:], strict=True))
        try:
            found = reading(NEURON, "w", short)
        except AnswerError:
            assert short != whole
            continue
        read += short != whole
        assert found == write(parse_expression(whole)), short
    assert read > 150
