"""The files of C and C++."""

from __future__ import annotations

from symchain.kernels.export.expressions import Words
from symchain.kernels.export.layouts import Language, Loops, checks, functions, renamed, words
from symchain.kernels.export.loops import Statements
from symchain.kernels.export.sheets import TOLERANCE, Sheet

_C = (
    "log log1p expm1 log2 log10 exp2 exp sin cos tan sinh cosh tanh sqrt cbrt hypot "
    "copysign erf erfc floor ceil trunc rint fmod j0 j1 y0 y1"
)


def _c_words() -> Words:
    table = {name: name for name in _C.split()} | renamed()
    table |= {"abs": "fabs", "power": "pow", "gamma": "tgamma", "log_gamma": "lgamma"}
    table |= {name: f"m_{name}" for name in ("maximum", "minimum", "sign")}
    return Words(
        table,
        repr,
        "({c} ? {a} : {b})",
        "static double {name}({arguments}) {{ return {body}; }}",
        "double {x}",
        {"inf": "INFINITY", "nan": "NAN"},
    )


_C_HELP = """static double m_maximum(double x, double y) { return x > y || x != x ? x : y; }
static double m_minimum(double x, double y) { return x < y || x != x ? x : y; }
static double m_sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }
static double real_of(long n) { return (double)n; }
static long int_of(double x) { return (long)x; }
static long imin(long a, long b) { return a < b ? a : b; }
static long imod(long a, long n) { return (a % n + n) % n; }
"""
_C_ROOM = """static double *zeros(long n, void **room) {
    void **block = calloc(1, sizeof(void *) + (size_t)(n > 0 ? n : 1)*sizeof(double));
    if (!block) return NULL;
    *block = *room;
    *room = block;
    return (double *)(block + 1);
}
static void release(void *room) {
    while (room) { void *next = *(void **)room; free(room); room = next; }
}
"""
_C_CHECK = """static double worst = 0.0;
static void check(const char *name, const double *found, const double *expected, long n) {
    double largest = 0.0, gap = 0.0;
    for (long k = 0; k < n; k++) {
        double d = fabs(found[k] - expected[k]);
        if (!(d <= gap)) gap = d;
        if (fabs(expected[k]) > largest) largest = fabs(expected[k]);
    }
    if (largest > 0.0) gap /= largest;
    if (!(gap <= worst)) worst = gap;
    if (!(gap <= TOLERANCE)) printf("%s differs: %.3e\\n", name, gap);
}
"""
_C_LIKE = {
    "loop": "for (long {i} = 0; {i} < {n}; {i}++) {{", "when": "if ({c}) {{", "end": "}}".replace("}}", "}"), "set": "{t} = {e};",
    "at": "{x}[{k}]", "number": "double {x} = 0.0;", "integer": "long {x} = 0;", "comment": "/* {text} */",
}  # fmt: skip


def _block_comment(sheet: Sheet) -> str:
    lines = [line.replace("*/", "* /").replace("/*", "/ *").replace("\\", "\\ ") for line in [*sheet.heading, *sheet.renamed()]]
    return "/* " + "\n   ".join(lines) + " */\n"


