"""How everybody stands on a scored day, in one statement over the scores of the days before."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection

from .rules import DROP, LEFT_HEALTHY, LOOKED_BACK_DAYS, ROUNDING, Rule, Standing

# Two rounds of grouping: first by how the scores came about (by which override, mostly by none), so that like is
# compared with like; then by customer. A join of each day with the others costs three times as much. The last
# condition only spares us those whom no rule can find; rules.py decides.
_STANDINGS = """
WITH bands AS MATERIALIZED (
    SELECT id, (definition #>> '{bands,at_risk_below}')::float8 AS at_risk_below,
           (definition #>> '{bands,healthy_above}')::float8 AS healthy_above,
           (definition ->> 'provisional_below')::float8 AS provisional_below
    FROM health_scorecardversion WHERE state = 'published'
), scores AS (
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
), alike AS (
    SELECT customer_id,
           max(effective) FILTER (WHERE day = %(day)s AND counts) AS score,
           max(total) FILTER (WHERE day = %(day)s AND is_sure) AS computed,
           max(at_risk_below) FILTER (WHERE day = %(day)s) AS at_risk_below,
           max(healthy_above) FILTER (WHERE day = %(day)s) AS healthy_above,
           bool_or(NOT counts OR effective >= at_risk_below)
               FILTER (WHERE day BETWEEN %(week)s AND %(yesterday)s) AS was_elsewhere,
           max(effective) FILTER (WHERE day BETWEEN %(week)s AND %(yesterday)s AND counts) AS highest,
           max(effective) FILTER (WHERE day BETWEEN %(drop)s AND %(yesterday)s AND counts) AS highest_counting,
           max(total) FILTER (WHERE day BETWEEN %(drop)s AND %(yesterday)s AND is_sure) AS highest_computed,
           count(*) FILTER (WHERE day >= %(lately)s AND counts AND effective <= healthy_above) AS unhealthy_days,
           count(*) FILTER (WHERE day >= %(lately)s AND counts AND effective > healthy_above) AS healthy_days,
           max(effective) FILTER (
               WHERE day BETWEEN %(earlier)s AND %(lately)s - 1 AND counts AND effective > healthy_above
           ) AS highest_healthy
    FROM scores GROUP BY customer_id, by_hand
), standings AS (
    SELECT customer_id, max(score) AS score, max(computed) AS computed, max(at_risk_below) AS at_risk_below,
           max(healthy_above) AS healthy_above, coalesce(bool_or(was_elsewhere), false) AS was_elsewhere,
           max(highest) AS highest,
           max(highest_counting) FILTER (WHERE score IS NOT NULL) AS highest_alike,
           max(highest_computed) FILTER (WHERE score IS NULL) AS highest_computed,
           sum(unhealthy_days)::int AS unhealthy_days, sum(healthy_days)::int AS healthy_days,
           max(highest_healthy) AS highest_healthy
    FROM alike GROUP BY customer_id HAVING max(score) IS NOT NULL
)
SELECT * FROM standings
WHERE score < at_risk_below AND was_elsewhere
   OR greatest(highest_alike - score, highest_computed - computed) >= %(threshold)s
   OR unhealthy_days >= %(days)s AND highest_healthy IS NOT NULL
   OR customer_id = ANY(%(watched)s)"""
# Enough for 100 000 customers to be grouped without going to disk.
_MEMORY = "SET LOCAL work_mem = '64MB'"


def standings(day: date, rules: Mapping[str, Rule], watched: Sequence[int]) -> dict[int, Standing]:
    """Of the customers that some rule may find on `day`, and of those `watched` because an alert is in force.

    Who has no score on the day, or one that cannot be trusted, is left out. One statement, in a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MEMORY)
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
