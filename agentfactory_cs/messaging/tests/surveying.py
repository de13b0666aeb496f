"""Surveys put to readers, and the mails they read them in."""

import re
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.customers.tests.factories import NOW
from agentfactory_cs.messaging.asking import ask_survey
from agentfactory_cs.messaging.models import SurveyRequest
from agentfactory_cs.messaging.sending import deliver_due

from .mails import make_reader
from .sink import Sink


def ask(contact: Contact | None = None, kind: str = "nps", *, now: datetime = NOW, **fields: Any) -> SurveyRequest:
    contact = contact or make_reader()
    return ask_survey(customer=contact.customer, contact=contact, kind=kind, now=now, **fields)


def send_mail(now: datetime = NOW) -> None:
    deliver_due(clock=lambda: now, pause=lambda seconds: None)


def parts(sink: Sink, place: int = -1) -> tuple[str, str]:
    """Text and HTML of a mail that came in, the newest unless told otherwise."""
    found = {
        part.get_content_type(): part.get_payload(decode=True).decode()  # type: ignore[union-attr]
        for part in sink.mails[place].walk()
        if not part.is_multipart()
    }
    return found["text/plain"], found["text/html"]


def links(sink: Sink, place: int = -1) -> list[str]:
    """Where all links of a mail lead on our site, in their order, without the site's name."""
    _text, html = parts(sink, place)
    addresses = [urlsplit(unescape(found)) for found in re.findall(r'href="([^"]+)"', html)]
    return [address.path for address in addresses if address.path.startswith("/mail/")]


def scores(sink: Sink, place: int = -1) -> list[str]:
    """Those of the scale."""
    return [address for address in links(sink, place) if address.startswith("/mail/survey/")]
