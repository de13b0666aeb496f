"""How everybody stands on a scored day, in one statement over the scores of the days before."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection

from .rules import DROP, LEFT_HEALTHY, LOOKED_BACK_DAYS, ROUNDING, Rule, Standing

# Joined from the day's side: a customer without a trusted score on it has no standing. The last condition
# only spares us those whom no rule can find; rules.py decides.
_STANDINGS = """
WITH bands AS MATERIALIZED (
    SELECT id, (definition #>> '{bands,at_risk_below}')::float8 AS at_risk_below,
           (definition #>> '{bands,healthy_above}')::float8 AS healthy_above,
           (definition ->> 'provisional_below')::float8 AS provisional_below
    FROM health_scorecardversion WHERE state = 'published'
), scores AS MATERIALIZED (
    SELECT score.customer_id, score.day, score.effective, score.total, by_hand.id AS by_hand,
           score.total IS NOT NULL AND score.coverage >= band.provisional_below AS is_sure,
           score.effective IS NOT NULL
               AND (by_hand.id IS NOT NULL OR score.coverage >= band.provisional_below) AS counts,
           band.at_risk_below, band.healthy_above
    FROM health_healthscore score
    JOIN bands band ON band.id = score.version_id
    LEFT JOIN health_healthoverride by_hand ON by_hand.customer_id = score.customer_id
        AND by_hand.first_day <= score.day AND by_hand.end_day > score.day
    WHERE score.day BETWEEN %(since)s AND %(day)s
), standings AS (
    SELECT today.customer_id, today.effective AS score, CASE WHEN today.is_sure THEN today.total END AS computed,
           today.at_risk_below, today.healthy_above,
           coalesce(bool_or(NOT past.counts OR past.effective >= past.at_risk_below)
               FILTER (WHERE past.day BETWEEN %(week)s AND %(yesterday)s), false) AS was_elsewhere,
           max(past.effective) FILTER (
               WHERE past.day BETWEEN %(week)s AND %(yesterday)s AND past.counts) AS highest,
           max(past.effective) FILTER (
               WHERE past.day BETWEEN %(drop)s AND %(yesterday)s AND past.counts
                 AND past.by_hand IS NOT DISTINCT FROM today.by_hand) AS highest_alike,
           max(past.total) FILTER (
               WHERE past.day BETWEEN %(drop)s AND %(yesterday)s AND past.is_sure
                 AND past.by_hand IS DISTINCT FROM today.by_hand) AS highest_computed,
           count(*) FILTER (
               WHERE past.day >= %(lately)s AND past.counts AND past.effective <= past.healthy_above) AS unhealthy_days,
           count(*) FILTER (
               WHERE past.day >= %(lately)s AND past.counts AND past.effective > past.healthy_above) AS healthy_days,
           max(past.effective) FILTER (
               WHERE past.day BETWEEN %(earlier)s AND %(lately)s - 1
                 AND past.counts AND past.effective > past.healthy_above) AS highest_healthy
    FROM scores today JOIN scores past ON past.customer_id = today.customer_id
    WHERE today.day = %(day)s AND today.counts
    GROUP BY today.customer_id, today.effective, today.total, today.is_sure, today.at_risk_below, today.healthy_above
)
SELECT * FROM standings
WHERE score < at_risk_below AND was_elsewhere
   OR greatest(highest_alike - score, highest_computed - computed) >= %(threshold)s
   OR unhealthy_days >= %(days)s AND highest_healthy IS NOT NULL
   OR customer_id = ANY(%(watched)s)"""


def standings(day: date, rules: Mapping[str, Rule], watched: Sequence[int]) -> dict[int, Standing]:
    """Of the customers that some rule may find on `day`, and of those `watched` because an alert is in force.

    Who has no score on the day, or one that cannot be trusted, is left out. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS, _spans(day, rules) | {"watched": list(watched)})
        found = [Standing(*row) for row in cursor.fetchall()]
    return {standing.customer_id: standing for standing in found}


def _spans(day: date, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The days that each figure looks at, as first days, and what leaves a customer out of it."""
    drop, days = rules[DROP], rules[LEFT_HEALTHY].days
    week, lately = day - timedelta(days=LOOKED_BACK_DAYS), day - timedelta(days=days - 1)
    spans = {
        "week": week,
        "drop": day - timedelta(days=drop.days),
        "lately": lately,
        "earlier": lately - timedelta(days=LOOKED_BACK_DAYS),
    }
    threshold = (drop.threshold or 0) - 2 * ROUNDING
    others = {"day": day, "yesterday": day - timedelta(days=1), "threshold": threshold, "days": days}
    return spans | others | {"since": min(spans.values())}
