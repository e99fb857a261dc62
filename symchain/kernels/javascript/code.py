"""The JavaScript of a plan of numbers: a function that takes the inputs in order and returns the outputs in order, as an array.

>>> from symchain.kernels.kernel import Input, Instruction, Output, Plan
>>> plan = Plan((Input("x"),), (), (Instruction("multiply", (0, 0)),), (Output("array", (), 1),), None, True)
>>> print(function_text(plan))
(function () {
  "use strict";
  return function (v0) {
    const v1 = v0*v0;
    return [v1];
  };
})()
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from symchain.errors import UnsupportedError
from symchain.kernels.floats import NoFloats
from symchain.kernels.javascript.primitives import FORMS, helpers
from symchain.kernels.kernel import Plan
from symchain.kernels.source import shown
from symchain.kernels.writing import Writer, form_template

_FIELD = re.compile(r"\{(\d+)\}")


@cache
def _functions() -> Mapping[str, str]:
    """The primitives that are made of others, as functions."""
    written = {}
    for name, form in FORMS.items():
        text = form_template(form, "javascript")[0]
        # what comes after the last argument that is read is ignored
        count = 1 + max((int(k) for k in _FIELD.findall(text)), default=-1)
        given = ", ".join(f"x{k}" for k in range(count))
        written[name] = f"function f_{name}({given}) {{\n  return {_FIELD.sub(lambda m: f'x{m[1]}', text)};\n}}"
    return written


def function_text(plan: Plan, comments: bool = False) -> str:
    """An expression whose value is the function. Raises UnsupportedError for arrays, and for what has no JavaScript yet."""
    if not plan.elementwise or any(i.shape for i in plan.inputs):
        raise UnsupportedError("JavaScript is written for programs of single numbers, and this one has arrays")
    try:
        writer = Writer(plan, "javascript")
        statements = list(writer.statements())
    except NoFloats as missing:
        raise UnsupportedError(f"{missing.args[0] if missing.args else 'a function'} has no JavaScript form") from None
    body = [f"    const {text};" + (f"  // {shown(block)}" if comments and block else "") for text, block in statements]
    body.append(f"    return [{', '.join(writer.results_text())}];")
    given = ", ".join(f"v{k}" for k in range(len(plan.inputs)))
    named = [f"    // v{k} = {shown(i.name)}" for k, i in enumerate(plan.inputs)] if comments else []
    needed = "\n".join(helpers("\n".join(body), _functions()))
    head = ["  " + line for line in needed.split("\n")] if needed else []
    return "\n".join(["(function () {", '  "use strict";', *head, f"  return function ({given}) {{", *named, *body, "  };", "})()"])


class JavaScriptBackend:
    """Plans of numbers as JavaScript; it is written here and runs elsewhere."""

    name = "javascript"

    def source(self, plan: Plan, options: Mapping[str, Any]) -> str:
        return function_text(plan, comments=True) + ";\n"

    def function(self, plan: Plan, options: Mapping[str, Any]) -> Callable[..., Any]:
        raise UnsupportedError("JavaScript does not run in Python", advice='Compile with target="numpy"; source is the text.')
