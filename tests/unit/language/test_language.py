"""The input language: what is read, and what it means."""

from __future__ import annotations

import ast
import re
import time
from pathlib import Path

import pytest
import sympy
from reading import refused

import symchain.language
from symchain.errors import LimitError, ParseError, ShapeError, SymchainError
from symchain.functions.spec import FUNCTIONS, AbstractFunction
from symchain.language.elaborate import Scope, elaborate
from symchain.language.expressions import program_of
from symchain.language.grammar import MAX_DEPTH, parse_expression
from symchain.language.reading import program_scope, read_program
from symchain.language.shapes import FACTS
from symchain.language.statements import Declaration, Definition, parse_statements
from symchain.language.writing import declaration_lines
from symchain.support.notation import Phrase
from symchain.tensors import nodes
from symchain.tensors.nodes import Leaf, leaf


def written(phrase: Phrase) -> str:
    """A phrase in full brackets, to compare structures."""
    if phrase.head in ("name", "number", "string"):
        return phrase.text
    inner = [written(p) for p in phrase.parts] + [f"{k}={written(v)}" for k, v in phrase.keywords]
    return f"{phrase.head}{phrase.text and ':' + phrase.text}{chr(39) * phrase.primes}({' '.join(inner)})"


# ---------------------------------------------------------------- phrases


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        ("a - 2*x**2", "add(a neg(mul(2 pow(x 2))))"),
        ("a + b - c + d", "add(a b neg(c) d)"),
        ("a*b/c*d", "mul(a b over(c) d)"),
        ("(a*b)*c", "mul(mul(a b) c)"),
        ("a @ b @ c", "matmul(a b c)"),
        ("0.5*x @ A @ x", "matmul(mul(0.5 x) A x)"),
        ("-x**2", "neg(pow(x 2))"),
        ("-a*b + c", "add(neg(mul(a b)) c)"),
        ("a/-b*c", "mul(a over(neg(b)) c)"),
        ("2**-x**2*3", "mul(pow(2 neg(pow(x 2))) 3)"),
        ("a**b**c", "pow(a pow(b c))"),
        ("a - (-b)", "add(a neg(neg(b)))"),
        ("x^2", "pow(x 2)"),
        ("A.T @ x", "matmul(transpose(A) x)"),
        ("x[1:-1, None, 2, ::3]", "index(x slice(1 neg(1) none()) none() 2 slice(none() none() 3))"),
        ("x[newaxis]", "index(x none())"),
        ("ones((n, 2))", "call:ones(tuple(n 2))"),
        ("ones((n,))", "call:ones(tuple(n))"),
        ("sum(A, axis=0)", "call:sum(A axis=0)"),
        ("einsum('ij->i', A)", "call:einsum(ij->i A)"),
        ("where(a <= b, 1, -2)", "call:where(compare:<=(a b) 1 neg(2))"),
        ("sigma1''(z)", "call:sigma1''(z)"),
        ("stack([a, b])", "call:stack(list(a b))"),
        ("f(\n  a,\n  b # comment\n)", "call:f(a b)"),
    ],
)
def test_structure_of_expressions(text: str, structure: str) -> None:
    assert written(parse_expression(text)) == structure


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2·x", "2*x"), ("2⋅x", "2*x"), ("2×x", "2*x"), ("2∗x", "2*x"), ("x⊙y", "x*y"), ("x − y", "x - y"), ("Aᵀ", "A.T"), ("x²", "x**2"),
        ("x⁻¹", "x**-1"), ("x¹⁰", "x**10"), ("σ′(z)", "σ'(z)"), ("σ″(z)", "σ''(z)"), ("where(a≤b, c, d)", "where(a<=b, c, d)"),
        ("where(a≠b, c, d)", "where(a!=b, c, d)"), ("a\u00a0+ b", "a + b"), ("\ufeffa + b", "a + b"), ("a + \\\n b", "a + b"),
    ],
)  # fmt: skip
def test_unicode_has_a_plain_spelling(text: str, plain: str) -> None:
    assert parse_expression(text) == parse_expression(plain)


