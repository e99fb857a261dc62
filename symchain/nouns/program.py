"""Program: what was written, and what can be asked of it. The answers come through the door from the floors above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, overload

from symchain.errors import ArgumentError
from symchain.kernels.kernel import Kernel
from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.door import engine
from symchain.nouns.explanation import Explanation
from symchain.nouns.grades import Grades
from symchain.nouns.graph import Graph
from symchain.nouns.marks import Marks
from symchain.nouns.sensitivity import Sensitivity
from symchain.nouns.statement import Judgement
from symchain.nouns.steps import Steps
from symchain.nouns.verdict import Verdict
from symchain.support.assignments import given_point

Name = Any
"""What one name is given as: a text, or a SymPy symbol."""
Several = list[Any] | tuple[Any, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Program(Computation):
    """A computation that can be derived, compiled, explained, checked, drawn and printed."""

    @overload
    def derive(self, wrt: Literal["all"] | Several, /, *, truncate: int | None = None) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def derive(self, output: str, wrt: Literal["all"] | Several, /, *, truncate: int | None = None) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def derive(self, wrt: Name, /, *, truncate: int | None = None) -> Derivation: ...
    @overload
    def derive(self, output: str, wrt: Name, /, *, truncate: int | None = None) -> Derivation: ...
    @overload
    def derive(self, *args: Any, order: int | Mapping[str, int], truncate: int | None = None) -> Any: ...
    def derive(self, *args: Any, order: int | Mapping[str, int] = 1, truncate: int | None = None) -> Any:
        """The derivative of an output (default: the last block) by one name, a list of names, or "all" inputs.

        The derivative of an output of shape F by an input of shape X has shape F + X. Returns a Derivation, or Derivations for
        a list or "all". `order` above 1 is for numbers by numbers beyond order 2: a HigherDerivative, told order by order; of several
        names HigherDerivatives, all of that order. order={"x": 2, "y": 1} is the mixed derivative, in that order. Raises ArgumentError
        for unknown names, NotDifferentiableError where there is no derivative.

        Of a program with families, `truncate` is the number of steps after which nothing is carried back any further: what comes out
        is no derivative, but that of `program.unrolled(..., truncate=...)`.

        >>> import symchain
        >>> symchain.parse("y = a*x**2").derive("x").formula
        2*a*x
        >>> symchain.parse("f = sin(w*x)").derive("f", "x", order=4).lines[-1]
        'd4f_dx4 = w**4*f'
        """
        return engine().derive(self, args, order, None, truncate)

    @overload
    def hessian(self, wrt: Literal["all"] | Several, /) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def hessian(self, output: str, wrt: Literal["all"] | Several, /) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def hessian(self, wrt: Name, /) -> Derivation: ...
    @overload
    def hessian(self, output: str, wrt: Name, /) -> Derivation: ...
    def hessian(self, *args: Any) -> Derivation | Derivations:
        """The second derivative by one name, of shape F + X + X: a Derivation of order 2.

        >>> import symchain
        >>> symchain.parse("y = a*x**3").hessian("x").formula
        6*a*x
        """
        return engine().derive(self, args, 2, None)

    @overload
    def jacobian(self, wrt: Literal["all"] | Several, /) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def jacobian(self, output: str, wrt: Literal["all"] | Several, /) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def jacobian(self, wrt: Name, /) -> Derivation: ...
    @overload
    def jacobian(self, output: str, wrt: Name, /) -> Derivation: ...
    def jacobian(self, *args: Any) -> Derivation | Derivations:
        """`derive` by another name, for outputs that are not scalars."""
        return engine().derive(self, args, 1, None)

    @overload
    def hvp(self, wrt: Literal["all"] | Several, /, *, vector: str | None = None) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def hvp(self, output: str, wrt: Literal["all"] | Several, /, *, vector: str | None = None) -> Derivations: ...  # type: ignore[overload-overlap]
    @overload
    def hvp(self, wrt: Name, /, *, vector: str | None = None) -> Derivation: ...
    @overload
    def hvp(self, output: str, wrt: Name, /, *, vector: str | None = None) -> Derivation: ...
    def hvp(self, *args: Any, vector: str | None = None) -> Derivation | Derivations:
        """The Hessian-vector product H @ v of a scalar output, with a new input v_w (or `vector`) of the shape of w."""
        if vector is not None and not isinstance(vector, str):
            raise ArgumentError(f"vector is {type(vector).__name__}, not a name", advice='Write vector="v".')
        return engine().derive(self, args, 2, vector or "")

    def unrolled(self, *, truncate: int | None = None, **lengths: int) -> Program:
        """The ordinary program of a program with families, at some lengths: blocks z_1, z_2, ... in place of z[l].

        Every letter that bounds a range needs a value; a member has the family's name, an underscore and its number. With `truncate`
        the steps of each range are windows of so many, counted from the last, and what an earlier window defines is held fixed. Raises
        ArgumentError for lengths that are missing, unknown or no whole numbers.

        >>> import symchain
        >>> print(symchain.parse("a[0] = x\\na[l] = w[l]*a[l-1] for l in 1..L\\nC = a[L]**2").unrolled(L=2))
        a_0 = x
        a_1 = w_1*a_0
        a_2 = w_2*a_1
        C = a_2**2
        """
        return engine().unroll(self, lengths, truncate)

    def compile(self, output: str | None = None, *, wrt: Any = "all", order: int = 1, target: str = "auto", **options: Any) -> Kernel:
        """A Kernel that returns value and gradients (order=1), value alone (order=0), or value, gradient and Hessian (order=2).

        >>> import symchain
        >>> value, gradient = symchain.parse("y = a*x**2").compile(wrt=["x"])(a=2.0, x=3.0)
        >>> float(value), float(gradient["x"])
        (18.0, 12.0)
        """
        return engine().compile(self, output, wrt, order, target, options)

    def sensitivity(self, output: str | None = None, *, at: Any, wrt: Any = "all") -> Sensitivity:
        """How strongly, and which way, every input, or each name of `wrt`, moves a block that is a number, near a point.

        `at` holds the inputs' values; a list of such points, or arrays for a program of numbers, gives means over many points.

        >>> import symchain
        >>> symchain.parse("y = a*x**2").sensitivity(at={"a": 2.0, "x": 3.0}).influences["x"].slope.rank
        1
        """
        return engine().sensitivity(self, output, wrt, given_point(at, several=True))

    def html(self, output: str | None = None, *, wrt: Any = "all", at: Any = None, lang: str = "en") -> str:
        """A page for a browser: derivation, graph, sensitivity and code in one HTML file, in every language, that loads nothing."""
        return engine().page(self, output, wrt, given_point(at), lang)

    def graph(self, at: Any = None, output: str | None = None, *, wrt: Any = "all", level: str = "named") -> Graph:
        """The graph of an output: the value of every block above its wire, the gradient below; names without a point.

        Gradients are on the wires that lead to the names of `wrt`.

        level: "named" draws the blocks, "ops" single operations. `.svg(lang)`, `.tikz(lang)`, `.dot()` and `.mermaid()` draw it.

        >>> import symchain
        >>> symchain.parse("y = a*x**2").graph(at={"a": 2.0, "x": 3.0})
        <graph of y: 3 boxes, 2 wires>
        """
        return engine().graph(self, given_point(at), output, wrt, level)

    def explain(self, *args: Any, lang: str = "en", at: Mapping[str, Any] | None = None) -> Explanation:
        """Why the derivative of an output (default: the last block) by one name is what it is: an Explanation.

        Where the output reads the name, its local derivative is explained term by term; else the whole gradient, path by path.
        str() of it is the text, in `lang`; `at` gives numbers for the example. Raises NumberVariableError for a number.

        >>> import symchain
        >>> print(symchain.parse("z = w*x + b").explain("w").text().splitlines()[3])
        z = w*x + b. Only w moves; x and b stay fixed.
        """
        return engine().explain(self, args, lang, given_point(at))

    def hint(self, *args: Any, level: int = 1, lang: str = "en") -> Explanation:
        """What helps to find the derivative of an output (default: the last block) by one name, and does not tell it.

        level 1: where to begin, and by which rule; 2: the way, and the first factor; 3: everything but the last step. Raises
        ArgumentError for another level.

        >>> import symchain
        >>> print(symchain.parse("z = w*x + b; C = z**2").hint("w", level=2).text().splitlines()[-1])
        The first factor: dC/dz = 2*z.
        """
        return engine().hint(self, args, level, lang)

    def check(self, output: str, wrt: Any, claim: str, using: str = "factors", claim_format: str = "auto") -> Verdict:
        """Judge the claim that the derivative of `output` (a block or an expression) by `wrt` is `claim`, and name the mistake in it.

        In a claim da2/dz2 is that derivative, unless it is a name of the program. The Verdict has .status (proved, agrees, wrong or
        undecided), .mistake and .message(lang). For graders, `using` says what a claim may hold: "factors" (derivatives too, which the
        Verdict lists as .derivatives; the very derivative that is asked for shows nothing), "blocks" (inputs and blocks) or "inputs"
        alone. A claim that is right where something is declared that is not (a > 0) is undecided, with .condition and .declare. Raises
        ParseError for a claim that cannot be read, NumberVariableError where `wrt` is a number, ArgumentError for another `using`.

        A claim is read as people type it: 2(z - y)x, x², ln x, X^T. In LaTeX it is read where it holds a command; `claim_format`, "text"
        or "latex", says so. What can be read in two ways is refused with both (ParseError).

        >>> import symchain
        >>> symchain.parse("C = (a - y)**2").check("C", "a", "y - a").mistakes
        ('constant',)
        """
        return engine().check(self, output, wrt, claim, using, claim_format)

    def check_steps(self, output: str, wrt: str, steps: str | Iterable[str], using: str = "factors", claim_format: str = "auto") -> Steps:
        """Judge a derivation of several lines, each as it stands and as following from the one before it.

        A line is `derivative = formula`, `= formula`, several of these in a row, or `name = formula` for a name used below; text or LaTeX.
        Steps has .first_false (a Step or None) and its .mistake, .text(lang), and each Step its .verdict and whether it .follows. `using`
        is asked of the last formula. Raises ArgumentError and its kin where the question is wrong; a line that cannot be read is a step.

        >>> import symchain
        >>> program = symchain.parse("z = w*x + b; C = (z - y)**2")
        >>> steps = program.check_steps("C", "w", "dC/dw = 2(z-y) dz/dw; = 2(z-y)w; = 2w(w*x+b-y)".replace("; ", "\\n"))
        >>> [(s.status, s.follows) for s in steps], steps.first_false.line, steps.mistake
        ([('proved', None), ('wrong', False), ('wrong', True)], 2, 'other_variable')
        """
        return engine().check_steps(self, output, wrt, steps, using, claim_format)

    def grade(
        self, answers: Iterable[Any], output: str | None = None, wrt: str | None = None, *, marks: Marks | Mapping[str, Any] | None = None,
        using: str = "factors", claim_format: str = "auto", seconds: float | None = 10.0,
        progress: Callable[[int, int], object] | None = None,
    ) -> Grades:  # fmt: skip
        """Judge many answers: texts, or mappings of id, claim, output and wrt; `output` and `wrt` are the question where a row has none.

        One Grade an answer, in order, whatever was answered: .status (as a Verdict has it; also unreadable, or meaningless for a
        derivative by a number), .mistake, .message(lang) and, with `marks` (full, wrong, undecided, unreadable, mistakes), .points. An
        answer that takes more than so many `seconds` is undecided. `using` and `claim_format` are as in `check`. Raises ArgumentError
        and its kin where the question or the marks are wrong.

        >>> import symchain
        >>> program = symchain.parse("z = w*x + b; C = (z - y)**2")
        >>> grades = program.grade(["2(z-y)x", "2(y-z)x", "2x(z-"], "C", "w", marks={"full": 2, "mistakes": {"sign": 1}})
        >>> [(g.status, g.mistake, g.points) for g in grades]
        [('proved', None, 2), ('wrong', 'sign', 1), ('unreadable', None, None)]
        """
        scheme = marks if isinstance(marks, Marks) or marks is None else Marks.of(marks)
        options = {"marks": scheme, "using": using, "claim_format": claim_format, "seconds": seconds, "progress": progress}
        return engine().grade(self, answers, output, wrt, options)

    def judge(self) -> tuple[Judgement, ...]:
        """What becomes of each claim, equality and value of a text that was read by `parse_latex`, in order.

        >>> import symchain
        >>> read = symchain.parse_latex(r"$$f(x) = x^2$$ hence $f'(x) = 2x$ and $f(3) = 6$")
        >>> [j.status for j in read.judge()]
        ['proved', 'wrong']
        """
        return engine().judge(self)

    def latex(self) -> str:
        """The blocks as LaTeX, one aligned line each."""
        return engine().render(self, "latex")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return engine().bundle(self)

    def _repr_latex_(self) -> str:
        return self._repr_mimebundle_()["text/latex"]

    def __str__(self) -> str:
        return engine().render(self, "text")
