"""What a notebook shows for a program or a derivation.

Markdown with mathematics, which every notebook sets; LaTeX for those that prefer it, and for exports to PDF. No HTML: its formulas
would be left as source by notebooks that do not look for mathematics in it.
"""

from __future__ import annotations

from symchain.nouns.computation import Computation
from symchain.nouns.derivation import Derivation, Derivations
from symchain.nouns.higher import HigherDerivative, HigherDerivatives
from symchain.render.formulas import LatexFormulas
from symchain.render.higher_layout import document_of
from symchain.render.latex_document import style_of
from symchain.render.math_document import aligned, markdown
from symchain.render.programs import program_rows, program_text
from symchain.render.text_document import plain_text


def bundle(subject: Computation | Derivation | Derivations | HigherDerivative | HigherDerivatives, lang: str = "en") -> dict[str, str]:
    """The subject by MIME type. As LaTeX a derivation is its result alone, which is what one display of mathematics can hold."""
    if isinstance(subject, Computation):
        block = _display("\\begin{aligned}\n" + "\\\\\n".join(program_rows(subject, lang)) + "\n\\end{aligned}")
        return {"text/plain": program_text(subject), "text/markdown": block, "text/latex": block}
    document = document_of(subject, "standard")
    rows = document.sections[-1].rows
    result = aligned(rows, LatexFormulas(style_of(document, lang)), lang)
    return {"text/plain": plain_text(document, lang), "text/markdown": markdown(document, lang), "text/latex": _display(result)}


def _display(latex: str) -> str:
    return f"$$\n{latex}\n$$"
