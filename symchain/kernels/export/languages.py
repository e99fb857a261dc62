"""The languages whose files are loops: C, C++, Fortran, Julia, MATLAB, and Python for Numba. Each is a table, statements and a layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from symchain.kernels.export.expressions import Expressions, Words
from symchain.kernels.export.loops import Loops, Statements
from symchain.kernels.export.sheets import TOLERANCE, Sheet

_C = "log log1p expm1 log2 log10 exp2 exp sin cos tan sinh cosh tanh sqrt cbrt hypot copysign erf erfc floor ceil trunc rint fmod j0 j1 y0 y1"
_INVERSES = ("sin", "cos", "tan", "sinh", "cosh", "tanh")


def _renamed(prefix: str = "") -> dict[str, str]:
    """The inverse functions under the names that most languages have for them."""
    return {**{f"arc{name}": f"{prefix}a{name}" for name in _INVERSES}, "arctan2": f"{prefix}atan2"}


@dataclass(frozen=True)
class Language:
    """One target: how its expressions and statements are written, and how a file is laid out."""

    words: Words
    statements: Statements
    layout: Callable[[Sheet, Loops], str]
    reserved: frozenset[str] = field(default_factory=frozenset)
    folds_case: bool = False


def written(sheet: Sheet, language: Language) -> str:
    """The file. Raises UnsupportedError for what the language has no form of."""
    loops = Loops(sheet.plan, language.statements, sheet.expressions)
    loops.depth = 1
    return language.layout(sheet, loops)


def _functions(expressions: Expressions, body: str = "") -> str:
    text = "\n".join(expressions.functions.values())
    prelude = [code for name, code in expressions.words.prelude.items() if name in text + body]
    return "\n".join([*prelude, *([text] if text else [])]) + "\n"


def _checks(sheet: Sheet, loops: Loops) -> None:
    """What the sizes must be."""
    for need in sheet.plan.needs:
        what = "".join(c if c.isascii() and c.isprintable() and c not in "\"'\\%{}" else "?" for c in f"{need.dim} is less than {need.least}")
        loops.line(loops.statements.refuse.format(c=f"{loops.size(need.dim)} < {need.least}", text=what))


def _unpacked(sheet: Sheet, loops: Loops, at: str) -> None:
    """The arguments as numbers and flat arrays; `at` is an element of an argument of a language with axes."""
    for k, (name, given) in enumerate(zip(sheet.arguments, sheet.plan.inputs, strict=True)):
        loops.room(f"v{k}", given.shape)
        with loops.over(given.shape) as indices:
            places = ", ".join(f"{i} + 1" for i in indices)
            loops.set(loops.of(k, indices), at.format(x=name, k=places) if given.shape else name)


def _packed(sheet: Sheet, loops: Loops, at: str) -> None:
    """The results where the caller has them."""
    for k, (name, output) in enumerate(zip(sheet.results, sheet.plan.outputs, strict=True)):
        shape = sheet.result_shape(k)
        with loops.over(shape) as indices:
            places = ", ".join(f"{i} + 1" for i in indices)
            loops.set(at.format(x=name, k=places) if shape else name, loops.of(output.value, indices))


# ---------------------------------------------------------------- C and C++


def _c_words() -> Words:
    table = {name: name for name in _C.split()} | _renamed()
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
    _checks(sheet, loops)
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
    head = "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n\n#pragma GCC diagnostic ignored \"-Wunused-function\"\n"
    told = (
        "/* Arrays are row after row; the dimensions come first, results are written where the last arguments point. Returns 0, or 1 for\n"
        "   arguments without a value (a dimension too small, a label out of range, a singular matrix), 2 where there is no memory. */\n"
    )
    main = f"#ifndef NO_SELF_TEST\n#define TOLERANCE {TOLERANCE!r}\n{_C_CHECK}\n" + "\n".join(lines) + "\n#endif\n"
    return _block_comment(sheet) + head + _C_HELP + _C_ROOM + _functions(sheet.expressions) + "\n" + told + body + "\n" + main


def _cpp(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    given = [f"long {n}" for n in sheet.letters]
    given += [
        (f"const std::vector<{'long' if i.integer else 'double'}> &{name}" if i.shape else f"double {name}")
        for name, i in zip(sheet.arguments, plan.inputs, strict=True)
    ]
    for k, n in enumerate(sheet.letters):
        loops.line(f"const long s{k} = {n};")
    _checks(sheet, loops)
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
    functions = _C_HELP + _functions(sheet.expressions)
    return _block_comment(sheet) + head + functions + "\n" + struct + told + body + "\n" + main


_C_WORDS = _c_words()
_C_RESERVED = frozenset(
    ["auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "class", "namespace", "new", "delete", "template", "this", "throw", "try", "catch", "using", "virtual", "operator", "private", "protected", "public", "friend", "bool", "true", "false", "and", "or", "not", "xor", "results", "e", "pi", "gamma", "y0", "y1", "yn", "j0", "j1", "jn", "log", "exp", "sin", "cos", "tan", "sqrt", "abs", "fabs", "pow", "floor", "ceil", "erf", "erfc", "tgamma", "lgamma", "hypot", "signgam", "r", "div", "rand", "time", "index", "exit"]
)

# ---------------------------------------------------------------- Fortran


def _fortran_number(value: float) -> str:
    text = repr(value)
    return text + "_dp" if "." in text or "e" in text else text + ".0_dp"


def _fortran(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    declared = ["implicit none"]
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        kind = "integer" if i.integer and i.shape else "real(dp)"
        axes = f"({', '.join(':' for _ in i.shape)})" if i.shape else ""
        declared.append(f"{kind}, intent(in) :: {name}{axes}")
    for k, name in enumerate(sheet.results):
        shape = sheet.result_shape(k)
        axes = f"({', '.join(':' for _ in shape)})" if shape else ""
        declared.append(f"real(dp), intent(out){', allocatable' if shape else ''} :: {name}{axes}")
    for number, (k, axis, _) in enumerate(sheet.solved()):
        declared.append(f"integer :: s{number}")
        loops.line(f"s{number} = size({sheet.arguments[k]}, {axis + 1})")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        for axis, dim in enumerate(i.shape):
            loops.line(f'if (size({name}, {axis + 1}) /= {loops.size(dim)}) error stop "{name} has another shape than declared"')
    _checks(sheet, loops)
    _unpacked(sheet, loops, "{x}({k})")
    loops.body()
    for k, name in enumerate(sheet.results):
        if shape := sheet.result_shape(k):
            loops.line(f"allocate({name}({', '.join(map(loops.size, shape))}))")
    _packed(sheet, loops, "{x}({k})")
    names = ", ".join([*sheet.arguments, *sheet.results])
    body = [f"subroutine {sheet.function}({names})", *(f"    {d}" for d in [*declared, *loops.top]), *loops.lines]
    body.append(f"end subroutine {sheet.function}")
    test = ["program self_test", "    use symchain_export", "    implicit none", "    real(dp) :: worst = 0.0_dp"]
    before, call = [], []
    for k, (i, x) in enumerate(zip(plan.inputs, sheet.point, strict=True)):
        shape = sheet.shape_of(i.shape)
        axes = f"({', '.join(map(str, shape))})" if shape else ""
        whole = bool(i.integer and shape)
        test.append(f"    {'integer' if whole else 'real(dp)'} :: a{k}{axes}")
        numbers = [str(int(float(t.removesuffix("_dp")))) for t in sheet.flat(x)] if whole else sheet.flat(x)
        before.append(f"    a{k} = {_fortran_array(numbers, shape, 'integer' if whole else 'real(dp)')}")
        call.append(f"a{k}")
    after = []
    for k, (name, x) in enumerate(zip(sheet.results, sheet.expected, strict=True)):
        shape = sheet.shape_of(sheet.result_shape(k))
        rank = f"({', '.join(':' for _ in shape)})" if shape else ""
        test.append(f"    real(dp){', allocatable' if shape else ''} :: r{k}{rank}")
        test.append(f"    real(dp) :: e{k}{'(' + ', '.join(map(str, shape)) + ')' if shape else ''}")
        before.append(f"    e{k} = {_fortran_array(sheet.flat(x), shape, 'real(dp)')}")
        call.append(f"r{k}")
        one, other = (f"[{t}{k}]" if not shape else f"reshape({t}{k}, [size({t}{k})])" for t in "re")
        after.append(f'    call check("{name}", {one}, {other})')
    test += [*before, f"    call {sheet.function}({', '.join(call)})", *after]
    test += [
        '    print "(a, es10.3)", "largest relative difference ", worst',
        f"    if (.not. worst <= {TOLERANCE!r}_dp) error stop 1",
        "contains",
        "    subroutine check(name, found, expected)",
        "        character(*), intent(in) :: name",
        "        real(dp), intent(in) :: found(:), expected(:)",
        "        real(dp) :: gap, largest",
        "        if (size(expected) == 0) return",
        "        gap = maxval(abs(found - expected))",
        "        if (any(found /= found)) gap = huge(gap)",
        "        largest = maxval(abs(expected))",
        "        if (largest > 0) gap = gap/largest",
        "        worst = max(worst, gap)",
        f'        if (gap > {TOLERANCE!r}_dp) print *, name, " differs:", gap',
        "    end subroutine check",
        "end program self_test",
    ]
    module = [
        "module symchain_export",
        "use, intrinsic :: iso_fortran_env, only: dp => real64",
        "use, intrinsic :: ieee_arithmetic, only: ieee_value, ieee_positive_inf, ieee_quiet_nan",
        "implicit none",
        "contains",
        *_FORTRAN_HELP.splitlines(),
        *"\n".join(sheet.expressions.functions.values()).splitlines(),
        "! Arrays have the shapes of the program; the results are allocated here.",
        *body,
        "end module symchain_export",
        "",
        *test,
    ]
    heading = [f"! {line}" for line in [*sheet.heading, *sheet.renamed()]]
    return "\n".join([*heading, *(part for line in module for part in _continued(line))]) + "\n"


def _fortran_array(numbers: list[str], shape: tuple[int, ...], kind: str) -> str:
    if not shape:
        return numbers[0]
    order = ", ".join(str(k) for k in range(len(shape), 0, -1))  # the last index runs fastest
    return f"reshape([{kind} :: {', '.join(numbers)}], [{', '.join(map(str, shape))}], order=[{order}])"


def _continued(line: str, width: int = 118) -> list[str]:
    """A line of Fortran in pieces that its compilers take."""
    found = []
    while len(line) > width:
        cut = max(line.rfind(c, 20, width) for c in " ,")
        if cut < 20:
            cut = width
        found.append(line[: cut + 1].rstrip() + " &")
        line = "        " + line[cut + 1 :].lstrip()
    return [*found, line]


_FORTRAN_HELP = """pure real(dp) function m_inf()
    m_inf = ieee_value(1.0_dp, ieee_positive_inf)
