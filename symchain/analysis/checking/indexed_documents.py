r"""Documents with families: W^{(l)}, a^{[l-1]} or h_t with a range l = 1, \dots, L are lines with an index, their \delta^{(l)} a claim.

Each formula is read by the reader of every other document, members under names of their own; what that does not read is refused there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from symchain.errors import ParseError, Place, SymchainError
from symchain.language.families import read_text
from symchain.latex.document import find_fragments
from symchain.latex.tokens import Source
from symchain.nouns.computation import Claim
from symchain.nouns.program import Program
from symchain.nouns.statement import Asked, Statement
from symchain.support.dimensions import Shape

Reader = Callable[[str, Mapping[str, Any]], Program]

_GREEK = (
    "delta|lambda|mu|alpha|beta|gamma|epsilon|varepsilon|theta|eta|sigma|rho|pi|nu|xi|phi|psi|omega|zeta|kappa|tau|chi|"
    "Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega"
)
_NAME = (
    r"(?:\\(?:mathbf|boldsymbol|bm|vec|mathrm)\{(?P<bold>\\?[A-Za-z]+)\}|"
    rf"(?P<bare>\\(?:{_GREEK})(?![A-Za-z])|(?<![A-Za-z\\])[A-Za-z]))"
)
_INDEX = r"(?:[A-Za-z](?:\s*[-+]\s*\d+)?|\d+)"
_ABOVE = re.compile(rf"{_NAME}\s*\^\s*\{{\s*(?:\(|\[|\\left\(|\{{\[)\s*(?P<member>{_INDEX})\s*(?:\)|\]|\\right\)|\]\}})\s*\}}")
_BELOW = re.compile(rf"{_NAME}\s*_\s*(?:\{{\s*(?P<member>{_INDEX})\s*\}}|(?P<short>[A-Za-z0-9]))(?!\s*[A-Za-z0-9]*\}})")
_DOTS = r"\\(?:dots|ldots|cdots|dotsc)"
_BOUND = r"[A-Za-z0-9]+(?:\s*[-+]\s*\d+)?"
_RANGE = re.compile(
    rf"(?:,|\\,|\\;|\\ |\\quad|\\qquad|\\text\{{[^{{}}]*\}}|\\forall|\(|\s|~)*"
    rf"(?:(?P<var>[A-Za-z])\s*(?:=|\\in\s*\\\{{)\s*(?P<low>{_BOUND})\s*,\s*(?:(?P<second>{_BOUND})\s*,\s*)?"
    rf"{_DOTS}\s*,\s*(?P<high>{_BOUND})(?:\s*\\\}})?"
    rf"|(?P<first>{_BOUND})\s*\\leq?\s*(?P<among>[A-Za-z])\s*\\leq?\s*(?P<last>{_BOUND}))\s*\)?[\s.,;]*$"
)
_SPACE = re.compile(r"\\in\s*\\(?:mathbb|R)\s*(?:\{R\}|R)?\s*\^\s*(?:\{(?P<dims>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}|(?P<one>\w))\s*[.,]?\s*$")
_SUM = re.compile(
    rf"\\sum\s*(?:\\limits)?\s*_\s*\{{\s*(?P<var>[A-Za-z])\s*=\s*(?P<low>{_BOUND})\s*\}}"
    rf"\s*\^\s*(?:\{{\s*(?P<high>{_BOUND})\s*\}}|(?P<top>\w))"
)
_SLOPE = re.compile(r"^\s*\\d?frac\{\\partial\s*(?P<output>[A-Za-z])\s*\}\{\\partial\s*(?P<wrt>.*)\}\s*$")
_STAND = 9000


@dataclass
class _Line:
    """One formula with its range, where it stands."""

    left: str
    right: str
    source: str
    place: Place
    var: str = ""
    low: str = ""
    high: str = ""

    @property
    def over(self) -> str:
        return f" for {self.var} in {self.low}..{self.high}" if self.var else ""


@dataclass
class _Members:
    """The members of one text, and the names that stand for them while a formula is read."""

    shapes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a family: the sizes of the member i; of another name: its sizes. n[i-1] is written so."""
    families: set[str] = field(default_factory=set)
    stands: dict[tuple[str, str], str] = field(default_factory=dict)

    def stand(self, name: str, index: str) -> str:
        return self.stands.setdefault((name, index), f"{name}_{{{_STAND + len(self.stands) + 1}}}")

    def written(self, text: str) -> str:
        """What was read, with members in place of what stood for them."""
        for (name, index), stand in self.stands.items():
            text = re.sub(rf"\b{re.escape(_plain(stand))}\b", f"{name.lstrip(chr(92))}[{index}]", text)
        if re.search(r"_q\w", text):
            raise ParseError("a size with an index is needed in a formula", advice="Give all members one shape.")
        return text

    def sizes(self) -> dict[str, Any]:
        """The shapes of what stands for members, and of other names."""
        found: dict[str, Any] = {_plain(n): v for n, v in self.shapes.items() if n not in self.families}
        for (name, index), stand in self.stands.items():
            if name in self.shapes:
                found[_plain(stand)] = tuple(_at(d, index) for d in self.shapes[name])
        return {n: tuple(_letter(d) for d in v) for n, v in found.items()}


