"""Names that are free: what is made beside a program may not take the names that the program has."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """The names that are taken, and new ones beside them.

    >>> names = Names(["x", "x_", "t1"])
    >>> names.fresh("x"), names.fresh("x"), names.numbered("t"), names.numbered("t")
    ('x__', 'x___', 't2', 't3')
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)

    def fresh(self, name: str) -> str:
        """The name, with as many underscores behind it as make it new; taken from now on."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def numbered(self, stem: str) -> str:
        """The first of stem1, stem2, ... that is free; taken from now on."""
        number = 1
        while f"{stem}{number}" in self.taken:
            number += 1
        name = f"{stem}{number}"
        self.taken.add(name)
        return name


def name_between(output: str, first: str, vector: str = "") -> str:
    """What the derivative by a block of the derivative by a name is called, with {} for the block; `vector`: what that was multiplied with.

    >>> name_between("C", "w").format("z"), name_between("C", "w", "v").format("z")
    ('d2C_dw_dz', 'd2C_dw_dz_v')
    """
    return f"d2{output}_d{first}_d{{}}" + (f"_{vector}" if vector else "")
