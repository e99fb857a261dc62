"""Tables of foreign names: one line for each, its signature and what it is in the input language.

    addmm(input, mat1, mat2, beta=1, alpha=1) = beta*input + alpha*(mat1 @ mat2)

A line applies where every parameter that its formula does not read has its default value; of several lines for one name the first that
applies is taken. Names that are elementwise functions of the registry stand in no table: they mean the same, which a test holds for all
of them.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from symchain.errors import ShapeError, UnsupportedError
from symchain.functions.spec import FUNCTIONS, FunctionSpec, find
from symchain.language.forms import Form, find_form
from symchain.language.grammar import parse_expression
from symchain.language.lookup import closest
from symchain.support.notation import Phrase, call, name, number, rewritten, walk
from symchain.tracing.recording import Recording, words

_NEEDED = object()
Builder = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Record:
    """What one foreign name means."""

    name: str
    parameters: Mapping[str, Any]
    """Their defaults, in order."""
    formula: Phrase
    reads: frozenset[str]

    def bound(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any] | str:
        """The arguments by parameter, or why the record does not apply."""
        names = list(self.parameters)
        if len(arguments) > len(names):
            return f"{self.name} with {len(arguments)} arguments is not known here"
        given = dict(zip(names, arguments, strict=False))
        for key, value in keywords.items():
            if key not in self.parameters:
                if value is None or key in IGNORED:
                    continue
                return f"{self.name} with {key} is not known here"
            if key in given:
                return f"{self.name} with {key} twice is not known here"
            given[key] = value
        for key, default in self.parameters.items():
            value = given.setdefault(key, default)
            if value is _NEEDED:
                return f"{self.name} without {key} is not known here"
            if key not in self.reads and not _same(value, default):
                return f"{self.name} with {key}={_shown(value)} is not known here"
            if value is None and key in self.reads and default is _NEEDED:
                return f"{self.name} without {key} is not known here"
        return given


IGNORED = frozenset(words("dtype out copy order subok casting device layout requires_grad _stacklevel memory_format non_blocking"))
"""Parameters that change no value."""


def _same(value: Any, default: Any) -> bool:
    if isinstance(default, list | tuple):
        return _plain(value) == _plain(default)
    return value is default or (isinstance(value, type(default) | int | float) and not hasattr(value, "phrase") and bool(value == default))


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, int | float | str | tuple | list) else type(value).__name__


def read_records(text: str) -> dict[str, list[Record]]:
    """The records of a table. Blank lines and comments are left out."""
    table: dict[str, list[Record]] = {}
    for line in text.strip().splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        head, _, formula = line.partition(") = ")
        titles, _, signature = head.partition("(")
        tree = ast.parse(f"def f({signature}): pass").body[0]
        assert isinstance(tree, ast.FunctionDef)
        names = [a.arg for a in tree.args.args]
        defaults = [_NEEDED] * (len(names) - len(tree.args.defaults)) + [ast.literal_eval(d) for d in tree.args.defaults]
        phrase = parse_expression(formula)
        reads = frozenset(p.text for p in walk(phrase) if p.head == "name") & set(names)
        for title in titles.split("|"):
            named = rewritten(phrase, partial(_titled, title))
            table.setdefault(title, []).append(Record(title, dict(zip(names, defaults, strict=True)), named, reads))
    return table


def _titled(title: str, phrase: Phrase) -> Phrase | None:
    """NAME(...) in a formula is the function of the record's own name."""
    return Phrase("call", phrase.parts, title, phrase.keywords) if phrase.head == "call" and phrase.text == "NAME" else None


