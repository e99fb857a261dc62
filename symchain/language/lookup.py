"""What a name means when it is called, and which name was meant when it means nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from symchain.errors import nearest
from symchain.functions.spec import ALIASES, FUNCTIONS, AbstractFunction, FunctionSpec, OperationSpec, abstract, find
from symchain.language import arrangements, calls, decompositions, distributions, labels, layers, parts, sequences, windows  # noqa: F401  (registers the forms)
from symchain.language.forms import OPERATORS, Form, find_form, form_names
from symchain.language.spelling import canonical, is_abstract
from symchain.support.notation import Phrase
from symchain.wording import LANGUAGES

_GAPS = {
    "comb": "Write binom(n, k).",
    "Ei": "Write expi(x).",
    "arange": "Declare an input for constant vectors.",
    "len": "Use the dimension letter of the axis as a number.",
    **dict.fromkeys(("dropout", "dropout2d", "dropout3d", "bernoulli", "randn", "rand"), "Multiply by a mask that is an input."),
    **dict.fromkeys(
        ("rfft", "irfft", "fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "rfft2", "irfft2", "rfftn", "irfftn", "hfft", "ihfft", "dft"),
        "Its values are complex numbers; write sums of x*cos(...) and x*sin(...), or a matrix that is an input.",
    ),
    **dict.fromkeys(("eig", "eigvals", "roots"), "Its values are complex numbers; eigh and eigvalsh take symmetric matrices."),
    **dict.fromkeys(
        ("histogram", "bincount", "histogram2d", "digitize", "nonzero", "count_nonzero"),
        "It counts, and what is counted has no slope; scatter(x, labels, n) adds up by labels.",
    ),
    **dict.fromkeys(
        ("put", "put_along_axis", "fill_diagonal", "index_put", "index_add", "index_copy", "scatter_add", "masked_fill"),
        "A program has values, not memory; write where(condition, a, x) or x + scatter(y, labels, n).",
    ),
    **dict.fromkeys(
        ("nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanstd", "nanvar", "nanmedian", "nanquantile", "nanpercentile", "nan_to_num"),
        "An input has numbers alone; multiply by a mask that is an input and put 0 where a number is missing.",
    ),
}
_OF_WHOLE_ARRAYS = frozenset([
    "qr", "lu", "ldl", "schur", "hessenberg", "matrix_rank", "null_space", "orth", "funm", "signm", "tanm",
    "sinhm", "coshm", "tanhm", "fractional_matrix_power", "khatri_rao", "pinvh", "cho_factor", "tensorinv", "tensorsolve",
    "lu_factor", "lu_solve",
    "eig_banded", "solve_banded", "solve_toeplitz", "cholesky_banded", "hilbert", "cossin",
])  # fmt: skip
"""Functions of whole arrays in NumPy and SciPy that are not here: declared as functions they would be read entry by entry."""
_OF_TWO = {"max": "maximum", "amax": "maximum", "min": "minimum", "amin": "minimum"}
_NEVER_CALLED = ("index", "place")
"""Operations that are written x[...]."""


def is_known_function(name: str) -> bool:
    """Whether a name is taken by the language or the registry when it is called."""
    return find_form(name) is not None or name in OPERATORS or isinstance(find(name), FunctionSpec)


def is_composition(name: str) -> bool:
    """Whether a name is that of a form with which nothing is printed."""
    known = find_form(name)
    return known is not None and known.free


def find_function(name: str, functions: Mapping[str, Any]) -> Form | FunctionSpec | AbstractFunction | None:
    """What a name means when it is called: the program's own functions first, then the language's, then activations by their name."""
    if name in functions:
        return functions[name]
    for key in (name, canonical(name)):
        known = find_form(key) or find(key)
        if isinstance(known, Form | FunctionSpec):
            return known
    return abstract(name) if is_abstract(name) else None


def closest(name: str, known: Iterable[str]) -> str:
    """Advice naming the nearest known name, or nothing: other capitals or underscores, two letters swapped, then what looks alike.

    >>> closest("LogSumExp", ["logaddexp", "logsumexp"]), closest("tahn", ["tan", "tanh"])
    ('Did you mean logsumexp?', 'Did you mean tanh?')
    """
    plain: dict[str, str] = {}
    for k in known:
        plain.setdefault(_plain(k), k)
    wanted = _plain(name)
    longest = max(map(len, plain), default=0)
    swaps = range(len(wanted) - 1 if len(wanted) <= longest else 0)
    swapped = (wanted[:k] + wanted[k + 1] + wanted[k] + wanted[k + 2 :] for k in swaps)
    near = next((w for w in (wanted, *swapped) if w in plain), None)
    if near is None:
        near = nearest(wanted, plain, cutoff=0.7)
    return "" if near is None else f"Did you mean {plain[near]}?"


def _plain(name: str) -> str:
    return name.casefold().replace("_", "") or name


def elementwise_names() -> list[str]:
    """The names and aliases of the functions that apply to single numbers."""
    return [*FUNCTIONS, *(alias for alias, name in ALIASES.items() if name in FUNCTIONS)]


def instead(name: str) -> str:
    """Advice for a call of a reduction with two numbers, as Python's max(x, y) is called, or nothing."""
    spec = find(name)
    if not isinstance(spec, OperationSpec) or not spec.lattice:
        return ""
    other = next(f.name for f in FUNCTIONS.values() if f.lattice == spec.lattice)
    return f"For the {'larger' if spec.lattice > 0 else 'smaller'} of two values write {other}(x, y)."


def _elsewhere(name: str) -> str:
    """Advice for a function written as the schools of some language write it, or nothing."""
    known = next((language.spellings[name] for language in LANGUAGES.values() if name in language.spellings), None)
    return "" if known is None else f"Did you mean {known}?"


def advice_on(name: str, functions: Iterable[str] = ()) -> str:
    """What to do about a call of an unknown function. A function of whole arrays is not advised to be declared, nor taken for another."""
    if name in _OF_WHOLE_ARRAYS:
        return f"symchain does not have {name} yet; make its result an input, or write it with inv, det, @ and their like."
    known = [n for n in (*form_names(), *elementwise_names(), *OPERATORS, *functions) if n not in _NEVER_CALLED]
    return (
        _GAPS.get(name)
        or _elsewhere(name)
        or closest(name, known)
        or (f"If it acts on single numbers and its derivative is unknown, declare '{name}: function'.")
    )


MOST_ARGUMENTS = 9
"""So many arguments a function known by name alone may have: their numbers are digits."""


def misused(phrase: Phrase) -> tuple[str, str]:
    """What is wrong with a call of a function known by name alone, and what to write."""
    name, given = phrase.text, len(phrase.parts)
    if given > 1 and phrase.primes:
        what = f"{name} has {given} arguments, so a prime does not say by which"
        return what, f"Write D1 {name}(...) for the derivative by the first argument, D12 {name}(...) for that by the first two."
    return f"{name} has {given} arguments", f"A function known by name alone takes one to {MOST_ARGUMENTS} arguments."