def _c(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    given = [f"long {n}" for n in sheet.letters]
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        given.append(f"const {'long' if i.integer else 'double'} *{name}" if i.shape else f"double {name}")
    given += [f"double *{name}" for name in sheet.results]
    loops.line("void *room = NULL;")
    for k, n in enumerate(sheet.letters):
        loops.line(f"const long s{k} = {n};")
    checks(sheet, loops)
    for k, (name, i) in enumerate(zip(sheet.arguments, plan.inputs, strict=True)):
        loops.line(f"const {'long' if i.shape and i.integer else 'double'} {'*' if i.shape else ''}v{k} = {name};")
    loops.body()
    for k, (name, o) in enumerate(zip(sheet.results, plan.outputs, strict=True)):
        shape = sheet.result_shape(k)
        if shape:
            with loops.over(shape) as indices:
                loops.set(loops.at(name, shape, indices), loops.of(o.value, indices))
        else:
            loops.set(f"*{name}", f"v{o.value}")
    loops.line("release(room);")
    loops.line("return 0;")
    body = f"int {sheet.function}({', '.join(given)})\n{{\n" + "\n".join(loops.lines) + "\n}\n"
    sizes = sheet.sizes
    lines, call = ["int main(void)", "{"], [str(sizes[n]) for n in plan.letters]
    for k, (i, x) in enumerate(zip(plan.inputs, sheet.point, strict=True)):
        kind = "long" if i.integer and i.shape else "double"
        numbers = [str(int(float(t))) for t in sheet.flat(x)] if kind == "long" else sheet.flat(x)
        lines.append(f"    const {kind} a{k}[] = {{{', '.join(numbers) or '0'}}};")
        call.append(f"a{k}" if i.shape else f"a{k}[0]")
    for k, x in enumerate(sheet.expected):
        numbers = sheet.flat(x)
        lines.append(f"    const double e{k}[] = {{{', '.join(numbers) or '0'}}};")
        lines.append(f"    double r{k}[{max(1, len(numbers))}];")
        call.append(f"r{k}")
    lines.append(f'    if ({sheet.function}({", ".join(call)})) {{ printf("refused\\n"); return 2; }}')
    lines += [f'    check("{name}", r{k}, e{k}, {len(sheet.flat(sheet.expected[k]))});' for k, name in enumerate(sheet.results)]
    lines += ['    printf("largest relative difference %.3e\\n", worst);', "    return worst <= TOLERANCE ? 0 : 1;", "}"]
    head = '#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n\n#pragma GCC diagnostic ignored "-Wunused-function"\n'
    told = (
        "/* Arrays are row after row; the dimensions come first, results are written where the last arguments point. Returns 0, or 1 for\n"
        "   arguments without a value (a dimension too small, a label out of range, a singular matrix), 2 where there is no memory. */\n"
    )
    main = f"#ifndef NO_SELF_TEST\n#define TOLERANCE {TOLERANCE!r}\n{_C_CHECK}\n" + "\n".join(lines) + "\n#endif\n"
    return _block_comment(sheet) + head + _C_HELP + _C_ROOM + functions(sheet.expressions) + "\n" + told + body + "\n" + main


def _cpp(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    given = [f"long {n}" for n in sheet.letters]
    given += [
        (f"const std::vector<{'long' if i.integer else 'double'}> &{name}" if i.shape else f"double {name}")
        for name, i in zip(sheet.arguments, plan.inputs, strict=True)
    ]
    for k, n in enumerate(sheet.letters):
        loops.line(f"const long s{k} = {n};")
    checks(sheet, loops)
    for k, (name, i) in enumerate(zip(sheet.arguments, plan.inputs, strict=True)):
        if i.shape:
            wrong = f"{name}.size() != static_cast<std::size_t>({loops.count(i.shape)})"
            loops.line(loops.statements.refuse.format(c=wrong, text=f"{name} has another number of elements than its shape"))
        loops.line(f"const auto &v{k} = {name};")
    loops.body()
    loops.line("Results results;")
    for k, (name, o) in enumerate(zip(sheet.results, plan.outputs, strict=True)):
        shape = sheet.result_shape(k)
        if shape:
            loops.line(f"results.{name}.assign(v{o.value}.begin(), v{o.value}.end());")
        else:
            loops.set(f"results.{name}", f"v{o.value}")
    loops.line("return results;")
    kinds = ["std::vector<double>" if sheet.result_shape(k) else "double" for k in range(len(sheet.results))]
    struct = "struct Results {\n" + "".join(f"    {kind} {name};\n" for kind, name in zip(kinds, sheet.results, strict=True)) + "};\n"
    body = f"Results {sheet.function}({', '.join(given)})\n{{\n" + "\n".join(loops.lines) + "\n}\n"
    sizes = sheet.sizes
    call = [str(sizes[n]) for n in plan.letters]
    for i, x in zip(plan.inputs, sheet.point, strict=True):
        numbers = [str(int(float(t))) for t in sheet.flat(x)] if i.integer and i.shape else sheet.flat(x)
        call.append(f"{{{', '.join(numbers)}}}" if i.shape else numbers[0])
    lines = ["int main()", "{", f"    const Results r = {sheet.function}({', '.join(call)});"]
    for k, (name, x) in enumerate(zip(sheet.results, sheet.expected, strict=True)):
        numbers = sheet.flat(x)
        lines.append(f"    const double e{k}[] = {{{', '.join(numbers) or '0'}}};")
        place = f"r.{name}.data()" if sheet.result_shape(k) else f"&r.{name}"
        lines.append(f'    check("{name}", {place}, e{k}, {len(numbers)});')
    lines += ['    std::printf("largest relative difference %.3e\\n", worst);', "    return worst <= TOLERANCE ? 0 : 1;", "}"]
    head = "#include <cmath>\n#include <cstdio>\n#include <stdexcept>\n#include <vector>\n\nusing namespace std;\n"
    head += '#pragma GCC diagnostic ignored "-Wunused-function"\n'
    told = "/* Arrays are row after row; the dimensions come first. Throws std::invalid_argument for arguments without a value. */\n"
    main = f"#ifndef NO_SELF_TEST\n#define TOLERANCE {TOLERANCE!r}\n{_C_CHECK}\n" + "\n".join(lines) + "\n#endif\n"
    helpers = _C_HELP + functions(sheet.expressions)
    return _block_comment(sheet) + head + helpers + "\n" + struct + told + body + "\n" + main


_C_WORDS = _c_words()
_C_RESERVED = frozenset(
    words(
        "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return "
        "short signed sizeof static struct switch typedef union unsigned void volatile while class namespace new delete "
        "template this throw "
        "try catch using virtual operator private protected public friend bool true false and or not xor results e pi gamma y0 y1 "
        "yn j0 j1 jn "
        "log exp sin cos tan sqrt abs fabs pow floor ceil erf erfc tgamma lgamma hypot signgam r div rand time index exit"
    )
)

C = Language(
    _C_WORDS,
    Statements(
        **_C_LIKE,
        array="double *{x} = zeros({n}, &room); if (!{x}) {{ release(room); return 2; }}",
        refuse="if ({c}) {{ release(room); return 1; }}  /* {text} */",
    ),
    _c,
    _C_RESERVED,
)
CPP = Language(
    _C_WORDS,
    Statements(**_C_LIKE, array="vector<double> {x}({n});", refuse='if ({c}) throw invalid_argument("{text}");'),
    _cpp,
    _C_RESERVED,
)
