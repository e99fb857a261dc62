"""What the tests of the input language share."""

from __future__ import annotations

import pytest

from symchain.errors import SymchainError
from symchain.language.reading import read_program


def refused(text: str, **given: object) -> SymchainError:
    with pytest.raises(SymchainError) as caught:
        read_program(text, **given)  # type: ignore[arg-type]
    assert caught.value.what and caught.value.advice, "an error says what is wrong and what to do"
    return caught.value
