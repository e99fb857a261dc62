"""PDF: a document through Typst where the extra symchain[pdf] is installed, else through the user's LaTeX.

A program's names are escaped before they come here. TeX runs without a shell, may open no file outside its folder, and is stopped
after a while all the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from symchain.errors import LimitError, UnsupportedError, check_choice
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.nouns.recursion import Recursion, Recursions
from symchain.render import check_options, render
from symchain.render.higher_layout import document_of
from symchain.render.typst import typst_document

ENGINES = ("typst", "lualatex", "pdflatex")
SECONDS = 120
"""So long TeX may run."""
_ADVICE = 'Install the extra (pip install "symchain[pdf]") or a TeX distribution; --format latex prints the source.'


def pdf(
    subject: Derivation | Derivations | HigherDerivative | HigherDerivatives | Recursion | Recursions,
    lang: str = "en",
    detail: str = "standard",
    notation: str = "matrix",
    engine: str | None = None,
) -> bytes:
    """The derivation as a PDF file.

    engine: typst, lualatex or pdflatex; by default the first that is installed, of recursions the first LaTeX. Raises
    UnsupportedError where none is, or where it cannot set the document.
    """
    if engine is not None:
        check_choice("engine", engine, ENGINES)
    check_options(lang, detail, notation)
    typst = _typst() if engine in (None, "typst") else None
    if isinstance(subject, Recursion | Recursions):
        if engine == "typst":
            raise UnsupportedError("Typst does not set recursions", advice="Choose LaTeX for this PDF.")
    elif typst is not None and (notation == "matrix" or engine == "typst"):
        if notation != "matrix":
            raise UnsupportedError(f"Typst sets the matrix notation alone, not {notation}", advice="Choose LaTeX for this PDF.")
        try:
            return bytes(typst.compile(typst_document(document_of(subject, detail), lang).encode()))
        except (UnsupportedError, RuntimeError) as error:  # typst reports what it cannot set as RuntimeError
            if engine == "typst" or not any(map(shutil.which, ENGINES[1:])):
                raise UnsupportedError(f"Typst cannot set this document: {error}", advice="Choose LaTeX for this PDF.") from error
    found = [e for e in (ENGINES[1:] if engine is None else (engine,)) if shutil.which(e)]
    if not found:
        raise UnsupportedError(f"there is no {engine or 'Typst and no LaTeX'} here to make a PDF", advice=_ADVICE)
    source = render(subject, "latex", lang=lang, detail=detail, notation=notation, complete=True)
    for other in found[:-1]:
        try:
            return _tex(other, source)
        except UnsupportedError:  # the next one may have the fonts
            continue
    return _tex(found[-1], source)


def _typst() -> Any:
    try:
        import typst
    except ImportError:
        return None
    return typst


def _tex(engine: str, source: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="symchain-") as folder:
        (Path(folder) / "derivation.tex").write_text(source, encoding="utf-8")
        command = [engine, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "derivation.tex"]
        closed = {**os.environ, "openin_any": "p", "openout_any": "p", "max_print_line": "1000"}
        try:
            run = subprocess.run(
                command, cwd=folder, env=closed, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise LimitError(f"{engine} did not finish in {SECONDS} seconds", advice="Ask for less detail.") from None
        made = Path(folder) / "derivation.pdf"
        if run.returncode or not made.exists():
            said = run.stdout.decode("utf-8", "replace").splitlines()
            reason = next((line[1:].strip() for line in said if line.startswith("!")), f"exit code {run.returncode}")
            advice = "Is the LaTeX installation complete (amsmath, babel)?"
            raise UnsupportedError(f"{engine} cannot set this document: {reason}", advice=advice)
        log = (Path(folder) / "derivation.log").read_text(encoding="utf-8", errors="replace")
        if "Missing character: " in log:  # without its fonts LuaLaTeX leaves accents out, and says so in the log alone
            reason = log.partition("Missing character: ")[2].splitlines()[0]
            raise UnsupportedError(f"{engine} cannot set this document: {reason}", advice="Install its fonts (lmodern), or use another.")
        return made.read_bytes()
