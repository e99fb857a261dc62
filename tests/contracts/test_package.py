"""What holds for the package as a whole: floors, names, imports, file sizes, examples in docstrings."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import symchain

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "symchain"
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if "__pycache__" not in path.parts
)

# Lowest first. A folder (or a module on top) imports only from floors strictly below its own, and inside a folder no circle stands.
FLOORS = (
    ("errors",),
    ("support", "wording"),
    ("kernels", "models"),
    ("functions",),
    ("tensors",),
    ("operations",),
    ("nouns",),
    ("language", "evidence"),
    ("rules", "rewriting", "latex", "render", "tracing"),
    ("deriving",),
    ("lowering",),
    ("analysis",),
    ("api",),
    ("",),
    ("engine", "app"),
    ("__main__",),
)
FLOOR = {name: k for k, floor in enumerate(FLOORS) for name in floor}
LOOSE = {"__init__", "__main__", "api", "engine", "errors"}
"""The modules that may stand on top, beside the folders."""
DOOR = ("", "nouns")
"""The one import that skips the floors: the package tells the door how the engine is loaded, and loads nothing else."""

PUBLIC = {
    "ArgumentError", "LimitError", "NotDifferentiableError", "NumberVariableError", "ParseError", "PrecisionError", "ShapeError",
    "SymchainError", "UnsupportedError", "VerificationError", "__version__", "descend", "exercise", "from_function", "gradient", "hessian",
    "jacobian", "lambdify", "load", "parse", "parse_latex", "program", "resume",
}  # fmt: skip
LINES = 500
"""The budget of a file: a full file wants a second noun."""


def _path(module: str) -> Path:
    base = ROOT.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _imports(source: str) -> set[str]:
    """The symchain modules a file imports anywhere, for types too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(inner & set(MODULES))
            if inner - set(MODULES):
                found.add(node.module or "")
    return {name for name in found if name.split(".")[0] == "symchain"}


@cache
def _imported(module: str) -> set[str]:
    return _imports(_path(module).read_text(encoding="utf-8"))


def _folder(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """Some circle of a graph, as the names on it; empty where there is none."""
    state: dict[str, int] = {}
    for start in graph:
        stack = [(start, iter(sorted(graph[start])))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                stack.pop()
            elif following not in state:
                state[following] = 1
                stack.append((following, iter(sorted(graph.get(following, ())))))
            elif state[following] == 1:
                way = [name for name, _ in stack]
                return way[way.index(following) :]
    return []


def test_every_folder_has_a_floor() -> None:
    assert set(FLOOR) == {_folder(m) for m in MODULES}
    assert {p.stem for p in PACKAGE.glob("*.py")} == LOOSE


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module: str) -> None:
    here = _folder(module)
    for imported in _imported(module):
        there = _folder(imported)
        if there != here and (here, there) != DOOR:
            assert FLOOR[there] < FLOOR[here], f"{module} imports {imported}, which is not on a lower floor"


def test_the_map_of_the_readme_is_complete() -> None:
    """README's map names every room and every module on top, and nothing that is not there; CONTRIBUTING's picture of the floors too."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"`symchain/(\w+)(?:/|\.py)`", readme[readme.index("## Map") :]))
    assert shown == set(FLOOR) - {"", "__main__"}
    floors = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```")[1]
    assert set(re.findall(r"(\w+)(?:/|\.py)", floors)) == shown


@pytest.mark.thorough
def test_no_files_import_each_other_in_a_circle() -> None:
    graph = {m: _imported(m) - {m} for m in MODULES}
    assert _circle(graph) == []


def test_the_test_of_circles_sees_one() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": {"b"}}) == ["b", "c", "d"]
    assert _circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_what_runs_does_not_know_sympy() -> None:
    """Nor does it load Arb before a call has lost digits."""
    for module in (m for m in MODULES if m.startswith("symchain.kernels")):
        text = _path(module).read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) sympy\b", text, re.MULTILINE), module
        assert not re.search(r"^(import|from) (flint|mpmath)\b", text, re.MULTILINE), module


def test_the_floor_test_sees_imports() -> None:
    text = "from symchain import errors\nif TYPE_CHECKING:\n    import symchain.app.cli\nimport os\ndef f():\n    "
    found = {"symchain.errors", "symchain.app.cli", "symchain.nouns.computation"}
    assert _imports(text + "from symchain.nouns.computation import Computation") == found


@pytest.mark.parametrize("path", [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")], ids=lambda p: str(p.relative_to(ROOT)))
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


@pytest.mark.thorough
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
from symchain.app.cli import main
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
