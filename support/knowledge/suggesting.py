"""What could help one of our people answer a ticket: articles, and canned replies filled for its customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.template import TemplateSyntaxError

from agentfactory_cs.customers.models import Company
from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor, actor_label
from agentfactory_cs.messaging.context import contexts
from agentfactory_cs.messaging.models import Email, Topic
from agentfactory_cs.messaging.rendering import CannotRender, check_plain, fill_plain

from ..models import Article, CannedReply, Message, OfferedArticle, Ticket
from .search import Match, find, reading_order

# Of a ticket's thread, so many of the customer's latest messages are read.
_READ = 2


def suggest(ticket: Ticket, text: str = "", *, limit: int = 5) -> list[Match]:
    """Articles for a ticket: by what its customer wrote last, and what is being written as an answer (`text`)."""
    said = ticket.messages.filter(kind=Message.Kind.CUSTOMER).order_by("-pk")[:_READ]
    asked = "\n".join([text, *(message.text for message in said)])
    return find(asked, title=ticket.subject, language=ticket.language, limit=limit)


@transaction.atomic
def note_used(ticket: Ticket, article: Article, *, now: datetime) -> OfferedArticle:
    """One of our people put an article into an answer."""
    offered, _ = OfferedArticle.objects.get_or_create(ticket=ticket, article=article, defaults={"used_at": now})
    if offered.used_at is None:
        offered.used_at = now
        offered.save(update_fields=("used_at",))
    return offered


@dataclass(frozen=True)
class Filled:
    """A canned reply as it would stand in an answer; `hole` says what is missing, and then there is no text."""

    reply: CannedReply
    text: str
    hole: str = ""


def save_reply(reply: CannedReply, *, by: Actor = None, now: datetime) -> CannedReply:
    """Create or change a canned reply. ValidationError names the line of what is wrong with its variables."""
    reply.text = reply.text.replace("\r\n", "\n").strip()
    try:
        check_plain(reply.text)
    except ValidationError as error:
        raise ValidationError({"text": error.messages}) from error
    check_and_save(reply)
    return reply


def canned_replies(ticket: Ticket, words: str = "", *, limit: int = 20) -> list[CannedReply]:
    """Those one may answer a ticket with: of its area first, then the most used; each in the best language there is."""
    order = reading_order(ticket.language)
    place = Case(*(When(language=code, then=Value(at)) for at, code in enumerate(order)), output_field=IntegerField())
    there = CannedReply.objects.filter(is_active=True, language__in=order)
    if words:
        there = there.filter(Q(name__icontains=words) | Q(text__icontains=words))
    best = there.order_by("name", place).distinct("name").values("pk")
    is_of_area = Case(When(area=ticket.area_id, then=Value(0)), default=Value(1), output_field=IntegerField())
    return list(CannedReply.objects.filter(pk__in=best).order_by(is_of_area, "-used", "name")[:limit])


def fill(reply: CannedReply, ticket: Ticket, *, by: Actor, now: datetime) -> Filled:
    """The reply's text for a ticket's customer."""
    try:
        return Filled(reply, fill_plain(reply.text, reply.language, _data(ticket, by, now)).strip())
    except (CannotRender, TemplateSyntaxError) as hole:
        return Filled(reply, "", str(hole))


def _data(ticket: Ticket, by: Actor, now: datetime) -> Mapping[str, Any]:
    about = {"ticket": {"number": str(ticket.pk), "subject": ticket.subject}, "agent": {"name": actor_label(by)}}
    if ticket.customer is None:
        company = Company.get()
        return {**about, "contact": {"name": ticket.requester_name}, "company": {"name": company.name}}
    topic = Topic.objects.filter(is_transactional=True).first()
    email = Email(pk=0, customer=ticket.customer, contact=ticket.contact, topic=topic, context=about)
    return contexts([email], now)[0]


def note_reply_used(reply: CannedReply) -> None:
    CannedReply.objects.filter(pk=reply.pk).update(used=F("used") + 1)
