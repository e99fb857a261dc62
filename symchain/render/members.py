r"""Members of families as mathematics: W^{(l)} where layers are counted, h_t where steps are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from symchain.render.names import subscripted, typeset

_MEMBER = re.compile(r"([^\[\]()]+)\[([^\[\]]+)\]")
LAYERS = frozenset("lL")
"""Letters that count layers, whose numbers stand in brackets above."""


def latex_members(names: Iterable[str]) -> dict[str, str]:
    r"""How names such as a[l-1] are set.

    >>> latex_members(["W[l]", "delta_z[l+1]", "h[t-1]", "x"])
    {'W[l]': 'W^{(l)}', 'delta_z[l+1]': '\\delta_z^{(l+1)}', 'h[t-1]': 'h_{t-1}'}
    """
    found = [(n, m) for n in names if (m := _MEMBER.fullmatch(n))]
    layered = {m[1] for _, m in found if LAYERS & set(re.findall(r"[^\W\d]\w*", m[2]))}
    made = {}
    for text, m in found:
        own, index = typeset(m[1]), "".join(typeset(p) if re.fullmatch(r"[^\W\d]\w*", p) else p for p in re.split(r"([^\W\d]\w*)", m[2]))
        made[text] = f"{own}^{{({index})}}" if m[1] in layered else subscripted(own, index)
    return made
