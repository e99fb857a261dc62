"""Pictures as PNG and PDF: an SVG drawn by CairoSVG, which the extra symchain[pictures] installs."""

from __future__ import annotations

from typing import Any

from symchain.errors import UnsupportedError, check_choice

MEDIA = ("png", "pdf")
SCALE = 2.0
"""Pixels of a PNG for one of the picture's."""


def drawn(svg: str, medium: str) -> bytes:
    """The picture in bytes. Raises UnsupportedError where CairoSVG, or the library Cairo, is not installed."""
    check_choice("medium", medium, MEDIA)
    cairo = _cairo()
    found: bytes = (
        cairo.svg2png(bytestring=svg.encode(), scale=SCALE) if medium == "png" else cairo.svg2pdf(bytestring=svg.encode())
    )
    return found


def _cairo() -> Any:
    try:
        import cairosvg
    except (ImportError, OSError):  # OSError: the package is there, the library is not
        what = "pictures as PNG and PDF need CairoSVG, which is not installed"
        raise UnsupportedError(what, advice='Install the extra (pip install "symchain[pictures]"), or take SVG.') from None
    return cairosvg