def test_names_are_kept_as_written() -> None:
    assert parse_expression("λ₁").text == "λ₁"
    assert parse_expression("cou\u0302t").text == "coût"  # a combining accent is composed


def test_a_place_spans_what_it_names() -> None:
    phrase = parse_expression("a + exp(b)*c")
    product = phrase.parts[1]
    assert product.place is not None and (product.place.line, product.place.column, product.place.width) == (1, 5, 8)


@pytest.mark.parametrize(
    "text", ["(" * 300 + "x" + ")" * 300, "-" * 1000 + "x", "x" + "**x" * 600, "exp(" * 300 + "x" + ")" * 300, "[" * 10**5]
)
def test_deep_nesting_is_a_limit_error(text: str) -> None:
    with pytest.raises(LimitError, match="256 deep"):
        parse_expression(text)


def test_nesting_up_to_the_limit_is_read_and_elaborated() -> None:
    text = "tanh(" * MAX_DEPTH + "t" + ")" * MAX_DEPTH
    assert elaborate(parse_expression(text), Scope({"t": leaf("t")})).shape == ()
    assert parse_expression("(" * MAX_DEPTH + "t" + ")" * MAX_DEPTH).head == "name"


@pytest.mark.parametrize(("operator", "head"), [("+", "add"), ("*", "mul"), ("@", "matmul")])
def test_long_chains_stay_flat(operator: str, head: str) -> None:
    phrase = parse_expression(operator.join(f"x{k}" for k in range(20_000)))
    assert phrase.head == head and len(phrase.parts) == 20_000


# ---------------------------------------------------------------- programs

NETWORK = """
    # a network of two layers
    W1: (h, n);  x: (n,)
    W2: (m, h)
    A: (n, n) spd
    sigma1 = sigmoid
    z1 = W1 @ x + b1
    a1 = sigma1(z1)
    a2 = σ₂(W2 @ a1)   # σ₂ is abstract
    C = 1/2*sum((a2 - y)**2)
"""


def test_a_program() -> None:
    program = read_program(NETWORK, shapes={"y": ("m",), "b1": "h"})
    assert list(program.inputs) == ["W1", "x", "W2", "A", "b1", "y"]
    assert {n: b.shape for n, b in program.blocks.items()} == {"z1": ("h",), "a1": ("h",), "a2": ("m",), "C": ()}
    assert program.dimensions == ("h", "n", "m") and program.last == "C"
    assert program.blocks["z1"].reads == ("W1", "x", "b1")
    assert program.inputs["A"].facts == {"spd"} and program.inputs["A"].leaf.facts == {"spd"}
    assert program.functions["sigma1"].binding is FUNCTIONS["sigmoid"] and program.functions["σ₂"].binding is None
    assert program.blocks["a1"].leaf is program_scope(program).names["a1"]
    assert isinstance(program.symbols["C"], sympy.Symbol) and program.symbols["W1"] is program.inputs["W1"].leaf


def test_statements() -> None:
    statements = parse_statements("  W: (h, 3) spd, positive; f: function\n  # c\n  y = f(W) \\\n   + 1\n")
    assert [type(s) for s in statements] == [Declaration, Declaration, Definition]
    assert [s.place.line for s in statements] == [1, 1, 3]


def test_symbols_carry_facts() -> None:
    program = read_program("p: positive\nk: integer nonnegative\ny = p*q**k", assume={"q": ["nonnegative"]})
    p, k, q = (program.inputs[n].symbol for n in "pkq")
    assert p.is_positive and k.is_integer and k.is_nonnegative and q.is_nonnegative and not q.is_positive and q.is_real
    assert program.symbols["y"] == sympy.Symbol("y", real=True)


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_is_accepted_in_both_ways(fact: str) -> None:
    there = read_program(f"A: (n, n) {fact}\ny = sum(A)")
    here = read_program("y = sum(A)", shapes={"A": ("n", "n")}, assume={"A": fact})
    assert there.inputs["A"].leaf is here.inputs["A"].leaf and there.inputs["A"].facts == {fact}


