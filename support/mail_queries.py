"""What became of a ticket's mails, and what its customer said of the solution."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from agentfactory_cs.messaging.models import Email, SurveyKind, SurveyRequest

from .following.letters import SOURCE as OF_TICKET
from .letters import SOURCE as OF_MESSAGE
from .models import Message, SolutionQuestion, Ticket

State = Email.State
# What its reader did with it, the strongest first.
_SEEN = (
    ("complained_at", "Called spam"),
    ("bounced_at", "Bounced"),
    ("clicked_at", "Link followed"),
    ("opened_at", "Opened"),
    ("delivered_at", "Delivered"),
)
_BAD = ("Called spam", "Bounced")


@dataclass(frozen=True)
class TicketMail:
    """One mail about a ticket. `message_id`: of the answer it carries, None for one of following up.

    `words` is how far it came ("Waiting", "Sent", "Bounced" …), `reason` why not further, `at` since when.
    """

    email_id: int
    message_id: int | None
    name: str
    words: str
    reason: str
    address: str
    at: datetime
    is_bad: bool


def mails_of(ticket: Ticket) -> list[TicketMail]:
    """Every mail about it, the oldest first: answers and what follows by itself; one query."""
    answers = Message.objects.filter(ticket=ticket, kind=Message.Kind.ANSWER).values("pk")
    of_ticket = Q(source=OF_TICKET, source_id=ticket.pk) | Q(source=OF_MESSAGE, source_id__in=answers)
    mails = Email.objects.filter(of_ticket).select_related("template", "contact").order_by("pk")
    return [_told(email) for email in mails.defer("html", "text", "context")]


def by_message(mails: list[TicketMail]) -> Mapping[int, TicketMail]:
    """The mails of answers, by the answer."""
    return {mail.message_id: mail for mail in mails if mail.message_id is not None}


def _told(email: Email) -> TicketMail:
    seen = next(((words, at) for field, words in _SEEN if (at := getattr(email, field))), None)
    words, at = seen or (email.get_state_display(), email.sent_at or _moment(email))
    return TicketMail(
        email_id=email.pk,
        message_id=email.source_id if email.source == OF_MESSAGE else None,
        name=email.template.name,
        words=words,
        reason=email.reason,
        address=email.address or email.reader_address,
        at=at,
        is_bad=words in _BAD or email.state in (State.FAILED, State.WITHHELD, State.HELD, State.UNCERTAIN),
    )


def _moment(email: Email) -> datetime:
    return email.not_before if email.state == State.WAITING else email.created_at


@dataclass(frozen=True)
class Satisfaction:
    """What the customer said: whether it is solved (None: not asked, or not answered) and the survey about it."""

    question: SolutionQuestion | None
    survey: SurveyRequest | None

    @property
    def is_solved(self) -> bool | None:
        return self.question.is_solved if self.question else None

    @property
    def score(self) -> int | None:
        """1 to 5."""
        return self.survey.response.score if self.survey and self.survey.response else None


def satisfaction_with(ticket: Ticket) -> Satisfaction:
    """The newest question and the survey; two queries."""
    surveys = SurveyRequest.objects.filter(
        survey__kind=SurveyKind.SUPPORT_CSAT, source=OF_TICKET, source_id=ticket.pk
    ).select_related("response", "contact")
    return Satisfaction(ticket.solution_questions.order_by("-pk").first(), surveys.first())
