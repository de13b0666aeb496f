"""A made-up customer base of any size, generated inside the database, the same every time."""

from datetime import date, timedelta

from django.db import connection

DAYS = 56
DAY = date(2026, 6, 30)

# hash_of(customer, topic) is a stable figure from 0 to 1: the data does not depend on the order of rows.
_FUNCTION = """
CREATE OR REPLACE FUNCTION hash_of(customer bigint, topic bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (hashint8(customer * 1000003 + topic) & 1048575) / 1048576.0 $$"""

_CUSTOMERS = """
INSERT INTO customers_customer (id, name, external_id, tier, industry, country, language, time_zone,
    lifecycle_stage, signed_up_at, created_at, updated_at)
SELECT n, 'Customer ' || n, 'bench-' || n,
    (ARRAY['free', 'starter', 'pro', 'enterprise'])[1 + (hash_of(n, 1) * 4)::int %% 4], '', '', 'en', 'UTC',
    'adoption', %(day)s::timestamptz - interval '1 day' * (20 + 700 * hash_of(n, 2)), now(), now()
FROM generate_series(%(first)s, %(last)s) n"""

# Day by day, as usage comes in, so that the heap is laid out as in real life.
_USAGE = """
INSERT INTO customers_usageday (customer_id, day, features, api_calls, active_agents, conversations, logins,
    active_users, community_posts)
SELECT n, %(day)s, (hash_of(n, 3) * 4194303)::bigint & (hash_of(n, %(salt)s) * 4194303)::bigint,
    hash_of(n, 4) * hash_of(n, %(salt)s + 1) * 3000, hash_of(n, 5) * 12,
    hash_of(n, 6) * hash_of(n, %(salt)s + 2) * 120,
    (hash_of(n, 7) * 2 * hash_of(n, %(salt)s + 3))::int, hash_of(n, 8) * 20,
    (hash_of(n, %(salt)s + 4) > 0.97)::int
FROM generate_series(%(first)s, %(last)s) n"""

_FACTS = (
    """INSERT INTO customers_training (customer_id, course, assigned_on, completed_on)
    SELECT n, 'Course ' || course, %(day)s - 60, CASE WHEN hash_of(n, 20 + course) > 0.4 THEN %(day)s - 30 END
    FROM generate_series(%(first)s, %(last)s) n, generate_series(1, 2) course WHERE hash_of(n, 10) > 0.4""",
    """INSERT INTO customers_goal (customer_id, kind, title, unit, start_value, target_value, set_on, created_at)
    SELECT n, kind, kind, '', 0, 100, %(day)s - 50, now()
    FROM generate_series(%(first)s, %(last)s) n, unnest(ARRAY['goal', 'success_metric']) kind
    WHERE hash_of(n, 11) > 0.4""",
    """INSERT INTO customers_goalreading (goal_id, value, read_on)
    SELECT id, hash_of(id, reading) * 130, %(day)s - 10 * reading::int
    FROM customers_goal, generate_series(0, 2) reading WHERE customer_id BETWEEN %(first)s AND %(last)s""",
    """INSERT INTO customers_outcomereport (customer_id, period_start, period_end, cost, value_delivered,
        value_expected, currency, note, created_at)
    SELECT n, %(day)s - 40 * period, %(day)s - 40 * period + 39, 100, 300 * hash_of(n, 30 + period), 250, 'USD', '',
        now()
    FROM generate_series(%(first)s, %(last)s) n, generate_series(1, 2) period WHERE hash_of(n, 12) > 0.5""",
    """INSERT INTO customers_interaction (customer_id, kind, direction, subject, body, held_at, created_at)
    SELECT n, 'call', 'out', 'Call ' || call, '', %(day)s::timestamptz - interval '20 days' * call, now()
    FROM generate_series(%(first)s, %(last)s) n, generate_series(1, 2) call WHERE hash_of(n, 13) > 0.5""",
    """INSERT INTO customers_renewalestimate (customer_id, likelihood, estimated_on, note)
    SELECT n, hash_of(n, 14) * 100, %(day)s - 20, '' FROM generate_series(%(first)s, %(last)s) n
    WHERE hash_of(n, 14) > 0.3""",
    """INSERT INTO messaging_response (survey_id, kind, customer_id, score, comment, answered_at)
    SELECT s.id, s.kind, n, 1 + (hash_of(n, 15) * 4)::int + CASE WHEN s.kind = 'nps' THEN 5 ELSE 0 END, '',
        %(day)s::timestamptz - interval '15 days'
    FROM generate_series(%(first)s, %(last)s) n, messaging_survey s
    WHERE s.kind IN ('nps', 'support_csat') AND hash_of(n, 16) > 0.6""",
)


def grow(first: int, last: int, *, days: int = DAYS) -> None:
    """Add the customers numbered `first` to `last`, with so many days of usage and everything else scoring reads."""
    span = {"first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(_FUNCTION)
        cursor.execute(_CUSTOMERS, {**span, "day": DAY})
        for back in reversed(range(days)):
            cursor.execute(_USAGE, {**span, "day": DAY - timedelta(days=back), "salt": 100 + 10 * back})
        for sql in _FACTS:
            cursor.execute(sql, {**span, "day": DAY})


# One in six leaves, some time in the days grown; those who use less are likelier to.
_DEPARTURES = """
INSERT INTO customers_churn (customer_id, churned_on, reason, note, recorded_at)
SELECT id, %(day)s - (hash_of(id, 41) * %(days)s)::int, 'unknown', '', now() FROM customers_customer
WHERE hash_of(id, 40) < 0.33 * (1 - hash_of(id, 4))"""


def let_some_leave(days: int) -> None:
    """Departures over the last `days`."""
    with connection.cursor() as cursor:
        cursor.execute(_DEPARTURES, {"day": DAY, "days": days})
