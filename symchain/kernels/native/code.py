"""The C file of a kernel: one function for single numbers, one for many samples; names are generated, and held to a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symchain.errors import UnsupportedError
from symchain.kernels.doubts import Doubts
from symchain.kernels.kernel import Plan
from symchain.kernels.native.factors import FactorCode
from symchain.kernels.native.loops import comment
from symchain.kernels.native.primitives import CHEAP, FORMS, FUNCTIONS, HEADER, LENT, LIBRARY, POINTERS, SPECIAL, TWINS, VECTORISED
from symchain.kernels.native.rolling import Loop, rolled
from symchain.kernels.native.statements import Statement, Straight
from symchain.kernels.writing import form_template
from symchain.support.dimensions import Shape

_STRAIGHT = 300
"""Up to this many statements keep their values in registers; longer code is cut into pieces, which keep them in memory."""
_SHORT = 60
"""Up to this many, functions are written into their places."""
_PIECE = 120
"""Statements of one piece: compilers take more than twice as long for twice as many."""
_BLOCK = 256
"""Samples worked on at once, as long as what is read and written then stays in the innermost cache."""
_INNER = 24576
"""Bytes of that cache that the block may take."""
SAMPLED = 600
"""Longer code is not written for many samples: too many values are alive at once."""
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_OWN = re.compile(r"[a-z]\d*", re.ASCII)
_SPOKEN = (
    "static const double int long for return if void restrict sizeof m_apart m_inline memcpy "
    "m_least m_choose m_sum m_plus m_total m_gemm m_small else fabs kernel samples special count start ok step GCC ivdep pragma "
    "m_factor m_solve m_inverse m_det m_logdet m_well m_cholesky m_order"
)
_WORDS = frozenset(_SPOKEN.split())
_TOKEN = re.compile(r'[A-Za-z_]\w*|\d+(?:\.\d+)?(?:e[+-]?\d+)?(?:UL)?|[-+*/%&|?:;,()\[\]{}<>=!.#"\\ \n]', re.ASCII)


def point_source(straight: Straight) -> str:
    """The C file for single numbers, after the header: int kernel(x, r)."""
    return checked(_with_functions(_point(straight, ())))


def samples_source(straight: Straight) -> str:
    """The C file for many samples, after the header: void samples(count, x, step, r)."""
    return checked(_with_functions(_samples(straight, ())))


def arrays_source(plan: Plan, doubts: Doubts | None = None, comments: bool = False) -> tuple[str, list[Shape]]:
    """The C file for arrays, after the header, and the shapes of the room it works in. Raises NoFloats for what has no native form."""
    code = FactorCode(plan, doubts, comments)
    text = _with_functions(_wide(code.text))
    return text if comments else checked(text), code.rooms


def shown_source(straight: Straight, names: Sequence[str], sampled: bool) -> str:
    """The same to read: comments name the inputs, and the line of the program that a statement belongs to."""
    parts = [_point(straight, names), *([_samples(straight, names)] if sampled else ())]
    return "\n".join(map(_with_functions, parts))


def _with_functions(body: str) -> str:
    return _functions(body) + body


def checked(text: str) -> str:
    """The text, which holds nothing but what is generated here."""
    check(text)
    return text


def pointers(text: str) -> list[str]:
    """The functions of SciPy that code calls, in the order in which it wants their addresses."""
    found = [name for name in sorted((*SPECIAL, *POINTERS)) if re.search(rf"\)p_{name}\)", text)]
    return [*found, *(name for name in LENT if re.search(rf"\bp_{name},", text))]


def headers(text: str) -> list[str]:
    """What stands before code: all that it may call."""
    return ["mathematics.h", *(["matrices.h"] if re.search(r"\bm_(?:factor|cholesky|order)\(", text) else ())]


def check(text: str) -> None:
    """Raises UnsupportedError unless every token is a generated name, a number, a sign, or listed."""
    rest = _TOKEN.sub("", text)
    if rest:
        raise _refused(rest[:1])
    for word in set(_WORD.findall(text)):
        known = word in _WORDS or _OWN.fullmatch(word) or re.fullmatch(r"p_\w+|piece_\d+|table_\d+", word)
        if not known and not (word[:2] in ("f_", "i_") and (word[2:] in FUNCTIONS or word[2:] in HEADER)) and word not in _LIBRARY:
            raise _refused(word)


def _refused(what: str) -> UnsupportedError:
    return UnsupportedError(f"code of a kernel may not hold {what!r}", advice="Compile the kernel again from its program.")


_LIBRARY = frozenset(LIBRARY.values())


# ---------------------------------------------------------------- functions


def _functions(body: str) -> str:
    """Definitions of the functions that code calls, each after those it needs itself."""
    done: dict[str, str] = {}
    stack = [(name, False) for name in _called(body)]
    while stack:
        name, ready = stack.pop()
        plain, wide = name[2:], name.startswith("i_")
        if name in done:
            continue
        if plain in FORMS:
            text = _of_form(plain, wide)
            if not ready:
                stack += [(name, True), *((n, False) for n in _called(text) if n != name)]
                continue
            done[name] = text
        else:
            done[name] = _definition(plain, wide)
    whole = "".join(done.values())
    used = pointers(whole + body)
    table = "".join(f"static void *p_{n};\n" for n in used)
    setter = "".join(f"  p_{n} = p[{k}];\n" for k, n in enumerate(used))
    return table + (f"void special(void **p) {{\n{setter}}}\n" if used else "") + whole


def _called(text: str) -> list[str]:
    return sorted(set(re.findall(r"\b[fi]_[a-z]\w*", text)))


def _definition(name: str, wide: bool) -> str:
    """A function that is not made of others; empty where the header has it."""
    places = [f"double v{k}" for k in range(FUNCTIONS.get(name, 0))]
    values = ", ".join(f"v{k}" for k in range(len(places)))
    prefix = "i_" if wide else "f_"
    if wide and name in VECTORISED:
        return ""
    if name in LIBRARY:
        return f"m_inline double {prefix}{name}({', '.join(places)}) {{ return {LIBRARY[name]}({values}); }}\n"
    if name in SPECIAL or name in POINTERS:
        kind = f"double (*)({'double, ' * len(places)}int)"  # the last argument is Cython's own
        return f"m_inline double {prefix}{name}({', '.join(places)}) {{ return (({kind})p_{name})({values}, 0); }}\n"
    return ""


def _of_form(name: str, wide: bool) -> str:
    count = FUNCTIONS[name]
    text = re.sub(r"\{(\d+)\}", r"v\1", form_template(FORMS[name], "c")[0])
    places = ", ".join(f"double v{k}" for k in range(count))
    return f"m_inline double {'i_' if wide else 'f_'}{name}({places}) {{ return {_wide(text) if wide else text}; }}\n"


def _wide(text: str) -> str:
    """The same code with the functions that loops are vectorised with."""
    return re.sub(r"\bf_(\w+)", lambda m: m[0] if m[1] in HEADER - TWINS else f"i_{m[1]}", text)


def _inlined(text: str) -> str:
    """The same code with the functions of the header written into their places; those of the library tell by flags what is lost."""
    return re.sub(r"\bf_(exp|tanh|tanh_sech|sech|sigmoid|sigmoids)\b", r"i_\1", text)


# ---------------------------------------------------------------- single numbers


def _point(straight: Straight, names: Sequence[str]) -> str:
    """int kernel(x, r): the results, and whether they may be trusted."""
    if len(straight.statements) <= _STRAIGHT:
        lines = [f"  const double v{k} = x[{k}];{comment(names[k]) if names else ''}" for k in range(straight.inputs)]
        here = _inlined if len(straight.statements) <= _SHORT else str
        lines += map(here, _locals(straight.statements, bool(names)))
        lines += [f"  r[{k}] = {text.written('v{}'.format)};" for k, text in enumerate(straight.results)]
        body = "int kernel(const double *restrict x, double *restrict r) {\n  int ok = 1;\n"
        return body + "\n".join(lines) + "\n  return ok;\n}\n"
    return _in_memory(straight)


def _locals(statements: Sequence[Statement], comments: bool) -> Iterator[str]:
    """Statements that each declare the value they set; a second one, set by address, is declared before."""
    name = "v{}".format
    for s in statements:
        if s.condition:
            yield f"  ok &= {s.written(name)};"
            continue
        for other in re.findall(r"&\{(\d+)\}", s.text):
            yield f"  double {name(s.values[int(other)])};"
        yield f"  const double {s.written(name)};{comment(s.block) if comments and s.block else ''}"


def _in_memory(straight: Straight) -> str:
    """Values in an array, statements in loops where a pattern repeats, and in pieces elsewhere."""
    pieces: list[str] = []
    tables: list[str] = []
    name = "m[{}]".format
    run: list[str] = []

    def close() -> None:
        if run:
            pieces.append("\n".join(run))
            run.clear()

    for part in parts_of(straight):
        if isinstance(part, Loop):
            close()
            text, more = part.written(len(tables))
            tables += more
            pieces.append(text)
            continue
        run.append(f"  ok &= {part.written(name)};" if part.condition else f"  {part.written(name)};")
        if len(run) >= _PIECE:
            close()
    for k, result in enumerate(straight.results):
        run.append(f"  r[{k}] = {result.written(name)};")
        if len(run) >= _PIECE and not _gathered(straight.results):
            close()
    if _gathered(straight.results):
        run[-len(straight.results) :] = []
        close()
        numbers = ", ".join(str(text.values[0]) for text in straight.results)
        tables.append(f"static const int table_{len(tables)}[] = {{{numbers}}};\n")
        run.append(f"  for (int k = 0; k < {len(straight.results)}; k++) r[k] = m[table_{len(tables) - 1}[k]];")
    close()
    size = max((v for s in straight.statements for v in s.values), default=0) + 1
    size = max(size, straight.inputs)
    text = "".join(tables)
    for k, piece in enumerate(pieces):
        text += f"m_apart int piece_{k}(double *restrict m, double *restrict r) {{\n  int ok = 1;\n{piece}\n  return ok;\n}}\n"
    calls = "".join(f"  ok &= piece_{k}(m, r);\n" for k in range(len(pieces)))
    text += f"int kernel(const double *restrict x, double *restrict r) {{\n  static double m[{size}];\n  int ok = 1;\n"
    return text + f"  memcpy(m, x, {straight.inputs}*sizeof(double));\n{calls}  return ok;\n}}\n"


def parts_of(straight: Straight) -> list[Statement | Loop]:
    """The statements for single numbers; in long code, those that repeat a pattern as loops."""
    return list(rolled(straight.statements)) if len(straight.statements) > _STRAIGHT else list(straight.statements)


def _gathered(results: Sequence[Statement]) -> bool:
    """Whether all results are plain values, which a table lists."""
    return all(text.text == "{0}" for text in results)


# ---------------------------------------------------------------- many samples


def _samples(straight: Straight, names: Sequence[str]) -> str:
    """void samples(count, x, step, r): loops over blocks of samples; step is 0 for an input that is one number.

    Each loop works out one costly function and what goes with it: so that a processor, which looks ahead a few hundred instructions, has
    several turns under way. Values that later loops read are kept for the block.
    """
    segments = segments_of(straight)
    inputs, outputs = range(straight.inputs), range(len(straight.results))
    made = {v: k for k, segment in enumerate(segments) for s in segment for v in _set_by(s)}
    ends = [max((made.get(v, 0) for v in text.values), default=0) for text in straight.results]
    read = [{v for s in segment for v in s.values if v not in _set_by(s)} for segment in segments]
    for text, k in zip(straight.results, ends, strict=True):
        read[k].update(text.values)
    kept = sorted({v for k, values in enumerate(read) for v in values if made.get(v, k) < k})
    notes = [comment(name) for name in names] or [""] * len(inputs)
    block = max(32, min(_BLOCK, _INNER // (8 * (len(inputs) + len(outputs) + len(kept))) // 8 * 8))
    lines = [
        "void samples(long count, const double *const *x, const long *step, double *const *r) {",
        *(f"  double c{k}[{block}];" for k in inputs),
        *(f"  double b{v}[{block}];" for v in kept),
        *(f"  if (!step[{k}]) for (int j = 0; j < {block}; j++) c{k}[j] = x[{k}][0];" for k in inputs),
        f"  for (long start = 0; start < count; start += {block}) {{",
        f"    long n = count - start < {block} ? count - start : {block};",
        *(f"    const double *restrict o{k} = step[{k}] ? x[{k}] + start : c{k};{notes[k]}" for k in inputs),
        *(f"    double *restrict t{k} = r[{k}] + start;" for k in outputs),
    ]
    for k, segment in enumerate(segments):
        lines += ["    #pragma GCC ivdep", "    for (long i = 0; i < n; i++) {"]
        before = (v for v in sorted(read[k]) if made.get(v, -1) < k)
        lines += [f"      const double v{v} = {'o' if v < straight.inputs else 'b'}{v}[i];" for v in before]
        lines += [f"    {_wide(line)}" for line in _locals(segment, bool(names))]
        lines += [f"      b{v}[i] = v{v};" for v in kept if made[v] == k]
        stored = (n for n in outputs if ends[n] == k)
        lines += [f"      t{n}[i] = {_wide(straight.results[n].written('v{}'.format))};" for n in stored]
        lines.append("    }")
    return "\n".join([*lines, "  }", "}"]) + "\n"


def _set_by(s: Statement) -> list[int]:
    """The values that a statement sets."""
    return [s.values[0], *(s.values[int(k)] for k in re.findall(r"&\{(\d+)\}", s.text))]


def segments_of(straight: Straight) -> list[list[Statement]]:
    """What each of the loops over samples works out: the statements cut before each costly function but the first."""
    found: list[list[Statement]] = [[]]
    full = False
    for s in straight.statements:
        if s.condition:
            continue
        costly = any(name not in CHEAP for name in re.findall(r"\bf_(\w+)", s.text))
        if costly and full:
            found.append([])
        full = full or costly
        found[-1].append(s)
    return found
