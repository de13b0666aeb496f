"""Noting that what an alert was raised for holds still: it is repeated, never doubled."""

from collections.abc import Sequence
from datetime import date

from django.db import connection

from ..models import Alert
from ..queries import explain_many
from .reasons import reasons
from .rules import Standing

# A fall of so many points within a day is told of in new words.
TOLD_AGAIN_POINTS = 3

_REPEAT = """
UPDATE health_alert alert
SET last_day = greatest(last_day, %(day)s), repeats = repeats + (last_day < %(day)s)::int, score = now.score,
    rank = coalesce(mrr, 0) * greatest(score_before - now.score, 0)
FROM unnest(%(ids)s::bigint[], %(scores)s::real[]) now (id, score) WHERE alert.id = now.id"""


def repeat_all(again: Sequence[tuple[Alert, Standing]], *, day: date) -> None:
    """The day and score of each; the words too, where it has fallen a good deal further."""
    if not again:
        return
    ids, scores = [alert.pk for alert, _ in again], [standing.score for _, standing in again]
    with connection.cursor() as cursor:
        cursor.execute(_REPEAT, {"day": day, "ids": ids, "scores": scores})
    further = [alert for alert, standing in again if _is_news(alert, standing)]
    explained = explain_many([alert.customer_id for alert in further], day)
    for alert in further:
        alert.sentences = reasons(explained.get(alert.customer_id))
    Alert.objects.bulk_update(further, ("sentences",), batch_size=1_000)


def _is_news(alert: Alert, standing: Standing) -> bool:
    """Else the words stay that told of the fall: a week later the comparison would know nothing of it."""
    return alert.state != Alert.State.CLOSED and alert.score - standing.score >= TOLD_AGAIN_POINTS


_FOLLOW = """
UPDATE health_alert alert SET owner_id = customer.success_manager_id, told_at = NULL
FROM customers_customer customer
WHERE customer.id = alert.customer_id AND alert.state <> 'closed'
  AND alert.owner_id IS DISTINCT FROM customer.success_manager_id"""


def follow_owners() -> None:
    """A customer's alerts go with it to another success manager, who is told of the open ones anew."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW)