@pytest.mark.parametrize(
    "name", ["lambda", "beta", "I", "E", "S", "N", "Q", "gamma", "input", "e", "λ", "é", "_", "np", "class", "list", "x__y", "phi", "index"]
)
def test_plain_names_are_inputs(name: str) -> None:
    assert set(read_program(f"y = {name}*x + 1").inputs) == {name, "x"}


def test_letters_of_shapes_are_no_inputs_unless_they_are_names_too() -> None:
    assert list(read_program("y = sum(x)/n", shapes={"x": ("n",)}).inputs) == ["x"]
    both = read_program("y = sum(x)/n", shapes={"x": ("n",), "n": ()})
    assert list(both.inputs) == ["n", "x"] or list(both.inputs) == ["x", "n"]
    assert any(isinstance(p, Leaf) and p.name == "n" for p in nodes.postorder(both.blocks["y"].tree))
    assert list(read_program("y = sum(x)/k", shapes={"x": ("n",)}).inputs) == ["x", "k"]


def test_functions() -> None:
    program = read_program("gate: function\ny = gate(x) + relu(x) + f'(x) + g1(x)", let={"relu": "softplus", "g1": "tanh"})
    bound = {n: f.binding and f.binding.name for n, f in program.functions.items()}
    assert bound == {"gate": None, "relu": "softplus", "g1": "tanh", "f": None}
    orders = {a.function.name: a.orders for a in nodes.postorder(program.blocks["y"].tree) if isinstance(a, nodes.Apply)}
    assert orders == {"gate": (0,), "relu": (0,), "f": (1,), "g1": (0,)}
    derivative = elaborate(parse_expression("sigmoid'(t)"), Scope({"t": leaf("t")}))
    assert isinstance(derivative, nodes.Apply) and isinstance(derivative.function, AbstractFunction) and derivative.orders == (1,)


def test_a_line_that_renames_is_a_block_and_one_that_names_a_function_binds() -> None:
    assert list(read_program("y = x\nz = y").blocks) == ["y", "z"]
    assert list(read_program("y = gamma").inputs) == ["gamma"]
    assert list(read_program("s = tanh\ny = s(x)").blocks) == ["y"]
    assert list(read_program("sigma2 = tanh\ny = x").blocks) == ["y"]


def test_shapes_and_declarations_must_agree() -> None:
    assert read_program("x: (n,)\ny = sum(x)", shapes={"x": ("n",)}).inputs["x"].shape == ("n",)
    assert isinstance(refused("x: (n,)\ny = sum(x)", shapes={"x": ("m",)}), ShapeError)
    assert isinstance(refused("y = 2*x", shapes={"x": (3,), "y": (4,)}), ShapeError)
    assert "unused" in read_program("y = 2*x", shapes={"unused": (3,)}).inputs


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (NETWORK, {"shapes": {"y": ("m",), "b1": ("h",)}}),
        ("y = a*x + b", {}),
        ("y = a*x", {"shapes": {"x": ("n",)}}),
        ("y = relu(x) + phi(x)", {"let": {"relu": "gelu", "phi": "tanh"}, "assume": {"x": ["positive", "integer"]}}),
        ("gate: function\nexp: function\ny = gate(exp(x))", {}),
        ("unused: (n, 3)\ny = 2*x", {"assume": {"z": "positive"}}),
    ],
)
def test_printed_declarations_read_back_the_same(text: str, given: dict[str, object]) -> None:
    program = read_program(text, **given)  # type: ignore[arg-type]
    blocks = [s for s in text.splitlines() if re.match(r"\s*\w+ = ", s) and s.split("=")[0].strip() in program.blocks]
    again = read_program("\n".join([*declaration_lines(program), *(b.strip() for b in blocks)]))
    assert {n: (v.shape, v.facts) for n, v in again.inputs.items()} == {n: (v.shape, v.facts) for n, v in program.inputs.items()}
    assert list(again.inputs) == list(program.inputs)
    assert again.functions == program.functions
    assert all(again.blocks[n].tree is b.tree for n, b in program.blocks.items())


