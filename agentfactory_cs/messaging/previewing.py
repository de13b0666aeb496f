"""A mail as a certain reader would get it now; nothing is sent or stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from agentfactory_cs.customers.models import Contact

from .catalogue import examples, groups
from .context import contexts
from .models import Email, MailTemplate
from .rendering import CannotRender, Rendered, Words, check, gaps, render


@dataclass(frozen=True)
class Preview:
    """What came of it: the mail, or why it would be held (`hole`), or what is wrong with its words, by field.

    `gaps` are variables that other readers lack, for whom it would be held.
    """

    rendered: Rendered | None = None
    hole: str = ""
    faults: dict[str, list[str]] | None = None
    gaps: tuple[str, ...] = ()


def preview(template: MailTemplate, words: Words, contact: Contact | None, now: datetime) -> Preview:
    """For a contact, or (None) with example values. What only its sender can give is taken from the examples."""
    try:
        check(words)
    except ValidationError as error:
        return Preview(faults=error.message_dict)
    missing = tuple(gaps(words))
    try:
        return Preview(render(words, _data(template, contact, now)), gaps=missing)
    except CannotRender as hole:
        return Preview(hole=str(hole), gaps=missing)


def _data(template: MailTemplate, contact: Contact | None, now: datetime) -> dict[str, Any]:
    usual = examples()
    if contact is None:
        return usual
    email = Email(
        customer_id=contact.customer_id,
        contact=contact,
        template=template,
        topic_id=template.topic_id,
        context={group.name: usual[group.name] for group in groups if group.given},
    )
    return contexts([email], now)[email.pk]


def a_reader(language: str) -> Contact | None:
    """Somebody to try a mail on: the latest primary contact who speaks the language, else the latest of all."""
    primary = Contact.objects.filter(is_primary=True, left_on__isnull=True).select_related("customer").order_by("-pk")
    return primary.filter(language__startswith=language.partition("-")[0]).first() or primary.first()
