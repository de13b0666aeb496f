"""Which language a ticket is written in.

What was given counts; else what py3langid reads in the text, where there is enough of it and it is sure; else the
language of who asks. Programs, addresses and quoted lines say nothing of a language and are not read.
"""

import re
from functools import cache
from typing import Any, Protocol

from agentfactory_cs.customers.models import Company

from .models.ticket import LanguageSource

# Less than this many letters, or words, is a guess: "Hello", "API error 500".
MIN_LETTERS, MIN_WORDS = 20, 4
# How sure the detector must be, from 0 to 1; and where it says what who asks speaks anyhow.
SURE, SURE_AS_EXPECTED = 0.85, 0.6
# What the detector calls a text without one.
NO_LANGUAGE = "zxx"
# No more is read: a language shows in its first lines.
MOST = 2_000

_NOISE = re.compile(
    r"`[^`\n]*`"
    r"|^[ \t]*>.*$"  # quoted lines
    r"|^(?: {4}|\t).*$"  # an indented program
    r"|\bhttps?://\S+|\bwww\.\S+|\S+@\S+\.\S+"
    r"|<[^>\n]{1,200}>"
    r"|^.*[{};=\\|]\s*$"  # lines that end as programs do
    r"|^\s*(?:File \"|at |Traceback|import |from \S+ import |def |class |curl |GET |POST |SELECT ).*$"
    r"|\b\w*[_/\\.:=]\w[\w/\\.:=-]*",  # names of files, modules, settings
    re.MULTILINE,
)
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")
# Written without spaces between words: a letter says as much as half a word.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


class Speaker(Protocol):
    """A customer or a contact."""

    language: str


def language_of(text: str, *, given: str, customer: Speaker | None) -> tuple[str, LanguageSource]:
    """The code of the language and how it is known. `customer` may be the contact, where there is one."""
    if given:
        return given, LanguageSource.GIVEN
    expected = customer.language if customer else ""
    if detected := detect(text, expected=expected):
        return detected, LanguageSource.DETECTED
    return expected or Company.get().default_language, LanguageSource.CUSTOMER


def detect(text: str, *, expected: str = "") -> str:
    """The code of the language a text is in; empty where it says too little, or the detector is not sure.

    A text in the language that is `expected` keeps its regional form: who writes from Brazil writes pt-BR.
    """
    words = prose(text)
    dense = len(_DENSE.findall(words))
    letters = sum(map(len, _WORD.findall(words)))
    if dense < MIN_LETTERS // 4 and (letters < MIN_LETTERS or len(_WORD.findall(words)) < MIN_WORDS):
        return ""
    code, sure = _detector().classify(words[:MOST])
    base = expected.partition("-")[0]
    if code == base:
        return expected if sure >= SURE_AS_EXPECTED else ""
    return code if sure >= SURE and code != NO_LANGUAGE else ""


def prose(text: str) -> str:
    """What people wrote in it: without programs, addresses and quotations."""
    return _NOISE.sub(" ", _FENCE.sub(" ", text[: 4 * MOST])).strip()


@cache
def _detector() -> Any:
    """Loaded when first needed: it takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
