"""What holds for the package as a whole: floors, names, imports, file sizes, examples in docstrings."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import symchain

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "symchain"
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if "__pycache__" not in path.parts
)

# Lowest first. A file imports only from floors strictly below its own; a module missing here fails the test.
FLOORS = (
    # ground: no mathematics
    ("dimensions", "errors"),
    ("assignments", "collecting", "notation"),
    # sentences
    ("wording.check_en", "wording.check_fr", "wording.en", "wording.evidence_en", "wording.evidence_fr",
     "wording.explain_en", "wording.explain_fr", "wording.fr",
     "wording.graph_en", "wording.graph_fr", "wording.page_en", "wording.page_fr", "wording.sensitivity_en",
     "wording.sensitivity_fr"),
    ("wording",),
    # what runs; neither SymPy nor the registry
    ("backends", "backends.balls", "backends.floats", "backends.guard", "backends.moredigits", "backends.stable", "kernel"),
    ("backends.arguments", "backends.digits", "backends.doubts", "backends.writing"),
    ("backends.limits",),
    ("backends.recourse",),
    ("backends.numpy",),
    # what is known
    ("functions.shapes", "functions.spec"),
    ("functions.activations", "functions.bessel", "functions.binary", "functions.combinatorics", "functions.elementary",
     "functions.hyperbolic", "functions.integrals", "functions.inverses", "functions.linear_algebra", "functions.losses",
     "functions.probability", "functions.rearrangements", "functions.rectifiers", "functions.reductions", "functions.special",
     "functions.transforms", "functions.trigonometric"),
    ("functions",),
    # trees
    ("tensors", "tensors.indexgraph", "tensors.trees"),
    ("tensors.nodes",),
    ("tensors.equalities", "tensors.namesakes"),
    ("tensors.exchange", "tensors.terms"),
    ("tensors.placing", "tensors.sums", "tensors.totals"),
    ("tensors.products",),
    ("tensors.algebra", "tensors.matrixform"),
    ("tensors.facts", "tensors.indexform"),
    ("tensors.kroneckerform",),
    # the nouns: data
    ("blocks",),
    ("derivation", "elementary", "freeing", "networks"),
    # evidence, by meanings, knowing neither rules nor rewriting
    ("meanings",),
    ("evaluation",),
    ("drawing", "sampling"),
    ("exploration",),
    ("judgement",),
    ("verification",),
    # text in
    ("language", "language.constants", "language.forms", "language.spelling"),
    ("language.tokens",),
    ("language.grammar",),
    ("language.shapes", "language.statements"),
    ("language.arguments", "language.arithmetic"),
    ("language.calls", "language.indexing"),
    ("language.lookup",),
    ("language.elaborate", "language.inputs", "language.writing"),
    ("language.expressions", "language.reading"),
    # LaTeX in
    ("latexin", "latexin.nodes", "latexin.values"),
    ("latexin.tokens",),
    ("latexin.document", "latexin.scripts"),
    ("latexin.derivatives",),
    ("latexin.grammar",),
    ("latexin.statements",),
    ("latexin.usage",),
    ("latexin.naming",),
    ("latexin.algebra",),
    ("latexin.formulas",),
    ("latexin.reading",),
    # deriving
    ("rewriting.choices", "rewriting.expansion", "rewriting.exponentials", "rewriting.factoring", "rewriting.inversion",
     "rewriting.matching", "rewriting.slices", "rules", "rules.matrix_operations"),
    ("rewriting.denominators",),
    ("rewriting.reduction",),
    ("rewriting.account",),
    ("rewriting", "rules.operations"),
    ("rules.entries", "rules.local"),
    ("rules.forward", "rules.reverse"),
    ("rules.binding",),
    ("closedforms", "repetition", "rewriting.centring"),
    ("rewriting.recognition",),
    ("chainrule", "rewriting.telling"),
    ("second",),
    # text out: reads data
    ("render.calls", "render.document", "render.fold", "render.layered", "render.measure", "render.names", "render.numbers",
     "render.style"),
    ("render.products",),
    ("render.checks", "render.latex", "render.remarks", "render.sentences", "render.text"),
    ("render.data", "render.formulas", "render.maps", "render.unicode"),
    ("render.picture", "render.subjects"),
    ("render.opening",),
    ("render.results",),
    ("render.layout",),
    ("render.index_layout", "render.kronecker_layout", "render.svg", "render.tikz"),
    ("render.graph_text", "render.latex_document", "render.text_document"),
    ("render.influences", "render.math_document", "render.programs", "render.typst"),
    ("render", "render.chart", "render.explanation", "render.notebook"),
    # code out
    ("lowering.assembly", "lowering.corners", "lowering.kinks", "lowering.numerics"),
    ("lowering.logarithms", "lowering.roots", "lowering.series", "lowering.softmaxes"),
    ("lowering.forms",),
    ("lowering.contractions",),
    ("lowering.plan",),
    ("lowering",),
    # shown and explained
    ("explaining.batches", "explaining.explanation", "explaining.words", "graphing", "press", "sensitivity"),
    ("explaining.contrasts", "explaining.examples", "explaining.scalars", "explaining.softmaxes"),
    ("explaining.arrays",),
    ("explaining.gradients",),
    ("explaining",),
    # judging
    ("checking", "checking.slopes", "checking.verdict"),
    ("checking.claims", "checking.evidence", "checking.mistakes", "checking.repairs", "checking.reports"),
    ("checking.diagnosis",),
    ("checking.judging",),
    # where the floors meet
    ("", "models", "readings", "web", "web.steps"),
    ("web.page",),
    ("engine",),
    ("terminal",),
    # the command line
    ("cli",),
    ("__main__",),
)  # fmt: skip
FLOOR = {f"symchain.{name}".removesuffix("."): k for k, floor in enumerate(FLOORS) for name in floor}
UPWARD = {("symchain.blocks", "symchain")}
"""The one upward import: the nouns load the engine through the public door on first use (see blocks.engine)."""

PUBLIC = {
    "ArgumentError", "LimitError", "NotDifferentiableError", "NumberVariableError", "ParseError", "PrecisionError", "ShapeError",
    "SymchainError", "UnsupportedError", "VerificationError", "__version__", "gradient", "hessian", "jacobian", "load", "parse",
    "parse_latex", "program",
}  # fmt: skip
LINES = 500
"""The budget of a file: a full file wants a second noun."""


def _path(module: str) -> Path:
    base = ROOT.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _imports(source: str) -> set[str]:
    """The symchain modules a file imports anywhere, those under TYPE_CHECKING excepted."""
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse(source)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            stack.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(inner & set(MODULES))
            if inner - set(MODULES):
                found.add(node.module or "")
        stack.extend(ast.iter_child_nodes(node))
    return {name for name in found if name.split(".")[0] == "symchain"}


def test_every_module_has_a_floor() -> None:
    assert set(FLOOR) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module: str) -> None:
    for imported in _imports(_path(module).read_text(encoding="utf-8")):
        if (module, imported) not in UPWARD:
            assert FLOOR[imported] < FLOOR[module], f"{module} imports {imported}, which is not on a lower floor"


def test_what_runs_does_not_know_sympy() -> None:
    """Nor does it load Arb before a call has lost digits."""
    for module in (m for m in MODULES if m == "symchain.kernel" or m.startswith("symchain.backends")):
        text = _path(module).read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) sympy\b", text, re.MULTILINE), module
        assert not re.search(r"^(import|from) (flint|mpmath)\b", text, re.MULTILINE), module


def test_the_floor_test_sees_imports() -> None:
    text = "from symchain import errors\nif TYPE_CHECKING:\n    import symchain.cli\nimport os\ndef f():\n    "
    assert _imports(text + "from symchain.blocks import Program") == {"symchain.errors", "symchain.blocks"}


@pytest.mark.parametrize("path", [*PACKAGE.rglob("*.py"), *Path(__file__).parent.glob("*.py")], ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES


def test_exported_names() -> None:
    assert set(symchain.__all__) == PUBLIC
    assert set(dir(symchain)) >= PUBLIC
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        symchain.nothing  # noqa: B018


def test_no_module_is_named_like_a_public_name() -> None:
    assert not {m.split(".")[1] for m in MODULES if "." in m} & PUBLIC


def test_the_map_is_short() -> None:
    assert symchain.__doc__ is not None
    assert len(symchain.__doc__.strip().splitlines()) <= 14


def _python(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=120, check=False)


def test_public_functions_work_after_importing_every_module() -> None:
    ran = _python(f"""
