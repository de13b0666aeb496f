"""What stands around the words of every mail to customers: head, foot, and the way to unsubscribe."""

import re

from django.template.loader import get_template

from .source import as_text

FRAME = "emails/customer_base.html"

# The frame's own words, templates of the same language; a language that is not here reads the English ones.
WORDS = {
    "en": {
        "why": "You get this mail because {% if customer.name %}{{ customer.name }} uses {{ company.name }}"
        "{% else %}you wrote to {{ company.name }}{% endif %}.",
        "unsubscribe": "Unsubscribe",
        "language": "en",
    },
    "de": {
        "why": "Sie erhalten diese Mail, weil {% if customer.name %}{{ customer.name }} mit {{ company.name }} arbeitet"
        "{% else %}Sie {{ company.name }} geschrieben haben{% endif %}.",
        "unsubscribe": "Abbestellen",
        "language": "de",
    },
}

_BODY = "<!-- body -->"
_PLACE = "\ue002"
_WHOLE_PAGE = re.compile(r"<html\b", re.IGNORECASE)


def is_whole_page(html: str) -> bool:
    """A mail that brings its own frame is sent as it stands."""
    return _WHOLE_PAGE.search(html) is not None


def framed(html: str, language: str) -> str:
    return html if is_whole_page(html) else _frame(language).replace(_BODY, html)


def framed_text(html: str, text: str, language: str) -> str:
    """The text part's template: what the author wrote, or else what the HTML says, in the frame."""
    if is_whole_page(html):
        return text or as_text(html)
    around = as_text(_frame(language).replace(_BODY, f"<div>{_PLACE}</div>"))
    return around.replace(_PLACE, f"{text or as_text(html)}\n\n--")


def _frame(language: str) -> str:
    source: str = get_template(FRAME).template.source  # type: ignore[attr-defined]
    words = WORDS.get(language) or WORDS.get(language.split("-")[0]) or WORDS["en"]
    for name, said in words.items():
        source = source.replace(f"<!-- {name} -->", said)
    return source
