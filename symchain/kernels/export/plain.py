"""The target numpy: the code that runs here, with the source of whatever it calls of symchain's."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

from symchain.kernels.export.numba import python_results, python_test
from symchain.kernels.export.sheets import Sheet
from symchain.kernels.matrices import MATRICES
from symchain.kernels.source import commented, folded
from symchain.kernels.stable import STABLE
from symchain.kernels.writing import Writer
from symchain.support.dimensions import text_of


def written(sheet: Sheet) -> str:
    """The file."""
    plan = sheet.plan
    writer = Writer(plan, "numpy")
    lines = commented(list(writer.statements()), 4, True)
    arguments = [*(f"v{k}" for k in range(len(plan.inputs))), *(f"s{k}" for k in range(len(plan.letters))), "dt"]
    results = folded(f"return ({', '.join([*writer.results_text(), ''])})".replace(", )", ",)"), 4)
    body = "\n".join([*folded(f"def _kernel({', '.join(arguments)}):", 0), *lines, *results]) + "\n"
    own: dict[str, Callable[..., Any]] = {**STABLE, **MATRICES}
    wanted = [name for name in own if re.search(rf"(?<![\w.]){name}\(", body)]
    parts: dict[str, str] = {}
    for name in wanted:
        _collect(name, own[name], parts)

    def size(dim: Any) -> str:
        return text_of(dim, lambda letter: f"s{plan.letters.index(letter)}")

    lines = [f"def {sheet.function}({', '.join(sheet.arguments)}):", f'    """{_TOLD}"""']
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        lines.append(f"    {name} = np.asarray({name}, {'np.intp' if i.integer else 'float'})")
        if i.shape or not plan.scalar:
            lines += [f"    if {name}.ndim != {len(i.shape)}:", f'        raise ValueError("{name} must have {len(i.shape)} axes")']
    for number, (k, axis, _) in enumerate(sheet.solved()):
        lines.append(f"    s{number} = {sheet.arguments[k]}.shape[{axis}]")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        if i.shape:
            lines.append(f"    if {name}.shape != ({', '.join(map(size, i.shape))},):")
            lines.append(f'        raise ValueError("{name} has another shape than declared")')
    for need in plan.needs:
        lines += [f"    if {size(need.dim)} < {need.least}:", f'        raise ValueError("{need.dim} is less than {need.least}")']
    given = [*sheet.arguments, *(f"s{k}" for k in range(len(plan.letters))), "np.float64"]
    lines += ['    with np.errstate(all="ignore"):', f"        found = _kernel({', '.join(given)})"]
    lines.append(f"    return {python_results(sheet, [f'found[{k}]' for k in range(len(plan.outputs))])}")
    heading = [f"# {line}" for line in [*sheet.heading, *sheet.renamed()]]
    head = ["from __future__ import annotations", "", "import math", "import warnings", "", "import numpy as np"]
    if "special." in body + "".join(parts.values()):
        head.append("from scipy import special")
    text = "\n".join([*heading, "", *head, "", "", *(f"{part}\n\n" for part in parts.values()), body, "", *lines])
    return text + "\n".join(python_test(sheet, "np.asarray(x)")) + "\n"


_TOLD = "Arrays of the program's shapes, or for a program of numbers arrays that broadcast; a ValueError for other shapes."


def _collect(name: str, value: Any, parts: dict[str, str]) -> None:
    """The source of a function under a name, after that of what it calls, or a constant."""
    if name in parts:
        return
    if not callable(value):
        parts[name] = f"{name} = {value!r}"
        return
    source = inspect.getsource(value)
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    parts[name] = ""  # a function may call itself
    known = inspect.getmodule(value).__dict__
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known and not hasattr(builtins, node.id):
            other = known[node.id]
            if not isinstance(other, ModuleType) and node.id not in ("Array", "Any", "Callable", "Sequence", "F"):
                _collect(node.id, other, parts)
    own = ast.unparse(tree)
    del parts[name]
    parts[name] = own.replace(f"def {value.__name__}(", f"def {name}(", 1)


__all__ = ["written"]
