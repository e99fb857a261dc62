"""Kernels as files for places where symchain is not installed: one file, with the formula in its header and a self-test in it.

A target is a table of primitives and a writer: of loops (`languages`), or of arrays (`arrays`); `TARGETS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symchain.errors import ArgumentError, UnsupportedError

SUFFIXES: Mapping[str, str] = {
    "numpy": ".py", "numba": ".py", "torch": ".py", "jax": ".py", "c": ".c", "cpp": ".cpp", "fortran": ".f90", "julia": ".jl",
    "matlab": ".m",
}  # fmt: skip
"""The targets, and how the names of their files end."""
CALLABLE = ("torch", "jax", "numba")
"""The targets whose files make functions here, where the library is installed."""


def export(kernel: Any, target: str, at: Mapping[str, Any] | None = None) -> str:
    """The text of a file that computes what the kernel does, in another language; `at` is the point of its self-test.

    Raises UnsupportedError, which names what the target lacks, before anything is written.
    """
    from symchain.kernels.export.points import point_of

    if target not in SUFFIXES:
        raise UnsupportedError(f"there is no target {target!r} to export to", advice=f"Targets: {', '.join(SUFFIXES)}.")
    _written(kernel.plan, target, ())  # what the target lacks is refused first
    point, expected = point_of(kernel, at)
    about = kernel.about() if kernel.about is not None else ()
    return _written(kernel.plan, target, [*about, f"Written by symchain{_version()}, which it does not need."], point, expected)[0]


def _written(plan: Any, target: str, about: Sequence[str], point: Any = None, expected: Any = None) -> tuple[str, Any]:
    from symchain.kernels.export import arrays, languages, plain
    from symchain.kernels.export.expressions import Expressions
    from symchain.kernels.export.points import zeros_of
    from symchain.kernels.export.sheets import Sheet

    if point is None:
        point, expected = zeros_of(plan)
    one: Any = arrays.MODULES.get(target) or languages.LANGUAGES.get(target) or languages.LANGUAGES["numba"]
    reserved = arrays.RESERVED if target in arrays.MODULES else frozenset(one.reserved)
    sheet = Sheet(plan, Expressions(one.words, target), about, point, expected, reserved, getattr(one, "folds_case", False))
    if target in arrays.MODULES:
        return arrays.written(sheet, one), sheet
    return (plain.written(sheet) if target == "numpy" else languages.written(sheet, one)), sheet


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f" {version('symchain')}"
    except PackageNotFoundError:
        return ""


def function(plan: Any, target: str) -> Callable[..., Any]:
    """The function of an exported file, by keywords: of tensors for "torch", of JAX's arrays (jit and grad go through), of
    NumPy's for "numba".

    Raises UnsupportedError where the library is not installed, or lacks something.
    """
    if target not in CALLABLE:
        raise UnsupportedError(f"{target!r} makes no functions here", advice=f"Targets of functions: {', '.join(CALLABLE)}.")
    try:
        __import__(target)
    except ImportError:
        raise UnsupportedError(f"{target} is not installed", advice=f'pip install {target}, or pip install "symchain[{target}]".') from None
    text, sheet = _written(plan, target, ())
    scope: dict[str, Any] = {"__name__": f"symchain_{target}"}
    exec(compile(text, f"<symchain {target}>", "exec"), scope)
    inner: Callable[..., Any] = scope[sheet.function]
    names = [i.name for i in plan.inputs]

    def call(*values: Any, **named: Any) -> Any:
        if set(named) != set(names[len(values) :]) or len(values) > len(names):
            raise ArgumentError(f"the arguments are {', '.join(names)}", advice="Give each of them, by name or in order.")
        return inner(*values, *(named[n] for n in names[len(values) :]))

    return call


class ExportedBackend:
    """Plans that run in another library: the call takes and returns its arrays."""

    def __init__(self, target: str) -> None:
        self.name = target

    def source(self, plan: Any, options: Mapping[str, Any]) -> str:
        return _written(plan, self.name, ())[0]

    def function(self, plan: Any, options: Mapping[str, Any]) -> Callable[..., Any]:
        if options:
            raise UnsupportedError(f"target {self.name} has no options", advice='Options are for target="numpy" and "c".')
        return function(plan, self.name)

    def exported(self, kernel: Any, target: str, at: Mapping[str, Any] | None) -> str:
        return export(kernel, target, at)

    def function_on(self, plan: Any, target: str) -> Callable[..., Any]:
        return function(plan, target)


__all__ = ["CALLABLE", "SUFFIXES", "ExportedBackend", "export", "function"]