end function m_inf
pure real(dp) function m_nan()
    m_nan = ieee_value(1.0_dp, ieee_quiet_nan)
end function m_nan
elemental real(dp) function m_power(x, y)
    real(dp), intent(in) :: x, y
    if (y == anint(y) .and. abs(y) < 1000.0_dp) then
        m_power = x**nint(y)
    else
        m_power = x**y
    end if
end function m_power
elemental real(dp) function real_of(n)
    integer, intent(in) :: n
    real_of = real(n, dp)
end function real_of
elemental integer function int_of(x)
    real(dp), intent(in) :: x
    int_of = nint(x)
end function int_of
elemental integer function imin(a, b)
    integer, intent(in) :: a, b
    imin = min(a, b)
end function imin
elemental integer function imod(a, n)
    integer, intent(in) :: a, n
    imod = modulo(a, n)
end function imod
"""
_FORTRAN_TABLE = {name: name for name in ["exp", "log", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "hypot", "erf", "erfc", "abs", "gamma"]}
_FORTRAN_TABLE |= _renamed() | {"log_gamma": "log_gamma", "erfcx": "erfc_scaled", "power": "m_power", "copysign": "sign", "trunc": "aint"}
_FORTRAN_TABLE |= {"floor": "(aint({0}) - merge(1.0_dp, 0.0_dp, aint({0}) > {0}))", "fmod": "mod"}
_FORTRAN_TABLE |= {name: f"bessel_{name}" for name in ("j0", "j1", "y0", "y1")}

# ---------------------------------------------------------------- Julia


def _julia(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    for number, (k, axis, _) in enumerate(sheet.solved()):
        loops.line(f"s{number} = size({sheet.arguments[k]}, {axis + 1})")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        if i.shape:
            shape = ", ".join(map(loops.size, i.shape)) + ("," if len(i.shape) == 1 else "")
            loops.line(loops.statements.refuse.format(c=f"size({name}) != ({shape})", text=f"{name} has another shape than declared"))
    _checks(sheet, loops)
    _unpacked(sheet, loops, "{x}[{k}]")
    loops.body()
    for k, name in enumerate(sheet.results):
        if shape := sheet.result_shape(k):
            loops.line(f"{name} = zeros({', '.join(map(loops.size, shape))})")
    _packed(sheet, loops, "{x}[{k}]")
    loops.line(f"return (; {', '.join(sheet.results)})")
    body = [f"function {sheet.function}({', '.join(sheet.arguments)})", *loops.lines, "end"]
    call = [_julia_array(sheet.flat(x), sheet.shape_of(i.shape)) for i, x in zip(plan.inputs, sheet.point, strict=True)]
    test = ["function self_test()", f"    found = {sheet.function}({', '.join(call)})", "    worst = 0.0"]
    for k, (name, x) in enumerate(zip(sheet.results, sheet.expected, strict=True)):
        test.append(f"    expected = {_julia_array(sheet.flat(x), sheet.shape_of(sheet.result_shape(k)))}")
        test.append(f"    gap = maximum(abs.(found.{name} .- expected); init=0.0)/max(maximum(abs.(expected); init=0.0), 1e-300)")
        test.append("    worst = gap <= worst ? worst : gap")
    test += ['    println("largest relative difference ", worst)', f"    worst <= {TOLERANCE!r} || exit(1)", "end", ""]
    test += ["if abspath(PROGRAM_FILE) == @__FILE__", "    self_test()", "end"]
    text = "\n".join(sheet.expressions.functions.values())
    special = any(name in text + "\n".join(body) for name in ("SpecialFunctions.",))
    head = ["# It needs the package SpecialFunctions.", "import SpecialFunctions", ""] if special else []
    told = ["# Arrays have the shapes of the program; throws DimensionMismatch or DomainError for arguments without a value."]
    heading = [f"# {line}" for line in [*sheet.heading, *sheet.renamed()]]
    return "\n".join([*heading, *head, _JULIA_HELP, text, "", *told, *body, "", *test]) + "\n"


def _julia_array(numbers: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return numbers[0]
    flat = f"Float64[{', '.join(numbers)}]"
    if len(shape) == 1:
        return flat
    back = ", ".join(str(k) for k in range(len(shape), 0, -1))
    return f"permutedims(reshape({flat}, {', '.join(map(str, shape[::-1]))}), ({back}))"


_JULIA_HELP = """m_log(x) = x < 0 ? NaN : log(x)
m_log1p(x) = x < -1 ? NaN : log1p(x)
m_sqrt(x) = x < 0 ? NaN : sqrt(x)
m_power(x, y) = x < 0 && y != round(y) ? NaN : Float64(x)^y
real_of(n) = Float64(n)
int_of(x) = Int(x)
imin(a, b) = min(a, b)
imod(a, n) = mod(a, n)
"""
_JULIA_TABLE = {name: name for name in ["exp", "exp2", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "cbrt", "hypot", "copysign", "abs", "sign", "floor", "ceil", "trunc"]}
_JULIA_TABLE |= {name: f"m_{name}" for name in ("log", "log1p", "sqrt", "power")}
_JULIA_TABLE |= _renamed() | {"arctan2": "atan", "rint": "round", "fmod": "rem"}
_SPECIAL = {"log_gamma": "loggamma", "psi": "digamma", "j0": "besselj0", "j1": "besselj1", "y0": "bessely0", "y1": "bessely1"}
_SPECIAL |= {name: name for name in ("erf", "erfc", "erfcx", "erfinv", "erfcinv", "gamma", "erfi")} | {"dawsn": "dawson"}
_SPECIAL |= {"zeta": "zeta", "jv": "besselj", "yv": "bessely", "iv": "besseli", "kv": "besselk", "expi": "expinti"}
_JULIA_TABLE |= {name: f"SpecialFunctions.{own}" for name, own in _SPECIAL.items()}
_JULIA_TABLE["log_gamma"] = "SpecialFunctions.logabsgamma({0})[1]"

# ---------------------------------------------------------------- MATLAB


def _matlab(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    for number, (k, axis, _) in enumerate(sheet.solved()):
        one = f"numel({sheet.arguments[k]})" if len(plan.inputs[k].shape) == 1 else f"size({sheet.arguments[k]}, {axis + 1})"
        loops.line(f"s{number} = {one};")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        if i.shape:
            sizes = [f"numel({name})"] if len(i.shape) == 1 else [f"size({name}, {k + 1})" for k in range(len(i.shape))]
            wrong = " || ".join(f"{s} ~= {loops.size(d)}" for s, d in zip(sizes, i.shape, strict=True))
            loops.line(loops.statements.refuse.format(c=wrong, text=f"{name} has another shape than declared"))
    _checks(sheet, loops)
    _unpacked(sheet, loops, "{x}({k})")
    loops.body()
    for k, name in enumerate(sheet.results):
        if shape := sheet.result_shape(k):
            axes = ", ".join([*map(loops.size, shape), *(["1"] if len(shape) == 1 else [])])
            loops.line(f"{name} = zeros({axes});")
    _packed(sheet, loops, "{x}({k})")
    body = [f"function [{', '.join(sheet.results)}] = {sheet.function}({', '.join(sheet.arguments)})"]
    body += ["% Arrays have the shapes of the program; vectors are columns.", *loops.lines, "end"]
    call = [_matlab_array(sheet.flat(x), sheet.shape_of(i.shape)) for i, x in zip(plan.inputs, sheet.point, strict=True)]
    found = ", ".join(f"r{k}" for k in range(len(sheet.results)))
    test = ["function self_test()", f"    [{found}] = {sheet.function}({', '.join(call)});", "    worst = 0;"]
    for k, x in enumerate(sheet.expected):
        test.append(f"    e = {_matlab_array(sheet.flat(x), sheet.shape_of(sheet.result_shape(k)))};")
        test.append(f"    worst = max([worst; abs(r{k}(:) - e(:))/max([abs(e(:)); realmin])]);")
        test.append(f"    if any(isnan(r{k}(:))), worst = inf; end")
    test += ["    fprintf('largest relative difference %.3e\\n', worst);"]
    test += [f"    if worst > {TOLERANCE!r}, error('symchain:test', 'the self-test failed'); end", "end"]
    heading = [f"% {line}" for line in [*sheet.heading, *sheet.renamed()]]
    heading += ["% A script with its functions (MATLAB R2016b and newer); run, it tests itself."]
    text = list(sheet.expressions.functions.values())
    return "\n".join([*heading, "self_test();", "", *body, "", _MATLAB_HELP, *text, *test]) + "\n"


def _matlab_array(numbers: list[str], shape: tuple[int, ...]) -> str:
    flat = f"[{', '.join(numbers)}]"
    if not shape:
        return numbers[0]
    if len(shape) == 1:
        return f"{flat}'"
    back = ", ".join(str(k) for k in range(len(shape), 0, -1))
    return f"permute(reshape({flat}, {', '.join(map(str, shape[::-1]))}), [{back}])"


_MATLAB_HELP = """function y = choose(c, a, b)
    if c, y = a; else, y = b; end
