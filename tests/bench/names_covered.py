"""Which functions of other libraries are known by name: their own lists, read where they are installed, against symchain's registry.

    python -m tests.bench.names_covered [--missing]

What counts is what is differentiable there, or has a value that derivatives use: functions of numbers and arrays. Each name is looked up
as it is called: the language's operators and forms, then functions and operations.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
from collections.abc import Iterable, Mapping
from types import ModuleType

from symchain.functions.spec import FUNCTIONS, OPERATIONS, find
from symchain.language.forms import OPERATORS
from symchain.language.lookup import find_form

LISTS: Mapping[str, tuple[str, ...]] = {
    "NumPy": ("numpy",),
    "NumPy, linear algebra": ("numpy.linalg",),
    "SciPy, special functions": ("scipy.special",),
    "SciPy, linear algebra": ("scipy.linalg",),
    "JAX": ("jax.numpy", "jax.numpy.linalg", "jax.nn", "jax.scipy.special", "jax.scipy.linalg", "jax.lax"),
    "autograd": ("autograd.numpy", "autograd.numpy.linalg", "autograd.scipy.special"),
    "PyTorch": ("torch", "torch.linalg", "torch.special", "torch.nn.functional"),
}
"""By title the modules of a library."""


def known(name: str) -> bool:
    """Whether a call of a function of this name is read, with a derivative or with the value of one."""
    return name in OPERATORS or find_form(name) is not None or find(name) is not None


def names(module: ModuleType) -> set[str]:
    """The public functions of a module."""
    public = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]
    found = {n: getattr(module, n, None) for n in public}
    return {n for n, f in found.items() if n.islower() and callable(f) and not inspect.isclass(f) and not inspect.ismodule(f)}


def table(lists: Mapping[str, Iterable[str]] = LISTS) -> dict[str, tuple[set[str], set[str]]]:
    """For each title the names that are known and those that are not; libraries that are not installed are left out."""
    rows = {}
    for title, modules in lists.items():
        try:
            found = set().union(*(names(importlib.import_module(m)) for m in modules))
        except ImportError:
            continue
        rows[title] = {n for n in found if known(n)}, {n for n in found if not known(n)}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--missing", action="store_true", help="name what is not known")
    arguments = parser.parse_args()
    print(f"{len(FUNCTIONS)} functions and {len(OPERATIONS)} operations have records\n")
    for title, (have, lack) in table().items():
        print(f"{title:28}{len(have):5} of {len(have) + len(lack)}")
        if arguments.missing:
            print("   ", " ".join(sorted(lack)), "\n")


if __name__ == "__main__":
    main()
