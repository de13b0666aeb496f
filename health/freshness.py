"""How fresh the rows behind a score's readings are: for one customer, as of a day, in one statement.

The windows are those of `readings`: what is counted here is what was read there.
"""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from agentfactory_cs.customers.days import end_of_day

_SIGNUP = "(SELECT (signed_up_at AT TIME ZONE 'UTC')::date FROM customers_customer WHERE id = %(id)s)"
_REPORTS = f"""
    FROM (SELECT o.*, first_value(o.currency) OVER (ORDER BY o.period_end DESC, o.period_start DESC) AS latest_currency
          FROM customers_outcomereport o
          WHERE o.customer_id = %(id)s AND o.period_end BETWEEN %(day)s - 179 AND %(day)s
            AND o.period_end >= {_SIGNUP}) o
    WHERE o.currency = o.latest_currency"""
_ANSWERS = """
    SELECT '{kind}', max((answered_at AT TIME ZONE 'UTC')::date), count(*) FROM messaging_response
    WHERE customer_id = %(id)s AND kind = '{kind}' AND answered_at < %(end)s
      AND answered_at >= greatest(%(end)s - interval '{days} days',
                                  (SELECT signed_up_at FROM customers_customer WHERE id = %(id)s))"""
_GOALS = """
    SELECT '{kind}', max(coalesce(latest.read_on, g.set_on)), count(*)
    FROM customers_goal g LEFT JOIN LATERAL (
        SELECT max(r.read_on) AS read_on FROM customers_goalreading r
        WHERE r.goal_id = g.id AND r.read_on <= %(day)s) latest ON true
    WHERE g.customer_id = %(id)s AND g.kind = '{kind}' AND g.set_on <= %(day)s"""

_STATEMENT = f"""
    SELECT 'usage', max(day), count(*) FROM customers_usageday
    WHERE customer_id = %(id)s AND day BETWEEN %(day)s - 27 AND %(day)s AND day >= {_SIGNUP}
UNION ALL
    SELECT 'posts', max(day), count(*) FROM customers_usageday
    WHERE customer_id = %(id)s AND day BETWEEN %(day)s - 89 AND %(day)s AND day >= {_SIGNUP} AND community_posts > 0
UNION ALL
    SELECT 'training', max(CASE WHEN completed_on <= %(day)s THEN completed_on ELSE assigned_on END), count(*)
    FROM customers_training WHERE customer_id = %(id)s AND assigned_on <= %(day)s
UNION ALL {_GOALS.format(kind="goal")}
UNION ALL {_GOALS.format(kind="success_metric")}
UNION ALL
    SELECT 'reports', max(o.period_end), count(*) {_REPORTS}
UNION ALL
    SELECT 'expectations', max(o.period_end), count(*) {_REPORTS} AND o.value_expected IS NOT NULL
UNION ALL {_ANSWERS.format(kind="nps", days=180)}
UNION ALL {_ANSWERS.format(kind="support_csat", days=90)}
UNION ALL
    SELECT 'interactions', max((held_at AT TIME ZONE 'UTC')::date), count(*) FROM customers_interaction
    WHERE customer_id = %(id)s AND held_at >= %(end)s - interval '60 days' AND held_at < %(end)s
      AND held_at >= (SELECT signed_up_at FROM customers_customer WHERE id = %(id)s)
UNION ALL
    SELECT 'tickets', max((created_at AT TIME ZONE 'UTC')::date), count(*) FROM support_ticket
    WHERE customer_id = %(id)s AND created_at >= %(end)s - interval '28 days' AND created_at < %(end)s
      AND created_at >= (SELECT signed_up_at FROM customers_customer WHERE id = %(id)s)
UNION ALL
    SELECT 'estimates', max(estimated_on), count(*) FROM customers_renewalestimate
    WHERE customer_id = %(id)s AND estimated_on BETWEEN %(day)s - 89 AND %(day)s AND estimated_on >= {_SIGNUP}"""

# Which rows each metric is read from.
_SOURCE = {
    "api_calls_per_day": "usage",
    "active_agents": "usage",
    "conversations_per_week": "usage",
    "feature_adoption_rate": "usage",
    "login_frequency": "usage",
    "community_participation": "posts",
    "support_ticket_volume": "tickets",
    "training_completion": "training",
    "goal_achievement": "goal",
    "success_metrics": "success_metric",
    "roi": "reports",
    "value_realization": "expectations",
    "nps": "nps",
    "support_satisfaction": "support_csat",
    "account_manager_interactions": "interactions",
    "renewal_likelihood": "estimates",
}


@dataclass(frozen=True)
class Freshness:
    """The rows in a metric's window: the day of the newest (None without any) and how many there are."""

    newest_on: date | None
    rows: int


def freshness(customer_id: int, day: date) -> dict[str, Freshness]:
    """By metric, of one customer as of a day; a metric without a source of its own is left out. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"id": customer_id, "day": day, "end": end_of_day(day)})
        found = {source: Freshness(newest, rows) for source, newest, rows in cursor.fetchall()}
    return {key: found[source] for key, source in _SOURCE.items()}
