"""Where in customers' histories another scorecard version took over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from .models import ScorecardVersion

_SWITCHES = """
SELECT customer_id, day, version_id FROM (
    SELECT customer_id, day, version_id,
           lag(version_id) OVER (PARTITION BY customer_id ORDER BY day) AS before
    FROM health_healthscore WHERE customer_id = ANY(%s) AND day BETWEEN %s AND %s
) scores WHERE before <> version_id ORDER BY customer_id, day"""


@dataclass(frozen=True)
class Switch:
    """From this day on the customer's scores were made with this version."""

    day: date
    version: ScorecardVersion


def switches(customer_ids: Sequence[int], since: date, until: date) -> dict[int, list[Switch]]:
    """Of several customers over a span, oldest first; customers without any are left out. Two queries at most."""
    with connection.cursor() as cursor:
        cursor.execute(_SWITCHES, [list(customer_ids), since, until])
        rows = cursor.fetchall()
    if not rows:
        return {}
    versions = ScorecardVersion.objects.select_related("scorecard").in_bulk({version_id for _, _, version_id in rows})
    found: dict[int, list[Switch]] = {}
    for customer_id, day, version_id in rows:
        found.setdefault(customer_id, []).append(Switch(day, versions[version_id]))
    return found
