r"""How calls are set in LaTeX: as the registry says of a function, and in the notation of linear algebra for the language's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter

from symchain.functions import find
from symchain.language.forms import find_form


@dataclass(frozen=True)
class Macro:
    r"""A function in LaTeX: `name` before its arguments in parentheses, or a template, or a prefix such as \sum."""

    name: str = ""
    template: tuple[str, ...] = ()
    """The literal texts around the arguments: one more than there are arguments."""
    order: tuple[int, ...] = ()
    """Which argument stands in each gap."""
    prefix: str = ""
    cases: bool = False
    arguments: int = 0
    """How many arguments the template is for."""

    @property
    def slots(self) -> list[tuple[bool, bool]]:
        """For each argument: whether the template encloses it, and whether it stands in an exponent."""
        found = [(True, False)] * self.arguments
        for gap, k in enumerate(self.order):
            before, after = self.template[gap].rstrip(), self.template[gap + 1].lstrip()
            enclosed = before.endswith(("{", "(", "|", "[", r"\lVert", r"\lfloor", r"\lceil", ",")) and after.startswith(
                ("}", ")", "|", "]", r"\right", r"\rVert", r"\rfloor", r"\rceil", ",")
            )
            found[k] = (found[k][0] and enclosed, before.endswith("^{"))
        return found

    @property
    def raised(self) -> bool:
        return any(raised for _, raised in self.slots)

    @property
    def form(self) -> str:
        r"""power (e^{x}), fraction, product (a \times b), or empty for what stands alone."""
        first, last = self.template[0], self.template[-1]
        if first.startswith(r"\frac"):
            return "fraction"
        if "^" in last or first.endswith("^{"):
            return "power"
        alone = first.rstrip().endswith(("{", "(", "|", r"\lVert", r"\lfloor", r"\lceil")) or first.startswith(r"\left")
        return "" if alone else "product"

    def fill(self, fields: Sequence[str]) -> str:
        text = self.template[0]
        for gap, k in enumerate(self.order):
            text += fields[k] + self.template[gap + 1]
        return text


@lru_cache(maxsize=1024)
def _template(latex: str, parameters: tuple[str, ...]) -> Macro | None:
    """A Macro from the registry's format text, or None when it is a plain macro name."""
    names = {p: k for k, p in enumerate(parameters)} | {str(k): k for k in range(len(parameters))}
    try:
        pieces = list(Formatter().parse(latex))
    except ValueError:
        return None
    if not any(field in names for _, field, _, _ in pieces if field is not None):
        return None
    texts, order = [""], []
    for literal, field, _, _ in pieces:
        texts[-1] += literal
        if field in names:
            order.append(names[field])
            texts.append("")
        elif field is not None:  # braces that are LaTeX's own
            texts[-1] += f"{{{field}}}"
    return Macro(template=tuple(texts), order=tuple(order), arguments=len(parameters))


_WORDS = {
    ("log", 2): Macro(template=(r"\log_{", "}(", ")"), order=(1, 0), arguments=2),
    ("norm", 1): Macro(template=(r"\lVert ", r"\rVert"), order=(0,), arguments=1),
    ("norm1", 1): Macro(template=(r"\lVert ", r"\rVert_1"), order=(0,), arguments=1),
    ("dot", 2): Macro(template=("", r"^{\top}", ""), order=(0, 1), arguments=2),
    ("outer", 2): Macro(template=("", r"\,", r"^{\top}"), order=(0, 1), arguments=2),
    ("eye", 1): Macro(template=("I_{", "}"), order=(0,), arguments=1),
    ("ones", 1): Macro(template=(r"\mathbf{1}_{", "}"), order=(0,), arguments=1),
    ("zeros", 1): Macro(template=(r"\mathbf{0}_{", "}"), order=(0,), arguments=1),
    ("sum", 1): Macro(prefix=r"\sum", name=r"\operatorname{sum}"),
    ("where", 3): Macro(cases=True, name=r"\operatorname{where}"),
    ("commutation", 2): Macro(template=("K_{", ",", "}"), order=(0, 1), arguments=2),
}
"""Words of the language that are not registered functions."""


def macro(function: str, arguments: int) -> Macro | None:
    """How a registered function or a word of the language is set; None for a name the program made up."""
    if (function, arguments) in _WORDS:
        return _WORDS[function, arguments]
    found = find(function)
    if found is None:
        return Macro(name=rf"\operatorname{{{function.replace('_', ' ')}}}") if find_form(function) is not None else None
    latex = found.latex or rf"\operatorname{{{found.name}}}"
    parameters = getattr(found, "parameters", None) or tuple(str(k) for k in range(arguments))
    if len(parameters) == arguments:
        template = _template(latex, parameters)
        if template is not None:
            return template
    if _template(latex, parameters) is not None:  # a template for another number of arguments
        return Macro(name=rf"\operatorname{{{found.name.replace('_', ' ')}}}")
    return Macro(name=latex)
