"""The automatic first answer: articles where we are sure of them, else a plain acknowledgement, else a reason why not.

Which tickets are still to be decided on is seen from what is stored: those that came lately and have no
AutomaticAnswer. Deciding, the thread's message, and the mail in the outbox are one transaction under the ticket's lock.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from agentfactory_cs.customers.models import Company, Contact
from agentfactory_cs.messaging.languages import best_language
from agentfactory_cs.messaging.pages import LANGUAGES

from .. import letters
from ..changes import note_change
from ..models import AnsweringSettings, AutomaticAnswer, Message, OfferedArticle, Ticket, TicketChange
from ..threads import answer_automatically
from ..writing import Written
from .deciding import ONCE_IN, Situation, why_not
from .links import article_address, solved_address
from .search import Match, find

# Of tickets that came longer ago nobody asks any more.
LOOKED_AT = timedelta(days=3)
BATCH = 20
MOST_LINKS = 3
# So many are kept beside those sent: what a lower threshold would have sent.
_CONSIDERED = 5
SOURCE = "support.automatic_answer"

State = AutomaticAnswer.State
logger = logging.getLogger(__name__)


def answer_waiting(*, now: datetime) -> int:
    """Decide on every ticket that waits for it; returns how many there were."""
    decided = 0
    while count := _answer_batch(now):
        decided += count
    return decided


@transaction.atomic
def _answer_batch(now: datetime) -> int:
    waiting = list(_waiting(now).select_for_update(skip_locked=True, of=("self",))[:BATCH])
    answering = AnsweringSettings.get()
    for ticket in waiting:
        decide(ticket, answering, now=now)
    return len(waiting)


def _waiting(now: datetime) -> QuerySet[Ticket]:
    decided = AutomaticAnswer.objects.filter(ticket=OuterRef("pk"))
    came = Ticket.objects.filter(~Exists(decided), created_at__gt=now - LOOKED_AT, created_at__lte=now)
    return came.exclude(channel=Ticket.Channel.IMPORT).select_related("customer", "contact", "area").order_by("pk")


@transaction.atomic
def decide(ticket: Ticket, answering: AnsweringSettings, *, now: datetime) -> AutomaticAnswer:
    """Answer one ticket that its caller holds, or note why not. What is refused in between is a reason too."""
    reason = why_not(_situation(ticket, answering, now), now)
    if reason:
        return _not_answered(ticket, answering, reason, now)
    try:
        with transaction.atomic():
            return _answer(ticket, answering, now)
    except ValidationError as refusal:
        logger.exception("The automatic answer to #%s was refused.", ticket.pk)
        return _not_answered(ticket, answering, f"It was refused: {' '.join(refusal.messages)}", now)


def _situation(ticket: Ticket, answering: AnsweringSettings, now: datetime) -> Situation:
    return Situation(
        is_on=answering.is_on,
        by_staff=ticket.channel == Ticket.Channel.STAFF,
        is_automatic=_is_automatic(ticket),
        is_escalated=ticket.is_escalated,
        is_over=ticket.status not in Ticket.UNSOLVED,
        was_answered=ticket.first_response_at is not None,
        has_contact=ticket.contact is not None and ticket.customer is not None,
        created_at=ticket.created_at,
        answered_before=_answered_before(ticket, now),
    )


def _is_automatic(ticket: Ticket) -> bool:
    """As whoever opened it found."""
    created = TicketChange.objects.filter(ticket=ticket, kind=TicketChange.Kind.CREATED).order_by("pk").first()
    return created is not None and bool(created.data.get("is_automatic"))


def _answered_before(ticket: Ticket, now: datetime) -> tuple[datetime, int] | None:
    """The contact's newest automatic answer. Its row is held: two tickets at once get one answer."""
    if ticket.contact_id is None:
        return None
    Contact.objects.select_for_update(no_key=True).get(pk=ticket.contact_id)
    sent = AutomaticAnswer.objects.filter(
        ticket__contact=ticket.contact_id, state__in=(State.ANSWERED, State.ACKNOWLEDGED), decided_at__gt=now - ONCE_IN
    )
    newest = sent.order_by("-decided_at").first()
    return (newest.decided_at, newest.ticket_id) if newest else None


