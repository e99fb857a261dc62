"""Second derivatives in every medium: their adjoint lines may belong to lines of the gradient, which are no blocks of the program."""

from __future__ import annotations

import pytest
from ready import ready_program

MODELS = ["two-layer-batch", "gaussian-process", "mlp-3", "softmax-regression"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", MODELS)
def test_second_derivatives_are_printed(name: str) -> None:
    program = ready_program(name)
    d = program.hvp(next(iter(program.inputs)))
    assert {line.of for line in d.adjoint_lines if line.role == "adjoint"} <= set(program.blocks)
    text = d.text(detail="full")
    assert all(line.name in text for line in d.adjoint_lines)
    latex = d.latex(lang="fr")
    assert 1 <= latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") <= latex.count(r"\noindent \textbf{") + 1
    assert d.html(detail="full").count("<section") == 1
    assert "$" in d.markdown()
    assert d.text(notation="index")
