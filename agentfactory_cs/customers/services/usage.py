"""The feature catalogue, and the ids of usage rows that count once."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from agentfactory_cs.events.services import Actor

from ..days import utc_day
from ..models import Feature, UsageReceipt
from ..models.usage import MAX_FEATURES


def add_feature(*, name: str, tier: str, introduced_on: date | None = None) -> Feature:
    """Add a feature to the catalogue under the next bit that was never given away.

    Raises ValidationError when all 63 bits are given away, or the name is taken.
    """
    return _store(Feature(name=name, tier=tier, introduced_on=introduced_on))


def save_feature(feature: Feature, *, by: Actor = None, now: datetime) -> Feature:
    """Add a feature as `add_feature` does, or change one; its bit is given once and stays."""
    return _store(feature)


@transaction.atomic
def _store(feature: Feature) -> Feature:
    if feature.pk is None:
        feature.bit = _next_bit()
    feature.full_clean()
    feature.save()
    return feature


def _next_bit() -> int:
    with connection.cursor() as cursor:  # two additions at once would pick the same bit
        cursor.execute("LOCK TABLE customers_feature IN SHARE ROW EXCLUSIVE MODE")
    last = Feature.objects.order_by("-bit").values_list("bit", flat=True).first()
    bit = 0 if last is None else last + 1
    if bit >= MAX_FEATURES:
        raise ValidationError({"name": f"The catalogue holds {MAX_FEATURES} features, and all places are taken."})
    return bit


def forget_old_receipts(*, keep_days: int, now: datetime) -> int:
    """Drop the ids of usage rows taken in more than `keep_days` days ago; returns how many.

    A file older than that, imported again, counts again.
    """
    return UsageReceipt.objects.filter(received_on__lt=utc_day(now) - timedelta(days=keep_days)).delete()[0]
