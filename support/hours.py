"""Writing the desk's opening hours."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.customers.services.checking import check_and_save
from agentfactory_cs.events.services import Actor

from .levels.due import built
from .models import BusinessCalendar, OwnDay


@transaction.atomic
def save_calendar(
    calendar: BusinessCalendar, *, own_days: Iterable[OwnDay] | None = None, by: Actor = None, now: datetime
) -> BusinessCalendar:
    """Save opening hours, and their days of their own where those are told (the whole set). A new default takes over
    from the one before.

    ValidationError where the desk would never be open, there is no such holiday country, or there would be no default.
    Due times that are on tickets follow by `levels.recomputing`.
    """
    others = BusinessCalendar.objects.select_for_update().exclude(pk=calendar.pk)
    if calendar.is_default:
        others.filter(is_default=True).update(is_default=False)
    elif not others.filter(is_default=True).exists():
        raise ValidationError({"is_default": "One calendar must be the default: make another one that first."})
    check_and_save(calendar)
    if own_days is not None:
        _replace_days(calendar, own_days)
    _check(calendar, now)
    return calendar


def _replace_days(calendar: BusinessCalendar, own_days: Iterable[OwnDay]) -> None:
    calendar.own_days.all().delete()
    for day in own_days:
        day.calendar = calendar
        check_and_save(day)


def _check(calendar: BusinessCalendar, now: datetime) -> None:
    stored = BusinessCalendar.objects.prefetch_related("own_days").get(pk=calendar.pk)
    try:
        hours = built(stored, now=now)
    except NotImplementedError:
        words = f"No holidays are known of {calendar.country} {calendar.subdivision}".strip()
        raise ValidationError({"country": f"{words}."}) from None
    if next(hours.stretches(now), None) is None:
        raise ValidationError({"week": "With these hours the desk is never open."})
