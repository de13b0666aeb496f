"""The links with which a reader leaves a topic: signed, without an end, and good for nothing else."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from agentfactory_cs.customers.models import Contact

from .links import UNSUBSCRIBE_SALT
from .models import Email, Topic


@dataclass(frozen=True)
class Reader:
    """Whom a link is for, and the topic of the mail it came in (None where that topic is gone)."""

    contact: Contact
    topic: Topic | None


def token_of(contact_id: int | None, topic: str) -> str:
    return signing.dumps([contact_id, topic], salt=UNSUBSCRIBE_SALT)


def reader_of(token: str) -> Reader | None:
    """None for a token that we did not make, or whose contact is gone."""
    try:
        contact_id, topic = signing.loads(token, salt=UNSUBSCRIBE_SALT)
    except (signing.BadSignature, ValueError):
        return None
    contact = Contact.objects.select_related("customer").filter(pk=contact_id).first()
    return Reader(contact, Topic.objects.filter(pk=topic, is_transactional=False).first()) if contact else None


def one_click_link(email: Email) -> str:
    """For mail programs (RFC 8058): a POST there unsubscribes from the topic; a GET shows the page of topics."""
    path = reverse("messaging_one_click", args=(token_of(email.contact_id, email.topic_id),))
    return f"{settings.SITE_ADDRESS}{path}"
