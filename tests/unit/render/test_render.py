"""What is printed: golden texts, exact round trips, typesetting that no name can escape, LaTeX that compiles, KaTeX that parses."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from pathlib import Path

import pytest
from examples import EXAMPLES, HOSTILE, POINT, TWO_LAYERS
from hypothesis import given, settings
from hypothesis import strategies as st

import symchain
from symchain.errors import ArgumentError
from symchain.functions import FUNCTIONS
from symchain.language.grammar import parse_expression
from symchain.nouns.derivation import RULES, Derivation, Derivations, Line
from symchain.operations import OPERATIONS
from symchain.render import DETAILS, MEDIA, render
from symchain.render import latex as tex
from symchain.render.breaking import lines
from symchain.render.data import _digits
from symchain.render.names import layer_names, typeset
from symchain.render.style import Style
from symchain.render.subjects import TOLD
from symchain.render.text import write
from symchain.support.notation import Phrase, call, name, number
from symchain.wording import LANGUAGES, fields, rule_name
from symchain.wording.numbers import count, literal, real

GOLDEN = Path(__file__).parents[2] / "golden"
SUFFIX = {"text": "txt", "markdown": "md", "latex": "tex", "html": "html", "json": "json"}


def derived(text: str, asked: tuple) -> Derivation | Derivations:
    """The derivation, with the measured rounding errors set to one value: they differ between machines."""
    result = symchain.parse(text).derive(*asked).checked_at(POINT if text == TWO_LAYERS else None)
    for d in [result] if isinstance(result, Derivation) else result.values():
        assert d.verification.held and d.verification.error < 1e-9
        d.__dict__["verification"] = dataclasses.replace(d.verification, error=5e-16)
    return result


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("example", EXAMPLES)
def test_golden_texts(example: str, lang: str, update: bool) -> None:
    """These texts were composed by hand, from the mathematics: read a difference before you let --update write it."""
    text, asked, medium, detail = EXAMPLES[example]
    got = render(derived(text, asked), medium, lang=lang, detail=detail)
    path = GOLDEN / f"{example}.{lang}.{SUFFIX[medium]}"
    if update:
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8"), f"{path.name} differs; if the new text is right, run pytest --update"


def test_no_golden_file_is_forgotten() -> None:
    """page.txt and page.tex are held by test_printed_page.py, which stands beside them."""
    expected = {f"{e}.{lang}.{SUFFIX[m]}" for e, (_, _, m, _) in EXAMPLES.items() for lang in LANGUAGES}
    assert {p.name for p in GOLDEN.iterdir() if p.is_file() and p.suffix != ".py"} == expected | {"page.txt", "page.tex"}


# ---------------------------------------------------------------- wording


def test_languages_have_the_same_keys_and_fields() -> None:
    first, *others = (language.sentences for language in LANGUAGES.values())
    for other in others:
        assert other.keys() == first.keys()
        for key in first:
            assert sorted(fields(first[key])) == sorted(fields(other[key])), key


def test_every_sentence_is_said_somewhere() -> None:
    """A key stands in the package as it is, alone or with its form for one, or begins like one that is put together there."""
    package = Path(symchain.__file__).parent
    source = "\n".join(p.read_text(encoding="utf-8") for p in package.rglob("*.py") if "wording" not in p.parts)
    whole = set(re.findall(r"""["']([\w. ]+)["']""", source))
    static = "\n".join(p.read_text(encoding="utf-8") for p in (package / "app/serve/static").iterdir())
    whole |= {f"serve.{key}" for key in re.findall(r"""["'`]([\w.]+)["'`$]""", static)}  # the page that is served knows them by the rest
    begun = tuple(re.findall(r"""f["']([a-z_.]+\.)\{""", source))
    assert not [key for key in LANGUAGES["en"].sentences if not {key, key.removesuffix(".one")} & whole and not key.startswith(begun)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_rule_has_a_name(lang: str) -> None:
    names = [rule_name(lang, rule) for rule in RULES]
    assert all(names) and len(set(names)) == len(names)


def test_french_spacing() -> None:
    for key, text in LANGUAGES["fr"].sentences.items():
        assert not re.search(r"[^\u00a0][:;!?](\s|$)", text), key
        assert not re.search(r"«[^\u00a0]|[^\u00a0]»", text), key
        assert "~" not in text


def test_unknown_choices_are_named() -> None:
    program = symchain.parse("y = x**2")
    for options in ({"lang": "de"}, {"detail": "long"}, {"colour": True}):
        with pytest.raises(ArgumentError) as caught:
            render(program.derive("x"), "text", **options)
        assert caught.value.advice
    with pytest.raises(ArgumentError, match="medium"):
        render(program, "pdf")
    with pytest.raises(ArgumentError):
        render(3, "text")


# ---------------------------------------------------------------- text: exact round trips

_names = st.sampled_from(["x", "y_true", "W1", "lambda", "z10", "sigma"]).map(name)
_literals = st.sampled_from(["0", "1", "2", "0.5", "1e-6", "10"]).map(number)


def _compound(inner: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    negated = inner.map(lambda p: Phrase("neg", (p,)))
    divided = inner.map(lambda p: Phrase("over", (p,)))
    slices = st.tuples(*[st.one_of(inner, st.just(Phrase("none")))] * 3).map(lambda t: Phrase("slice", t))
    items = st.lists(st.one_of(inner, slices, st.just(Phrase("none"))), min_size=1, max_size=3)
    return st.one_of(
        st.tuples(inner, st.lists(st.one_of(inner, negated), min_size=1, max_size=3)).map(lambda t: Phrase("add", (t[0], *t[1]))),
        st.tuples(inner, st.lists(st.one_of(inner, divided), min_size=1, max_size=3)).map(lambda t: Phrase("mul", (t[0], *t[1]))),
        several.map(lambda t: Phrase("matmul", t)),
        negated,
        st.tuples(inner, inner).map(lambda t: Phrase("pow", t)),
        inner.map(lambda p: Phrase("transpose", (p,))),
        st.tuples(st.sampled_from(["exp", "sigma1", "f"]), inner, st.integers(0, 3)).map(lambda t: call(t[0], t[1], primes=t[2])),
        st.tuples(inner, st.integers(0, 3)).map(lambda t: call("sum", t[0], axis=number(t[1]))),
        st.tuples(inner, inner, inner, inner).map(lambda t: call("where", Phrase("compare", t[:2], "<="), t[2], t[3])),
        st.tuples(inner, items).map(lambda t: Phrase("index", (t[0], *t[1]))),
        several.map(lambda t: call("stack", Phrase("list", t))),
        several.map(lambda t: call("ones", Phrase("tuple", t))),
    )


phrases = st.recursive(st.one_of(_names, _literals), _compound, max_leaves=12)


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(phrases)
def test_text_is_read_back_as_it_was(phrase: Phrase) -> None:
    assert parse_expression(write(phrase)) == phrase


@pytest.mark.parametrize(
    "text",
    [
        "a - b*c + d/e", "-x**2", "(-x)**2", "2**-x", "a/(b*c)", "a/b/c", "a*(b + c)", "(a - b) - c", "a - (b - c)", "-(a + b)",
        "-a*b", "a @ b @ c",
        "a*b @ c", "(a @ b)*c", "X.T @ (X @ w - y)", "(A + B).T", "x[1:n, None, ::2]", "where(x <= 0, -x, x)", "sigma1''(z1)",
        "sum(x, axis=0)",
        "x**y**z", "(x**y)**z", "1/2*(a2 - y_true)**2", "exp(-x)", "einsum('ij,j->i', A, x)", "ones((2, n))", "a*(-b)",
    ],
)  # fmt: skip
def test_parentheses_are_as_few_as_possible(text: str) -> None:
    printed = write(parse_expression(text))
    assert parse_expression(printed) == parse_expression(text)
    assert printed.count("(") <= text.count("(")


@pytest.mark.thorough
def test_depth_and_length_do_not_matter() -> None:
    deep = name("x")
    for _ in range(20_000):
        deep = call("tanh", Phrase("neg", (deep,)))
    assert write(deep).count("tanh") == 20_000
    wide = Phrase("add", tuple(name(f"x{k}") for k in range(100_000)))
    assert write(wide).count("+") == 99_999
    assert len(write(wide, 24)) < 100
    assert len(tex.write(wide)) < 200 and r"\cdots" in tex.write(wide)


# ---------------------------------------------------------------- LaTeX


@pytest.mark.parametrize(
    ("plain", "expected"),
    {
        "W1": "W_1", "W12": "W_{12}", "W_1": "W_1", "y_true": r"y_{\text{true}}", "lambda": r"\lambda", "λ": r"\lambda",
        "sigma1": r"\sigma_1",
        "y_hat": r"\hat{y}", "yhat": r"\hat{y}", "xbar": r"\bar{x}", "what": r"\mathit{what}", "loss": r"\mathit{loss}",
        "loss2": r"\mathit{loss}_2",
        "coût": r"\textit{coût}", "a_1_2": "a_{1,2}", "delta_z1": r"\delta_{z_1}", "W_out": r"W_{\text{out}}", "E": "E",
        "beta": r"\beta", "x₁": "x_1",
        "_": r"\text{\_}", "x_": r"x\text{\_}", "Omega": r"\Omega", "x_i": "x_i",
    }.items(),
)  # fmt: skip
def test_names(plain: str, expected: str) -> None:
    assert typeset(plain) == expected


def test_names_that_differ_are_set_differently() -> None:
    names = ["x", "x1", "x_", "_x", "xx", "x_a", "xhat", "X", "x11", "x_1_1", "lambda", "Lambda"]
    assert len({typeset(n) for n in names}) == len(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "1/2*(a2 - y)**2": r"\tfrac12(a_2-y)^2", "W1*x + b1": "W_1x+b_1", "2*x": "2x", "a/b": r"\frac{a}{b}",
        "1/(1 + exp(-z))": r"\frac{1}{1+e^{-z}}",
        "log(x)": r"\ln(x)", "tanh(x)**2": r"\tanh^{2}(x)", "sigma1'(z1)": r"\sigma_1'(z_1)", "sqrt(x)": r"\sqrt{x}", "x**(1/2)": "x^{1/2}",
        "abs(x)": r"\left|x\right|", "norm(x)": r"\lVert x\rVert", "inv(A)": "A^{-1}", "(A + B).T": r"(A+B)^{\top}",
        "-(a + b)": "-(a+b)", "a*(-b)": r"a\,(-b)",
        "2*3*x": r"2\cdot 3\,x", "exp(-x/2)": "e^{-x/2}", "exp(x)**2": "(e^{x})^2", "a - (b - c)": "a-(b-c)", "delta2*a1": r"\delta_2\,a_1",
        "where(z > 0, z, 0.1*z)": r"\begin{cases}z&\text{if }z>0\\0.1z&\text{otherwise}\end{cases}", "sum(x)": r"\sum x",
        "sin(x)/x": r"\frac{\sin(x)}{x}",
    }.items(),
)  # fmt: skip
def test_formulas(text: str, expected: str) -> None:
    assert tex.write(parse_expression(text)) == expected


def test_shapes_decide_the_product_sign() -> None:
    style = Style(ranks={"W": 2, "d": 1, "s": 1, "x": 1})
    assert tex.write(parse_expression("(W.T @ d)*s"), style) == r"(W^{\top}d)\odot s"
    assert tex.write(parse_expression("2*s"), style) == "2s"
    assert tex.write(parse_expression("(s @ x)*d"), style) == r"(s^{\top}x)\,d"


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "inv(W).T @ x": r"W^{-\top}x", "outer(W @ x, x)": r"Wx\,x^{\top}", "outer(x, d)": r"xd^{\top}", "s*(W @ x)": r"s\,Wx",
        "(W + V) @ x": "(W+V)x", "1/2*x @ W @ x": r"\tfrac12x^{\top}Wx", "d[:, None]*W": r"\operatorname{diag}(d)\,W",
        "W*x[None, :]": r"W\,\operatorname{diag}(x)", "W.T @ (d[:, None]*V)": r"W^{\top}\,\operatorname{diag}(d)\,V",
        "d[:, None]*x": r"(d\,\mathbf{1}^{\top})\odot x", "lambda*(W @ x)": r"\lambda\,Wx", "exp(W) @ x": r"e^{W}\,x",
    }.items(),
)  # fmt: skip
def test_products_of_arrays(text: str, expected: str) -> None:
    style = Style(ranks={"W": 2, "V": 2, "d": 1, "x": 1})
    assert tex.write(parse_expression(text), style) == expected


