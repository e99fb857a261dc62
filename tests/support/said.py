"""What the package's source can say to a user when something is wrong: the texts of its errors, read from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import symchain
from symchain import errors

PACKAGE = Path(symchain.__file__).parent
RAISED = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)} | {"UsageError"}
NAMED = re.compile(r"^_?(what|advice|reason|ADVICE|OTHERWISE|MISSING|usage)$|_ADVICE$|_advice$")
"""Variables, arguments and tables that hold such texts."""
SAMPLE = "q{number}"
"""What stands for a field: nothing that a language translates."""


def _text(node: ast.expr) -> str | None:
    """The text a literal makes, its fields filled with samples; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        seen: dict[str, str] = {}
        made = ""
        for part in node.values:
            if isinstance(part, ast.Constant):
                made += str(part.value)
            else:
                made += seen.setdefault(ast.unparse(part), SAMPLE.format(number=len(seen) + 1))
        return made
    return None


def _texts(node: ast.AST) -> Iterator[str]:
    """The literals that an expression may be worth: not those it compares or calls with."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        if (made := _text(node)) is not None:
            yield made
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Tuple | ast.List):
        for part in node.elts:
            yield from _texts(part)
    elif isinstance(node, ast.Dict | ast.BoolOp):
        for part in node.values:
            yield from _texts(part)


def _parts(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything below a node that may hold others, in the order of the text."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        yield node
        inner: list[ast.AST] = []
        for value in vars(node).values():
            if isinstance(value, list):
                inner += [v for v in value if isinstance(v, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _SINGLE):
                inner.append(value)
        stack += reversed(inner)


_SINGLE = (ast.Name, ast.Constant, ast.expr_context, ast.operator)


def _said(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in _parts(tree):
        found: list[ast.AST] = []
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            found += node.args[:1] if name in RAISED else []
            found += [k.value for k in node.keywords if k.arg in ("advice", "what")]
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t for target in targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])]
            values = node.value.elts if isinstance(node.value, ast.Tuple) and len(names) > 1 else [node.value] * len(names)
            found += [v for t, v in zip(names, values, strict=False) if isinstance(t, ast.Name) and NAMED.search(t.id)]
        for part in found:
            for text in _texts(part):
                if re.search(r"[a-z]{2}", re.sub(r"q\d+", "", text)):
                    yield node.lineno, text


def said() -> dict[str, str]:
    """Text -> where it is first said; fields stand as q1, q2."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "wording" not in path.parts:
            for line, text in _said(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(text, f"{path.relative_to(PACKAGE)}:{line}")
    return found
