"""Segments: groups of customers kept under a name."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor, actor_user

from ..conditions import BadCondition, Condition
from ..models import Segment
from ..models.segment import TAKEN
from .checking import check_and_save


@transaction.atomic
def save_segment(segment: Segment, *, by: Actor = None, now: datetime) -> Segment:
    """Create or change a segment. Raises ValidationError, by field, where its condition cannot be asked or asks for
    nothing, where the name is taken, or where a person makes it somebody else's."""
    person = actor_user(by)
    if person is not None and segment.owner_id not in (None, person.pk):
        raise ValidationError({"owner": "A segment is your own, or everybody's."})
    try:
        condition = Condition.from_data(segment.condition)
    except BadCondition as error:
        raise ValidationError({"condition": str(error)}) from None
    if not condition.rows:
        raise ValidationError({"condition": "Say in at least one row whom it is about."})
    try:
        check_and_save(segment)
    except ValidationError as error:
        # The constraints look at the owner as well, so that none of them is of one field for Django.
        raise ValidationError({"name": TAKEN}) if TAKEN in error.messages else error from error
    return segment


@transaction.atomic
def remove_segment(segment: Segment, *, by: Actor = None, now: datetime) -> None:
    """Its customers stay as they are."""
    segment.delete()
