"""What a worker can be asked: a task by its name, plain data in and out. No task names a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import symchain
from symchain.analysis.paging import example
from symchain.app.tables import read_off
from symchain.app.workers.limits import DOCUMENT, PROGRAM, SECONDS, language
from symchain.errors import AnswerError, ArgumentError, FactError, LimitError, NumberVariableError, SymchainError, UnsupportedError
from symchain.kernels.facts import told
from symchain.kernels.kernel import Kernel
from symchain.kernels.native.backend import NativeBackend, without_native_form
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.grades import said
from symchain.nouns.program import Program
from symchain.nouns.recursion import Recursion, Recursions
from symchain.nouns.statement import spoken
from symchain.render import render
from symchain.render.layout import layout
from symchain.render.page.steps import steps
from symchain.render.programs import program_remarks, program_rows
from symchain.render.svg import svg
from symchain.support.assignments import given_point
from symchain.support.plain_data import plain_data
from symchain.wording import sentence
from symchain.wording.errors import told as in_language

BOXES = 120
"""A program of more blocks has no picture."""
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "text": str, "document": str, "claim": str, "output": str, "wrt": str, "lang": str, "target": str, "format": str, "detail": str,
    "using": str, "at": dict, "latex": bool,
}  # fmt: skip
_COMMAND = re.compile(r"\\[A-Za-z]")
_SIGNS = ("$", r"\[", r"\(", r"\begin{", "```math")


def answer(task: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one request, with its kind: done, refused with a message and its place, or defect.

    >>> answer("read", {"text": "y = tnah(x)"})["message"].splitlines()[-1]
    'Did you mean tanh?'
    """
    lang = language(data)
    try:
        return {"kind": "done", **TASKS[_task(task)](_checked(data), lang)}
    except SymchainError as error:
        place = error.place
        where = None if place is None else {"line": place.line, "column": place.column, "width": place.width}
        return {"kind": "refused", "message": _said(error, lang), "error": type(error).__name__, "place": where}
    except MemoryError:
        raise
    except Exception as error:  # a stranger's text must end no worker
        return {"kind": "defect", "error": type(error).__name__}


def _said(error: SymchainError, lang: str) -> str:
    """What is wrong, in the reader's language."""
    if isinstance(error, FactError):
        return " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in told(error.name, error.fact, error.breach, lang))
    if isinstance(error, AnswerError | NumberVariableError):
        return said(error, lang)
    return in_language(error, lang)


def _task(name: str) -> str:
    if name not in TASKS:
        raise ArgumentError(f"there is no task {name[:40]!r}", advice=f"Tasks: {', '.join(TASKS)}.")
    return name