end
function y = m_log(x)
    if x < 0, y = nan; else, y = log(x); end
end
function y = m_log1p(x)
    if x < -1, y = nan; else, y = log1p(x); end
end
function y = m_sqrt(x)
    if x < 0, y = nan; else, y = sqrt(x); end
end
function y = m_power(a, b)
    if a < 0 && b ~= round(b), y = nan; else, y = a^b; end
end
function y = real_of(n)
    y = n;
end
function y = int_of(x)
    y = round(x);
end
function y = imin(a, b)
    y = min(a, b);
end
function y = imod(a, n)
    y = mod(a, n);
end
"""
_MATLAB_TABLE = {name: name for name in ["exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "hypot", "abs", "sign", "floor", "ceil", "erf", "erfc", "erfcx", "erfinv", "erfcinv", "gamma", "psi"]}
_MATLAB_TABLE |= {name: f"m_{name}" for name in ("log", "log1p", "sqrt", "power")} | _renamed()
_MATLAB_TABLE |= {"log_gamma": "gammaln", "trunc": "fix", "fmod": "rem", "gammainc": "gammainc({1}, {0})", "betainc": "betainc({2}, {0}, {1})"}
_MATLAB_TABLE |= {"gammaincc": "gammainc({1}, {0}, 'upper')", "jv": "besselj", "yv": "bessely", "iv": "besseli", "kv": "besselk"}

# ---------------------------------------------------------------- Numba


def _numba(sheet: Sheet, loops: Loops) -> str:
    plan = sheet.plan
    inner = [*(f"v{k}" for k in range(len(plan.inputs))), *(f"s{k}" for k in range(len(plan.letters)))]
    _checks(sheet, loops)
    loops.body()
    loops.line(f"return ({', '.join(f'v{o.value}' for o in plan.outputs)},)")
    body = ['@numba.njit(error_model="numpy")', f"def _numbers({', '.join(inner)}):", *loops.lines]
    outer = [f"def {sheet.function}({', '.join(sheet.arguments)}):", '    """Arrays of the shapes of the program; a ValueError for others."""']
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        outer.append(f"    {name} = np.ascontiguousarray({name}, float)" if i.shape else f"    {name} = float({name})")
        if i.shape:
            outer += [f"    if {name}.ndim != {len(i.shape)}:", f'        raise ValueError("{name} must have {len(i.shape)} axes")']
    for number, (k, axis, _) in enumerate(sheet.solved()):
        outer.append(f"    s{number} = {sheet.arguments[k]}.shape[{axis}]")
    for name, i in zip(sheet.arguments, plan.inputs, strict=True):
        if i.shape:
            shape = ", ".join(map(loops.size, i.shape)) + ","
            outer += [f"    if {name}.shape != ({shape}):", f'        raise ValueError("{name} has another shape than declared")']
    given = [f"{n}.ravel()" if i.shape else n for n, i in zip(sheet.arguments, plan.inputs, strict=True)]
    outer.append(f"    found = _numbers({', '.join([*given, *inner[len(given) :]])})")
    results = []
    for k in range(len(sheet.results)):
        shape = sheet.result_shape(k)
        results.append(f"found[{k}].reshape({', '.join(map(loops.size, shape))})" if shape else f"found[{k}]")
    outer.append(f"    return {python_results(sheet, results)}")
    text = "\n".join(sheet.expressions.functions.values())
    heading = [f"# {line}" for line in [*sheet.heading, *sheet.renamed()]]
    head = ["import math", "", "import numba", "import numpy as np", "", _NUMBA_HELP]
    return "\n".join([*heading, *head, text, "", *body, "", "", *outer, *python_test(sheet, "float")]) + "\n"


def python_results(sheet: Sheet, texts: list[str]) -> str:
    """The results in the form of the kernel's: value, gradients by name, Hessians."""
    groups: dict[str, list[str]] = {"gradient": [], "hessian": []}
    heads = []
    for o, text in zip(sheet.plan.outputs, texts, strict=True):
        key = o.names[0] if len(o.names) == 1 else o.names
        if o.kind in groups:
            groups[o.kind].append(f"{key!r}: {text}")
        else:
            heads.append(text)
    order = sheet.plan.order
    return ", ".join([heads[0], *("{" + ", ".join(g) + "}" for g in list(groups.values())[:order])]) if order else heads[0]


