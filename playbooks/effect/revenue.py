"""How much of what they paid customers still pay when their days for the goal are over.

Revenue retained is, of a customer who paid something on the day of entering: the monthly revenue of the contracts that
run on the day on which its days for the goal end, ÷ that of the day of entering, both in the currency in which it paid
most on entering. Upgrades count (it may be above 1), and who has churned by then retains 0. Of many customers it is the
mean, each counting alike, so that one large contract does not decide.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection

from .means import Mean

# By version and whether held out. Revenue as of a moment is what the first change after it changed from.
_RETAINED = """
WITH compared AS (
    SELECT id, version_id, customer_id, state = 'held_out' AS is_held_out, entered_at, goal_until,
           EXISTS (SELECT FROM customers_churn churn WHERE churn.customer_id = playbooks_run.customer_id
                   AND churned_on BETWEEN (entered_at AT TIME ZONE 'UTC')::date
                                      AND (goal_until AT TIME ZONE 'UTC')::date) AS has_left
    FROM playbooks_run WHERE version_id = ANY(%(versions)s) AND is_drawn AND goal_until <= %(now)s
), paid AS (
    SELECT run.id, subscription.currency,
           sum(then_paid.mrr) FILTER (WHERE subscription.starts_on <= entered_on
               AND (subscription.ended_on IS NULL OR subscription.ended_on > entered_on)) AS before,
           sum(now_paid.mrr) FILTER (WHERE subscription.starts_on <= over_on
               AND (subscription.ended_on IS NULL OR subscription.ended_on > over_on)) AS after
    FROM compared run
    JOIN customers_subscription subscription USING (customer_id)
    CROSS JOIN LATERAL (SELECT (run.entered_at AT TIME ZONE 'UTC')::date AS entered_on,
                               (run.goal_until AT TIME ZONE 'UTC')::date AS over_on) day
    CROSS JOIN LATERAL (SELECT coalesce((
        SELECT nullif(change.old, '')::numeric FROM customers_subscriptionchange change
        WHERE change.subscription_id = subscription.id AND field = 'mrr' AND changed_at > run.entered_at
        ORDER BY changed_at, change.id LIMIT 1), subscription.mrr) AS mrr) then_paid
    CROSS JOIN LATERAL (SELECT coalesce((
        SELECT nullif(change.old, '')::numeric FROM customers_subscriptionchange change
        WHERE change.subscription_id = subscription.id AND field = 'mrr' AND changed_at > run.goal_until
        ORDER BY changed_at, change.id LIMIT 1), subscription.mrr) AS mrr) now_paid
    GROUP BY run.id, subscription.currency
), retained AS (
    SELECT DISTINCT ON (id) id, CASE WHEN has_left THEN 0 ELSE coalesce(after, 0) / before END AS share
    FROM paid JOIN compared USING (id) WHERE before > 0 ORDER BY id, before DESC, currency
)
SELECT version_id, is_held_out, count(*), avg(share)::float8, coalesce(var_samp(share), 0)::float8
FROM retained JOIN compared USING (id) GROUP BY version_id, is_held_out"""


def retained(version_ids: Sequence[int], now: datetime) -> Mapping[tuple[int, bool], Mean]:
    """By version and whether held out, of those compared by now. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_RETAINED, {"versions": list(version_ids), "now": now})
        return {(version, held_out): Mean(*figures) for version, held_out, *figures in cursor.fetchall()}
