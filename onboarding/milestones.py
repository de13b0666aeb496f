"""What customers reach for the first time, whoever tells us of it, in whatever order and however often.

One row a customer and milestone. Evidence may come late: the moment reached only ever moves back, to the
earliest there is evidence for, and with it the source. Who works on a checklist, or on none, is all the same:
a milestone belongs to the customer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.services import Actor, actor_user, record_all_at

from . import rules
from .models import Milestone
from .models.onboarding import MilestoneSource

# One statement takes in at most so many.
BATCH = 5_000
MAX_DETAIL = 200


@dataclass(frozen=True)
class Reached:
    """Evidence that a customer reached a milestone by a moment; `title` names one that only a checklist knows."""

    customer_id: int
    key: str
    at: datetime
    source: MilestoneSource
    detail: str = ""
    title: str = ""


def reach(
    customer: Customer,
    key: str,
    *,
    at: datetime,
    source: MilestoneSource,
    detail: str = "",
    title: str = "",
    by: Actor = None,
    now: datetime,
) -> Milestone:
    """Note that a customer reached a milestone; said again, it moves the moment back at most.

    A moment before the signup counts as the signup, one in the future as now. ValidationError where `key` cannot
    be a milestone's.
    """
    reach_all([Reached(customer.pk, key, at, source, detail, title)], by=by, now=now)
    return Milestone.objects.get(customer=customer, key=key)


def reach_all(rows: Sequence[Reached], *, by: Actor = None, now: datetime) -> int:
    """Note much evidence at once, in two statements a BATCH; how many milestones were reached for the first time.

    Evidence about a customer that is not there (any more) is passed over.
    """
    for row in rows:
        _check(row)
    earliest = sorted(_earliest(rows), key=lambda row: (row.customer_id, row.key))
    return sum(_store(earliest[start : start + BATCH], by=by, now=now) for start in range(0, len(earliest), BATCH))


def _check(row: Reached) -> None:
    if not rules.is_key(row.key):
        words = f"key: {row.key!r} is no milestone's; at most {rules.MAX_KEY} small letters, digits and _."
        raise ValidationError({"key": words})


def _earliest(rows: Iterable[Reached]) -> Iterable[Reached]:
    """One a customer and milestone: PostgreSQL refuses to touch a row twice in a statement."""
    found: dict[tuple[int, str], Reached] = {}
    for row in rows:
        known = found.get((row.customer_id, row.key))
        if known is None or row.at < known.at:
            found[(row.customer_id, row.key)] = row
    return found.values()


# In the order of the rows, so that two workers wait for one another instead of deadlocking. `xmax` is 0 where the
# row was not there before.
_UPSERT = """
    INSERT INTO onboarding_milestone (customer_id, key, reached_at, source, detail, noted_at, noted_by_id)
    SELECT customer.id, row.key, least(greatest(row.at, customer.signed_up_at), %(now)s), row.source, row.detail,
           %(now)s, %(by)s
      FROM unnest(%(customers)s::bigint[], %(keys)s::text[], %(ats)s::timestamptz[], %(sources)s::text[],
                  %(details)s::text[]) WITH ORDINALITY AS row (customer_id, key, at, source, detail, place)
      JOIN customers_customer customer ON customer.id = row.customer_id
     ORDER BY row.place
    ON CONFLICT (customer_id, key) DO UPDATE
       SET reached_at = excluded.reached_at, source = excluded.source, detail = excluded.detail
     WHERE excluded.reached_at < onboarding_milestone.reached_at
    RETURNING customer_id, key, reached_at, (xmax = 0) AS is_new"""


@transaction.atomic
def _store(rows: Sequence[Reached], *, by: Actor, now: datetime) -> int:
    user = actor_user(by)
    told = {
        "customers": [row.customer_id for row in rows],
        "keys": [row.key for row in rows],
        "ats": [row.at for row in rows],
        "sources": [str(row.source) for row in rows],
        "details": [row.detail[:MAX_DETAIL] for row in rows],
        "now": now,
        "by": user.pk if user else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, told)
        new = {(customer_id, key): at for customer_id, key, at, is_new in cursor.fetchall() if is_new}
    happened = (
        (Customer(pk=row.customer_id), _told(row), new[row.customer_id, row.key])
        for row in rows
        if (row.customer_id, row.key) in new
    )
    record_all_at("onboarding.milestone_reached", happened, by=by)
    return len(new)


def _told(row: Reached) -> dict[str, object]:
    title = row.title or rules.title_of(row.key)
    return {"milestone": row.key, "title": title, "source": MilestoneSource(row.source).label, "detail": row.detail}
