"""`symchain mcp`: derive, check, explain, evaluate and grade as tools of the Model Context Protocol, answered by worker processes.

Annotations here are values, not texts: the SDK reads what they say of each argument.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from symchain import __version__
from symchain.app.workers.limits import message
from symchain.app.workers.pool import Pool

if TYPE_CHECKING:  # an extra: the module is imported without it too
    from mcp.server import MCPServer

_INSTRUCTIONS = """\
A verified engine for gradients. A program is named blocks, one a line, in NumPy's notation (z = w*x + b); shapes are declared as
W: (m, n). LaTeX is read too. What comes back was checked: a derivative that symchain prints is proved or held against numbers, and
`status` says which (proved, agrees, wrong, undecided). Errors say what is wrong, where, and what to do."""


def server(pool: Pool) -> "MCPServer[Any]":
    """The server, whose tools ask the pool."""
    from anyio import to_thread
    from mcp.server import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from pydantic import Field

    made: MCPServer[Any] = MCPServer("symchain", version=__version__, instructions=_INSTRUCTIONS, log_level="WARNING")

    async def ask(task: str, **data: Any) -> dict[str, Any]:
        found = await to_thread.run_sync(pool.ask, task, {k: v for k, v in data.items() if v is not None})
        if found["kind"] != "done":
            raise ToolError(message(found, data["lang"]))
        return {k: v for k, v in found.items() if k != "kind"}

    Text = Annotated[str, Field(description="The program: one block a line, z = w*x + b; or its equations in LaTeX.", max_length=20_000)]
    Output = Annotated[str, Field(description="The block that is differentiated; by default the last one.")]
    Lang = Annotated[str, Field(description="The language of sentences and errors: en or fr.")]
    Formula = Annotated[str, Field(description="The derivative as a person writes it: 2(z - y)x, or LaTeX; several lines are steps.")]
    Name = Annotated[str, Field(description="The name to differentiate by.")]
    Names = Annotated[str, Field(description="The names to differentiate by, with commas; empty for all inputs.")]
    Point = Annotated[dict[str, Any], Field(description='A number or nested list for every input: {"x": 1.5}.')]
    At = Annotated[dict[str, Any] | None, Field(description='A number or nested list for every input: {"x": 1.5}; else one is chosen.')]
    Using = Annotated[
        Literal["factors", "blocks", "inputs"], Field(description="What a formula may hold: also derivatives, also blocks, inputs alone.")
    ]

    @made.tool()
    async def derive(program: Text, by: Names = "", output: Output = "", lang: Lang = "en") -> dict[str, Any]:
        """Derive a gradient: `text` is the whole derivation with its numerical check, `lines` the formulas in backpropagation form."""
        found = await ask("derive", text=program, wrt=by, output=output, lang=lang)
        return {"text": found["text"], "lines": found["lines"]}

    @made.tool()
    async def check(
        program: Text, by: Name, formula: Formula, output: Output = "", using: Using = "factors", lang: Lang = "en"
    ) -> dict[str, Any]:
        """Judge a derivative that someone worked out, in one line or step by step, and name the mistake in it."""
        return await ask("check", text=program, wrt=by, claim=formula, output=output, using=using, lang=lang)

    @made.tool()
    async def explain(program: Text, by: Name, output: Output = "", at: At = None, lang: Lang = "en") -> dict[str, Any]:
        """Say why a derivative is what it is, step by step."""
        found = await ask("explain", text=program, wrt=by, output=output, at=at, lang=lang)
        return {"text": found["text"]}

    @made.tool()
    async def evaluate(program: Text, at: Point, by: Names = "", output: Output = "", lang: Lang = "en") -> dict[str, Any]:
        """The values of the blocks and of the gradients at a point."""
        return await ask("evaluate", text=program, wrt=by, output=output, at=at, lang=lang)

    @made.tool()
    async def grade(
        document: Annotated[str, Field(description="A LaTeX, Markdown or notebook text.", max_length=200_000)], lang: Lang = "en"
    ) -> dict[str, Any]:
        """Judge each claim, equality and value of a document by the definitions above it: line, status, and what is wrong."""
        return await ask("judge", document=document, lang=lang)

    return made


def run(workers: int | None = None) -> None:
    """Serves on standard input and output until they are closed."""
    with Pool(workers) as pool:
        server(pool).run("stdio")
