"""Strong words in what a customer writes: the lists of the console, each in its language."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from .models import StrongWords
from .routing.rules import base_of

SHIPPED = Path(__file__).parent / "strong_words.yaml"
# Written without spaces: a phrase is found wherever it stands.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def shipped() -> dict[str, list[str]]:
    """The lists that come with the system, by language."""
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def strong_words_in(text: str, language: str) -> list[str]:
    """Those of the lists of the language, and of English, which stand in a text, as they stand there. One query."""
    asked = {language, base_of(language), "en"}
    lists = StrongWords.objects.filter(language__in=asked).order_by("language").values_list("words", flat=True)
    return found_in(text, [word for words in lists for word in words])


def found_in(text: str, words: Iterable[str]) -> list[str]:
    """Which of the words stand in a text, each once, in small letters. Pure."""
    pattern = _pattern(tuple(words))
    return list(dict.fromkeys(hit.group().casefold() for hit in pattern.finditer(text))) if pattern else []


@lru_cache(maxsize=32)
def _pattern(words: Sequence[str]) -> Any:
    parts = [_one(word.strip()) for word in words if word.strip(" *")]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _one(word: str) -> str:
    said = r"\s+".join(re.escape(part).replace(r"\*", r"\w*") for part in word.split())
    return said if _DENSE.search(word) else rf"(?<!\w){said}(?!\w)"
