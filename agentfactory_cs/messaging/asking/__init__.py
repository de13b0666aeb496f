"""Putting a survey to somebody, or writing down why not.

`rules` decides, `facts` reads what it needs to know, `letters` writes the mail, `wanted` asks again when it goes out.
"""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.events.services import Actor, actor_user, record

from .. import outbox
from ..models import Email, MailTemplate, Survey, SurveyRequest
from ..scales import NPS
from . import letters, wanted
from .facts import standing
from .rules import why_not

__all__ = ["ask_survey", "cancel_request", "wanted"]

State = SurveyRequest.State


@transaction.atomic
def ask_survey(
    *,
    customer: Customer,
    kind: str,
    contact: Contact | None = None,
    about: str = "",
    source: str = "",
    source_id: int | None = None,
    due_at: datetime | None = None,
    by: Actor = None,
    now: datetime,
) -> SurveyRequest:
    """Put a survey to a contact (None: the primary one) by mail, at `due_at` (None: now).

    Always returns a request: where they may not be asked it is `not_asked`, with the reason. The same `source` and
    `source_id` get the request that is there. Raises ValidationError for no such survey, another customer's contact,
    or words that are too long.
    """
    survey = _survey(kind)
    contact = _locked(customer, contact)
    if source_id is not None and (there := _there(survey, source, source_id)):
        return there
    about, due_at = about.strip(), due_at or now
    request = SurveyRequest(
        survey=survey,
        customer=customer,
        contact=contact,
        about=about,
        source=source,
        source_id=source_id,
        asked_at=now,
        asked_by=actor_user(by),
        expires_at=due_at + timedelta(days=survey.open_days),
    )
    template = letters.template_of(survey)
    if reason := why_not(standing(survey, template, customer, contact, now), now):
        return _not_asked(request, reason, by, now)
    return _asked(request, template, due_at, by, now)


def _asked(
    request: SurveyRequest, template: MailTemplate | None, due_at: datetime, by: Actor, now: datetime
) -> SurveyRequest:
    assert template is not None  # else it is not asked
    if days := request.survey.remind_after_days:
        request.remind_at = due_at + timedelta(days=days)
    request.full_clean()
    request.save(force_insert=True)
    automatic = is_automatic(request.survey.kind, by)
    request.mail = letters.send(request, template, due_at=due_at, is_automatic=automatic, by=by, now=now)
    request.save(update_fields=("mail",))
    record("messaging.survey_asked", request.customer, _told(request), by=by, now=now)
    return request


def _not_asked(request: SurveyRequest, reason: str, by: Actor, now: datetime) -> SurveyRequest:
    request.state, request.reason, request.closed_at = State.NOT_ASKED, reason, now
    request.full_clean()
    request.save(force_insert=True)
    record("messaging.survey_not_asked", request.customer, {**_told(request), "reason": reason}, by=by, now=now)
    return request


def is_automatic(kind: str, by: Actor) -> bool:
    """Nobody waits for an NPS survey that a playbook sends: it keeps quiet hours and cap, as any automatic mail.

    What somebody just went through (help, their start with us) is asked about at once, and so is what a person asks.
    """
    return kind == NPS and actor_user(by) is None


def _survey(kind: str) -> Survey:
    survey = Survey.objects.filter(kind=kind).first()
    if survey is None:
        raise ValidationError({"kind": f"There is no survey “{kind}”."})
    return survey


def _locked(customer: Customer, contact: Contact | None) -> Contact | None:
    """Whom it is put to. Two who ask at a time take turns, so that the second sees what the first did."""
    if contact and contact.customer_id != customer.pk:
        raise ValidationError({"contact": "This contact belongs to another customer."})
    whom = Contact.objects.filter(pk=contact.pk) if contact else customer.contacts.filter(is_primary=True)
    return whom.select_for_update(no_key=True).first()


def _there(survey: Survey, source: str, source_id: int) -> SurveyRequest | None:
    return SurveyRequest.objects.filter(survey=survey, source=source, source_id=source_id).first()


def _told(request: SurveyRequest) -> dict[str, str | int]:
    return {
        "survey": request.survey.name,
        "kind": request.survey.kind,
        "request": request.pk,
        "contact": request.contact.name if request.contact else "",
    }


@transaction.atomic
def cancel_request(request: SurveyRequest, *, reason: str, by: Actor = None, now: datetime) -> SurveyRequest:
    """No answer is taken any more, and what has not gone out is not sent.

    ValidationError where it does not wait for an answer, or without a reason.
    """
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a sentence."})
    stored = SurveyRequest.objects.locked(request.pk)
    if State.CANCELLED not in SurveyRequest.TRANSITIONS[State(stored.state)]:
        words = stored.get_state_display().lower()
        raise ValidationError(f"A survey that is “{words}” cannot be cancelled.", code="conflict")
    stored.state, stored.reason = State.CANCELLED, reason.strip()
    stored.closed_at, stored.remind_at = now, None
    stored.save(update_fields=("state", "reason", "closed_at", "remind_at"))
    for email in Email.objects.filter(source=letters.SOURCE, source_id=stored.pk, state__in=_UNSENT):
        outbox.cancel(email, reason=f"The survey was cancelled: {stored.reason}", by=by, now=now)
    record("messaging.survey_cancelled", stored.customer, {**_told(stored), "reason": stored.reason}, by=by, now=now)
    return stored


# What a person can still keep from going out.
_UNSENT = (Email.State.WAITING, Email.State.HELD)