def _checked(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a request, each of its type and size."""
    for field, value in data.items():
        if field not in _FIELDS:
            raise ArgumentError(f"there is no field {field[:40]!r}", advice=f"Fields: {', '.join(_FIELDS)}.")
        if not isinstance(value, _FIELDS[field]):
            raise ArgumentError(f"the field {field} has another type", advice="See the fields in README.")
        most = DOCUMENT if field == "document" else PROGRAM
        if isinstance(value, str) and len(value) > most:
            raise LimitError(f"{field} has {len(value)} characters; {most} are read", advice="Send it in parts.")
    return data


def _text(data: Mapping[str, Any]) -> tuple[str, bool]:
    """The program's text and whether it is LaTeX; formulas that stand alone are set between signs, line by line."""
    text = data.get("text", "")
    latex = data.get("latex") or any(sign in text for sign in _SIGNS) or bool(_COMMAND.search(text))
    if latex and not any(sign in text for sign in _SIGNS):
        text = "\n".join(f"$${line}$$" if line.strip() else line for line in text.splitlines())
    return text, latex


def _program(data: Mapping[str, Any]) -> Program:
    text, latex = _text(data)
    if not text.strip():
        raise ArgumentError("there is no program", advice="Write one block a line, such as z = w*x + b.")
    program = symchain.parse_latex(text) if latex else symchain.parse(text)
    if not program.blocks:
        raise ArgumentError("the text defines nothing", advice="Write one block a line, such as z = w*x + b.")
    return program


def _output(data: Mapping[str, Any], program: Program) -> str:
    return data.get("output") or program.last


def _wrt(data: Mapping[str, Any]) -> Any:
    names = [n.strip() for n in data.get("wrt", "").split(",") if n.strip()]
    return names[0] if len(names) == 1 else names or "all"


def _derived(data: Mapping[str, Any]) -> Any:
    program = _program(data)
    return program.derive(_output(data, program), _wrt(data))


def _read(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    program = _program(data)
    rows = program_rows(program, lang) if program.recurrence is None else []
    remarks = [line for section in program.sections for line in program_remarks(section, lang)]
    remarks += [spoken(s.said, lang) for s in program.statements if s.said is not None]
    return {
        "latex": "\\begin{aligned}\n" + "\\\\\n".join(rows) + "\n\\end{aligned}" if rows else "",
        "program": str(program),
        "inputs": {v.name: list(v.shape) for v in program.inputs.values()},
        "outputs": list(program.blocks),
        "last": program.last,
        "remarks": remarks,
    }


def _derive(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    derived = _derived(data)
    detail = data.get("detail", "full")
    folded = isinstance(derived, Derivation | Derivations)
    return {
        "html": steps(layout(derived, detail), lang) if folded else derived.html(lang=lang, detail=detail),
        "lines": [str(line) for line in derived.lines],
        "text": derived.text(lang=lang, detail="standard"),
    }


def _graph(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    program = _program(data)
    output = _output(data, program)
    if len(program.blocks) > BOXES:
        raise LimitError(f"the program has {len(program.blocks)} blocks; a picture has {BOXES} at most", advice="Choose an earlier output.")
    point = _point(data, program, output)
    graph = program.graph(point, output)
    return {
        "svg": svg(graph, lang, styled=False),
        "at": plain_data_of(point),
        "values": plain_data_of(graph.values),
        "gradients": plain_data_of(graph.gradients),
    }


def _point(data: Mapping[str, Any], program: Program, output: str) -> Mapping[str, Any] | None:
    """The point that was given, or an example."""
    if data.get("at"):
        return given_point(data["at"])  # type: ignore[no-any-return]
    return example(program, output) if output in program.blocks else None


def plain_data_of(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Numbers by name as JSON has them."""
    return None if values is None else {name: plain_data(value) for name, value in values.items()}


def _check(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    program = _program(data)
    output, wrt, claim = _output(data, program), data.get("wrt", "").strip(), data.get("claim", "").strip()
    if not wrt or not claim:
        raise ArgumentError("a check needs a name and a formula", advice="Say by what, and write the derivative.")
    using = data.get("using", "factors")
    if len(claim.splitlines()) > 1:
        found = program.check_steps(output, wrt, claim, using)
        first = found.first_false
        return {"status": "proved" if first is None else "wrong", "mistake": found.mistake, "told": found.text(lang)}
    verdict = program.check(output, wrt, claim, using)
    return {"status": verdict.status, "mistake": verdict.mistake, "told": verdict.message(lang)}


def _judge(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    program = symchain.parse_latex(data.get("document", ""))
    judged = {id(j.statement): j for j in program.judge()}
    lines = []
    for s in program.statements:
        j = judged.get(id(s))
        kind = sentence(lang, f"document.kind.{s.kind}")
        told = j.text(lang) if j is not None else spoken(s.said, lang) if s.said is not None else ""
        status = j.status if j is not None else s.kind
        lines.append({"line": s.line, "source": s.source, "reading": s.reading, "kind": kind, "status": status, "told": told})
    return {"statements": lines}


def _code(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    target = data.get("target", "numpy")
    if target not in TARGETS:
        raise ArgumentError(f"there is no target {target[:40]!r}", advice=f"Targets: {', '.join(TARGETS)}.")
    program = _program(data)
    kernel = program.compile(_output(data, program), wrt=_wrt(data), target="numpy")
    return {"code": TARGETS[target][1](kernel), "targets": {key: name for key, (name, _) in TARGETS.items()}}


def _c(kernel: Kernel) -> str:
    """The same plan in C. Nothing is compiled here: a worker writes no files and starts no programs."""
    kernel.source  # noqa: B018  # the plan is held against the program first
    if missing := without_native_form(kernel.plan):
        raise UnsupportedError(f"there is no native form of {', '.join(missing)}", advice='Use target="auto" or "numpy".')
    return NativeBackend().source(kernel.plan, {})


TARGETS: dict[str, tuple[str, Callable[[Kernel], str]]] = {"numpy": ("NumPy", lambda kernel: str(kernel.source)), "c": ("C", _c)}
"""The targets that code is shown for: what each is called, and how a kernel is written for it."""


def _download(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    form = data.get("format", "")
    if form not in FORMATS:
        raise ArgumentError(f"there is no format {form[:40]!r}", advice=f"Formats: {', '.join(FORMATS)}.")
    return {"content": FORMATS[form](data, lang), "name": f"gradient.{form}"}


def _page(data: Mapping[str, Any], lang: str) -> str:
    program = _program(data)
    return program.html(_output(data, program), wrt=_wrt(data), at=data.get("at") or None, lang=lang)


def _script(data: Mapping[str, Any]) -> str:
    """A file that runs where symchain is installed: the program, its kernel, and the numbers at a point."""
    program = _program(data)
    output = _output(data, program)
    point = plain_data_of(_point(data, program, output))
    text = str(program).replace("\\", "\\\\").replace('"', '\\"')
    lines = ["import symchain", "", f'program = symchain.parse("""\\\n{text}\n""")']
    lines.append(f"kernel = program.compile({output!r}, wrt={_wrt(data)!r})")
    if point:
        lines += [f"value, gradient = kernel(**{point!r})", "print(value, gradient)"]
    return "\n".join([*lines, ""])


FORMATS: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "tex": lambda data, lang: render(_derived(data), "latex", lang=lang, detail="full", complete=True),
    "html": _page,
    "json": lambda data, lang: str(_derived(data).to_json()),
    "py": lambda data, lang: _script(data),
}


def _explain(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    program = _program(data)
    explained = program.explain(_output(data, program), data.get("wrt", "").strip(), lang=lang, at=data.get("at") or None)
    return {"text": explained.text(), "html": explained.html()}


def _evaluate(data: Mapping[str, Any], lang: str) -> dict[str, Any]:
    derived: Derivation | Derivations | Recursion | Recursions = _derived(data)
    point = given_point(data.get("at"))
    if not point:
        raise ArgumentError("there is no point", advice='Give a number for every input: {"x": 1.5}.')
    return {"numbers": plain_data_of(read_off(derived, point))}


TASKS: dict[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
    "read": _read, "derive": _derive, "graph": _graph, "check": _check, "judge": _judge, "code": _code, "download": _download,
    "explain": _explain, "evaluate": _evaluate,
}  # fmt: skip
assert TASKS.keys() == SECONDS.keys()
