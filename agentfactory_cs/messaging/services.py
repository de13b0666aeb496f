"""Surveys: taking in what customers answer."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor, record

from .models import Response


@transaction.atomic
def record_response(response: Response, *, by: Actor = None, now: datetime) -> Response:
    """Store one answer to a survey (unsaved) and put it on the customer's timeline."""
    if response.answered_at > now:
        raise ValidationError({"answered_at": "An answer cannot come from the future."})
    if response.contact and response.contact.customer_id != response.customer_id:
        raise ValidationError({"contact": "This contact belongs to another customer."})
    response.kind = response.survey.kind
    response.full_clean()
    response.save(force_insert=True)
    data = {"survey": response.survey.name, "score": response.score, "comment": response.comment}
    record("messaging.survey_answered", response.customer, data, by=by, now=response.answered_at)
    return response
