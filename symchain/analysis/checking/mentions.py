"""The derivatives that a claim mentions by name, da2/dz2, dC_dz2 or delta_z2, and what each may mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symchain.analysis.checking.questions import Question, with_block
from symchain.analysis.checking.slopes import Flow
from symchain.language.spelling import canonical
from symchain.language.tokens import Token
from symchain.tensors.nodes import Tree, contract

_DELTA = re.compile(r"delta_?(\w+)")


class Mentions:
    """The derivatives that a claim may mention by name: da2/dz2, dC_dz2, delta_z2."""

    def __init__(self, question: Question) -> None:
        self.question, self.program = question, question.program
        self.trees: dict[str, list[Tree]] = {}
        self.meant: dict[str, tuple[str, str]] = {}
        self.names = {**dict.fromkeys(self.program.inputs), **dict.fromkeys(self.program.blocks), **dict.fromkeys(self.program.dimensions)}

    @property
    def ways(self) -> range:
        return range(max((len(t) for t in self.trees.values()), default=1))

    def joined(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with every da2/dz2 made one name."""
        found: list[Token] = []
        k = 0
        while k < len(tokens):
            first = tokens[k]
            if first.kind == "name" and k + 2 < len(tokens) and tokens[k + 1].text == "/" and tokens[k + 2].kind == "name":
                last = tokens[k + 2]
                over, under = self._differential(first.text), self._differential(last.text)
                if over is not None and under is not None and first.line == last.line:
                    name = f"d{over}/d{under}"
                    self._mention(name, over, under)
                    found.append(Token("name", name, first.line, first.column, last.column + last.width - first.column))
                    k += 3
                    continue
            if first.kind == "name" and first.text not in self.names:
                self.adjoint(first.text)
            found.append(first)
            k += 1
        return found

    def _differential(self, text: str) -> str | None:
        """z2 of dz2, unless dz2 is a name of the program."""
        known = text not in self.names and text[:1] == "d" and (text[1:] in self.program.blocks or text[1:] in self.program.inputs)
        return text[1:] if known else None

    def adjoint(self, text: str) -> None:
        """delta_z2 and delta2 are derivatives of the output; dC_dW1 is written as a name, as in the lines of a derivation."""
        parts = text[1:].split("_d") if text[:1] == "d" else []
        for k in range(1, len(parts)):
            over, under = "_d".join(parts[:k]), "_d".join(parts[k:])
            if over in self.program.blocks and under in self.names:
                self._mention(text, over, under)
                return
        match = _DELTA.fullmatch(canonical(text))
        if match:
            for name in (match[1], f"z{match[1]}", f"Z{match[1]}"):
                if name in self.program.blocks:
                    self._mention(text, self.question.output, name)
                    return

    def _mention(self, name: str, over: str, under: str) -> None:
        """What a derivative may mean: the local one where the block reads the name, else the whole one; also its diagonal."""
        if name in self.trees:
            return
        self.meant[name] = over, under
        block = self.program.blocks.get(over)
        if block is None:  # an input: 1 by itself, else 0
            program, over = with_block(self.program, over)
            self.trees[name] = [Flow(program, over, under).gradient()]
            return
        flow = Flow(self.program, over, under)
        found: list[Tree] = []
        if under in block.reads:
            found.append(flow.local())
        whole = flow.gradient()
        if whole not in found and (under not in block.reads or flow.branches()):
            found.append(whole)
        self.trees[name] = [*found, *(d for t in found if (d := diagonal(t, block.shape)) is not None)]


def diagonal(tree: Tree, shape: Sequence[Any]) -> Tree | None:
    """The diagonal of a Jacobian of shape (shape + shape): what elementwise functions are differentiated to on paper."""
    n = len(shape)
    if not n or tree.shape != (*shape, *shape):
        return None
    return contract([tree], [[*range(n), *range(n)]], list(range(n)))
