"""HTML from outside: cleaned so that nothing runs and nothing loads, and as plain words. Pure."""

import re
from html.parser import HTMLParser

import nh3

# Beyond these, time to clean grows faster than size; nobody writes such a mail by hand.
MOST_HTML = 500_000  # characters
MOST_TAGS = 20_000
# An image from elsewhere tells its sender who read the mail, and when: it loads when somebody wants it.
REMOTE = "remote:"

_TAGS = {
    *("a", "b", "blockquote", "br", "center", "code", "dd", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5"),
    *("h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody"),
    *("td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_BLOCKS = {
    *("blockquote", "center", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"),
    *("pre", "table", "tr", "ul"),
}
_ANY_TAG = re.compile(r"<[^<>]*>")


def clean(html: str) -> str:
    """Only tags that format; images from elsewhere have `remote:` before their address, cid: images none.

    "" where it is too large to be cleaned in good time: then its words must do.
    """
    if not html.strip() or len(html) > MOST_HTML or html.count("<") > MOST_TAGS:
        return ""
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title"},
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    ).strip()


def _attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) != ("img", "src"):
        return value
    return REMOTE + value if value.lower().startswith(("http://", "https://")) else None


def words_of(html: str) -> str:
    """What cleaned HTML says; what it quotes begins with "> "."""
    if len(html) > MOST_HTML or html.count("<") > MOST_TAGS:
        return _ANY_TAG.sub(" ", html)
    reader = _Words()
    reader.feed(clean(html))
    reader.close()
    return reader.text()


class _Words(HTMLParser):
    """Lines as a browser would break them. Fed with what `clean` returns: well formed, without scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._quoted = 0
        self._kept = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._end_line()
        if tag == "br":
            self._end_line(even_if_empty=True)
        self._quoted += tag == "blockquote"
        self._kept += tag == "pre"
        if tag == "li":
            self._line = "- "
        if tag in ("td", "th") and self._line:
            self._line += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_line()
        if tag in ("p", "pre", "table", "ul", "ol"):
            self._end_line(even_if_empty=True)
        self._quoted -= tag == "blockquote" and self._quoted > 0
        self._kept -= tag == "pre" and self._kept > 0

    def handle_data(self, data: str) -> None:
        if self._kept:
            *whole, self._line = (self._line + data).split("\n")
            for line in whole:
                self._lines.append("> " * self._quoted + line)
            return
        words = re.sub(r"[ \t\n\r\f\xa0]+", " ", data)
        self._line += words.lstrip() if not self._line or self._line.endswith(" ") else words

    def _end_line(self, even_if_empty: bool = False) -> None:
        if self._line.strip() or (even_if_empty and self._lines and self._lines[-1].strip("> ")):
            self._lines.append("> " * self._quoted + self._line.rstrip())
        self._line = ""

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip("\n")
