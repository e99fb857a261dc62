"""Run the notebooks and compare what they print with what they hold; --update writes the new outputs instead.

usage: python notebooks/execute.py [--update] [NOTEBOOK ...]

Notebooks are written so that a change is readable as a diff: stable cell ids, no execution counts, no times, one-space indent.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def executed(path: Path) -> Any:
    """The notebook run from top to bottom in a fresh kernel, normalised."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3", record_timing=False, resources={"metadata": {"path": str(HERE)}}).execute()
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = joined([normalised(output) for output in cell.outputs])
    notebook.metadata = METADATA
    nbformat.validate(notebook)
    return notebook


def normalised(output: Any) -> Any:
    if output.output_type == "stream" and output.name == "stderr":
        raise SystemExit(f"a cell wrote to standard error: {output.text}")
    if "execution_count" in output:
        output.execution_count = None
    if "data" in output:  # the plain fallback of a rendered object says nothing: <IPython.core.display.Markdown object>
        output.data = {kind: value for kind, value in output.data.items() if not (kind == "text/plain" and len(output.data) > 1)}
    return output


def joined(outputs: list[Any]) -> list[Any]:
    """What a cell printed as one output: a kernel may send it in pieces."""
    found: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and found and found[-1].output_type == "stream":
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def written(notebook: Any) -> str:
    """The text of a notebook file: multi-line strings as lists of lines, so that diffs are by line."""
    split = nbformat.v4.rwbase.split_lines(nbformat.from_dict(notebook))
    return json.dumps(split, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def comparable(text: str) -> str:
    """Rounding differs between machines: errors of the size of rounding are equal."""
    return re.sub(r"\d(\.\d+)?(e-|(\\\\(cdot|times))10\^\{-)1[0-9]\b\}?", "rounding", text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted(HERE.glob("*.ipynb")))
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    different = 0
    for path in arguments.notebooks:
        old, new = path.read_text(encoding="utf-8"), written(executed(path))
        if comparable(old) == comparable(new):
            print(f"{path.name}: as before")
        elif arguments.update:
            path.write_text(new, encoding="utf-8")
            print(f"{path.name}: updated")
        else:
            different += 1
            kept, run = comparable(old).splitlines(), comparable(new).splitlines()
            print(*difflib.unified_diff(kept, run, f"{path.name} as kept", f"{path.name} as run", lineterm=""), sep="\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