def test_french_mathematics() -> None:
    style = Style("fr")
    assert tex.write(parse_expression("0.5*log(x)"), style) == r"0{,}5\ln(x)"
    assert r"\text{si }" in tex.write(parse_expression("where(x > 1.5, x, 0)"), style)
    assert tex.write(parse_expression("maximum(0.5, x)"), style).count(";") == 1
    assert (real(1.5, "fr", False), real(1.5, "fr", True), real(5e-16, "fr", True)) == ("1,5", "1{,}5", r"5\cdot10^{-16}")
    assert literal("1e-6", "en") == r"1\times10^{-6}"


def test_counts_of_any_size() -> None:
    assert count(3, "en", False) == "3" and count(1234567, "en", False) == "1,234,567"
    assert count(2**60, "en", True) == "2^{60}" and count(3**5000, "fr", False).startswith("~")
    assert _digits(3**20_000) == "".join(_slow_digits(3**20_000))


def _slow_digits(n: int) -> list[str]:
    digits = []
    while n:
        n, last = divmod(n, 10**1000)
        digits.append(str(last).rjust(1000, "0") if n else str(last))
    return digits[::-1]


def test_every_declared_function_is_balanced() -> None:
    for f in FUNCTIONS.values():
        written = tex.write(call(f.name, *(parse_expression(f"a{k} + b") for k in range(len(f.parameters)))))
        assert _balanced(written), (f.name, written)
        assert _balanced(tex.write(Phrase("pow", (call(f.name, *map(name, f.parameters)), number(2)))))
    for o in OPERATIONS.values():
        assert _balanced(tex.write(call(o.name, name("A")))) and _balanced(tex.write(call(o.name, name("A"), name("B"))))


