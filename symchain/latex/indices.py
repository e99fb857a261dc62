"""Entries: which letters of a name are indices, and what the name without them is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from symchain.latex.nodes import Symbol

INDICATOR = "indicator"
"""What an indicator of two equal indices is called, 1[i = j]: it is Kronecker's symbol."""


def entry_of(symbol: Symbol, letters: Collection[str]) -> tuple[str, tuple[str, ...]] | None:
    """(vector, indices) of a name whose subscript or label holds bound letters: y_i, W_{ij}, y_{true,i}, x^{(i)}. None for a plain name.

    Raises ValueError for a subscript that mixes indices with anything else.
    """
    if symbol.label and symbol.label in letters:
        stem = Symbol(symbol.base, symbol.accent, symbol.pieces)
        return stem.name, (symbol.label,)
    kept = list(symbol.pieces)
    indices: list[str] = []
    while kept:
        piece = kept[-1]
        inside = [c for c in piece if c in letters] if piece not in letters else [piece]
        whole = piece in letters or len(inside) == len(piece)
        if not whole:
            if inside and (len(piece) < 3 or any(c.isdigit() for c in piece)):
                raise ValueError(piece)
            break
        indices[:0] = inside
        kept.pop()
    if any(piece in letters for piece in kept) or (indices and kept and any(p.isdigit() or len(p) == 1 for p in kept)):
        raise ValueError("_".join(symbol.pieces))
    if not indices:
        return None
    return Symbol(symbol.base, symbol.accent, tuple(kept), symbol.label).name, tuple(indices)


def entry_or_none(symbol: Symbol, letters: set[str]) -> tuple[str, tuple[str, ...]] | None:
    try:
        return entry_of(symbol, letters)
    except ValueError:
        return None


def index_letters(symbol: Symbol) -> list[str]:
    """The last letters of a name that could be indices: those of its label, or of its last subscripts."""
    if symbol.label and not symbol.pieces:
        return [symbol.label] if len(symbol.label) == 1 and symbol.label.islower() and symbol.label.isascii() else []
    found: list[str] = []
    for piece in reversed(symbol.pieces):
        if not (piece.isascii() and piece.isalpha() and piece.islower() and len(piece) <= 3):
            break
        found[:0] = list(piece)
    return found


def without_letters(symbol: Symbol, count: int) -> str:
    """The name without its last letters; nothing where these do not make whole subscripts."""
    if symbol.label and not symbol.pieces:
        return Symbol(symbol.base, symbol.accent).name
    kept = list(symbol.pieces)
    while count > 0 and kept and len(kept[-1]) <= count:
        count -= len(kept.pop())
    return Symbol(symbol.base, symbol.accent, tuple(kept), symbol.label).name if count == 0 else ""


def is_kronecker(name: str, indices: Sequence[str]) -> bool:
    """Whether an entry is Kronecker's symbol, where nothing else is called delta."""
    return name in ("delta", INDICATOR) and len(indices) == 2