@pytest.mark.thorough
def test_large_programs_take_linear_time() -> None:
    texts = [
        "a0 = x\n" + "\n".join(f"a{k} = tanh(w*a{k - 1} + b)" for k in range(1, 3001)),
        "a0 = x\n" + "\n".join(f"a{k} = a{k - 1}*a{k - 1} + a{k - 1}" for k in range(1, 1001)),
        "y = " + " + ".join(f"x{k}" for k in range(20_000)),
        "y = x + " + " + ".join(f"1/{k}" for k in range(1, 5_000)),
    ]
    for text in texts:
        start = time.process_time()
        read_program(text)
        assert time.process_time() - start < 5


# ---------------------------------------------------------------- from SymPy


def test_programs_of_sympy_expressions() -> None:
    w, x, z = sympy.symbols("w x z")
    program = program_of({"z": w * x + 1, "y": z**2})
    assert list(program.blocks) == ["z", "y"] and program.blocks["y"].reads == ("z",)
    assert program.inputs["w"].symbol == w and program.symbols["z"] == z  # SymPy's cache may hold an equal one in the product
    a = sympy.MatrixSymbol("A", 3, 2)
    assert program_of({"F": a.T * a}).blocks["F"].shape == (2, 2)
    assert program_of({"y": w * x + 1}, shapes={"x": ("n",)}).blocks["y"].shape == ("n",)
    f = sympy.Function("f")
    assert program_of({"y": f(x)}, let={"f": "tanh"}).functions["f"].binding is FUNCTIONS["tanh"]


def test_shared_sympy_expressions_are_walked_once() -> None:
    x = sympy.Symbol("x")
    expression: sympy.Expr = x
    for _ in range(60):
        expression = sympy.tanh(expression, evaluate=False) * (1 + sympy.tanh(expression, evaluate=False))
    start = time.process_time()
    program_of({"y": expression})
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "name", ["\\input{/etc/passwd}", "<script>", "x y", "x+1", "-x", "x\nimport os", "__import__('os')", "", "1x", "pi", "nan", "x\u200b"]
)
def test_symbols_whose_names_are_not_names_are_refused(name: str) -> None:
    with pytest.raises(SymchainError):
        program_of({"y": 2 * sympy.Symbol(name)})
    with pytest.raises(SymchainError):
        program_of({name: 2 * sympy.Symbol("x")})


@pytest.mark.parametrize("expression", ["x + 1", None, [1, 2], sympy.Symbol("x") > 1, sympy.Symbol("y"), object()])
def test_what_is_no_expression_is_refused(expression: object) -> None:
    with pytest.raises(SymchainError):
        program_of({"y": expression})


# ---------------------------------------------------------------- the reader runs nothing


def test_the_language_never_uses_pythons_parser() -> None:
    folder = Path(symchain.language.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name):
                assert node.id not in ("eval", "exec", "compile", "__import__", "globals"), path.name
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                assert module not in ("ast", "tokenize", "parser", "importlib"), path.name
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("parse_expr", "S"), path.name


def test_what_is_given_by_let_prevails_over_the_text() -> None:
    """Through what is bound to it too; a line that binds nothing of that name is still checked."""
    text = "s = sigmoid\nt = s\ny = s(x) + t(x) + f(x)\n"
    for let, wanted in (({"s": "tanh"}, ("tanh", "tanh")), ({"t": "tanh"}, ("sigmoid", "tanh")), ({"f": "exp"}, ("sigmoid", "sigmoid"))):
        program = read_program(text, let=let)
        assert tuple(program.functions[n].binding.name for n in "st") == wanted
        again = read_program(str(program))
        assert {n: f.binding for n, f in again.functions.items()} == {n: f.binding for n, f in program.functions.items()}
    with pytest.raises(symchain.errors.ParseError):
        read_program("s = sigmoid\ns = relu\ny = s(x)", let={"s": "tanh"})


@pytest.mark.parametrize("text", ["y = [0]*10**10", "y = 2*[1, 2]", "x: (2,)\ny = [1, 2]*3*x"])
def test_a_list_times_a_number_is_asked_about(text):
    """In Python it repeats the list; with names the entries are multiplied, as NumPy has it."""
    with pytest.raises(ParseError, match="repeats it"):
        symchain.parse(text)
    assert symchain.parse("x: (2,)\ny = [1, 2]*x").blocks["y"].shape == (2,)
