"""The baseline: one hand-written statement that scores everybody and inserts one wide row each.

It reads the same facts by the same rules as `health.readings`, has the standard scorecard's figures written
into it, and knows neither versions nor drafts nor a single customer: what one would write for speed alone.
"""

from datetime import date

from django.db import connection

from agentfactory_cs.customers.days import end_of_day

_SINGLE_STATEMENT = """
INSERT INTO health_healthscore (customer_id, day, version_id, total, usage, engagement, outcomes, relationship,
    coverage, tier, readings, effective, signals)
WITH target(tier, place, api, agents, conversations, cadence) AS (VALUES
    ('free', 0, 15.0::float8, 1.0::float8, 5.0::float8, NULL::float8), ('starter', 1, 150, 3, 50, 1),
    ('pro', 2, 1500, 10, 500, 1), ('enterprise', 3, 10000, 25, 2500, 2)),
level(tier, place) AS (VALUES ('free', 0), ('starter', 1), ('pro', 2), ('enterprise', 3)),
catalogue AS (
    SELECT level.tier, bit_or(1::bigint << f.bit) AS mask, count(*) AS offered
    FROM level JOIN level have ON have.place <= level.place JOIN customers_feature f ON f.tier = have.tier
    GROUP BY level.tier),
usage AS (
    SELECT u.customer_id, sum(u.api_calls) AS api, sum(u.active_agents) AS agents,
        sum(u.conversations) AS conversations, count(*) FILTER (WHERE u.logins > 0) AS logins,
        bit_or(u.features) AS features
    FROM customers_usageday u JOIN customers_customer c ON c.id = u.customer_id
    WHERE u.day BETWEEN %(day)s - 27 AND %(day)s AND u.day >= (c.signed_up_at AT TIME ZONE 'UTC')::date
    GROUP BY u.customer_id),
posts AS (
    SELECT u.customer_id, sum(u.community_posts) AS posts
    FROM customers_usageday u JOIN customers_customer c ON c.id = u.customer_id
    WHERE u.day BETWEEN %(day)s - 89 AND %(day)s AND u.community_posts > 0
      AND u.day >= (c.signed_up_at AT TIME ZONE 'UTC')::date
    GROUP BY u.customer_id),
training AS (
    SELECT customer_id, (count(*) FILTER (WHERE completed_on <= %(day)s))::float8 / count(*) AS done
    FROM customers_training WHERE assigned_on <= %(day)s GROUP BY customer_id),
latest AS (
    SELECT DISTINCT ON (goal_id) goal_id, value FROM customers_goalreading WHERE read_on <= %(day)s
    ORDER BY goal_id, read_on DESC),
goals AS (
    SELECT g.customer_id,
        avg(least(greatest(CASE
            WHEN l.value IS NOT NULL THEN (l.value - g.start_value) / (g.target_value - g.start_value)
            WHEN g.achieved_on <= %(day)s THEN 1 ELSE 0 END, 0), 1)) FILTER (WHERE g.kind = 'goal') AS progress,
        avg(CASE
            WHEN l.value IS NULL THEN (coalesce(g.achieved_on <= %(day)s, false))::int
            WHEN g.target_value > g.start_value THEN (l.value >= g.target_value)::int
            ELSE (l.value <= g.target_value)::int END) FILTER (WHERE g.kind = 'success_metric')::float8 AS reached
    FROM customers_goal g LEFT JOIN latest l ON l.goal_id = g.id
    WHERE g.set_on <= %(day)s GROUP BY g.customer_id),
outcome AS (
    SELECT o.customer_id, ((sum(o.value_delivered) - sum(o.cost)) / nullif(sum(o.cost), 0))::float8 AS roi,
        (sum(o.value_delivered) FILTER (WHERE o.value_expected IS NOT NULL)
            / nullif(sum(o.value_expected), 0))::float8 AS realized
    FROM customers_outcomereport o JOIN customers_customer c ON c.id = o.customer_id
    WHERE o.period_end BETWEEN %(day)s - 179 AND %(day)s AND o.period_end >= (c.signed_up_at AT TIME ZONE 'UTC')::date
    GROUP BY o.customer_id),
nps AS (
    SELECT r.customer_id,
        100.0::float8 * (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) / count(*) AS nps
    FROM messaging_response r JOIN customers_customer c ON c.id = r.customer_id
    WHERE kind = 'nps' AND answered_at >= %(end)s - interval '180 days' AND answered_at < %(end)s
      AND answered_at >= c.signed_up_at
    GROUP BY r.customer_id),
csat AS (
    SELECT r.customer_id, avg(score)::float8 AS csat
    FROM messaging_response r JOIN customers_customer c ON c.id = r.customer_id
    WHERE kind = 'support_csat' AND answered_at >= %(end)s - interval '90 days' AND answered_at < %(end)s
      AND answered_at >= c.signed_up_at
    GROUP BY r.customer_id),
contact AS (
    SELECT i.customer_id, count(*) AS held
    FROM customers_interaction i JOIN customers_customer c ON c.id = i.customer_id
    WHERE held_at >= %(end)s - interval '60 days' AND held_at < %(end)s AND held_at >= c.signed_up_at
    GROUP BY i.customer_id),
renewal AS (
    SELECT DISTINCT ON (e.customer_id) e.customer_id, likelihood
    FROM customers_renewalestimate e JOIN customers_customer c ON c.id = e.customer_id
    WHERE estimated_on BETWEEN %(day)s - 89 AND %(day)s AND estimated_on >= (c.signed_up_at AT TIME ZONE 'UTC')::date
    ORDER BY e.customer_id, estimated_on DESC),
reading AS (
    SELECT c.id, c.tier, t.place, t.api AS api_best, t.agents AS agents_best, t.conversations AS conversations_best,
        t.cadence,
        CASE WHEN age.days > 7 THEN coalesce(usage.api, 0)::float8 / least(age.days, 28) END AS api,
        CASE WHEN age.days > 7 THEN coalesce(usage.agents, 0)::float8 / least(age.days, 28) END AS agents,
        CASE WHEN age.days > 7 THEN coalesce(usage.conversations, 0) * 7.0::float8 / least(age.days, 28) END
            AS conversations,
        CASE WHEN age.days > 7
            THEN bit_count((coalesce(usage.features, 0) & catalogue.mask)::bit(64))::float8 / catalogue.offered END
            AS adoption,
        CASE WHEN age.days > 7 THEN coalesce(usage.logins, 0)::float8 / least(age.days, 28) END AS logins,
        training.done, coalesce(posts.posts, 0)::float8 AS posts, goals.progress, outcome.roi, goals.reached,
        outcome.realized, nps.nps, csat.csat, coalesce(contact.held, 0)::float8 AS held,
        renewal.likelihood::float8 AS likelihood
    FROM customers_customer c
    CROSS JOIN LATERAL (SELECT %(day)s - (c.signed_up_at AT TIME ZONE 'UTC')::date + 1 AS days) age
    JOIN target t ON t.tier = c.tier JOIN catalogue ON catalogue.tier = c.tier
    LEFT JOIN usage ON usage.customer_id = c.id LEFT JOIN posts ON posts.customer_id = c.id
    LEFT JOIN training ON training.customer_id = c.id LEFT JOIN goals ON goals.customer_id = c.id
    LEFT JOIN outcome ON outcome.customer_id = c.id LEFT JOIN nps ON nps.customer_id = c.id
    LEFT JOIN csat ON csat.customer_id = c.id LEFT JOIN contact ON contact.customer_id = c.id
    LEFT JOIN renewal ON renewal.customer_id = c.id
    WHERE c.signed_up_at < %(end)s AND NOT EXISTS (
        SELECT FROM customers_churn gone WHERE gone.customer_id = c.id AND gone.churned_on <= %(day)s
          AND (gone.reactivated_on IS NULL OR gone.reactivated_on > %(day)s))),
points AS (
    -- least() and greatest() pass over NULL: what is missing must be kept missing by hand.
    SELECT *,
        CASE WHEN api IS NOT NULL THEN 100 * least(api / api_best, 1) END AS p0,
        CASE WHEN agents IS NOT NULL THEN 100 * least(agents / agents_best, 1) END AS p1,
        CASE WHEN conversations IS NOT NULL THEN 100 * least(conversations / conversations_best, 1) END AS p2,
        CASE WHEN adoption IS NOT NULL THEN 100 * least(adoption / 0.8, 1) END AS p3,
        CASE WHEN logins IS NOT NULL THEN 100 * least(logins / 0.5, 1) END AS p4,
        100 * done AS p6, 100 * least(posts / 4, 1) AS p7, 100 * progress AS p8,
        CASE WHEN roi IS NOT NULL THEN 100 * least(greatest((roi + 0.5) / 2.5, 0), 1) END AS p9, 100 * reached AS p10,
        CASE WHEN realized IS NOT NULL THEN 100 * least(realized, 1) END AS p11,
        CASE WHEN nps IS NOT NULL THEN 100 * least(greatest((nps + 50) / 100, 0), 1) END AS p12,
        CASE WHEN csat IS NOT NULL THEN 100 * least(greatest((csat - 2.5) / 2.3, 0), 1) END AS p13,
        CASE WHEN cadence IS NOT NULL THEN 100 * least(held / cadence, 1) END AS p14,
        likelihood AS p15
    FROM reading),
component AS (
    SELECT *,
        (coalesce(p0, 0) + coalesce(p1, 0) + coalesce(p2, 0) + coalesce(p3, 0))
            / nullif(num_nonnulls(p0, p1, p2, p3), 0) AS c0,
        (coalesce(p4, 0) + coalesce(p6, 0) + coalesce(p7, 0)) / nullif(num_nonnulls(p4, p6, p7), 0) AS c1,
        (coalesce(p8, 0) + coalesce(p9, 0) + coalesce(p10, 0) + coalesce(p11, 0))
            / nullif(num_nonnulls(p8, p9, p10, p11), 0) AS c2,
        (coalesce(p12, 0) + coalesce(p13, 0) + coalesce(p14, 0) + coalesce(p15, 0))
            / nullif(num_nonnulls(p12, p13, p14, p15), 0) AS c3
    FROM points),
scored AS (SELECT id, %(day)s, %(version)s,
    (coalesce(0.4 * c0, 0) + coalesce(0.3 * c1, 0) + coalesce(0.2 * c2, 0) + coalesce(0.1 * c3, 0))
        / nullif((c0 IS NOT NULL)::int * 0.4 + (c1 IS NOT NULL)::int * 0.3 + (c2 IS NOT NULL)::int * 0.2
            + (c3 IS NOT NULL)::int * 0.1, 0) AS total,
    c0, c1, c2, c3,
    (0.1 * num_nonnulls(p0, p1, p2, p3) + 0.075 * num_nonnulls(p4, p6, p7) + 0.05 * num_nonnulls(p8, p9, p10, p11)
        + 0.025 * num_nonnulls(p12, p13, p14, p15)) / CASE WHEN cadence IS NULL THEN 0.975 ELSE 1 END,
    place,
    ARRAY[api, agents, conversations, adoption, logins, NULL, done, posts, progress, roi, reached, realized, nps, csat,
        held, likelihood]::real[]
FROM component)
SELECT *, total, 0 FROM scored"""


def score_by_one_statement(day: date, version_id: int) -> int:
    """Returns the number of rows inserted."""
    with connection.cursor() as cursor:
        cursor.execute(_SINGLE_STATEMENT, {"day": day, "end": end_of_day(day), "version": version_id})
        return cursor.rowcount
