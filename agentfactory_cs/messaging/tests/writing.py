"""Mails as their authors write them, without a database."""

from dataclasses import dataclass
from typing import Any

from agentfactory_cs.messaging.catalogue import examples
from agentfactory_cs.messaging.rendering import Rendered, render


@dataclass(frozen=True)
class Draft:
    """Words of a mail, good ones unless told otherwise."""

    subject: str = "Hello"
    html: str = "<p>Hello</p>"
    text: str = ""
    language: str = "en"


def filled(html: str = "<p>Hello</p>", *, subject: str = "Hello", text: str = "", **groups: Any) -> Rendered:
    """Rendered for a reader who has everything, but for the groups given."""
    return render(Draft(subject, html, text), {**examples(), **groups})