@pytest.mark.thorough
@settings(max_examples=200, deadline=None)
@given(phrases)
def test_latex_of_any_formula_is_balanced(phrase: Phrase) -> None:
    style = Style(ranks={"W1": 2, "x": 1})
    breakable = tex.write_breakable(phrase, style)
    assert _balanced(tex.write(phrase, style))
    assert all(map(_balanced, lines(breakable, 100)))
    assert _balanced(tex.inline(phrase, style))


def _balanced(text: str) -> bool:
    depth = 0
    for c in re.sub(r"\\[{}\\]", "", text):
        depth += (c == "{") - (c == "}")
        if depth < 0:
            return False
    return depth == 0 and len(re.findall(r"\\left\b", text)) == len(re.findall(r"\\right\b", text)) and "\x1f" not in text


# ---------------------------------------------------------------- many derivatives


@pytest.mark.thorough
@pytest.mark.parametrize(("order", "symbol"), [(1, "dC/dx{}"), (2, "d2C/dx{}2")])
def test_what_is_not_told_step_by_step_is_shown(order: int, symbol: str) -> None:
    program = symchain.parse("C = " + " + ".join(f"x{k}**2" for k in range(TOLD + 2)))
    said = (program.derive if order == 1 else program.hessian)("C", "all").text()
    result = "2*x{}" if order == 1 else "2"
    assert all(f"| {symbol.format(k)} = {result.format(k)} " in said for k in range(TOLD + 2))
    assert "failed" not in said


