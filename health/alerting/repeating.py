"""Noting that what an alert was raised for holds still: it is repeated, never doubled."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import connection

from ..models import Alert
from ..queries import explain_many
from .rules import LOOKED_BACK_DAYS, Standing

_REPEAT = """
UPDATE health_alert alert
SET last_day = greatest(last_day, %(day)s), repeats = repeats + (last_day < %(day)s)::int, score = now.score,
    rank = coalesce(mrr, 0) * greatest(score_before - now.score, 0)
FROM unnest(%(ids)s::bigint[], %(scores)s::real[]) now (id, score) WHERE alert.id = now.id"""


def repeat_all(again: Sequence[tuple[Alert, Standing]], *, day: date) -> None:
    """The day and score of each; the words too, while the week they are about still contains the fall."""
    if not again:
        return
    ids, scores = [alert.pk for alert, _ in again], [standing.score for _, standing in again]
    with connection.cursor() as cursor:
        cursor.execute(_REPEAT, {"day": day, "ids": ids, "scores": scores})
    fresh = [
        alert
        for alert, _ in again
        if alert.state != Alert.State.CLOSED and day - alert.day < timedelta(days=LOOKED_BACK_DAYS)
    ]
    explained = explain_many([alert.customer_id for alert in fresh], day)
    for alert in fresh:
        if explanation := explained.get(alert.customer_id):
            alert.sentences = list(explanation.sentences)
    Alert.objects.bulk_update(fresh, ("sentences",), batch_size=1_000)


_FOLLOW = """
UPDATE health_alert alert SET owner_id = customer.success_manager_id, told_at = NULL
FROM customers_customer customer
WHERE customer.id = alert.customer_id AND alert.state <> 'closed'
  AND alert.owner_id IS DISTINCT FROM customer.success_manager_id"""


def follow_owners() -> None:
    """A customer's alerts go with it to another success manager, who is told of the open ones anew."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW)