def read_indexed(text: str, read: Reader, shapes: Mapping[str, Any] | None, let: Mapping[str, str] | None) -> Program | None:
    """The program of a text with families, with its statements and claims.

    None where no line with an index reads an earlier member, or where a definition is not understood as one of a family: then the text
    is read as any other.
    """
    source = Source(text)
    lines = list(_lines(source))
    letters = {line.var for line in lines if line.var}
    if not any(line.var and _member(line.left, letters) and _looks_back(line) for line in lines):
        return None
    try:
        return _Document(read, lines, letters, shapes or {}, let).program()
    except SymchainError:
        return None


def _looks_back(line: _Line) -> bool:
    """Whether a line reads a member before its own."""
    read = (_tight(m["member"]) for p in (_ABOVE, _BELOW) for m in p.finditer(line.right) if m["member"])
    return any(re.fullmatch(rf"{line.var}-\d+", index) for index in read)


def _plain(name: str) -> str:
    return re.sub(r"[\\{}]", "", name)


def _index(found: re.Match[str]) -> str:
    return _tight(found["member"] or found.groupdict()["short"])


def _tight(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _at(size: str, index: str) -> str:
    """A size of the member i, at another index."""
    found = re.fullmatch(r"(\w+)\[i(?:([-+])(\d+))?\]", size)
    if found is None:
        return size
    shift = int((found[2] or "+") + (found[3] or "0"))
    parts = re.fullmatch(r"([A-Za-z]?)([-+]?\d+)?", index)
    assert parts is not None
    number = int(parts[2] or 0) + shift
    return f"{found[1]}[{parts[1] + (f'{number:+d}' if number else '') if parts[1] else number}]"


def _letter(size: str) -> str | int:
    """A size with an index as a letter of its own."""
    if size.isdecimal():
        return int(size)
    return re.sub(r"\[(.*)\]", lambda m: "_q" + m[1].replace("-", "m").replace("+", "p"), size)


def _size(letter: Any, var: str, index: str = "") -> str:
    """The size that a letter stands for, about the member i: of a line with the index `var`, or of one member."""
    found = re.fullmatch(r"(\w+)_q(\w+)", str(letter))
    if found is None:
        return str(letter)
    form = found[2].replace("m", "-").replace("p", "+")
    if index and form == index:
        return f"{found[1]}[i]"
    return f"{found[1]}[{re.sub(rf'^{var}', 'i', form) if var else form}]"


def _lines(source: Source) -> Iterator[_Line]:
    """The formulas of a text, each with its range: one that stands beside it, or that the sentence gives next."""
    waiting: list[_Line] = []
    for f in find_fragments(source):
        body = source.text[f.start : f.stop]
        body = re.sub(r"\\(?:begin|end)\{[a-z]+\*?\}(?:\{[0-9]*\})?|\\(?:label|tag)\{[^{}]*\}|\\nonumber|\\notag", " ", body)
        alone = _RANGE.fullmatch(body)
        if alone is not None:
            for line in waiting:
                line.var, line.low, line.high = _ends(alone)
            waiting = []
            continue
        waiting = waiting if f.kind == "inline" else []
        for piece in re.split(r"\\\\(?:\[[^\]]*\])?", body):
            piece = piece.replace("&", " ").strip().rstrip(".,;").strip()
            found = _RANGE.search(piece)
            head = piece[: found.start()] if found else piece
            for part in re.split(r",?\s*\\q?quad(?![A-Za-z])", head):
                left, equal, right = part.partition("=")
                if not equal:
                    left, equal, right = part, "", ""
                start = source.text.find(left.strip() or part.strip(), f.start)
                row = source.text.count("\n", 0, max(start, 0)) + 1
                column = max(start, 0) - source.text.rfind("\n", 0, max(start, 0))
                line = _Line(left.strip(), right.strip(), part.strip(), Place(row, column, max(1, len(part.strip()))))
                if found:
                    line.var, line.low, line.high = _ends(found)
                elif equal:
                    waiting.append(line)
                yield line


def _ends(found: re.Match[str]) -> tuple[str, str, str]:
    groups = (("var", "among"), ("low", "first"), ("high", "last"))
    var, low, high = (_tight(found[a] or found[b]) for a, b in groups)
    return var, low, high


def _member(text: str, letters: set[str]) -> tuple[str, str] | None:
    """The family and the index of a member that stands alone."""
    found = _ABOVE.fullmatch(text.strip()) or _BELOW.fullmatch(text.strip())
    if found is None:
        return None
    return found["bold"] or found["bare"], _index(found)


class _Document:
    def __init__(
        self, read: Reader, lines: list[_Line], letters: set[str], shapes: Mapping[str, Any], let: Mapping[str, str] | None
    ) -> None:
        self.read, self.lines, self.letters, self.let = read, lines, letters, let
        self.bounds = {re.sub(r"[-+]\d+$", "", e) for line in lines if line.var for e in (line.low, line.high)}
        self.members = _Members()
        self.own: list[str] = []
        self.adjoint: dict[str, list[str]] = {}
        self.statements: list[tuple[str, _Line, str, str]] = []
        self.declared: dict[str, None] = {}
        for line in lines:
            for found in (*_ABOVE.finditer(line.source), *_BELOW.finditer(line.source)):
                index = _index(found)
                if index[0] in self.letters:
                    self.members.families.add(found["bold"] or found["bare"])
        for name, shape in shapes.items():
            self._declare(name, [str(d) for d in shape])

    def _declare(self, name: str, sizes: list[str]) -> None:
        known = next((n for n in self.members.families if _plain(n) == _plain(name)), name)
        letters = "|".join(self.letters)
        if known in self.members.families:
            sizes = [re.sub(rf"\[(?:{letters})", "[i", d) for d in sizes]
        self.members.shapes[known] = tuple(sizes)

    def program(self) -> Program:
        for line in self.lines:
            space = _SPACE.search(line.source)
            if space is not None:
                dims = re.split(r"\\times", space["dims"] or space["one"])
                for name in re.split(r",", line.source[: space.start()]):
                    one = _member(name, self.letters)
                    sizes = [re.sub(r"_\{?([^{}]+)\}?$", r"[\1]", _tight(d)) for d in dims]
                    self._declare(one[0] if one is not None and one[0] in self.members.families else name.strip(), sizes)
        for line in self.lines:
            if line.right:
                try:
                    self._line(line)
                except SymchainError as error:  # a claim costs itself alone; every definition is needed
                    if _SLOPE.match(line.left) is None:
                        raise
                    self.statements.append(("refused", line, error.what, ""))
        letter = sorted(self.letters)[0]
        declared = []
        blocks = {re.split(r"\W", t)[0] for t in self.own} | {_plain(n) for n in self.adjoint}
        for name, shape in self.members.shapes.items():
            plain = _plain(name)
            if plain not in blocks:
                sizes = [re.sub(r"\[i", f"[{letter}", d) for d in shape]
                ends = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
                declared.append(f"{plain}[{letter}]: {ends}" if name in self.members.families else f"{plain}: {ends}")
        program = read_text("\n".join([*declared, *self.own]), let=self.let)
        claims, statements = [], []
        for kind, line, reading, wrt in self.statements:
            asked = None
            if kind == "claim":
                output, name = wrt.split("|")
                adjoints = [t for ts in self.adjoint.values() for t in ts]
                claims.append(Claim(output, name, "\n".join([*adjoints, reading]), line.place, line.source))
                asked = Asked(program, output, (name,), claims[-1].claim)
            read, reason = ("", reading) if kind == "refused" else (reading, "")
            statements.append(Statement(kind, line.place.line, line.place.column, line.source, read, reason, asked=asked))
        return replace(program, claims=tuple(claims), statements=tuple(statements))

    # ------------------------------------------------------------ one line

    def _line(self, line: _Line) -> None:
        slope = _SLOPE.match(line.left)
        one = _member(line.left, self.letters) if slope is None else None
        if slope is not None:
            wrt = _member(slope["wrt"], self.letters)
            shape, right = self._formula(line.right, line.var)
            if wrt is not None and wrt[0] in self.members.families:
                name = _plain(wrt[0])
                over = line.over or (f" for {wrt[1]} in {self._range(wrt[1])}" if wrt[1] in self.letters else "")
                left = f"d{slope['output']}_d{name}"
                reading = f"{left}[{wrt[1]}] = {right}{over}" if over else f"{left}_{wrt[1]} = {right}"
                asked = name if over else f"{name}[{wrt[1]}]"
            else:
                name = asked = _plain(slope["wrt"].strip())
                reading = f"d{slope['output']}_d{name} = {right}"
            self.statements.append(("claim", line, reading, f"{slope['output']}|{asked}"))
            return
        if one is not None and one[0] in self.members.families:
            name, index = one
            backwards = name in self.adjoint or (index[0].isalpha() and index[0] not in self.letters)
            shape, right = self._formula(line.right, line.var)
            self.members.shapes.setdefault(name, tuple(_size(d, line.var, "" if line.var else index) for d in shape))
            over = line.over
            if line.var and backwards:
                upward = line.low.isdecimal() and not line.high.isdecimal()
                over = f" for {line.var} in {line.high}..{line.low}" if upward else over
            elif not line.var and index[0] in self.letters:
                raise ParseError(f"no range is given for {index[0]} in {line.source}", advice=r"Write l = 1, \dots, L beside it.")
            reading = f"{_plain(name)}[{index}] = {right}{over}"
            (self.adjoint.setdefault(name, []) if backwards else self.own).append(reading)
            self.statements.append(("definition", line, reading, ""))
            return
        if re.fullmatch(r"[A-Za-z]", line.left):
            shape, right = self._formula(line.right, "")
            self.own.append(f"{line.left} = {right}")
            self.statements.append(("definition", line, self.own[-1], ""))
            return
        self.statements.append(("skipped", line, "", ""))

    def _range(self, var: str) -> str:
        return next(f"{line.low}..{line.high}" for line in self.lines if line.var == var)

    def _formula(self, latex: str, var: str) -> tuple[Shape, str]:
        """The shape and the reading of a formula."""
        found = _SUM.search(latex)
        if found is not None and found["var"] in self.letters | {found["var"]} and self._indexed(latex[found.end() :], found["var"]):
            body, before = latex[found.end() :].strip(), latex[: found.start()].strip()
            if _SUM.search(body) or _open_signs(body) or _open_signs(before):
                raise ParseError(f"where the sum ends is not clear in {latex}", advice="Write brackets around what is summed.")
            self.letters.add(found["var"])
            shape, inner = self._formula(body, found["var"])
            total = f"sum({inner} for {found['var']} in {_tight(found['low'])}..{_tight(found['high'] or found['top'])})"
            if before:
                factor = self._formula(before, "")
                total = f"({factor[1]})*{total}"
            return shape, total
        stood = _ABOVE.sub(self._stand, latex)
        stood = _BELOW.sub(self._stand_below, stood)
        stood = re.sub(r"(?<=\d\})\s*\(\s*([^\s(){}]+_\{9\d{3}\})\s*\)", r" {\1}", stood)  # a member is no function
        program = self.read(f"$$Q_{{{_STAND}}} = {stood}$$", self.members.sizes())
        own = f"Q_{_STAND}"
        if own not in program.blocks or len(program.blocks) != 1:
            raise ParseError(f"{latex} is not understood", advice="Write one formula on each line.")
        line = next(t for t in str(program).splitlines() if t.startswith(f"{own} = "))
        return program.blocks[own].shape, self.members.written(line.partition(" = ")[2])

    def _indexed(self, latex: str, var: str) -> bool:
        return any(_index(m)[0] == var for p in (_ABOVE, _BELOW) for m in p.finditer(latex))

    def _stand(self, found: re.Match[str]) -> str:
        return self.members.stand(found["bold"] or found["bare"], _tight(found["member"]))

    def _stand_below(self, found: re.Match[str]) -> str:
        name, index = found["bold"] or found["bare"], _index(found)
        known = name in self.members.families and (index[0] in self.letters | self.bounds or index.isdecimal()) and len(index) < 6
        if not known or (index.isdecimal() and int(index) >= _STAND):
            return found[0]
        return self.members.stand(name, index)


def _open_signs(latex: str) -> bool:
    """Whether a sum or a difference stands outside of brackets."""
    depth, bars = 0, False
    for k, c in enumerate(latex):
        depth += (c in "({[") - (c in ")}]")
        bars = bars != (c == "|")
        if c in "+-" and not depth and not bars and latex[:k].strip():
            return True
    return False

