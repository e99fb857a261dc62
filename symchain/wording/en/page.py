"""English for the page: headings, buttons, and what stands below pictures."""

from __future__ import annotations

SENTENCES = {
    "page.title": "How {output} depends on its inputs",
    "page.program": "Program",
    "page.graph": "Values and gradients",
    "page.graph.note": "Hover over a box or a wire for its local derivative.",
    "page.derivation": "Derivation",
    "page.by": "by",
    "page.together": "all together",
    "page.substeps": "step by step",
    "page.sensitivity": "Sensitivity",
    "page.code": "Code",
    "page.code.numpy": "NumPy",
    "page.code.lines": "symchain",
    "page.code.latex": "LaTeX",
    "page.code.json": "JSON",
    "page.code.cut": "The file is longer: {count} more lines are left out here.",
    "page.copy": "Copy",
    "page.copied": "Copied",
    "page.fold": "Fold all",
    "page.unfold": "Unfold all",
    "page.slope": "Gradient",
    "page.elasticity": "Elasticity",
    "page.point": "No point was given, so the numbers below are those of an example.",
    "page.none": "Nothing to show here: {reason}.",
    "page.foot": "Made by symchain {version}. This file is complete: it loads nothing.",
}
