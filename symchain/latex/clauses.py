r"""Fragments to clauses: rows, what separates two statements, conditions beside them, and the prose around."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symchain.latex.document import Fragment
from symchain.latex.tokens import PROSE, Source, Token, read_tokens

ALIGNED = frozenset({
    "aligned", "split", "gathered", "alignedat", "align", "alignat", "gather", "equation", "eqnarray", "multline", "flalign", "array",
    "displaymath", "dcases",
})  # fmt: skip
ARROWS = frozenset({
    "Rightarrow", "implies", "Longrightarrow", "iff", "Leftrightarrow", "Longleftrightarrow", "therefore", "because", "leadsto",
})  # fmt: skip
WEAK_ARROWS = frozenset({"rightarrow", "to", "longrightarrow", "Longleftarrow", "leftrightarrow", "longleftrightarrow"})
"""Between two statements they separate; elsewhere they state nothing."""
COMPARISONS = frozenset({
    "approx", "le", "leq", "leqslant", "ge", "geq", "geqslant", "simeq", "cong", "ll", "gg", "approxeq", "lesssim", "gtrsim", "neq", "ne",
    "sim", "propto", "mapsto", "hookrightarrow", "asymp", "doteq", "subset", "subseteq", "notin", "perp", "overset", "underset",
    "stackrel",
})  # fmt: skip
UPDATES = frozenset({"leftarrow", "gets", "longleftarrow"})
DEFINES = frozenset({"coloneqq", "triangleq", "coloneq", "equiv", "doteq", "Coloneqq"})
_IF = re.compile(
    r"\b(?:if|for|when|whenever|at|in case|provided|unless|si|pour|quand|lorsque|en|au point|sachant|assuming|given|otherwise|sinon|as)\b",
    re.IGNORECASE,
)
_SETTING = re.compile(r"\b(?:with|avec|take|taking|en prenant|on prend)\b[^.;:]{0,24}$", re.IGNORECASE)
_TIES = re.compile(
    r"\b(?:hence|thus|therefore|expanding|that is|i\.e\.|donc|ainsi|d'où|en développant|c'est-à-dire)\b"
    r"[\s,:;]*(?:(?:we|on|it) \w+[\s,:]*)?$",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?](?:[\s*_)]|$)|^#.*$", re.MULTILINE)


@dataclass(frozen=True)
class Context:
    """The prose around a fragment: of its sentence before it and behind it, and the inline mathematics in that sentence."""

    before: str = ""
    after: str = ""
    wide: str = ""
    """A longer stretch before and behind, for what sets the scene: a minimum that is looked for."""
    named: tuple[tuple[str, int], ...] = ()
    """The other fragments of the sentence: the words directly before each, and its number."""


@dataclass
class Clause:
    """The tokens of one statement as it stands in the text. `words` lead to it, `conditions` are what its row says about when."""

    tokens: list[Token]
    fragment: int
    kind: str
    words: str = ""
    comma: bool = False
    continues: bool = False
    conditions: list[list[Token]] = field(default_factory=list)
    trouble: str = ""
    row: int = 0
    through: int = -1
    """The last fragment that goes on with it."""


def read_clauses(source: Source, fragments: Sequence[Fragment]) -> list[Clause]:
    """The clauses of all fragments, in order."""
    found: list[Clause] = []
    for number, fragment in enumerate(fragments):
        if fragment.error is not None:
            place = source.place(fragment.start - 1)
            bad = Token("bad", "", place.line, place.column, 1, "", fragment.opened, fragment.start, fragment.error)
            found.append(Clause([bad], number, fragment.kind))
            continue
        tokens = read_tokens(source, fragment.start, fragment.stop)[:-1]
        for k, row in enumerate(_rows(tokens, fragment.kind == "bare")):
            found += [replace(c, row=k) for c in _clauses(row, number, fragment.kind)]
    return found


def context_of(source: Source, fragments: Sequence[Fragment], number: int) -> Context:
    """The prose around one fragment."""
    fragment = fragments[number]
    named: list[tuple[str, int]] = []
    pieces: list[str] = []
    k = number
    start = fragment.opened
    while True:
        previous = fragments[k - 1].closed if k else 0
        piece = source.text[previous:start]
        cut = _sentence_start(piece)
        pieces.insert(0, piece[cut:])
        if (
            cut
            or not k
            or len(named) > 12
            or not _may_narrow(source.text[fragments[k - 1].start : fragments[k - 1].stop], fragments[k - 1])
        ):
            break
        k -= 1
        start = fragments[k].opened
        named.insert(0, ("", k))
    named = [(pieces[i], n) for i, (_, n) in enumerate(named)]
    following = fragments[number + 1].opened if number + 1 < len(fragments) else len(source.text)
    after = source.text[fragment.closed : following]
    low, high = max(0, fragment.opened - 280), min(len(source.text), fragment.closed + 160)
    wide = source.text[low : fragment.opened] + " … " + source.text[fragment.closed : high]
    lower = _IF.match(after.lstrip(" ,(\n\t")) is not None and after.lstrip(" ,(\n\t")[:1].islower()
    if number + 1 < len(fragments) and fragments[number + 1].kind == "inline" and not _ENDS.search(after) and len(after) < 60 and lower:
        named.append((after, number + 1))
    return Context(" … ".join(pieces), after, wide, tuple(named))


def _may_narrow(text: str, fragment: Fragment) -> bool:
    """Whether an inline formula could be a case or a point, and no statement of its own, behind which a new one begins."""
    return fragment.kind == "inline" and len(text) < 40 and re.search(r"\\partial|\\nabla|'|\\frac\{d|\([a-z]\)\s*=", text) is None


def _sentence_start(piece: str) -> int:
    """Where the last sentence of a stretch of prose begins; 0 where it began before."""
    text = piece.rstrip()
    ends = [m.end() for m in _ENDS.finditer(text)]
    blank = [m.end() for m in re.finditer(r"\n[ \t]*\n", text)]
    return max([0, *(e for e in ends if e < len(text) or text[-1:] in ".!?"), *blank])


def is_condition(words: str, settings: bool = False) -> bool:
    """Whether words lead to a condition: "if", "for", "at" last among them; or to a setting: "with", "take"."""
    found = re.search(_IF.pattern + r"[^.;:]{0,24}$", words.strip(), re.IGNORECASE)
    return found is not None or (settings and _SETTING.search(words.strip()) is not None)


def links(words: str) -> bool:
    """Whether words tie what follows to what stands before: hence, expanding."""
    return _TIES.search(words.rstrip()) is not None


# ---------------------------------------------------------------- rows


def _rows(tokens: Sequence[Token], bare: bool) -> list[list[Token]]:
    r"""Cut at \\ outside of brackets and inner environments; a bare text also at the ends of its lines."""
    rows: list[list[Token]] = [[]]
    depth, inner, outer = 0, 0, 0
    outer_cases = False
    k = 0
    while k < len(tokens):
        token = tokens[k]
        k += 1
        if token.kind in ("begin", "end"):
            name = token.text.rstrip("*")
            opens = token.kind == "begin"
            outside = depth == 0 and inner == 0 and (name != "array" or not any(t.kind != "begin" for r in rows for t in r) or outer)
            system = bool(
                name in ("cases", "dcases")
                and outside
                and (outer_cases or not any(t for r in rows for t in r))
                and _holds_equation(tokens, k)
            )
            outer_cases = system and opens
            if (name in ALIGNED and name != "dcases" and outside) or system:
                outer += 1 if opens else -1
                if opens and name in ("array", "alignedat", "alignat") and k < len(tokens) and tokens[k].text == "{":
                    while k < len(tokens) and tokens[k].text != "}":
                        k += 1
                    k += 1
                continue
            inner += 1 if opens else -1
        depth += turn(token)
        if token.kind == "command" and token.text == "\\" and depth <= 0 and inner == 0:
            depth = 0
            rows.append([])
            continue
        last = rows[-1][-1] if rows[-1] else None
        if bare and last is not None and token.line > last.line and depth - turn(token) == 0 and inner == 0 and not _goes_on(last, token):
            rows.append([])
        rows[-1].append(token)
    return _joined([r for r in rows if r])


def _holds_equation(tokens: Sequence[Token], k: int) -> bool:
    """Whether what an environment holds, or held, are equations: a system in a brace."""
    following = next((j for j in range(k, len(tokens)) if tokens[j].kind == "end"), len(tokens))
    return any(t.kind == "op" and t.text == "=" for t in tokens[k:following]) or tokens[k - 1].kind == "end"


def _joined(rows: list[list[Token]]) -> list[list[Token]]:
    """A row that begins, or follows a row that ends, with an operator is no row of its own."""
    found: list[list[Token]] = []
    for row in rows:
        start = next((t for t in row if t.text not in ("&", "quad", "qquad")), None)
        begins = start is not None and ((start.kind == "op" and start.text in "+-*/") or start.text in ("cdot", "times", "odot"))
        marked = row[0].text in ("&", "quad", "qquad") or (start is not None and start.text != "-")
        related = any(t.kind == "op" and t.text == "=" for t in row)
        last = found[-1][-1] if found else None
        ends = last is not None and (
            (last.kind == "op" and last.text in "+-*=") or (last.kind == "command" and last.text in ("cdot", "times", "odot"))
        )
        if found and ((begins and marked and not related) or ends):
            lead = next((k for k, t in enumerate(row) if t.text not in ("&", "quad", "qquad")), len(row))
            found[-1] += [t for t in row if t.text not in ("&", "quad", "qquad")] if begins else row[lead:]
            continue
        found.append(row)
    return found


def _goes_on(last: Token, token: Token) -> bool:
    """Whether a line of a bare text continues the one before."""
    joining = ("=", "+", "-", "*", "/", "&")
    return (
        (last.kind == "op" and last.text in joining)
        or (token.kind == "op" and token.text in joining)
        or token.text in ("cdot", "times", "odot")
    )


def turn(token: Token) -> int:
    if token.kind == "command":
        return (token.text in ("evaluated", "langle")) - (token.text in ("evaluation", "rangle"))
    if token.kind != "op":
        return 0
    return (token.text in "([{") - (token.text in ")]}")


def depths(tokens: Sequence[Token]) -> list[int]:
    found, depth = [], 0
    for token in tokens:
        if token.kind in ("begin", "end"):
            depth += 1 if token.kind == "begin" else -1
        depth += turn(token)
        found.append(depth)
    return found


# ---------------------------------------------------------------- clauses


def _clauses(row: Sequence[Token], number: int, kind: str) -> list[Clause]:
    """The clauses of one row. Words in text fonts lead to what follows; a condition belongs to the clause before it."""
    found = [Clause([], number, kind)]
    levels = depths(row)
    if levels and min(levels) < 0:
        return [Clause(list(row), number, kind, trouble="closes")]
    equals = [k for k, t in enumerate(row) if levels[k] == 0 and t.kind == "op" and t.text == "="]
    for k, token in enumerate(row):
        outside = levels[k] == 0
        if not outside:
            found[-1].tokens.append(token)
            continue
        between = bool(equals) and equals[0] < k < equals[-1]
        if token.kind == "command" and token.text in ("quad", "qquad"):
            found.append(Clause([], number, kind, comma=found[-1].comma and not found[-1].tokens))
        elif token.kind == "op" and token.text in ",;" and not _within_number(row, k):
            found.append(Clause([], number, kind, comma=True))
        elif token.kind == "command" and (token.text in ARROWS or (token.text in WEAK_ARROWS and between)):
            found.append(Clause([], number, kind, words="hence" if token.text != "because" else ""))
        elif token.kind == "op" and token.text == "&":
            following = row[k + 1] if k + 1 < len(row) else None
            if following is None or following.text == "&" or following.kind == "text" or _is_prose(following):
                found.append(Clause([], number, kind))
        elif k and row[k - 1].kind == "op" and row[k - 1].text in "_^":
            found[-1].tokens.append(token)
        elif token.kind == "text" or _is_lead(row, k, found[-1].tokens):
            found.append(Clause([], number, kind, words=f"{found[-1].words if not found[-1].tokens else ''} {token.text}".strip()))
        else:
            found[-1].tokens.append(token)
    return _settled([replace(c, tokens=_trimmed(c.tokens)) for c in found])


def _within_number(row: Sequence[Token], k: int) -> bool:
    """Whether a comma stands between two digits without a space: 0,5 may be one number."""
    if not 0 < k < len(row) - 1:
        return False
    one, comma, two = row[k - 1 : k + 2]
    return comma.text == "," and one.kind == two.kind == "number" and one.stop == comma.start and comma.stop == two.start


def _is_prose(token: Token) -> bool:
    return token.kind == "word" and token.style in PROSE


def _is_lead(row: Sequence[Token], k: int, before: Sequence[Token]) -> bool:
    r"""Whether \text{where} is a word: one of the usual ones, or at the beginning of a clause with a name behind it."""
    token = row[k]
    if not _is_prose(token):
        return False
    following = row[k + 1] if k + 1 < len(row) else None
    if _LEADING.fullmatch(token.text):
        return True
    return (
        not before
        and following is not None
        and following.kind in ("letter", "word", "command", "text")
        and following.text not in DEFINES
        and following.text not in ARROWS
    )


_LEADING = re.compile(
    r"(?:and|et|or|ou|so|donc|where|with|avec|hence|thus|then|alors|if|for|when|si|pour|quand|lorsque|otherwise|sinon|"
    r"since|because|as|car|puis|at|en|therefore|ainsi|que|that|let|soit|but|mais|while|gives|is|by|par)",
    re.IGNORECASE,
)
"""Words in a text font that stand between statements."""


def _trimmed(tokens: Sequence[Token]) -> list[Token]:
    found = list(tokens)
    while found and found[-1].kind == "op" and found[-1].text in ".,;:":
        found.pop()
    while found and (found[0].kind == "op" and found[0].text in ".,;:" and not (len(found) > 1 and found[1].text == "=")):
        found.pop(0)
    if found and found[0].kind == "op" and found[0].text == "!":
        found.pop(0)
    return found


def _settled(clauses: list[Clause]) -> list[Clause]:
    """Without what is empty or prose in brackets; conditions go to the statement before them, else to the one behind."""
    found: list[Clause] = []
    waiting: list[list[Token]] = []
    words = ""
    for clause in clauses:
        content = [t for t in clause.tokens if not (t.kind == "op" and t.text in "()[]")]
        if not content or all(t.kind == "text" or _is_prose(t) for t in content):
            words = f"{words} {clause.words}".strip()
            if any(t.kind == "op" for t in clause.tokens) or not clause.tokens:
                continue
            if len(content) == 1 and content[0].kind == "word" and not clause.words:
                found.append(clause)
            continue
        clause.words = f"{words} {clause.words}".strip()
        words = ""
        if clause.words and is_condition(clause.words):
            if found:
                found[-1].conditions.append(clause.tokens)
            else:
                waiting.append(clause.tokens)
            continue
        clause.conditions += waiting
        waiting = []
        found.append(clause)
    return found
