"""What people write who come from paper: each is answered with what to write instead, in their language."""

from __future__ import annotations

import pytest

import symchain
from symchain.errors import ParseError
from symchain.language.lookup import is_known_function
from symchain.wording import LANGUAGES
from symchain.wording.errors import told

WRITTEN = {
    "y = 2x": "2*x",
    "y = sin x": "sin(x)",
    "y = 2*exp x + 1": "exp(x)",
    "y = sqrt 2": "sqrt(2)",
    "y = sin²(x)": "sin(x)**2",
    "y = sin^2(x)": "sin(x)**2",
    "y = tanh**2(x)": "tanh(x)**2",
    "y = exp^x": "exp(x)",
    "y = 3*log**2": "log(x)",
    "y = e^x": "exp(x)",
    "y = tg(x)": "tan",
    "y = ch(x)": "cosh",
    "y = racine(x)": "sqrt",
    "y = argsh(x)": "arcsinh",
    "y = √x": "sqrt(x)",
    "y = |x|": "abs(x)",
    "y = 3,5*x": "3.5",
    "y = (x + 1)(x - 1)": "*",
    "y = x(x + 1)": "x*(...)",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_the_answer_says_what_to_write(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        symchain.parse(text)
    assert WRITTEN[text] in caught.value.advice
    assert WRITTEN[text] in told(caught.value, "fr").splitlines()[-1]


NAMES = ["y = psi**2", "y = gamma**2 + beta^x", "y = j0**2", "exp: ()\ny = exp**2", "y = exp(x)**2", "y = rate**2"]


@pytest.mark.parametrize("text", NAMES)
def test_names_that_mean_something_else_stay_names(text: str) -> None:
    """Greek letters and short names are quantities; a declared name is an input, whatever it is called."""
    assert symchain.parse(text).inputs


def test_spellings_of_schools_name_functions_and_are_none() -> None:
    for language in LANGUAGES.values():
        for written, meant in language.spellings.items():
            assert is_known_function(meant), meant
            with pytest.raises(ParseError, match="not a known function"):
                symchain.parse(f"y = {written}(x)")
