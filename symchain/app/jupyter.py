"""Notebooks: %load_ext symchain brings %%gradient, a cell of equations in, a derivation and a kernel out."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import click

from symchain.app.options import at_point, by_names, detailed, in_lang, noted, of_output, once, program_read
from symchain.app.request import Request, in_language, names_of
from symchain.app.speech import show
from symchain.app.terminal import Commands
from symchain.errors import ArgumentError, UnsupportedError
from symchain.wording import sentence

MAGIC = "%%gradient"


@click.group(cls=Commands)
def magics() -> None:
    """What %load_ext symchain brings."""


@magics.command(name=MAGIC)
@by_names
@of_output
@at_point
@click.option("--here", is_flag=True, help="The point is what the notebook's variables hold that are called as the inputs are.")
@in_lang
@detailed
@noted
@once("--as", "prefix", default="", metavar="NAME", help="Keep NAME_program, NAME_derivation and NAME_kernel, not names without it.")
@click.option("--sliders", is_flag=True, help="Value and gradients follow sliders, one for each input (needs ipywidgets).")
@program_read
@click.pass_obj
def gradient(
    notebook: tuple[Any, str],
    /,
    wrt: str,
    of: str | None,
    at: str | None,
    here: bool,
    lang: str,
    detail: str,
    notation: str,
    prefix: str,
    sliders: bool,
    **source: Any,
) -> None:
    """Derive a gradient from the equations in the cell, and keep the program, the derivation and the kernel."""
    shell, cell = notebook
    if prefix and not prefix.isidentifier():
        raise click.UsageError(f"--as {prefix} is no name that Python takes.")
    request = Request(None, cell, None, **source)
    point = request.at(at)
    with in_language(lang):
        program = request.program()
        if here:
            point = {**_values(program, shell.user_ns), **(point or {})}
        output = () if of is None else (of,)
        derive: Any = program.derive
        derivation = derive(*output, names_of(wrt))
        kernel = program.compile(of, wrt=names_of(wrt))
        setting = {"lang": lang, "detail": detail, **({"notation": notation} if notation != "matrix" else {})}
        checked = {"at": point} if point is not None and program.recurrence is None else {}
        _display(derivation.markdown(**setting, **checked))
        if point is not None:
            from symchain.app.tables import as_list, as_text, read_off

            print(f"# {sentence(lang, 'point.at').format(point=as_list(point))}\n{as_text(read_off(derivation, point))}")
        if sliders:
            _display_sliders(program, derivation.output, kernel, point)
    kept = {f"{prefix}_{n}" if prefix else n: v for n, v in (("program", program), ("derivation", derivation), ("kernel", kernel))}
    shell.push(kept)
    print(sentence(lang, "notebook.kept").format(names=", ".join(kept)))


def _values(program: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """The notebook's numbers and arrays for the inputs. Raises ArgumentError for one that there is not."""
    wanted = [*program.inputs, *(d for d in program.dimensions if d in names)]
    if missing := [n for n in program.inputs if n not in names]:
        what = f"the notebook has no variable {missing[0]}"
        raise ArgumentError(what, advice=f"Assign it in a cell above, or give --at {missing[0]}=1.5.")
    return {n: names[n] for n in wanted}


def _display(markdown: str) -> None:
    from IPython.display import Markdown, display

    display(Markdown(markdown))  # type: ignore[no-untyped-call]


def _display_sliders(program: Any, output: str, kernel: Any, point: Mapping[str, Any] | None) -> None:
    """A slider for each input, and value and gradients where they stand."""
    try:
        from ipywidgets import FloatSlider, interactive
    except ModuleNotFoundError:
        what = "ipywidgets is not installed, which sliders need"
        raise UnsupportedError(what, advice='Install it: pip install "symchain[jupyter]".') from None
    from IPython.display import display

    from symchain.analysis.paging import example
    from symchain.analysis.sliders import sliders_of
    from symchain.app.tables import as_text

    if not program.scalar:
        raise UnsupportedError("only programs of numbers have sliders", advice="Leave --sliders out, and call kernel(...) at points.")
    where = point if point is not None else example(program, output)
    if where is None:
        raise ArgumentError("no point was found where the program has a value", advice="Give one: --at x=1.5,w=0.8.")

    def follow(**at: float) -> None:
        value, slopes = kernel(**at)
        print(as_text({output: value, **{f"d{output}/d{n}": g for n, g in slopes.items()}}))

    made = {s.name: FloatSlider(value=s.value, min=s.low, max=s.high, step=s.step, description=s.name) for s in sliders_of(kernel, where)}
    display(interactive(follow, **made))  # type: ignore[no-untyped-call]


def run(line: str, cell: str, shell: Any) -> int:
    """%%gradient as IPython calls it: what is wrong is told like on the command line. The exit code that the command would have."""
    try:
        return int(magics.main([MAGIC, *shlex.split(line)], prog_name="", standalone_mode=False, obj=(shell, cell)) or 0)
    except ValueError as error:  # quotes that do not close
        show(click.UsageError(str(error)))
    except click.ClickException as error:
        show(error)
    return 2


def load_ipython_extension(shell: Any) -> None:
    """What %load_ext symchain calls: %%gradient is registered with the shell."""

    def called(line: str, cell: str) -> None:
        run(line, cell, shell)

    called.__doc__ = gradient.help
    shell.register_magic_function(called, magic_kind="cell", magic_name=MAGIC.lstrip("%"))


__all__ = ["load_ipython_extension", "magics", "run"]
