"""A mail's words compiled once, and filled for each reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from unicodedata import category

from django.utils import translation

from .frame import framed, framed_text
from .source import tidy_text, with_inline_styles
from .syntax import CannotRender, SafeTemplate

MAX_SUBJECT = 250
# Control characters, line and paragraph separators.
_BREAKS = frozenset({"Cc", "Zl", "Zp"})
# So many versions stay compiled in a process; a sequence has a few, in as many languages.
_KEPT = 256


class Words(Protocol):
    """The words of a mail in one language, such as a MailTemplateVersion."""

    @property
    def language(self) -> str: ...

    @property
    def subject(self) -> str: ...

    @property
    def html(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Rendered:
    """A mail as its reader gets it: a subject of one line, a whole HTML page with inline styles, a text part."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Compiled:
    subject: SafeTemplate
    html: SafeTemplate
    text: SafeTemplate


@lru_cache(_KEPT)
def compiled(subject: str, html: str, text: str, language: str) -> Compiled:
    """Styles are put inline and the text part is derived here, before filling: once, not once a mail."""
    return Compiled(
        SafeTemplate(subject),
        SafeTemplate(with_inline_styles(framed(html, language))),
        SafeTemplate(framed_text(html, text, language)),
    )


def render(version: Words, context: Mapping[str, Any]) -> Rendered:
    """Fill a version with plain data (`context.contexts`). Raises CannotRender instead of leaving a hole."""
    parts = compiled(version.subject, version.html, version.text, version.language)
    data = dict(context)
    with translation.override(version.language):
        return Rendered(
            _one_line(parts.subject.fill(data, autoescape=False)),
            parts.html.fill(data, autoescape=True),
            tidy_text(parts.text.fill(data, autoescape=False)),
        )


def fill_plain(source: str, language: str, context: Mapping[str, Any]) -> str:
    """Fill words that are no mail of their own (`check_plain`). Raises CannotRender instead of leaving a hole."""
    with translation.override(language):
        return tidy_text(SafeTemplate(source).fill(dict(context), autoescape=False))


def _one_line(subject: str) -> str:
    """Line breaks of any kind become spaces: what follows one would be read as another header."""
    line = " ".join("".join(" " if category(char) in _BREAKS else char for char in subject).split())
    if not line:
        raise CannotRender("The subject is empty.")
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1]}…"
