"""What becomes of surveys that nobody answers: one reminder, then their end. And of those whose mail never went out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from agentfactory_cs.events.services import record_all

from .asking import letters
from .models import Email, SurveyRequest

BATCH = 200
# So much later the mail that has not gone out yet is looked at again.
LOOK_AGAIN = timedelta(days=1)

State = SurveyRequest.State

NOBODY_LEFT = "The contact was removed."


@dataclass(frozen=True)
class Counts:
    """How many requests met which end, and how many readers were reminded."""

    reminded: int
    expired: int
    not_asked: int


def look_after(*, now: datetime) -> Counts:
    """Any number of workers may do so at a time."""
    _drop_without_reader(now)
    not_asked = _note_withheld(now)
    expired = _expire(now)
    reminded = 0
    while (batch := _remind_batch(now)) is not None:
        reminded += batch
    return Counts(reminded, expired, not_asked)


@transaction.atomic
def _note_withheld(now: datetime) -> int:
    """The mail was kept back at the moment of sending: then they were not asked."""
    open_ones = SurveyRequest.objects.open().filter(mail__state=Email.State.WITHHELD)
    found = list(
        open_ones.select_related("survey", "customer", "mail").select_for_update(skip_locked=True, of=("self",))
    )
    for request in found:
        reason = request.mail.reason if request.mail else ""
        request.state, request.reason, request.closed_at, request.remind_at = State.NOT_ASKED, reason, now, None
    SurveyRequest.objects.bulk_update(found, ("state", "reason", "closed_at", "remind_at"), batch_size=1000)
    told = (
        (one.customer, {"survey": one.survey.name, "kind": one.survey.kind, "request": one.pk, "reason": one.reason})
        for one in found
    )
    record_all("messaging.survey_not_asked", told, now=now)
    return len(found)


def _drop_without_reader(now: datetime) -> None:
    gone = SurveyRequest.objects.open().filter(contact__isnull=True)
    gone.update(state=State.CANCELLED, reason=NOBODY_LEFT, closed_at=now, remind_at=None)


def _expire(now: datetime) -> int:
    return SurveyRequest.objects.over(now).update(state=State.EXPIRED, closed_at=F("expires_at"), remind_at=None)


@transaction.atomic
def _remind_batch(now: datetime) -> int | None:
    """How many of a batch were reminded; None where nobody is due."""
    due = SurveyRequest.objects.to_remind(now).select_related("survey", "customer", "contact", "mail")
    due = due.prefetch_related("survey__wordings").order_by("remind_at", "pk")
    batch = list(due.select_for_update(skip_locked=True, of=("self",))[:BATCH])
    if not batch:
        return None
    return sum(_remind(request, now) for request in batch)


def _remind(request: SurveyRequest, now: datetime) -> bool:
    """Counted from when the mail went out; that may be much later than it was asked for."""
    went_out = request.mail.sent_at if request.mail else None
    due_at = went_out + timedelta(days=request.survey.remind_after_days) if went_out else now + LOOK_AGAIN
    if due_at > now:
        request.remind_at = due_at
    else:
        request.remind_at = None
        template = letters.template_of(request.survey)
        if template:
            request.reminder = letters.send(request, template, due_at=now, is_automatic=True, is_reminder=True, now=now)
    request.save(update_fields=("remind_at", "reminder"))
    return request.reminder is not None
