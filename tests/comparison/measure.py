"""How much of other libraries is here, by name and by value: python tests/comparison/measure.py [--write] [--all] [jax torch numpy ...].

The names are those that the installed libraries list themselves. Each is called with sample arguments, there and here; what is not here
stands in `reasons` with its reason. A value that differs is an error, whatever the reason. --write puts the table into the documentation.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from libraries import LIBRARIES, Library
from reasons import NOT_HERE, REASONS
from samples import PATTERNS, SAMPLES, WRITTEN, declared, words

import symchain
from symchain.errors import SymchainError


@dataclass(frozen=True)
class Row:
    """One name of a library: how it was called, what came of it (same, written, missing, wrong, excused), and what is to be said of it."""

    origin: str
    name: str
    call: str
    outcome: str
    note: str = ""

    @property
    def covered(self) -> bool:
        return self.outcome in ("same", "written")


def rows(library: Library) -> Iterator[Row]:
    for name in library.names():
        yield row(library, name)


def row(library: Library, name: str) -> Row:
    """What comes of one name."""
    short = name.rsplit(".", 1)[-1]
    given = WRITTEN.get(library.name, {}).get(name) or WRITTEN["any"].get(short)
    reason = REASONS.get(name) or REASONS.get(short)
    lacking = NOT_HERE.get(name) or NOT_HERE.get(short)
    if given:
        there, _, here = (part.strip() for part in given.partition(" | "))
        calls = [(there, here or there, "written" if here else "same")]
    else:
        calls = [(f"{short}({p})", f"{short}({p})", "same") for p in PATTERNS]
    tried = None
    for there, here, outcome in calls:
        try:
            wanted = library.value(name, there, SAMPLES)
        except Exception as error:
            tried = tried or (there, f"the library does not take it: {type(error).__name__}: {str(error)[:90]}")
            continue
        if wanted is None:
            tried = tried or (there, "no real floats come back")
            continue
        try:
            found = value(here)
        except SymchainError as error:
            if reason and given is None:
                break
            return Row(library.name, name, there, "excused" if reason else "missing", reason or lacking or str(error).split("\n")[0])
        if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=2e-6, atol=1e-7, equal_nan=True):
            return Row(library.name, name, there, "wrong", f"{found.ravel()[:3]} for {wanted.ravel()[:3]}, {here}")
        return Row(library.name, name, there, outcome, "" if outcome == "same" else here)
    call, why = tried or ("", "")
    return Row(library.name, name, call, "excused" if reason else "missing", reason or lacking or why)


def value(text: str) -> Any:
    """What a program of one line computes at the samples."""
    program = symchain.parse("\n".join([*declared(n for n in SAMPLES if n in words(text)), f"result = {text}"]))
    result = program.compile("result", wrt=[]).positional(*(SAMPLES[n] for n in program.inputs))
    return np.asarray(result[0] if isinstance(result, tuple) else result, float)


def table(found: list[Row]) -> str:
    """The figures, one line for each library."""
    lines = ["| library | names | here | by the same call | not here |", "|---|---|---|---|---|"]
    for library in dict.fromkeys(r.origin for r in found):
        count = Counter(r.outcome for r in found if r.origin == library)
        total = sum(count.values()) - count["excused"]
        here = count["same"] + count["written"]
        lines.append(f"| {library} | {total} | {here} | {count['same']} | {count['missing'] + count['wrong']} |")
    return "\n".join(lines)


README = Path(__file__).parents[2] / "README.md"
_TABLE = re.compile(r"(?<=<!-- comparison -->\n).*?(?=<!-- end -->)", re.DOTALL)


def documented() -> str:
    """The table of the documentation."""
    found = _TABLE.search(README.read_text(encoding="utf-8"))
    assert found is not None
    return found[0]


def main() -> int:
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    asked = [a for a in sys.argv[1:] if not a.startswith("-")] or list(LIBRARIES)
    found = [r for name in asked if LIBRARIES[name].installed() for r in rows(LIBRARIES[name])]
    for r in found:
        if r.outcome in ("missing", "wrong") or "--all" in sys.argv:
            print(f"{r.outcome:8} {r.origin:9} {r.name:36} {r.call:40} {r.note}")
    print(table(found))
    if "--write" in sys.argv:
        README.write_text(_TABLE.sub(lambda _: table(found) + "\n", README.read_text(encoding="utf-8")), encoding="utf-8")
    return any(r.outcome == "wrong" for r in found)


if __name__ == "__main__":
    sys.exit(main())
