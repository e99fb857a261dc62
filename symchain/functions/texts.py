"""What is said of a function or an operation in a language: its noun, with or without the article, and why its derivative is what it is.

A language's own folder is asked first, then the record; where neither speaks the language, its generic sentences say the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symchain.functions.spec import FUNCTIONS, OPERATIONS, FunctionSpec, OperationSpec, find
from symchain.wording import LANGUAGES, check_language, locale_of, sentence
from symchain.wording.locale import RecordText


def noun(name: str, lang: str) -> str:
    """What a function or an operation is called.

    >>> noun("sigmoid", "fr"), noun("relu", "en")
    ('sigmoïde', 'rectified linear unit')
    """
    text = _text(name, lang)
    return sentence(lang, f"record.{_kind(name)}").format(name=name) if text is None else text.noun.text


def with_article(name: str, lang: str) -> str:
    """What a function is called, after its article.

    >>> with_article("sigmoid", "fr"), with_article("exp", "fr"), with_article("exp", "en")
    ('la sigmoïde', "l'exponentielle", 'the exponential')
    """
    text = _text(name, lang)
    return sentence(lang, "record.function.the").format(name=name) if text is None else locale_of(lang).the(text.noun)


def reason(name: str, lang: str) -> str:
    """Why the derivative of a function is what it is, as a sentence.

    >>> reason("sigmoid", "en")
    'The sigmoid differentiates into its own value: itself times one minus itself.'
    """
    text = _text(name, lang)
    return text.reason if text is not None and text.reason else sentence(lang, "record.reason").format(name=name)


def operation_reason(name: str, lang: str) -> str:
    """What a change of its operand does in an operation: a sentence over {block}, {operation}, {operand} and {noun}.

    >>> operation_reason("det", "en")
    'In {block}, {operation} is a volume: a change dA of {operand} multiplies it by 1 + tr(inv(A) @ dA).'
    """
    text = _text(name, lang)
    return text.reason if text is not None and text.reason else sentence(lang, "explain.operation")


def missing(lang: str) -> Iterator[str]:
    """The functions and operations of which a language has generic sentences alone."""
    for name in (*FUNCTIONS, *OPERATIONS):
        text = _text(name, lang)
        if text is None or not text.noun.text or (name in FUNCTIONS and not text.reason):
            yield name


def _text(name: str, lang: str) -> RecordText | None:
    check_language(lang)
    return LANGUAGES[lang].records.get(name) or _own(_record(name)).get(lang)


def _own(spec: FunctionSpec | OperationSpec) -> Mapping[str, RecordText]:
    """What the record says itself."""
    return {lang: RecordText(word, spec.reason.get(lang, "")) for lang, word in spec.noun.words.items()}


def _record(name: str) -> FunctionSpec | OperationSpec:
    spec = find(name)
    assert spec is not None, name
    return spec


def _kind(name: str) -> str:
    return "function" if name in FUNCTIONS else "operation"
