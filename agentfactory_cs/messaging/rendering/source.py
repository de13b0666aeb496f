"""A template's source read as HTML: its own tags hidden while others work on it, styles put inline, text made of it."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

from css_inline import CSSInliner
from django.template.base import tag_re

# Characters nobody types: they hide a template's tags from those who know HTML only.
_OPEN, _CLOSE = "\ue000", "\ue001"
HIDDEN = re.compile(f"(?:<!--)?{_OPEN}([0-9]+){_CLOSE}(?:-->)?")
_WHOLE_TAG = re.compile(r"""<!--.*?-->|<[A-Za-z/!](?:[^<>"']|"[^"]*"|'[^']*')*>""", re.DOTALL)
_OPEN_TAG = re.compile(r"""<[A-Za-z/!](?:[^<>"']|"[^"]*"|'[^']*')*(?P<quoted>["'][^"']*)?$""", re.DOTALL)
_RAW_TEXT = re.compile(r"<(style|title)\b[^>]*>(?!.*</\1)", re.DOTALL | re.IGNORECASE)

_inliner = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class Hidden:
    """A source with the template's tags hidden, and the way back.

    Among elements a tag becomes a comment, which HTML allows anywhere (a loop over a table's rows); within an
    element's attributes, styles and title it becomes a word.
    """

    def __init__(self, source: str, *, as_words: bool = False) -> None:
        self.tags: list[str] = []
        # Tags that stand in an element but in no quoted value: (line, tag).
        self.misplaced: list[tuple[int, str]] = []
        self.text = ""
        for part in tag_re.split(source):
            self.text += self._hide(part, as_words) if tag_re.fullmatch(part) else part.replace(_OPEN, "")

    def _hide(self, tag: str, as_words: bool) -> str:
        word = f"{_OPEN}{len(self.tags)}{_CLOSE}"
        self.tags.append(tag)
        rest = _WHOLE_TAG.sub("", self.text)
        if within := _OPEN_TAG.search(rest):
            if not within["quoted"]:
                self.misplaced.append((self.text.count("\n") + 1, tag))
            return word
        return word if as_words or _RAW_TEXT.search(self.text) else f"<!--{word}-->"

    def shown(self, text: str) -> str:
        """With the tags back in their places."""
        return HIDDEN.sub(lambda found: self.tags[int(found[1])], text)


def with_inline_styles(source: str) -> str:
    """Every rule of its style elements on the elements it is about, as mail programs want it; at-rules stay."""
    hidden = Hidden(source)
    return hidden.shown(_inliner.inline(hidden.text))


def as_text(source: str) -> str:
    """A template of plain text that says what one of HTML says: links as "words (address)", list items with a dash."""
    hidden = Hidden(source, as_words=True)
    reader = _TextReader()
    reader.feed(hidden.text)
    reader.close()
    return hidden.shown("".join(reader.parts)).strip()


def tidy_text(text: str) -> str:
    """No spaces at the ends of lines or side by side, and no more than one empty line."""
    lines = [_SPACES.sub(" ", line).strip() for line in text.splitlines()]
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


_SPACES = re.compile(r"[ \t\xa0]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


_SKIPPED = frozenset({"head", "style", "script"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "ul", "ol", "table", "hr", "blockquote"})
_LINES = frozenset({"div", "tr", "li"})
_NEVER_CLOSED = frozenset({"br", "hr", "img", "meta"})


class _TextReader(HTMLParser):
    """Collects what a reader of the page would read; an element with data-text="skip" is left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipping = 0
        self._link: tuple[str, int] | None = None
        self._numbers: list[int | None] = []
        self._begin: dict[str, Callable[[dict[str, str | None]], None]] = {
            "a": self._begin_link,
            "li": lambda _: self._begin_item(),
            "ol": lambda _: self._numbers.append(0),
            "ul": lambda _: self._numbers.append(None),
            "br": lambda _: self.parts.append("\n"),
            "td": lambda _: self.parts.append(" "),
            "img": lambda attrs: self.parts.append(attrs.get("alt") or ""),
        }

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if self._skipping or tag in _SKIPPED or told.get("data-text") == "skip":
            self._skipping += tag not in _NEVER_CLOSED
            return
        self._break(tag)
        if begin := self._begin.get(tag):
            begin(told)

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= tag not in _NEVER_CLOSED
            return
        if tag == "a":
            self._end_link()
        if tag in ("ol", "ul") and self._numbers:
            self._numbers.pop()
        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        words = re.sub(r"\s+", " ", data)
        if words := words.lstrip() if self._at_line_start() else words:
            self.parts.append(words)

    def _at_line_start(self) -> bool:
        return not self.parts or self.parts[-1].endswith("\n")

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES and not self._at_line_start():
            self.parts.append("\n")

    def _begin_item(self) -> None:
        if self._numbers and (number := self._numbers[-1]) is not None:
            self._numbers[-1] = number + 1
            self.parts.append(f"{number + 1}. ")
        else:
            self.parts.append("- ")

    def _begin_link(self, attrs: dict[str, str | None]) -> None:
        self._link = (attrs.get("href") or "", len(self.parts))

    def _end_link(self) -> None:
        if self._link is None:
            return
        address, begun = self._link
        self._link = None
        words = "".join(self.parts[begun:]).strip()
        if address and not address.startswith(("#", "mailto:")) and address != words:
            self.parts.append(f" ({address})")
