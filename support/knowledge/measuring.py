"""How often automatic answers were right, by how sure they were: what a lead sets the threshold by.

Right: the customer said that it solved the matter, or the ticket was solved without a person's answer, or a person
answered with one of the articles. Wrong: the customer said no, or a person had to answer with something else. Tickets
that are not over yet, and were not answered, count as neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

STEPS = tuple(range(30, 100, 5))
# With fewer, a share says little.
ENOUGH = 20

_OUTCOMES = """
SELECT answer.confidence_percent,
    count(*) FILTER (WHERE outcome.is_right), count(*) FILTER (WHERE NOT outcome.is_right), count(*)
FROM support_automaticanswer answer JOIN support_ticket ticket ON ticket.id = answer.ticket_id,
LATERAL (SELECT CASE
    WHEN answer.solved IS NOT NULL THEN answer.solved
    WHEN EXISTS (SELECT 1 FROM support_offeredarticle offered
        WHERE offered.ticket_id = ticket.id AND offered.used_at IS NOT NULL AND offered.confidence_percent IS NOT NULL)
        THEN true
    WHEN ticket.first_response_at IS NOT NULL THEN false
    WHEN answer.state = 'answered' AND ticket.status IN ('resolved', 'closed') AND ticket.merged_into_id IS NULL
        THEN true
END AS is_right) outcome
WHERE answer.confidence_percent IS NOT NULL AND answer.decided_at >= %s AND answer.decided_at < %s
GROUP BY answer.confidence_percent
"""


@dataclass(frozen=True)
class Precision:
    """What a threshold would have done: tickets it takes in, and how many of those that are settled were right."""

    threshold: int
    tickets: int
    right: int
    wrong: int
    share_of_all: float

    @property
    def percent(self) -> int | None:
        settled = self.right + self.wrong
        return round(100 * self.right / settled) if settled else None

    @property
    def is_enough(self) -> bool:
        return self.right + self.wrong >= ENOUGH


def precision(since: datetime, until: datetime, thresholds: Sequence[int] = STEPS) -> list[Precision]:
    """For each threshold, over the tickets decided on in the period; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTCOMES, (since, until))
        rows = cursor.fetchall()
    return by_threshold(rows, thresholds)


def by_threshold(rows: Sequence[tuple[int, int, int, int]], thresholds: Sequence[int]) -> list[Precision]:
    """From (confidence, right, wrong, tickets). Pure."""
    everything = sum(row[3] for row in rows)
    found = []
    for threshold in thresholds:
        above = [row for row in rows if row[0] >= threshold]
        right, wrong, tickets = (sum(row[at] for row in above) for at in (1, 2, 3))
        found.append(Precision(threshold, tickets, right, wrong, tickets / everything if everything else 0.0))
    return found
