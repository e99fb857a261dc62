"""The commands that wait for requests: serve and mcp. What they need stands in extras, and is imported when they are called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from symchain.errors import UnsupportedError


@contextmanager
def extra(name: str, *packages: str) -> Iterator[None]:
    """Raises UnsupportedError, with what to install, where a package of an extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in packages:
            raise
        what = f"{error.name} is not installed, which `symchain {name}` needs"
        raise UnsupportedError(what, advice=f'Install it: pip install "symchain[{name}]".') from None


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535))
@click.option("--public", multiple=True, metavar="NAME", help="A name that a proxy publishes it under: --public gradients.example.org.")
@click.option("--workers", type=click.IntRange(2, 256), help="Worker processes; by default two more than there are cores.")
def serve(host: str, port: int, public: tuple[str, ...], workers: int | None) -> None:
    """Serve a page that answers while one types.

    Derivation, graph with sliders, checks of formulas and documents, code. On this machine alone; README says how to publish it.
    """
    if host not in ("127.0.0.1", "localhost", "::1") and not public:
        raise click.UsageError("An address that others reach needs the name they call it by: --public NAME.")
    with extra("serve", "starlette", "uvicorn", "anyio"):
        import uvicorn  # noqa: F401

        from symchain.app.serve.server import run
    run(host, port, public, workers, lambda address: click.echo(f"symchain: {address} (Ctrl+C ends it)", err=True))


@click.command()
@click.option("--workers", type=click.IntRange(2, 256), help="Worker processes; by default two more than there are cores.")
def mcp(workers: int | None) -> None:
    """Serve derive, check, explain, evaluate and grade as tools of the Model Context Protocol, on standard input and output."""
    with extra("mcp", "mcp", "pydantic"):
        from symchain.app.assistants import run
    run(workers)
