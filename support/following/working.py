"""Doing what follows on tickets that wait for their customers or are solved, each step once, when it is due."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.messaging.asking import ask_survey
from agentfactory_cs.messaging.models import SurveyKind, SurveyRequest

from ..changes import note_change
from ..letters import about
from ..models import SolutionQuestion, Ticket, TicketChange
from ..moving import move_held, settle
from . import letters, planning
from .questions import addresses
from .rules import Step

BATCH = 100
# A reminder that could not go out for so long would come together with the next step.
REMINDER_LASTS = timedelta(days=1)
# Who was answered a minute ago reads that first.
AFTER_ANSWER = timedelta(hours=1)

Status = Ticket.Status


@dataclass(frozen=True)
class Case:
    """A ticket whose step is due, locked; `is_machine`: an automatic mail opened it."""

    ticket: Ticket
    is_machine: bool
    now: datetime


def follow_up(*, now: datetime) -> int:
    """Do every step that is due; how many those were.

    Any number may do so at a time: a step is done under the ticket's lock, in the transaction that says so. What is
    next after it is at least a day later, so that this comes to an end.
    """
    done = 0
    while batch := _follow_some(now):
        done += batch
    return done


@transaction.atomic
def _follow_some(now: datetime) -> int:
    due = Ticket.objects.filter(follow_up_at__lte=now).order_by("follow_up_at", "pk")
    beside = ("customer", "contact", "team", "assignee", "service_version")
    held = due.select_related(*beside).select_for_update(skip_locked=True, of=("self",), no_key=True)
    tickets = list(held[:BATCH])
    machines = letters.opened_by_machines(tickets)
    for ticket in tickets:
        _do_next(Case(ticket, ticket.pk in machines, now))
    return len(tickets)


def _do_next(case: Case) -> None:
    ticket, following = case.ticket, planning.coming(case.ticket)
    if following is None or following.at > case.now:
        # The plan was made by other rules than today's.
        planning.plan(ticket)
    else:
        _STEPS[following.step](case)
        planning.done(ticket, following.step, now=case.now)
    ticket.save(update_fields=planning.FIELDS)


def _remind(case: Case) -> None:
    _remind_of(case, "Reminded the customer: first time.")


def _remind_again(case: Case) -> None:
    _remind_of(case, "Reminded the customer: second time.")


def _remind_of(case: Case, words: str) -> None:
    since = case.ticket.pending_since or case.now
    if case.is_machine:
        _note(case, letters.AUTOMATIC)
        return
    letters.send(
        case.ticket,
        "support_pending_reminder",
        key=f"reminder:{since:%Y%m%d%H%M%S}:{len(case.ticket.followed)}",
        words=words,
        context={"days": (case.now - since).days, "is_second": Step.REMINDER in case.ticket.followed},
        lasts=REMINDER_LASTS,
        now=case.now,
    )


def _give_up(case: Case) -> None:
    """Resolved with notice; the notice asks whether that is right, and so no other mail does."""
    ticket = case.ticket
    move_held(ticket, Status.RESOLVED, reason="The customer did not answer our questions.", now=case.now)
    settle(ticket, now=case.now)
    planning.done(ticket, Step.QUESTION, now=case.now)
    _ask(case, "support_closed_for_silence", words="Told the customer that it is resolved for want of an answer.")


def _question(case: Case) -> None:
    ticket = case.ticket
    if ticket.answered_at is not None and ticket.answered_at == ticket.resolved_at:
        words = "Asked the customer whether the answer solved it."
        _ask(case, "support_solved_question", words=words, not_before=case.now + AFTER_ANSWER)
    else:
        _ask(case, "support_resolved", words="Told the customer that it is resolved, and asked whether it is.")


def _ask(case: Case, template: str, *, words: str, not_before: datetime | None = None) -> None:
    if case.is_machine:
        _note(case, letters.AUTOMATIC)
        return
    question = SolutionQuestion.objects.create(ticket=case.ticket, asked_at=case.now)
    letters.send(
        case.ticket,
        template,
        key=f"question:{question.pk}",
        words=words,
        context=dict(addresses(question)),
        not_before=not_before,
        now=case.now,
    )


def _survey(case: Case) -> None:
    """How satisfied they are, a day later; messaging decides whether they may be asked, and says why not."""
    _note(case, _asked_or_why_not(case))


def _asked_or_why_not(case: Case) -> str:
    ticket, contact = case.ticket, _asker(case.ticket)
    if case.is_machine:
        return letters.AUTOMATIC
    if ticket.customer is None or contact is None:
        return "No survey: whoever asked is no contact of a customer."
    request = ask_survey(
        customer=ticket.customer,
        kind=SurveyKind.SUPPORT_CSAT,
        contact=contact,
        about=about(ticket)["subject"][:100],
        source=letters.SOURCE,
        source_id=ticket.pk,
        now=case.now,
    )
    if request.state == SurveyRequest.State.NOT_ASKED:
        return f"No survey: {request.reason}"
    return f"Asked {contact.name} how satisfied they are."


def _asker(ticket: Ticket) -> Contact | None:
    """The contact who asked, also where the ticket knows no more than their address."""
    if ticket.contact or not ticket.requester_address:
        return ticket.contact
    return Contact.objects.filter(customer=ticket.customer_id, email__iexact=ticket.requester_address).first()


def _close(case: Case) -> None:
    move_held(case.ticket, Status.CLOSED, reason="Nobody came back to it for 7 days.", now=case.now)
    settle(case.ticket, now=case.now)


def _note(case: Case, words: str) -> None:
    note_change(case.ticket, TicketChange.Kind.REMINDED, words, now=case.now)


_STEPS: Mapping[Step, Callable[[Case], None]] = {
    Step.REMINDER: _remind,
    Step.SECOND_REMINDER: _remind_again,
    Step.GIVE_UP: _give_up,
    Step.QUESTION: _question,
    Step.SURVEY: _survey,
    Step.CLOSE: _close,
}
