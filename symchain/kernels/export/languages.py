"""The targets whose files are loops: C, C++, Fortran, Julia, MATLAB, and Python for Numba."""

from __future__ import annotations

from collections.abc import Mapping

from symchain.kernels.export.c import CPP, C
from symchain.kernels.export.fortran import FORTRAN
from symchain.kernels.export.julia import JULIA
from symchain.kernels.export.layouts import Language, Loops
from symchain.kernels.export.matlab import MATLAB
from symchain.kernels.export.numba import NUMBA
from symchain.kernels.export.sheets import Sheet

LANGUAGES: Mapping[str, Language] = {"c": C, "cpp": CPP, "fortran": FORTRAN, "julia": JULIA, "matlab": MATLAB, "numba": NUMBA}


def written(sheet: Sheet, language: Language) -> str:
    """The file. Raises UnsupportedError for what the language has no form of."""
    loops = Loops(sheet.plan, language.statements, sheet.expressions)
    loops.depth = 1
    return language.layout(sheet, loops)