# ---------------------------------------------------------------- names from strangers


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_escapes_from_latex(hostile: str) -> None:
    written = typeset(hostile)
    commands = set(re.findall(r"\\([A-Za-z]+)", written.replace(r"\textbackslash{}", "")))
    assert commands <= {"text", "textit", "mathit", "textless", "textgreater", "textasciicircum", "textasciitilde", "textbar"}
    assert _balanced(written) and "^^" not in written
    assert not re.search(r"(?<!\\)[$%#&~]", written) and written.isprintable()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_escapes_from_html(hostile: str) -> None:
    line = Line(hostile, symchain.parse("y = x").blocks["y"].tree, "value", hostile, ())
    line.__dict__["phrase"] = call(hostile, name(hostile), Phrase("string", text=hostile))
    written = render(line, "html")
    assert set(re.findall(r"<[^>]*>", written)) == {'<span class="math">', "</span>"}
    assert _balanced(html.unescape(re.sub(r"<[^>]*>", "", written)))


# ---------------------------------------------------------------- what must be said


def test_every_medium_says_the_result_in_every_language_and_detail() -> None:
    d = symchain.parse(TWO_LAYERS).derive("C", "W1")
    for lang in LANGUAGES:
        lengths = []
        for detail in DETAILS:
            printed = {m: render(d, m, lang=lang, detail=detail) for m in MEDIA}
            assert all(printed.values())
            assert "dC/dW1 = " in printed["text"]
            lengths.append(len(printed["text"]))
        assert lengths == sorted(lengths) and lengths[0] < lengths[-1]


