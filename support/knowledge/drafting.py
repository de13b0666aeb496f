"""Drafts of articles out of tickets that were solved by an answer no article covered."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from agentfactory_cs.customers.models import Company
from agentfactory_cs.events.services import Actor, actor_user
from agentfactory_cs.messaging.languages import best_language
from agentfactory_cs.messaging.pages import LANGUAGES

from ..models import AnsweringSettings, Article, Message, OfferedArticle, Ticket
from .articles import Text, write
from .scrubbing import scrubbed

# A shorter answer says nothing that others could use.
SHORTEST_ANSWER = 200
# Tickets are looked at when they have been solved so long: until then the customer may come back.
SOLVED_FOR, LOOKED_AT = timedelta(days=2), timedelta(days=9)


def draft_uncovered(*, now: datetime) -> int:
    """Draft articles of lately solved tickets, a few a day (AnsweringSettings); returns how many."""
    made = Article.objects.filter(from_ticket__isnull=False, created_by=None, created_at__gt=now - timedelta(days=1))
    room = max(0, AnsweringSettings.get().drafts_a_day - made.count())
    uncovered = list(_uncovered(now)[:room])
    for ticket in uncovered:
        draft_from(ticket, now=now)
    return len(uncovered)


def _uncovered(now: datetime) -> QuerySet[Ticket]:
    """Solved by a person with something to say, not opened again, and no article was used or sure to fit."""
    ticket = OuterRef("pk")
    covered = OfferedArticle.objects.filter(ticket=ticket).filter(Q(used_at__isnull=False) | Q(sent_at__isnull=False))
    answers = Message.objects.filter(
        ticket=ticket, kind=Message.Kind.ANSWER, text__regex=rf"^(.|\n){{{SHORTEST_ANSWER},}}"
    )
    solved = Ticket.objects.filter(
        resolved_at__gt=now - LOOKED_AT, resolved_at__lte=now - SOLVED_FOR, reopened=0, merged_into=None
    )
    drafted = Article.objects.filter(from_ticket=ticket)
    return solved.filter(~Exists(covered), ~Exists(drafted), Exists(answers)).order_by("resolved_at", "pk")


@transaction.atomic
def draft_from(ticket: Ticket, *, by: Actor = None, now: datetime) -> Article:
    """A draft with the ticket's question and its last answer, without names and addresses as far as can be.

    ValidationError where it was never answered, or there is a draft of it already.
    """
    answer = ticket.messages.filter(kind=Message.Kind.ANSWER).last()
    if answer is None:
        raise ValidationError("Nobody has answered this ticket: there is nothing to write down.")
    if drafted := Article.objects.filter(from_ticket=ticket).first():
        raise ValidationError(f"There is an article of it already: {drafted}.", code="conflict")
    article = Article(
        slug=_free_slug(ticket),
        kind=Article.Kind.TROUBLESHOOTING,
        area=ticket.area,
        from_ticket=ticket,
        created_at=now,
        created_by=actor_user(by),
    )
    article.full_clean()
    article.save()
    reason = f"From ticket #{ticket.pk}."
    write(article, language=ticket.language, text=_text(ticket, answer), reason=reason, by=by, now=now)
    return article


def _free_slug(ticket: Ticket) -> str:
    wanted = slugify(scrubbed(ticket.subject, _names(ticket)))[:100].strip("-") or "ticket"
    return f"{wanted}-{ticket.pk}" if Article.objects.filter(slug=wanted).exists() else wanted


def _text(ticket: Ticket, answer: Message) -> Text:
    names = list(_names(ticket, answer))
    question = ticket.messages.filter(kind=Message.Kind.CUSTOMER).first()
    asked = scrubbed(question.text, names) if question else ""
    code = best_language(ticket.language, LANGUAGES, Company.get().default_language) or LANGUAGES[0]
    with translation.override(code):
        body = f"## {_('What was asked')}\n\n{asked}\n\n## {_('What helped')}\n\n{scrubbed(answer.text, names)}"
    return Text(scrubbed(ticket.subject, names)[:200] or f"#{ticket.pk}", body)


def _names(ticket: Ticket, answer: Message | None = None) -> Iterator[str]:
    """Who could be recognized by."""
    yield ticket.requester_name
    if ticket.customer:
        yield ticket.customer.name
    if ticket.contact:
        yield ticket.contact.name
    if answer:
        yield answer.author_name