@dataclass(frozen=True, slots=True)
class Tables:
    """What the names of one library mean: records, builders for what is no formula, and the registry for all that is elementwise."""

    name: str
    records: Mapping[str, Sequence[Record]]
    builders: Mapping[str, Builder]
    dtype: Any = None
    device: Any = "cpu"
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Keywords by which the library calls those of the language."""
    forms: bool = True
    """Whether the language's own names of array functions are the library's too."""

    def call(self, recording: Recording, function: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        """The value of a call. Raises UnsupportedError for what is not known, with what there is."""
        if function in self.builders:
            return built(self.builders[function], function, recording, arguments, keywords)
        if function in self.records:
            return self._recorded(recording, function, arguments, keywords)
        keywords = {self.renamed.get(k, k): v for k, v in keywords.items()}
        spec = find(function)
        if isinstance(spec, FunctionSpec):
            return self._elementwise(recording, function, spec, arguments, keywords)
        form = find_form(function) if self.forms else None
        if form is not None:
            return formed(recording, form, arguments, keywords)
        if function.endswith("_") and not function.endswith("__") and arguments:  # PyTorch's x.exp_() writes to x
            arguments[0][...] = self.call(recording, function[:-1], arguments, keywords)
            return arguments[0]
        known = (n for n in (*self.records, *self.builders, *FUNCTIONS) if not n.startswith("_"))
        advice = "Give its result as an argument, or write it with functions that are known."
        raise UnsupportedError(f"{function} is not known here", advice=closest(function, known) or advice)

    def _recorded(self, recording: Recording, function: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        reasons = []
        for record in self.records[function]:
            bound = record.bound(arguments, keywords)
            if not isinstance(bound, str):
                return filled(recording, record.formula, {k: v for k, v in bound.items() if k in record.reads})
            reasons.append(bound)
        signatures = "; ".join(f"{function}({', '.join(r.parameters)})" for r in self.records[function])
        raise UnsupportedError(reasons[-1], advice=f"Known are: {signatures}.")

    def _elementwise(
        self, recording: Recording, function: str, spec: FunctionSpec, arguments: Sequence[Any], keywords: Mapping[str, Any]
    ) -> Any:
        left = [k for k, v in keywords.items() if v is not None and k not in IGNORED]
        operands = [*arguments, *(keywords[p] for p in spec.parameters[len(arguments) :] if p in left)]
        over = [k for k in left if k not in spec.parameters[len(arguments) :]]
        if over or len(operands) != len(spec.parameters):
            advice = f"Write {function}({', '.join(spec.parameters)})."
            if over:
                raise UnsupportedError(f"{function} with {over[0]} is not known here", advice=advice)
            raise UnsupportedError(f"{function} with {len(operands)} arguments is not known here", advice=advice)
        return recording.combined(lambda *parts: call(spec.name, *parts), *operands)


def built(builder: Builder, function: str, recording: Recording, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """What a builder makes; a call that does not fit its signature is refused."""
    kept = {k: v for k, v in keywords.items() if v is not None and k not in IGNORED}
    try:
        inspect.signature(builder).bind(recording, *arguments, **kept)
    except TypeError as error:
        parameters = ", ".join(list(inspect.signature(builder).parameters)[1:])
        raise UnsupportedError(f"{function}: {error}", advice=f"Known is {function}({parameters}).") from None
    return builder(recording, *arguments, **kept)


class Absent:
    """A result that has no place in a program: the places of the largest entries, say."""

    def __init__(self, what: str) -> None:
        object.__setattr__(self, "what", what)

    def __getattribute__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            return object.__getattribute__(self, attribute)
        what = object.__getattribute__(self, "what")
        raise UnsupportedError(f"{what} is not known here", advice="Use the other results.")


def formed(recording: Recording, form: Form, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """A call of an array function of the language by its own parameters."""
    known = {p.name for p in form.parameters}
    parts = [recording.phrase(a) for a in arguments]
    while parts and parts[-1].head == "none" and len(parts) > 1:
        parts.pop()
    left = {k: recording.phrase(v) for k, v in keywords.items() if k in known or (v is not None and k not in IGNORED)}
    for k, parameter in enumerate(form.parameters[: len(parts)]):
        if parameter.kind == "Tree" and parts[k].head == "tuple":
            parts[k] = Phrase("list", parts[k].parts)
    phrase = Phrase("call", tuple(parts), form.name, tuple(left.items()))
    if not form.parts:
        return recording.made(phrase)
    results: list[Any] = []
    for k in range(form.parts):
        try:
            results.append(recording.made(Phrase("index", (phrase, number(k)), str(form.parts))))
        except ShapeError:
            raise
        except Exception as error:
            if "not supported" not in str(error):
                raise
            results.append(Absent(f"result {k} of {form.name}"))
    return tuple(results)


def filled(recording: Recording, formula: Phrase, given: Mapping[str, Any]) -> Any:
    """The value of a formula with operands in place of its parameters."""
    parts = {k: v if isinstance(v, Phrase) else recording.phrase(v) for k, v in given.items()}
    whole = rewritten(formula, lambda p: parts.get(p.text) if p.head == "name" else None)
    return recording.made(tidy(recording, whole))


def tidy(recording: Recording, phrase: Phrase) -> Phrase:
    """The phrase without factors 1, terms 0 and keywords at their default, and with operands that broadcast."""

    done: dict[int, Phrase] = {}
    for p in reversed(list(walk(phrase))):
        if id(p) in done:
            continue
        parts = tuple(done.get(id(q), q) for q in p.parts)
        keywords = tuple((k, done.get(id(v), v)) for k, v in p.keywords)
        keywords = tuple((k, v) for k, v in keywords if v.head != "none" and v != name("False"))
        if p.head == "mul":
            parts = tuple(q for q in parts if q != number(1) and not (q.head == "over" and q.parts[0] == number(1)))
            parts = parts if parts and parts[0].head != "over" else (number(1), *parts)
        elif p.head == "add":
            parts = tuple(q for q in parts if q not in (number(0), Phrase("neg", (number(0),)))) or parts[:1]
        if p.head in ("add", "mul") and len(parts) == 1:
            done[id(p)] = parts[0]
        elif parts != p.parts or keywords != p.keywords:
            done[id(p)] = Phrase(p.head, parts, p.text, keywords, p.primes)
        else:
            done[id(p)] = p
    return done[id(phrase)]
