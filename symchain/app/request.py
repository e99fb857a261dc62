"""The program that a command was given, with the point that goes with it, and what is wrong with it in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from symchain.app.speech import language
from symchain.app.terminal import read_text
from symchain.errors import AnswerError, ArgumentError, FactError, NumberVariableError
from symchain.support.assignments import Point, read_pairs, read_point_or_file
from symchain.wording import sentence

if TYPE_CHECKING:
    from symchain.nouns.program import Program


class Request:
    """The program a command was given, and the point that goes with it."""

    def __init__(
        self, file: str | None, text: str | None, model: str | None, lets: Any, shapes: Any, assume: Any, latex: bool = False
    ) -> None:
        if sum(x is not None for x in (file, text, model)) != 1:
            raise click.UsageError('Give one program: a file, -, -e "text", or --model NAME.')
        self.point: Point | None = None
        if model is not None:
            from symchain.models import read_model

            ready = read_model(model)
            self.text, self.point = ready.text, ready.at or None
        else:
            self.text = text if text is not None else read_text("-" if file is None else file)
        name = (file or "").lower()
        self.latex = latex or name.endswith((".tex", ".md", ".ipynb")) or (name.endswith(".txt") and _is_document(self.text))
        self.let = read_pairs("\n".join(lets), str, "a function's name", "--let sigma1=sigmoid")
        self.shapes = read_pairs("\n".join(shapes), _shape, "a shape such as (m, n)", '--shapes "W=(m, n), x=(n,)"')
        self.assume = read_pairs("\n".join(assume), _facts, "facts such as positive", "--assume r=positive")

    def program(self, strict: bool = True) -> Program:
        """The program; what it may not have meant as it was read goes to standard error, in the command's language.

        Of a document, the first refusal is raised unless it is read statement by statement (`strict` false).
        """
        program = self.read(strict)
        for section in program.sections:
            if section.remarks:
                from symchain.render.programs import program_remarks

                for line in program_remarks(section, language()):
                    click.echo(f"symchain: {line}", err=True)
        return program

    def read(self, strict: bool = True) -> Program:
        """The program, and nothing said."""
        import symchain

        given: dict[str, Any] = {"shapes": self.shapes or None, "assume": self.assume or None, "let": self.let or None}
        return symchain.parse_latex(self.text, strict=strict, **given) if self.latex else symchain.parse(self.text, **given)

    def derived(self, of: str | None, wrt: str, order: int | dict[str, int] = 1, truncate: int | None = None) -> Any:
        """The derivation asked for."""
        program: Any = self.program()
        output = () if of is None else (of,)
        kept = {} if truncate is None else {"truncate": truncate}
        if isinstance(order, dict):
            return program.derive(*output, order=order, **kept)
        return program.hessian(*output, names_of(wrt)) if order == 2 else program.derive(*output, names_of(wrt), order=order, **kept)

    def at(self, given: str | None) -> Point | None:
        """The point asked for; for a ready model its own, changed where --at says so."""
        if given is None:
            return self.point
        return {**(self.point or {}), **read_point_or_file(given)}


@contextmanager
def in_language(lang: str) -> Iterator[None]:
    """What is wrong with a number (nothing varies with it, it lacks a declared fact) or an answer is said in the reader's language."""
    try:
        yield
    except AnswerError as error:
        what, advice = (sentence(lang, f"typed.{error.key}{part}").format(**error.fields) for part in ("", ".advice"))
        raise AnswerError(error.key, error.fields, what, advice=advice, place=error.place, source=error.source) from None
    except NumberVariableError as error:
        what, advice = (sentence(lang, f"number.{part}").format(number=error.number) for part in ("what", "advice"))
        raise ArgumentError(what, advice=advice) from None
    except FactError as error:
        from symchain.kernels.facts import told

        what, advice = told(error.name, error.fact, error.breach, lang)
        raise ArgumentError(what, advice=advice) from None


def _is_document(text: str) -> bool:
    """Whether a plain text holds mathematics between signs, and is no program."""
    return any(sign in text for sign in ("$", r"\[", r"\(", r"\begin{", "```math"))


def _shape(text: str) -> tuple[int | str, ...]:
    if not (text.startswith("(") and text.endswith(")")):
        raise ValueError(text)
    return tuple(int(d) if d.isdecimal() else d for d in (piece.strip() for piece in text[1:-1].split(",")) if d)


def _facts(text: str) -> str | tuple[str, ...]:
    facts = tuple(text.replace("+", " ").split())
    return facts[0] if len(facts) == 1 else facts


def order_of(text: str | None) -> int | dict[str, int]:
    """The order that is asked for: 4, or x=2,y=1."""
    if text is None or text.strip().isdecimal():
        return int(text or 1)
    return read_pairs(text, int, "a whole number", "--order x=2,y=1")


def names_of(wrt: str) -> str | list[str]:
    """One name, a list of names, or "all", as Program.derive takes them."""
    names = [name.strip() for name in wrt.split(",") if name.strip()]
    if not names:
        raise ArgumentError("--wrt names nothing", advice="Write --wrt W1, --wrt W1,b1 or --wrt all.")
    return names[0] if len(names) == 1 else names
