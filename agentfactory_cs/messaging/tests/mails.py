"""Plain functions that make mails, and a server to send them to."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.messaging import outbox
from agentfactory_cs.messaging.models import Email, MailTemplate, MailTemplateVersion, Topic

_number = itertools.count(1)

HTML = "<p>Hello {{ contact.name }}</p>"


def make_topic(key: str = "tips", **fields: Any) -> Topic:
    defaults = {"name": key.capitalize()}
    return Topic.objects.get_or_create(key=key, defaults={**defaults, **fields})[0]


def make_template(key: str = "", topic: Topic | None = None, **fields: Any) -> MailTemplate:
    """With words in English: its subject names the contact."""
    number = next(_number)
    words = {name: fields.pop(name) for name in ("subject", "html", "text", "language") if name in fields}
    template = MailTemplate.objects.create(
        key=key or f"mail_{number}", name=f"Mail {number}", topic=topic or make_topic(), **fields
    )
    add_words(template, **words)
    return template


def add_words(template: MailTemplate, **words: Any) -> MailTemplateVersion:
    defaults = {"language": "en", "subject": "For {{ contact.name }}", "html": HTML}
    values = {**defaults, **words}
    number = template.versions.filter(language=values["language"]).count() + 1
    return MailTemplateVersion.objects.create(
        template=template, number=number, content_hash=f"{number:064}", created_at=NOW, **values
    )


def make_reader(**fields: Any) -> Contact:
    """The primary contact of a customer of its own, in UTC unless told otherwise."""
    return make_contact(make_customer(), is_primary=True, **fields)


def make_email(contact: Contact | None = None, *, now: datetime = NOW, **fields: Any) -> Email:
    """Queued for now."""
    contact = contact or make_reader()
    values = {"template": fields.pop("template", None) or make_template(), "due_at": now, **fields}
    values.setdefault("dedupe_key", f"test:{next(_number)}")
    email = outbox.queue(customer=contact.customer, contact=contact, now=now, **values)
    assert email is not None
    return email


def make_sent(contact: Contact, at: datetime, **fields: Any) -> Email:
    """A mail that went out earlier."""
    email = make_email(contact, **fields)
    Email.objects.filter(pk=email.pk).update(
        state=Email.State.SENT,
        sent_at=at,
        message_id=f"<{email.pk}@example.com>",
        address=contact.email,
        subject="Earlier",
    )
    email.refresh_from_db()
    return email


def days(number: float) -> timedelta:
    return timedelta(days=number)


def customer_of(contact: Contact) -> Customer:
    return contact.customer