def python_test(sheet: Sheet, convert: str) -> list[str]:
    """The self-test of a file in Python."""

    def shaped(x: object) -> str:
        import numpy as np

        return repr(np.asarray(x, float).tolist()).replace("inf", 'float("inf")')

    integers = [i.integer and bool(i.shape) for i in sheet.plan.inputs]
    point = []
    for name, x, whole in zip(sheet.arguments, sheet.point, integers, strict=True):
        import numpy as np

        point.append(f"        {name!r}: {np.asarray(x, int).tolist() if whole else shaped(x)},")
    lines = ["", "", "def self_test():", '    """The largest relative difference from what symchain computed at a point."""']
    lines += ["    point = {", *point, "    }", f"    expected = [{', '.join(map(shaped, sheet.expected))}]"]
    if convert != "float":
        lines.append(f"    point = {{name: {convert} for name, x in point.items()}}")
    lines += [f"    found = {sheet.function}(**point)", "    worst = 0.0"]
    lines += ["    for one, other in zip(_flat(found), expected, strict=True):", "        other = np.asarray(other)"]
    lines += ["        gap = np.max(np.abs(np.asarray(one) - other), initial=0.0)/max(np.max(np.abs(other), initial=0.0), 1e-300)"]
    lines += ["        worst = worst if gap <= worst else float(gap)", "    return worst", ""]
    lines += ["", "def _flat(found):", "    for part in found if isinstance(found, tuple) else (found,):"]
    lines += ["        yield from part.values() if isinstance(part, dict) else (part,)", "", ""]
    lines += ['if __name__ == "__main__":', "    worst = self_test()", '    print(f"largest relative difference {worst:.3e}")']
    return [*lines, f"    raise SystemExit(0 if worst <= {TOLERANCE!r} else 1)"]


