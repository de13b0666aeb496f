"""What others ask of messaging: mail to customers, and surveys' answers taken in."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.customers.models import Company, Contact, Customer
from agentfactory_cs.events.services import Actor, record

from . import outbox
from .models import Email, MailTemplate, Response
from .scales import scale
from .timing import usual_moment, zone_of

# Further ahead than this is a typing error.
FURTHEST_DAYS = 366


@transaction.atomic
def schedule_email(
    customer_id: int,
    template: str,
    day: int | date,
    *,
    contact: Contact | None = None,
    context: Mapping[str, Any] | None = None,
    is_automatic: bool = True,
    by: Actor = None,
    now: datetime | None = None,
) -> Email:
    """Have a template's mail sent to a customer on a day, and return it.

    `day` is a number of days from today or a date, both on the contact's calendar (the primary contact's, unless
    `contact` is given): at 09:00 there, today at once. Repeating it for the same contact, template and day returns
    the mail that is there already. Raises Customer.DoesNotExist, and ValidationError naming what is wrong.
    """
    now = now or timezone.now()
    customer = Customer.objects.get(pk=customer_id)
    contact = contact or Contact.objects.filter(customer=customer, is_primary=True).first()
    due_at, on = _moment(customer, contact, day, now)
    key = f"messaging.scheduled:{customer_id}:{contact.pk if contact else 0}:{template}:{on}"
    queued = outbox.queue(
        customer=customer,
        template=_template(template),
        contact=contact,
        due_at=due_at,
        dedupe_key=key,
        context=context,
        is_automatic=is_automatic,
        by=by,
        now=now,
    )
    return queued or Email.objects.get(dedupe_key=key)


def _template(key: str) -> MailTemplate:
    found = MailTemplate.objects.filter(key=key).first()
    if found is None:
        raise ValidationError({"template": f"There is no mail template “{key}”."})
    return found


def _moment(customer: Customer, contact: Contact | None, day: int | date, now: datetime) -> tuple[datetime, date]:
    """When that is, and which day of the contact's calendar."""
    zone = zone_of(contact.time_zone if contact else "", customer.time_zone, Company.get().time_zone)
    today = now.astimezone(zone).date()
    days = day if isinstance(day, int) else (day - today).days
    if not 0 <= days <= FURTHEST_DAYS:
        raise ValidationError({"day": f"A mail goes out today or within {FURTHEST_DAYS} days, not on day {days}."})
    due_at = usual_moment(days, zone, now)
    return due_at, due_at.astimezone(zone).date()


@transaction.atomic
def record_response(response: Response, *, by: Actor = None, now: datetime) -> Response:
    """Store one answer to a survey (unsaved) and put it on the customer's timeline."""
    if response.answered_at > now:
        raise ValidationError({"answered_at": "An answer cannot come from the future."})
    if response.contact and response.contact.customer_id != response.customer_id:
        raise ValidationError({"contact": "This contact belongs to another customer."})
    response.kind = response.survey.kind
    if response.score not in (scores := scale(response.kind)):
        raise ValidationError({"score": f"Must be from {scores[0]} to {scores[-1]}, as {response.survey.name} has it."})
    response.full_clean()
    response.save(force_insert=True)
    data = {
        "survey": response.survey.name,
        "kind": response.kind,
        "score": response.score,
        "comment": response.comment,
    }
    record("messaging.survey_answered", response.customer, data, by=by, now=response.answered_at)
    return response
