"""Documents as plain text for a terminal: formulas in the input language, remarks in parentheses, lines that fit."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from symchain.render.formulas import TextFormulas, joint
from symchain.render.sentences import Speaker
from symchain.render.text import END, SHAPE, SIZED
from symchain.render.wrapping import INDENT, WIDTH, held, paragraph, released
from symchain.support.dimensions import show
from symchain.support.document import Chains, Document, Formula, Label, Math, Quantity, Row, Section


def plain_text(document: Document, lang: str) -> str:
    """The document as lines of at most WIDTH characters where formulas allow it."""
    formulas = TextFormulas(lang)
    speaker = Speaker(lang, str, lambda m: held(formulas.inline(m)))
    title = released(speaker.say(document.title).removesuffix("."))
    out = [title, "=" * len(title), ""]
    if document.definitions:
        out += [*paragraph(speaker.say(document.table)), *_table(document, formulas), ""]
        if document.omitted:
            out[-1:] = [INDENT + speaker.omitted(document.omitted), ""]
    if document.opening:
        out += [*paragraph(" ".join(map(speaker.say, document.opening))), ""]
    for number, section in enumerate(document.sections, 1):
        out += [*_section(section, number, formulas, speaker), ""]
    if document.checks:
        out += paragraph(f"{speaker.word('section.check')}. " + " ".join(map(speaker.say, document.checks)))
    return "\n".join(line.rstrip() for line in out).rstrip() + "\n"


def _table(document: Document, formulas: TextFormulas) -> list[str]:
    shaped = any(d.shape for d in document.definitions)
    valued = any(d.value is not None for d in document.definitions)
    symbols = [formulas.display(Formula(d.symbol)) for d in document.definitions]
    names = max(map(len, symbols))
    rows = []
    for d, symbol in zip(document.definitions, symbols, strict=True):
        line = f"{INDENT}{symbol:<{names}} = {formulas.display(Formula(d.phrase))}"
        rows.append((line, show(d.shape) if shaped and d.shape else "", d.value))
    column = max((len(line) for line, _, _ in rows if len(line) <= WIDTH - 24), default=0)
    out = []
    for line, shape, value in rows:
        extra = shape
        if valued and value is not None:
            extra = f"{extra}  {formulas.display(Quantity(value, 6))}".strip()
        wrapped = _wrapped(line, INDENT + " " * (names + 3))
        if extra:
            wrapped[0] = f"{wrapped[0]:<{column}}   {extra}"
        out += wrapped
    return out


def _wrapped(line: str, indent: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    body = line.lstrip()
    first = line[: len(line) - len(body)]
    return wrap(body, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _section(section: Section, number: int, formulas: TextFormulas, speaker: Speaker) -> Iterator[str]:
    yield from paragraph(" ".join(speaker.opening(number, section, str)))
    widths = [_widest([formulas.display(r.sides[k]) for r in section.rows if _heads(r) > k]) for k in range(2)]
    for row in section.rows:
        if not row.boxed:
            yield from _row(row, widths, formulas, speaker)
    yield from _boxed([" = ".join(map(formulas.display, r.sides)) for r in section.rows if r.boxed])
    for said in section.closing:
        yield from paragraph(speaker.say(said), INDENT)


def _heads(row: Row) -> int:
    """How many sides of a row stand in columns: the left one, and the symbol that a label names."""
    return 0 if row.boxed or row.depth else 2 if isinstance(row.sides[0], Label) else 1


def _widest(texts: list[str]) -> int:
    return max((len(t) for t in texts if len(t) <= WIDTH // 4), default=0)


def _row(row: Row, widths: list[int], formulas: TextFormulas, speaker: Speaker) -> Iterator[str]:
    indent = INDENT * (1 + row.depth)
    heads = max(1, _heads(row))
    columns = [f"{formulas.display(side):<{0 if row.depth else width}}" for side, width in zip(row.sides[:heads], widths, strict=False)]
    head, sides = indent + " = ".join(columns), row.sides[heads:]
    if len(sides) == 1 and isinstance(sides[0], Chains):
        yield from _braces(head, sides[0], formulas)
        return
    whole = head + "".join(joint(side, " = ", " : ") + formulas.display(side) for side in sides)
    remark = released(f"   ({speaker.say(row.remark)})") if row.remark else ""
    under = " " * len(head) + "   "
    if len(whole) <= WIDTH or SIZED in whole:
        lines = below(whole)
    else:
        heads_of = [head, *([" " * len(head)] * len(sides))]
        pairs = [(h, joint(side, " = ", " : ") + formulas.display(side)) for h, side in zip(heads_of, sides, strict=False)]
        lines = [line for h, text in pairs for line in _wrapped(h + text, under)]
    if remark and len(lines[-1]) + len(remark) <= WIDTH:
        lines[-1] += remark
    elif remark:
        lines += paragraph(remark.strip(), under)
    yield from lines


def below(text: str) -> list[str]:
    """A line with the shapes of its factors under them, or by itself where that does not fit."""
    if SIZED not in text:
        return [text]
    above = under = plain = ""
    for piece in text.split(SIZED):
        factor, marked, rest = piece.partition(SHAPE)
        if not marked:
            above, plain = above + piece, plain + piece
            continue
        shape, _, after = rest.partition(END)
        width = max(len(factor), len(shape))
        under = f"{under:<{len(above)}}{shape:^{width}}"
        above += f"{factor:^{width}}{after}"
        plain += factor + after
    return [above.rstrip(), under.rstrip()] if max(len(above), len(under)) <= WIDTH - 8 else [plain]


def _boxed(texts: list[str]) -> Iterator[str]:
    """The results in one box; those too long for it after an arrow."""
    lines = [line for t in texts for line in below(t)] if any(SIZED in t for t in texts) else texts
    inside = [t for t in lines if len(t) <= WIDTH - 8]
    texts = lines
    if inside:
        width = max(map(len, inside))
        edge = f"{INDENT}+{'-' * (width + 2)}+"
        yield from [edge, *(f"{INDENT}| {t:<{width}} |" for t in inside), edge]
    for text in texts:
        if text not in inside:
            yield from _wrapped(f"{INDENT}=> {text}", INDENT + "     ")


def _braces(head: str, chains: Chains, formulas: TextFormulas) -> Iterator[str]:
    """The product of symbols, and the number of each factor under its symbol."""
    pieces: list[tuple[str, str, str]] = []
    for path in chains.paths:
        for k, factor in enumerate(path):
            joint = " = " if not pieces else " + " if k == 0 else " * "
            symbol: Math | None = Formula(factor.phrase) if factor else None
            label = f"F{factor.number}" if factor and factor.number else ""
            if label and factor and factor.shape:
                label += f" {show(factor.shape)}"
            pieces.append((joint, formulas.display(symbol) if symbol else "...", label))
    above, below = head, " " * len(head)
    for joint, symbol_text, label in pieces:
        cell = max(len(symbol_text), len(label))
        if len(above) + len(joint) + cell > WIDTH and above.strip():
            yield above
            if below.strip():
                yield below
            above = below = " " * len(head)
        above += joint + f"{symbol_text:^{cell}}"
        below += " " * len(joint) + f"{label:^{cell}}"
    yield above
    if below.strip():
        yield below
