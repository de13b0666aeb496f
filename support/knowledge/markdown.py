"""Articles are written in Markdown; readers get HTML that can do nothing but be read."""

from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# What Markdown makes, and nothing else: no picture (it would be fetched from elsewhere), no style, no script.
_TAGS = frozenset(
    [
        "a",
        "blockquote",
        "br",
        "code",
        "em",
        "h2",
        "h3",
        "h4",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ],
)
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = frozenset({"https", "http", "mailto"})


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": False}).enable(["table", "strikethrough"])


def as_html(text: str) -> SafeString:
    """Raw HTML in the text is shown as it was typed; links go to https, http and mailto only, or within the site."""
    html = _parser().render(_with_lower_headings(text))
    clean = nh3.clean(
        html, tags=set(_TAGS), attributes=_ATTRIBUTES, url_schemes=set(_SCHEMES), link_rel="noopener nofollow"
    )
    return mark_safe(clean)  # noqa: S308 - nh3 has just cleaned it


def summary(text: str, length: int = 160) -> str:
    """The first words of the first paragraph, as a list of articles shows them."""
    paragraphs = (block.strip() for block in text.split("\n\n"))
    first = next((block for block in paragraphs if block and block[0] not in "#`|->*"), "")
    plain = nh3.clean(_parser().renderInline(first), tags=set())
    words = " ".join(_unescaped(plain).split())
    return words if len(words) <= length else f"{words[: length - 1].rsplit(' ', 1)[0]}…"


def _with_lower_headings(text: str) -> str:
    """The title is the page's only first heading; within a code block a # is no heading."""
    lines, in_code = [], False
    for line in text.splitlines():
        in_code ^= line.lstrip().startswith("```")
        lines.append(f"#{line}" if line.startswith("# ") and not in_code else line)
    return "\n".join(lines)


def _unescaped(html: str) -> str:
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&nbsp;", " "), ("&amp;", "&")):
        html = html.replace(code, letter)
    return html
