"""A whole gradient: through which blocks it comes, why factors multiply, why paths add up, and how it travels back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from symchain.analysis.explaining.arrays import Local
from symchain.analysis.explaining.contrasts import fixing, held, row, with_fixed
from symchain.analysis.explaining.examples import example
from symchain.analysis.explaining.words import concrete, equation, named, names, partial, product, say, total
from symchain.deriving.sweep import Sweep
from symchain.errors import SymchainError
from symchain.evidence.evaluation import evaluate
from symchain.evidence.points import Point
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Factor, Path
from symchain.nouns.explanation import Explanation
from symchain.support.document import Arrows, Axes, Count, Field, Formula, Listing, Members, Quantity, Row, Say
from symchain.support.notation import Phrase, name, operations
from symchain.tensors.matrixform import phrase_of
from symchain.tensors.nodes import multiply_scalars

PATHS = 4
"""So many paths are written out."""
FACTORS = 12
"""So many local derivatives are listed."""
WHYS = 6
"""So many reasons of transposes and sums are given."""
LONGEST = 24
"""Formulas of more operations are left to the lines of the derivation."""


def itself(program: Computation, output: str, lang: str, ranks: Mapping[str, int]) -> Explanation:
    """The derivative of a name by itself."""
    symbol = Formula(partial(output, output))
    said = say("itself", block=named(output), derivative=symbol)
    return Explanation(program, output, output, say("title_plain", derivative=symbol), (said,), lang=lang, ranks=ranks)


def unrelated(program: Computation, output: str, wrt: str, lang: str, ranks: Mapping[str, int]) -> Explanation:
    """The derivative by a name that the output does not depend on."""
    symbol = Formula(partial(output, wrt))
    said = say("zero", block=named(output), wrt=named(wrt), derivative=symbol)
    return Explanation(program, output, wrt, say("title_plain", derivative=symbol), (said,), lang=lang, ranks=ranks)


class Whole:
    """The derivative of an output by a name that acts on it through other blocks, whether it reads the name itself too or not."""

    def __init__(self, program: Computation, output: str, wrt: str) -> None:
        self.program, self.output, self.wrt = program, output, wrt
        self.sweep = Sweep(program, output, [wrt])
        self.derivation: Derivation = self.sweep.derivation(program, wrt)
        self.route = self.sweep.route
        self.symbol = partial(output, wrt)
        self.paths = list(islice(self.sweep.paths(wrt), PATHS))
        self.count = self.route.path_count()
        self.direct = wrt in program.blocks[output].reads
        shapes = [f.shape for p in self.paths for f in p.factors]
        self.scalar = not any(shapes)

    def explanation(self, lang: str, at: Mapping[str, Any] | None, ranks: Mapping[str, int]) -> Explanation:
        d = self.derivation
        remarks = [*self._through(), *self._told_paths(), *self._sums(), *self._backwards(), self._total()]
        if self.program.inputs.get(self.wrt, self.program.blocks.get(self.wrt)).shape and not d.program.blocks[self.output].shape:  # type: ignore[union-attr]
            shape = d.shape
            remarks.append(say("shape_gradient", derivative=Formula(self.symbol), wrt=named(self.wrt), shape=Axes(shape)))
        slope = [(line.name, line.tree) for line in d.all_lines]
        shown, point = example(self.program, self.output, self.wrt, slope, at, local=False)
        if shown and point is not None:
            shown += self._shares(point)
        ranks = {**ranks, **{line.name: len(line.shape) for line in d.adjoint_lines}}
        rows = tuple(self._rows())
        return Explanation(
            self.program, self.output, self.wrt, self._title(), tuple(remarks), tuple(shown), say("factors"), rows, (), lang, ranks
        )

    def _title(self) -> Say:
        symbol = Formula(self.symbol)
        if self.count > 1:
            return say("title_paths", derivative=symbol, count=Count(self.count))
        phrase = self.derivation.formula_phrase
        if operations(phrase) <= 8 and not self.derivation.adjoint_lines:
            return say("title", equation=equation(self.symbol, phrase))
        return say("title_plain", derivative=symbol)

    # ------------------------------------------------------------ paths

    def _through(self) -> Iterator[Say]:
        block = self.program.blocks[self.output]
        through = self._through_names()
        fields: dict[str, Field] = {"wrt": named(self.wrt), "block": named(self.output), "names": names(through)}
        if operations(block.phrase) <= LONGEST:
            yield say("through_also" if self.direct else "through", definition=equation(name(self.output), block.phrase), **fields)
        else:
            yield say("through_also_plain" if self.direct else "through_plain", **fields)

    def _through_names(self) -> list[str]:
        """The blocks that the output reads and the name acts through."""
        return [r for r in self.program.blocks[self.output].reads if r in self.route.names and r != self.wrt]

    def _told_paths(self) -> Iterator[Say]:
        shown: list[Arrows] = []
        for path in self.paths:
            key = "path_one" if self.count == 1 else "path"
            sides = self._product_of(path)
            arrows = _arrows(path)
            if arrows in shown:  # paths that differ only where names are left out
                continue
            shown.append(arrows)
            fields: dict[str, Field] = {"path": arrows}
            fixed = list(dict.fromkeys(n for f in path.factors for n in held(self.program, f.output, f.input)))
            if fixed:
                key, fields["fixed"] = key + "_fixed", fixing(fixed)
            yield say(key, equation=sides, **fields) if sides is not None else say(key + "_plain", **fields)
        ends: dict[str, Field] = {"wrt": named(self.wrt), "block": named(self.output)}
        if self.count > len(shown):
            yield say("paths_more", count=Count(self.count - len(shown)), **ends)
        yield say("why_product" if self.scalar else "why_maps", **ends)

    def _product_of(self, path: Path) -> Any:
        """dy/dp*dp/dh = q*(1 - p**2), for numbers and paths that fit a line."""
        if any(f.shape for f in path.factors) or len(path.factors) > 6:
            return None
        symbols = Phrase("mul", tuple(partial(f.output, f.input) for f in path.factors))
        values = product(*(f.phrase for f in path.factors))
        return equation(symbols, values) if operations(values) <= LONGEST else None

    def _sums(self) -> Iterator[Say]:
        if self.count == 1:
            return
        reaching = self.route.names
        first = [b.name for b in self.route.blocks if b.name in reaching and self.wrt in b.reads]
        if self.direct:
            yield say("why_paths_direct", wrt=named(self.wrt), names=names(self._through_names()), block=named(self.output))
        elif len(first) > 1:
            yield say("why_paths", wrt=named(self.wrt), names=names(first), block=named(self.output))
        else:
            readers_of: dict[str, list[str]] = {}
            for block in self.route.blocks:
                for read in block.reads if block.name in reaching else ():
                    readers_of.setdefault(read, []).append(block.name)
            for middle in self.route.blocks:
                readers = readers_of.get(middle.name, [])
                if middle.name in reaching and len(readers) > 1:
                    yield say("why_paths_later", names=named(middle.name), readers=names(readers), block=named(self.output))
                    break
        grouped = [line.of for line in self.derivation.adjoint_lines if line.role == "adjoint"]
        if self.count > PATHS and grouped:
            yield say("why_paths_grouped", names=named(f"delta_{grouped[0]}"), wrt=named(self.wrt))

    # ------------------------------------------------------------ the way back

    def _backwards(self) -> Iterator[Say]:
        """Each array factor once, as what it makes of what comes back; then why it is transposed or summed."""
        if self.scalar or self.program.blocks[self.output].shape:
            return
        whys: list[Say] = []
        for factor in self._factors():
            block = self.program.blocks[factor.output]
            if not block.shape:
                if factor.output == self.output:
                    start = say("start", equation=equation(partial(factor.output, factor.input), factor.phrase))
                    fixed = held(self.program, factor.output, factor.input)
                    yield say("start_fixed", **start.fields, fixed=fixing(fixed)) if fixed else start
                continue
            local = Local(self.program, block, self.program.leaves[factor.input], factor)
            assert local.back is not None
            back = phrase_of(local.back)
            ends: dict[str, Field] = {"block": named(factor.output), "wrt": named(factor.input)}
            if back == name(local.adjoint.name):
                yield say("back_same", before=Formula(back), **ends)
            elif operations(back) <= LONGEST:
                yield say("back_step", before=named(local.adjoint.name), back=Formula(back), **ends)
            reasons = [s for s in list(local.going_back())[1:] if not s.key.endswith(".shapes")]
            whys = [*reasons, *whys] if factor.input == self.wrt else [*whys, *reasons]
        yield from whys[:WHYS]

    def _total(self) -> Say:
        d = self.derivation
        if d.adjoint_lines or operations(d.formula_phrase) > LONGEST:
            lines = (*d.adjoint_lines[-2:], d.result)
            sides = [equation(name(line.name) if line is not d.result else self.symbol, line.phrase) for line in lines]
            return say("total", equation=Listing(tuple(sides)))
        written = None
        if self.scalar and 1 < self.count <= PATHS:
            terms = [product(*(f.phrase for f in p.factors)) for p in self.paths]
            written = total(terms) if sum(map(operations, terms)) <= LONGEST else None
        return say("total", equation=equation(self.symbol, written, d.formula_phrase))

    # ------------------------------------------------------------ factors and numbers

    def _factors(self) -> list[Factor]:
        """The local derivatives on the paths, output first, each once."""
        found = {f.name: f for p in self.paths for f in p.factors}
        return list(found.values())[:FACTORS]

    def _rows(self) -> Iterator[Row]:
        for factor in self._factors():
            block = self.program.blocks[factor.output]
            note = say("from", definition=equation(name(block.name), block.phrase)) if operations(block.phrase) <= LONGEST else None
            if block.shape and not self.program.scalar:
                yield row(self.program, block, factor)
            else:
                sides = (Formula(partial(factor.output, factor.input)), Formula(factor.phrase))
                yield Row(sides, with_fixed(self.program, factor, note))

    def _shares(self, point: Point) -> list[Say]:
        """What each path contributes to the derivative at the point."""
        if not self.scalar or not 1 < self.count <= PATHS or len(self.paths) != self.count:
            return []
        trees = [concrete(multiply_scalars([f.tree for f in p.factors])) for p in self.paths]
        try:
            values = [float(np.asarray(v)) for v in evaluate(trees, point.values, point.dims)]
        except (SymchainError, KeyError, TypeError):
            return []
        said = [
            say("share" if k == 0 else "share_next", value=Quantity(v, 3), path=_arrows(p))
            for k, (v, p) in enumerate(zip(values, self.paths, strict=True))
        ]
        return [say("shares", shares=Members(tuple(said)), derivative=Formula(self.symbol))]


def _arrows(path: Path) -> Arrows:
    names_on = path.names[::-1]
    return Arrows(names_on if len(names_on) <= 10 else (*names_on[:4], "", *names_on[-4:]))
