"""The wiring: which function answers each question that a noun asks through the door.

What few programs ask for (checking, drawing, pages) is loaded when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from symchain import __version__
from symchain.deriving.closed_forms import in_inputs
from symchain.deriving.kept import sweep_of
from symchain.deriving.second import hessian, hessian_vector_product, over_shared_lines, second_derivative
from symchain.errors import ArgumentError, UnsupportedError
from symchain.language.inputs import check_free
from symchain.language.selection import asked_for, is_one, name_given, names_given, names_required, output_named
from symchain.lowering.compilation import compile_derivation, compile_higher, compile_program
from symchain.nouns import door
from symchain.nouns.derivation import Derivation, Derivations, Line
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.rules.binding import bind
from symchain.support.notation import Phrase
from symchain.tensors.exchange import to_sympy
from symchain.tensors.memory import making_trees
from symchain.tensors.trees import Tree
from symchain.wording import check_language

if TYPE_CHECKING:
    from symchain.kernels.columns import SecondKernel
    from symchain.kernels.kernel import Kernel
    from symchain.kernels.loops import LoopKernel
    from symchain.kernels.trajectories import TrajectoryKernel
    from symchain.nouns.curvature import Curvature
    from symchain.nouns.derivation import Rewriting, Verification
    from symchain.nouns.exercise import Exercise
    from symchain.nouns.explanation import Explanation
    from symchain.nouns.grades import Grades
    from symchain.nouns.graph import Graph
    from symchain.nouns.program import Program
    from symchain.nouns.recursion import Evidence, Recursion
    from symchain.nouns.sensitivity import Sensitivity
    from symchain.nouns.statement import Judgement
    from symchain.nouns.steps import Steps
    from symchain.nouns.verdict import Verdict


class Engine:
    """What works on the nouns. Each method answers the question of its name; the nouns' methods say what it is."""

    # ------------------------------------------------------------ deriving

    @making_trees()
    def derive(self, program: Program, args: tuple[Any, ...], order: Any, vector: str | None, truncate: int | None = None) -> Any:
        if program.recurrence is not None:
            from symchain.deriving.recursions.derivation import derive_recursion

            if order not in (1, 2):
                _refuse_families(program, "a derivative of higher order")
            return derive_recursion(program, args, order, vector, truncate)
        if truncate is not None:
            what = "only recursions are truncated: the program has no families"
            raise ArgumentError(what, advice="Lines with an index have some: h[t] = ...")
        if order not in (1, 2) or isinstance(order, bool):
            from symchain.deriving.higher import derive_higher

            return derive_higher(program, args, order)
        output, wrt = asked_for(program, args)
        names = names_required(program, wrt)
        if order == 1:
            sweep = sweep_of(program, output, names)
            return sweep.derivation(program, names[0]) if is_one(wrt) else sweep.derivations(program)
        if vector:
            check_free(vector)
        if vector is None:
            return second_derivative(program, output, names[0], names[0]) if is_one(wrt) else hessian(program, output, names)
        made = {n: hessian_vector_product(program, output, n, vector) for n in names}
        return made[names[0]] if is_one(wrt) else over_shared_lines(Derivations(program, output, made, ()))

    def close(self, derivation: Derivation | HigherDerivative) -> Tree:
        if isinstance(derivation, Derivation):
            return in_inputs(derivation)
        from symchain.deriving.closed_forms import written_out

        return written_out(derivation.program, "", derivation.all_lines, derivation.result.tree)

    def verify(self, derivation: Derivation | Derivations | HigherDerivative | HigherDerivatives) -> Verification:
        if not isinstance(derivation, Derivation | Derivations):
            from symchain.evidence.higher import verify_every

            return verify_every(derivation)
        from symchain.evidence.verification import verify, verify_all

        return verify(derivation) if isinstance(derivation, Derivation) else verify_all(derivation)

    @making_trees()
    def rewriting(self, derivation: Derivation) -> Rewriting:
        from symchain.deriving.simplification import rewriting_of

        return rewriting_of(derivation)

    def curvature(self, derivation: Derivation) -> Curvature | None:
        from symchain.deriving.curvature import curvature_of

        return curvature_of(derivation)

    def companions(self, derivation: Derivation) -> tuple[Line, ...]:
        from symchain.deriving.companions import companions

        return companions(derivation)

    def sizes(self, subject: Derivation | Derivations, lines: Sequence[Line]) -> Mapping[str, tuple[Phrase, Phrase]]:
        from symchain.deriving.sizes import sizes

        return sizes(subject, lines)

    def textbook(self, derivation: Derivation) -> Mapping[str, Phrase]:
        from symchain.deriving.textbook import textbook

        return textbook(derivation.program)

    def check_product(self, recursion: Recursion, kernel: LoopKernel) -> None:
        from symchain.lowering.held import check_product

        check_product(recursion, kernel)

    def verify_recursion(self, recursion: Recursion) -> Evidence:
        from symchain.deriving.recursions.checking import verified

        return verified(recursion)

    @making_trees()
    def unroll(self, program: Program, lengths: Mapping[str, int], truncate: int | None) -> Program:
        from symchain.language.unrolling import unrolled

        return unrolled(program, lengths, truncate=truncate)

    # ------------------------------------------------------------ compiling

    def compile(
        self, program: Program, output: str | None, wrt: Any, order: int, target: str, options: Mapping[str, Any]
    ) -> Kernel | LoopKernel | SecondKernel | TrajectoryKernel:
        if program.recurrence is not None:
            from symchain.lowering.recurrences import compile_recurrence

            return compile_recurrence(program, output, wrt, order, target, options)
        return compile_program(program, output, wrt, order, target, options)

    def compile_derivation(self, derivation: Any, target: str, options: Mapping[str, Any]) -> Kernel:
        if isinstance(derivation, Derivation | Derivations):
            return compile_derivation(derivation, target, options)
        return compile_higher(derivation, target, options)

    # ------------------------------------------------------------ reading at a point

    def sensitivity(self, program: Program, output: str | None, wrt: Any, at: Any) -> Sensitivity:
        from symchain.analysis.influences import measure

        _refuse_families(program, "a sensitivity")
        return measure(program, output_named(program, output), names_required(program, wrt), at)

    def page(self, program: Program, output: str | None, wrt: Any, at: Any, lang: str) -> str:
        from symchain.analysis.paging import page_of
        from symchain.render.page.page import page

        _refuse_families(program, "a page")
        check_language(lang)
        return page(page_of(program, output_named(program, output), names_required(program, wrt), at), lang, __version__)

    def graph(self, program: Program, at: Any, output: str | None, wrt: Any, level: str) -> Graph:
        from symchain.analysis.graphing import graph_of

        if program.recurrence is not None:
            from symchain.analysis.recursion_graphs import recursion_graph
            from symchain.language.wanted import output_of, wanted_names

            return recursion_graph(program, output_of(program, output), wanted_names(program, wrt), at, level)
        return graph_of(program, output_named(program, output), names_given(program, wrt), at, level)

    # ------------------------------------------------------------ explaining and judging

    def explain(self, program: Program, args: tuple[Any, ...], lang: str, at: Mapping[str, Any] | None) -> Explanation:
        from symchain.analysis.explaining import explain

        if program.recurrence is not None:
            from symchain.analysis.explaining.recursions import explain_recursion

            if len(args) not in (1, 2) or not all(isinstance(a, str) for a in args):
                raise ArgumentError("an output and one name are expected", advice='explain("C", "W"), or explain("h[T]", "h[t]").')
            return explain_recursion(program, args[0] if len(args) == 2 else program.last, args[-1], lang, at)
        output, wrt = asked_for(program, args)
        return explain(program, output, name_given(program, wrt), lang, at)

    def hint(self, program: Program, args: tuple[Any, ...], level: int, lang: str) -> Explanation:
        from symchain.analysis.hints import hint

        _refuse_families(program, "a hint")
        output, wrt = asked_for(program, args)
        return hint(program, output, name_given(program, wrt), level, lang)

    def sheet(self, exercise: Exercise, lang: str, solutions: bool) -> str:
        from symchain.analysis.exercising import sheet

        return sheet(exercise, lang, solutions)

    def check(self, program: Program, output: str, wrt: Any, claim: str, using: str, claim_format: str) -> Verdict:
        from symchain.analysis.checking.judging import check

        if not isinstance(claim, str):
            raise ArgumentError(f"the claim is {type(claim).__name__}, not a text", advice='Write the formula as a text: "2*x".')
        if program.recurrence is not None:
            from symchain.analysis.checking.recursions import check_recursion

            if claim_format == "latex" or using != "factors":
                _refuse_families(program, "a claim in LaTeX, or one that may not use everything,")
            return check_recursion(program, program.derive(output, wrt), claim)
        return check(program, output, wrt, claim, using, claim_format)

    def check_steps(self, program: Program, output: str, wrt: Any, steps: Any, using: str, claim_format: str) -> Steps:
        from symchain.analysis.checking.chains import check_steps

        return check_steps(program, output, wrt, steps, using, claim_format)

    def grade(self, program: Program, answers: Any, output: str | None, wrt: str | None, options: Mapping[str, Any]) -> Grades:
        from symchain.analysis.checking.grading import grade

        return grade(program, answers, output, wrt, **options)

    def judge(self, program: Program) -> tuple[Judgement, ...]:
        from symchain.analysis.checking.documents import judge

        return judge(program)

    # ------------------------------------------------------------ printing

    def to_sympy(self, tree: Tree, symbols: Mapping[str, Any]) -> Any:
        return to_sympy(bind(tree), symbols)

    def render(
        self, subject: Any, medium: str, *, lang: str = "en", detail: str = "standard", notation: str = "matrix", **options: Any
    ) -> str:
        from symchain.deriving.preparing import prepare, prepare_orders
        from symchain.render import check_options, render

        if not isinstance(subject, Line) and isinstance(subject, Derivation | Derivations):  # lines are many
            check_options(lang, detail, notation)
            prepare(subject, "full" if medium == "json" else detail, every=medium == "json")
        elif isinstance(subject, HigherDerivative | HigherDerivatives):
            check_options(lang, detail, notation)
            prepare_orders(subject, detail)
        return render(subject, medium, lang=lang, detail=detail, notation=notation, **options)

    def bundle(self, subject: Any) -> dict[str, str]:
        from symchain.deriving.preparing import prepare, prepare_orders
        from symchain.render.notebook import bundle

        if isinstance(subject, Derivation | Derivations):
            prepare(subject)
        elif isinstance(subject, HigherDerivative | HigherDerivatives):
            prepare_orders(subject)
        return bundle(subject)

    def pdf(self, derivation: Any, lang: str, detail: str, notation: str) -> bytes:
        from symchain.deriving.preparing import prepare, prepare_orders
        from symchain.render import check_options
        from symchain.render.pdf import pdf

        check_options(lang, detail, notation)
        if isinstance(derivation, Derivation | Derivations):
            prepare(derivation, detail)
        elif isinstance(derivation, HigherDerivative | HigherDerivatives):
            prepare_orders(derivation, detail)
        return pdf(derivation, lang, detail, notation)

    def draw(self, graph: Graph, medium: str, lang: str) -> str:
        from symchain.render.pictures import draw

        return draw(graph, medium, lang)

    def bitmap(self, svg: str, medium: str) -> bytes:
        from symchain.render.bitmaps import drawn

        return drawn(svg, medium)

    def chart(self, sensitivity: Sensitivity, lang: str, measure: str) -> str:
        from symchain.render.chart import draw

        return draw(sensitivity, lang, measure)

    def influences(self, sensitivity: Sensitivity, lang: str) -> str:
        from symchain.render.influences import plain_text

        return plain_text(sensitivity, lang)

    def explanation(self, explanation: Explanation, medium: str, lang: str) -> str:
        from symchain.render.explanation import write

        return write(explanation, medium, lang)


def _refuse_families(program: Program, what: str) -> None:
    """Raises UnsupportedError where an answer is not known for programs with families."""
    if program.recurrence is not None:
        lengths = ", ".join(f"{n}=3" for n in program.recurrence.lengths) or "..."
        raise UnsupportedError(f"{what} of a program with families is not available", advice=f"Ask program.unrolled({lengths}).")


door.install(Engine())