@pytest.mark.thorough
def test_the_check_is_made_where_the_reader_asks() -> None:
    d = symchain.parse(TWO_LAYERS).derive("C", "W1")
    evidence = d.checked_at(POINT).verification
    assert evidence.held and evidence.points == 3 and dict(evidence.at) == POINT
    assert evidence.value == pytest.approx(0.0521927894671265, rel=1e-14)
    assert d.verification.at != evidence.at, "the derivation itself stays as it was"
    for medium in ("text", "latex", "markdown", "html"):
        assert "0.0521927895" in getattr(d, medium)(at=POINT)
    several = symchain.parse(TWO_LAYERS).derive("C", "all")
    assert "dC/dW2 = -0.107815278" in several.text(at=POINT)


@pytest.mark.parametrize("point", [{"x": 1.5}, {**POINT, "x": [1.0, 2.0]}, {**POINT, "x": "much"}], ids=["missing", "shape", "text"])
def test_a_point_that_does_not_fit_is_refused(point: dict) -> None:
    with pytest.raises(ArgumentError) as caught:
        symchain.parse(TWO_LAYERS).derive("C", "W1").text(at=point)
    assert caught.value.advice


def test_a_dead_point_is_reported_as_it_is() -> None:
    d = symchain.parse("z = w*x; a = relu(z); L = a**2").derive("L", "w")
    evidence = d.checked_at({"w": -1.0, "x": 2.0}).verification
    assert evidence.held and evidence.at["w"] == -1.0 and evidence.value == 0.0


@pytest.mark.thorough
def test_paths_beyond_counting() -> None:
    lines = ["h0 = w*x"] + [f"p{k} = sin(h{k - 1}); q{k} = h{k - 1}*x; h{k} = p{k} + q{k}" for k in range(1, 61)]
    d = symchain.parse("\n".join(lines)).derive("w")
    text = d.text()
    assert d.path_count == 2**60 and len(text) < 40_000
    assert "2^60 paths lead from w to h60" in text
    assert json.loads(d.to_json())["path_count"] in (d.path_count, str(d.path_count))


@pytest.mark.thorough
def test_a_long_chain_is_cut_for_people_and_whole_in_lines() -> None:
    program = symchain.parse("\n".join(["h0 = w"] + [f"h{k} = tanh(h{k - 1})" for k in range(1, 401)]))
    d = program.derive("w")
    text = d.text()
    assert len(text.splitlines()) < 250 and "more" in text
    assert symchain.parse("\n".join([*str(program).splitlines(), *d.lines])).last == d.result.name


@pytest.mark.thorough
def test_json_has_a_stable_schema() -> None:
    program = symchain.parse(TWO_LAYERS)
    data = json.loads(program.derive("C", "W1").to_json())
    assert (data["format"], data["version"]) == ("symchain.derivation", 1)
    assert data["lines"][-1] == {"name": "dC_dW1", "text": "delta_z1*x", "role": "derivative", "of": "W1", "shape": []}
    assert data["factors"]["dz1/dW1"]["text"] == "x" and data["verification"]["held"]
    several = json.loads(program.derive("C", "all").to_json())
    assert list(several["derivations"]) == list(program.inputs)
    assert json.loads(render(program, "json"))["functions"] == {"sigma1": "sigmoid", "sigma2": "sigmoid"}


def test_layers_number_their_error_terms() -> None:
    assert layer_names(["z1", "a1", "z2"]) == {"delta_z1": r"\delta_1", "delta_z2": r"\delta_2"}
    assert layer_names(["z1", "z3"]) == {} and layer_names(["h"]) == {}


def test_programs_are_printed_as_they_were_written() -> None:
    program = symchain.parse(TWO_LAYERS)
    assert str(symchain.parse(str(program))) == str(program)
    assert program.latex().count(r"\\") == len(program.blocks) - 1
    assert render(program, "html").startswith('<div class="math">')