_NUMBA_HELP = """
@numba.njit
def real_of(n):
    return float(n)


@numba.njit
def int_of(x):
    return int(x)


@numba.njit
def imin(a, b):
    return min(a, b)


@numba.njit
def imod(a, n):
    return a % n


@numba.njit
def m_sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x

"""
_NUMBA_TABLE = {name: f"math.{name}" for name in ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "hypot", "copysign", "erf", "erfc", "gamma", "fmod"]}
_NUMBA_TABLE |= _renamed("math.") | {"abs": "abs", "power": "math.pow", "log_gamma": "math.lgamma", "sign": "m_sign"}
_NUMBA_TABLE |= {name: f"np.{name}" for name in ("floor", "ceil", "trunc")}

PYTHON_RESERVED = frozenset(["and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "none", "true", "false", "np", "math", "numba", "torch", "jax", "jnp", "found"])  # fmt: skip

LANGUAGES: Mapping[str, Language] = {
    "c": Language(
        _C_WORDS,
        Statements(
            **_C_LIKE,
            array="double *{x} = zeros({n}, &room); if (!{x}) {{ release(room); return 2; }}",
            refuse="if ({c}) {{ release(room); return 1; }}  /* {text} */",
        ),
        _c,
        _C_RESERVED,
    ),
    "cpp": Language(
        _C_WORDS,
        Statements(**_C_LIKE, array="vector<double> {x}({n});", refuse='if ({c}) throw invalid_argument("{text}");'),
        _cpp,
        _C_RESERVED,
    ),
    "fortran": Language(
        Words(
            _FORTRAN_TABLE,
            _fortran_number,
            "merge({a}, {b}, {c})",
            "elemental recursive real(dp) function {name}({names})\n    real(dp), intent(in) :: {names}\n    {name} = {body}\nend function {name}",
            constants={"inf": "m_inf()", "nan": "m_nan()"},
            signs={"!=": "/=", "&&": ".and.", "and": ".and.", "or": ".or."},
        ),
        Statements(
            loop="do {i} = 0, {n} - 1",
            when="if ({c}) then",
            end="end do",
            end_when="end if",
            set="{t} = {e}",
            at="{x}({k})",
            number="real(dp) :: {x}",
            integer="integer :: {x}",
            array="allocate({x}(0:max({n}, 1) - 1)); {x} = 0.0_dp",
            declared="real(dp), allocatable :: {x}(:)",
            comment="! {text}",
            refuse='if ({c}) error stop "{text}"',
        ),
        _fortran,
        frozenset(["dp", "result", "end", "function", "subroutine", "program", "module", "use", "implicit", "none", "real", "integer", "size", "if", "then", "do", "call", "allocate", "found"])
        | frozenset(_FORTRAN_TABLE.values()),
        True,
    ),
    "julia": Language(
        Words(
            _JULIA_TABLE,
            repr,
            "({c} ? {a} : {b})",
            "{name}({arguments}) = {body}",
            constants={"inf": "Inf", "nan": "NaN"},
        ),
        Statements(
            loop="for {i} in 0:{n} - 1",
            when="if {c}",
            end="end",
            set="{t} = {e}",
            at="{x}[{k} + 1]",
            number="{x} = 0.0",
            integer="{x} = 0",
            array="{x} = zeros({n})",
            comment="# {text}",
            refuse='{c} && throw(DimensionMismatch("{text}"))',
        ),
        _julia,
        frozenset(["end", "function", "begin", "let", "do", "if", "else", "elseif", "for", "while", "return", "struct", "module", "using", "import", "const", "global", "local", "true", "false", "try", "catch", "finally", "quote", "macro", "export", "in", "isa", "where", "size", "zeros", "inf", "nan", "pi", "expected", "gap", "permutedims", "reshape"]),  # fmt: skip
    ),
    "matlab": Language(
        Words(
            _MATLAB_TABLE,
            repr,
            "choose({c}, {a}, {b})",
            "function y = {name}({arguments})\n    y = {body};\nend",
            constants={"inf": "inf", "nan": "nan"},
            signs={"!=": "~="},
        ),
        Statements(
            loop="for {i} = 0:{n} - 1",
            when="if {c}",
            end="end",
            set="{t} = {e};",
            at="{x}({k} + 1)",
            array="{x} = zeros(1, {n});",
            comment="% {text}",
            refuse="if {c}, error('symchain:argument', '{text}'); end",
        ),
        _matlab,
        frozenset(["end", "function", "if", "else", "elseif", "for", "while", "return", "switch", "case", "otherwise", "break", "continue", "global", "persistent", "try", "catch", "inf", "nan", "pi", "eps", "i", "j", "size", "zeros", "numel", "max", "min", "abs", "e", "y"]),  # fmt: skip
    ),
    "numba": Language(
        Words(
            _NUMBA_TABLE,
            repr,
            "({a} if {c} else {b})",
            '@numba.njit(error_model="numpy")\ndef {name}({arguments}):\n    return {body}\n\n',
            constants={"inf": "math.inf", "nan": "math.nan"},
            signs={"and": "and", "or": "or"},
        ),
        Statements(
            loop="for {i} in range({n}):",
            when="if {c}:",
            end="",
            set="{t} = {e}",
            at="{x}[{k}]",
            array="{x} = np.zeros({n})",
            comment="# {text}",
            refuse='if {c}: raise ValueError("{text}")',
        ),
        _numba,
        PYTHON_RESERVED,
    ),
}