def _not_answered(ticket: Ticket, answering: AnsweringSettings, reason: str, now: datetime) -> AutomaticAnswer:
    note_change(ticket, TicketChange.Kind.NOT_ANSWERED, f"No automatic answer. {reason}", now=now)
    return AutomaticAnswer.objects.create(
        ticket=ticket,
        state=State.NOT_ANSWERED,
        because=reason[:300],
        threshold_percent=answering.threshold_percent,
        decided_at=now,
    )


def _answer(ticket: Ticket, answering: AnsweringSettings, now: datetime) -> AutomaticAnswer:
    asked = ticket.messages.filter(kind=Message.Kind.CUSTOMER).first()
    matches = find(asked.text if asked else "", title=ticket.subject, language=ticket.language, limit=_CONSIDERED)
    sent = [match for match in matches if match.percent >= answering.threshold_percent][:MOST_LINKS]
    answer = AutomaticAnswer.objects.create(
        ticket=ticket,
        state=State.ANSWERED if sent else State.ACKNOWLEDGED,
        because=because(matches, sent, answering.threshold_percent)[:300],
        confidence_percent=matches[0].percent if matches else None,
        threshold_percent=answering.threshold_percent,
        decided_at=now,
    )
    _keep(ticket, matches, sent, now)
    _send(answer, sent, now)
    return answer


def because(matches: Sequence[Match], sent: Sequence[Match], threshold: int) -> str:
    """Why these articles, or none, in a sentence."""
    if not matches:
        return "No article says anything of what was asked."
    best = matches[0]
    words = ", ".join(f"“{word}”" for word in best.words[:4])
    if sent:
        return f"“{best.translation.title}” fits by {best.percent} %: it says {words}."
    return f"The best article, “{best.translation.title}”, fits by {best.percent} %, below {threshold} %."


def _keep(ticket: Ticket, matches: Sequence[Match], sent: Sequence[Match], now: datetime) -> None:
    OfferedArticle.objects.bulk_create(
        (
            OfferedArticle(
                ticket=ticket,
                article=match.article,
                confidence_percent=match.percent,
                sent_at=now if match in sent else None,
            )
            for match in matches
        ),
        ignore_conflicts=True,
    )


def _send(answer: AutomaticAnswer, sent: Sequence[Match], now: datetime) -> None:
    """Into the thread, and into the outbox: an acknowledgement waits for nothing."""
    ticket = answer.ticket
    articles = [
        {"title": match.translation.title, "address": article_address(match.translation, answer)} for match in sent
    ]
    data: dict[str, Any] = {
        "because": answer.because,
        "articles": [
            {"article": match.article.pk, "confidence": match.percent, "words": match.words[:5]} for match in sent
        ],
    }
    message = answer_automatically(ticket, Written(text=_words(ticket, articles)), data=data, now=now)
    letters.queue(
        ticket,
        template="support_first_answer" if sent else "support_acknowledgement",
        message_id=letters.give_message_id(message),
        answers_by_itself=True,
        due_at=now,
        expires_at=now + ONCE_IN,
        dedupe_key=f"{SOURCE}:{ticket.pk}",
        source=SOURCE,
        source_id=answer.pk,
        context={
            "answer": {"articles": articles, "solved_address": solved_address(answer) if sent else ""},
        },
        now=now,
    )


def _words(ticket: Ticket, articles: Sequence[dict[str, str]]) -> str:
    """What stands in the thread: the mail itself is in the outbox."""
    code = best_language(ticket.language, LANGUAGES, Company.get().default_language) or LANGUAGES[0]
    with translation.override(code):
        if not articles:
            return _("We have received your request. A person answers as soon as possible.")
        links = "\n".join(f"– {article['title']}\n  {article['address']}" for article in articles)
        return _("We have received your request. Perhaps one of these articles answers it already:") + f"\n\n{links}"
