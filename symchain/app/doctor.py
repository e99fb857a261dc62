"""symchain doctor: what is installed here, what each part enables, and how what is missing is had."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from symchain import __version__
from symchain.app.formats import formats
from symchain.app.options import in_lang
from symchain.app.terminal import write_result
from symchain.wording import sentence


@dataclass(frozen=True, slots=True)
class Part:
    """Something that symchain uses where it is there."""

    name: str
    enables: str
    """The key of the sentence that says what for, `doctor.{enables}`."""
    extra: str = ""
    """The extra that brings it; empty for what comes with symchain, and for programs, which the system's packages bring."""
    program: bool = False
    """Whether it is a program, not a package of Python."""
    others: tuple[str, ...] = ()
    """Programs that do the same."""


PARTS = (
    *(Part(name, "core") for name in ("numpy", "sympy", "scipy", "click", "rich", "python-flint")),
    Part("cc", "native", program=True, others=("gcc", "clang")),
    Part("ziglang", "zig", "native"),
    Part("numba", "export", "numba"),
    Part("torch", "torch", "torch"),
    Part("jax", "jax", "jax"),
    Part("dask", "dask", "dask"),
    Part("distributed", "distributed", "dask"),
    Part("matplotlib", "plot", "plot"),
    Part("cairosvg", "pictures", "pictures"),
    Part("typst", "pdf", "pdf"),
    Part("pdflatex", "pdf", program=True, others=("lualatex", "xelatex", "tectonic")),
    Part("starlette", "serve", "serve"),
    Part("uvicorn", "serve", "serve"),
    Part("mcp", "mcp", "mcp"),
    Part("ipywidgets", "widgets", "jupyter"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a part: `version` of a package or the path of a program, None where it is missing."""

    name: str
    version: str | None
    enables: str
    install: str


def examined(lang: str) -> Iterator[Finding]:
    """The parts as they are here; nothing is imported or run."""
    for part in PARTS:
        found = _program((part.name, *part.others)) if part.program else _package(part.name)
        pip = f'pip install "symchain[{part.extra}]"' if part.extra else "pip install symchain"
        install = sentence(lang, "doctor.program").format(names=", ".join((part.name, *part.others))) if part.program else pip
        yield Finding(part.name, found, sentence(lang, f"doctor.{part.enables}"), install)


def _program(names: tuple[str, ...]) -> str | None:
    if names[0] == "cc" and (chosen := os.environ.get("CC", "").split()):  # as the compiler is chosen
        names = (chosen[0], *names)
    return next((path for n in names if (path := shutil.which(n)) is not None), None)


def _package(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return "" if find_spec(name.replace("-", "_")) is not None else None


def about() -> dict[str, Any]:
    """The versions of symchain and Python, where they are, and the system."""
    return {
        "symchain": __version__,
        "folder": str(Path(__file__).resolve().parents[1]),
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


@click.command()
@in_lang
@formats("text", "json")
def doctor(lang: str, medium: str, output: str | None) -> None:
    """Say what is installed, what it enables, and how to get what is missing."""
    findings = list(examined(lang))
    if medium == "json":
        parts = [{**asdict(f), "installed": f.version is not None} for f in findings]
        write_result(json.dumps({**about(), "parts": parts}, indent=2, ensure_ascii=False), output)
        return
    here = about()
    lines = [
        f"symchain {here['symchain']}  {here['folder']}",
        f"Python {here['python']}  {here['executable']}",
        f"{here['system']}  {sentence(lang, 'doctor.cores').format(count=here['cores'])}",
    ]
    there = [(f.name, f.version, f.enables) for f in findings if f.version is not None]
    missing = [(f.name, f.enables, f.install) for f in findings if f.version is None]
    for key, rows in (("doctor.there", there), ("doctor.missing", missing)):
        if rows:
            widths = [max(len(row[k]) for row in rows) for k in range(2)]
            lines += ["", sentence(lang, key), *(f"  {a:{widths[0]}}  {b:{widths[1]}}  {c}" for a, b, c in rows)]
    write_result("\n".join(lines), output)


__all__ = ["PARTS", "Finding", "about", "doctor", "examined"]
