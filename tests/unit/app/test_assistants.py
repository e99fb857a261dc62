"""`symchain mcp` with the SDK's own client: in memory, and as a process over standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import symchain

pytest.importorskip("mcp.server.mcpserver", reason="the MCP SDK is not installed: pip install symchain[mcp]")

from mcp import Client, StdioServerParameters

from symchain.app.assistants import server
from symchain.app.workers.pool import Pool

PROGRAM = "z = w*x + b\nC = (z - y)**2"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


def _called(connection: Any, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """The results of tools called one after the other, after the list of all tools."""

    async def work() -> list[Any]:
        async with Client(connection) as client:
            return [(await client.list_tools()).tools, *[await client.call_tool(name, given) for name, given in calls]]

    return asyncio.run(asyncio.wait_for(work(), 120))


def test_every_tool_answers_in_memory(pool: Pool) -> None:
    at = {"w": 2.0, "x": 3.0, "b": 1.0, "y": 5.0}
    tools, derived, checked, explained, evaluated, graded = _called(
        server(pool),
        ("derive", {"program": PROGRAM, "by": "w", "lang": "fr"}),
        ("check", {"program": PROGRAM, "by": "w", "formula": "2(y - z)x"}),
        ("explain", {"program": PROGRAM, "output": "z", "by": "w"}),
        ("evaluate", {"program": PROGRAM, "at": at}),
        ("grade", {"document": "$$f(x) = x^2$$ so $f'(x) = 3x$"}),
    )
    assert {t.name for t in tools} == {"derive", "check", "explain", "evaluate", "grade"}
    for tool in tools:
        assert tool.description and all(p.get("description") for p in tool.input_schema["properties"].values()), tool.name
    assert derived.structured_content["lines"] == list(symchain.parse(PROGRAM).derive("C", "w").lines)
    assert "Vérification numérique" in derived.structured_content["text"]
    assert (checked.structured_content["status"], checked.structured_content["mistake"]) == ("wrong", "sign")
    assert "z = w*x + b" in explained.structured_content["text"]
    assert evaluated.structured_content["numbers"]["dC/dw"] == 2 * (2.0 * 3.0 + 1.0 - 5.0) * 3.0
    assert [s["status"] for s in graded.structured_content["statements"]] == ["definition", "wrong"]


def test_errors_are_told_in_the_language_asked(pool: Pool) -> None:
    _, english, french, missing = _called(
        server(pool),
        ("derive", {"program": "y = tnah(x)"}),
        ("derive", {"program": "y = 3*x", "by": "3", "lang": "fr"}),
        ("derive", {"by": "x"}),
    )
    assert english.is_error and "Did you mean tanh?" in english.content[0].text
    assert french.is_error and "3 est un nombre" in french.content[0].text
    assert missing.is_error and "program" in missing.content[0].text


@pytest.mark.thorough
def test_the_command_serves_over_standard_input_and_output() -> None:
    path = os.pathsep.join(filter(None, [str(Path(symchain.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    command = StdioServerParameters(command=sys.executable, args=["-m", "symchain", "mcp", "--workers", "2"], env={"PYTHONPATH": path})
    tools, found = _called(command, ("check", {"program": PROGRAM, "by": "w", "formula": "2(z - y)x"}))
    assert len(tools) == 5 and found.structured_content["status"] == "proved"
