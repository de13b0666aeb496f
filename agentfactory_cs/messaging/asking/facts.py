"""What must be known before somebody is asked."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Max

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Contact, Customer

from ..gate.rules import suppressed
from ..models import MailTemplate, Response, Suppression, Survey, SurveyRequest
from .rules import Standing


def standing(
    survey: Survey,
    template: MailTemplate | None,
    customer: Customer,
    contact: Contact | None,
    now: datetime,
) -> Standing:
    """Four queries; of nobody, none."""
    known = Standing(
        survey.name,
        survey.again_after_days,
        is_active=survey.is_active,
        has_template=template is not None,
        has_contact=contact is not None,
        has_churned=customer.lifecycle_stage == Customer.Stage.CHURNED,
    )
    if contact is None or template is None:
        return known
    return replace(
        known,
        has_left=bool(contact.left_on and contact.left_on <= utc_day(now)),
        block=_block(contact, template),
        open_since=_open_since(survey, contact),
        asked_at=_last_asked(survey, contact),
        answered_at=_last_answered(survey, contact),
    )


def _block(contact: Contact, template: MailTemplate) -> str:
    rows = Suppression.objects.filter(address=contact.email.lower(), lifted_at__isnull=True)
    in_force: dict[str | None, str] = dict(rows.values_list("topic", "reason"))
    return suppressed(template.topic_id, template.topic.is_transactional, in_force, contact.mail_status)


def _open_since(survey: Survey, contact: Contact) -> datetime | None:
    mine = SurveyRequest.objects.open().filter(contact=contact, survey=survey)
    return mine.values_list("asked_at", flat=True).first()


def _last_asked(survey: Survey, contact: Contact) -> datetime | None:
    mine = SurveyRequest.objects.asked().filter(contact=contact, survey=survey)
    return mine.aggregate(last=Max("asked_at"))["last"]


def _last_answered(survey: Survey, contact: Contact) -> datetime | None:
    """Answers that came in another way count too."""
    return Response.objects.filter(contact=contact, survey=survey).aggregate(last=Max("answered_at"))["last"]
