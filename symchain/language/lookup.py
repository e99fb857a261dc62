"""What a name means when it is called, and which name was meant when it means nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from symchain.functions.spec import ALIASES, AbstractFunction, FunctionSpec, OperationSpec, abstract, find
from symchain.language import calls  # noqa: F401  (registers the forms)
from symchain.language.forms import FORMS, OPERATORS, Form
from symchain.language.spelling import canonical, is_abstract

_GAPS = {
    "factorial": "Write gamma(n + 1).",
    "floor": "Steps have no useful derivative; floor is not part of the language.",
    "ceil": "Steps have no useful derivative; ceil is not part of the language.",
    "round": "Steps have no useful derivative; round is not part of the language.",
    "array": "Write stack([a, b]) or concatenate([a, b]).",
    "arange": "Declare an input for constant vectors.",
    "linspace": "Declare an input for constant vectors.",
    "len": "Use the dimension letter of the axis as a number.",
    "dropout": "Multiply by a mask that is an input.",
}
_NEVER_CALLED = ("index", "place")
"""Operations that are written x[...]."""


def is_known_function(name: str) -> bool:
    """Whether a name is taken by the language or the registry when it is called."""
    return name in FORMS or name in OPERATORS or (find(name) is not None and name not in _NEVER_CALLED)


def find_function(name: str, functions: Mapping[str, Any]) -> Form | FunctionSpec | AbstractFunction | OperationSpec | None:
    """What a name means when it is called: the program's own functions first, then the language's, then activations by their name."""
    if name in functions:
        return functions[name]
    for key in (name, canonical(name)):
        known = FORMS.get(key) or find(key)
        if known is not None and key not in _NEVER_CALLED:
            return known
    return abstract(name) if is_abstract(name) else None


def closest(name: str, known: Iterable[str]) -> str:
    """Advice naming the nearest known name, or nothing."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"Did you mean {near[0]}?" if near else ""


def advice_on(name: str, functions: Iterable[str] = ()) -> str:
    """What to do about a call of an unknown function."""
    known = [n for n in (*FORMS, *ALIASES, *OPERATORS, *functions) if n not in _NEVER_CALLED]
    return _GAPS.get(name) or closest(name, known) or f"If its derivative is unknown, declare '{name}: function'."