import importlib, sympy, symchain
for name in {MODULES!r}:
    if name != "symchain.__main__":
        importlib.import_module(name)
x, y = sympy.symbols("x y", real=True)
assert symchain.parse("z = x*y").derive("x").lines
assert symchain.program({{"z": x*y}}).derive("z", "y").lines
assert list(symchain.gradient(x*y, [x, y])) == [y, x]
assert symchain.hessian(x*y, [x, y])[0, 1] == 1
assert symchain.jacobian([x*y], [x, y])[0, 1] == x
assert callable(symchain.load)
""")
    assert ran.returncode == 0, ran.stderr


HEAVY = "heavy = {'sympy', 'numpy', 'scipy', 'flint', 'rich'} & set(sys.modules)"


def test_import_is_light() -> None:
    ran = _python(f"import sys, symchain; dir(symchain); {HEAVY}; assert not heavy and 'click' not in sys.modules, heavy")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("arguments", (["--help"], ["derive", "--help"], ["--version"], ["models"], ["derive"], ["derive", "absent.txt"]))
def test_help_is_light(arguments: list[str]) -> None:
    ran = _python(f"""
import sys
from symchain.cli import main
sys.argv[0] = "symchain"
try:
    main()
finally:
    {HEAVY}
    print("heavy:", *heavy, file=sys.stderr)
""", *arguments)  # fmt: skip
    assert ran.stderr.endswith("heavy:\n"), ran.stderr


def test_a_saved_kernel_runs_without_sympy(tmp_path: Path) -> None:
    path = tmp_path / "kernel.json"
    kernel = symchain.parse("C = (tanh(w*x) - y)**2").compile(wrt=["w"])
    kernel.save(path)
    ran = _python(
        "import sys, symchain; k = symchain.load(sys.argv[1]); value, gradient = k(w=0.5, x=2.0, y=1.0);"
        "print(float(value), float(gradient['w'])); assert 'sympy' not in sys.modules",
        str(path),
    )
    assert ran.returncode == 0, ran.stderr
    value, gradient = kernel(w=0.5, x=2.0, y=1.0)
    assert ran.stdout.split() == [str(float(value)), str(float(gradient["w"]))]


@pytest.mark.parametrize("module", [m for m in MODULES if m != "symchain.__main__"])
def test_examples_in_docstrings(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_modules_are_all_found() -> None:
    """Every directory with modules is a package: it would be missing from an installation otherwise."""
    assert set(MODULES) == {"symchain", *(m.name for m in pkgutil.walk_packages(symchain.__path__, "symchain."))}
