"""What a reader chose to get: topics, one by one or all of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.events.services import record

from . import suppression
from .models import Suppression, Topic

Reason = Suppression.Reason


@dataclass(frozen=True)
class Choice:
    """A topic, and whether the reader gets mail about it."""

    topic: Topic
    is_wanted: bool


def choices(contact: Contact) -> list[Choice]:
    """Every topic one may leave, as it stands for this reader; two queries."""
    left = set(_left(contact).values_list("topic", flat=True))
    topics = Topic.objects.filter(is_transactional=False)
    return [Choice(topic, None not in left and topic.pk not in left) for topic in topics]


def _left(contact: Contact) -> "QuerySet[Suppression]":
    return Suppression.objects.filter(address=contact.email.lower(), lifted_at__isnull=True)


@transaction.atomic
def leave(contact: Contact, topic: Topic | None, *, now: datetime) -> bool:
    """The reader wants no more of a topic, or (None) of any; False where that was so already."""
    entry = suppression.suppress(contact.email, reason=Reason.UNSUBSCRIBED, topic=topic, now=now)
    if entry:
        _tell("messaging.unsubscribed", contact, topic, now)
    return entry is not None


@transaction.atomic
def choose(contact: Contact, wanted: Collection[str], *, now: datetime) -> None:
    """The reader wants these topics (their keys) and no others. None of them: nothing at all.

    What was not the reader's own doing (a bounce, a complaint, one of our people) is not undone by it.
    """
    topics = list(Topic.objects.filter(is_transactional=False))
    if not any(topic.pk in wanted for topic in topics):
        leave(contact, None, now=now)
        return
    _come_back(contact, None, now)
    for topic in topics:
        if topic.pk in wanted:
            _come_back(contact, topic, now)
        else:
            leave(contact, topic, now=now)


def _come_back(contact: Contact, topic: Topic | None, now: datetime) -> None:
    entry = Suppression.objects.filter(
        address=contact.email.lower(), topic=topic, lifted_at__isnull=True, reason=Reason.UNSUBSCRIBED
    ).first()
    if entry:
        suppression.lift(entry, reason="The reader subscribed again.", now=now)
        _tell("messaging.resubscribed", contact, topic, now)


def _tell(trigger: str, contact: Contact, topic: Topic | None, now: datetime) -> None:
    data = {
        "address": contact.email,
        "topic": topic.name if topic else "everything",
        "topic_key": topic.pk if topic else "",
    }
    record(trigger, contact.customer, data, now=now)
