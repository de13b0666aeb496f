"""The week's figures, read for all success managers at once.

Every function asks one question of the database about every book together: the whole book under the key
WHOLE, a success manager's customers under the manager's id. What they ask stands in two temporary tables of one
transaction, which `gathered` fills: where every customer stood on the two days compared, and what it paid.
Customers belong to whom they belong to now.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from .content import AtRiskRevenue, Flow, Point, Renewals, Standing

# The key of the whole book among the ids of success managers.
WHOLE = 0
RENEWAL_DAYS = (30, 90)
LABELLED_DAYS = 90

_BANDS = """
bands AS MATERIALIZED (
    SELECT id, (definition->'bands'->>'at_risk_below')::float8 AS at_risk_below,
           (definition->'bands'->>'healthy_above')::float8 AS healthy_above,
           (definition->>'provisional_below')::float8 AS provisional_below
    FROM health_scorecardversion WHERE state = 'published')"""
# An override makes a score sure: then what counts differs from what was computed.
_MOVES = f"""
CREATE TEMPORARY TABLE report_moves AS
WITH {_BANDS}, judged AS (
    SELECT customer_id, day, effective AS score, coverage, tier, version_id,
           CASE WHEN effective IS NULL THEN 'no_data' WHEN effective < at_risk_below THEN 'at_risk'
                WHEN effective > healthy_above THEN 'healthy' ELSE 'steady' END AS band,
           effective IS NOT DISTINCT FROM total AND coverage < provisional_below AS provisional
    FROM health_healthscore JOIN bands ON bands.id = version_id
    WHERE day IN (%(day)s, %(before)s))
SELECT book.id AS book, c.id AS customer_id, now.tier, now.version_id, was.version_id AS version_before,
       now.score, now.band, now.coverage, now.provisional,
       was.score AS score_before, was.band AS band_before, was.coverage AS coverage_before,
       was.provisional AS provisional_before
FROM (SELECT * FROM judged WHERE day = %(day)s) now
FULL JOIN (SELECT * FROM judged WHERE day = %(before)s) was USING (customer_id)
JOIN customers_customer c ON c.id = customer_id
CROSS JOIN LATERAL (VALUES ({WHOLE}), (c.success_manager_id)) book (id)
WHERE book.id IS NOT NULL"""
# Revenue as it was on the day: the old value of the first change after it, or today's where there was none.
_CONTRACTS = """
CREATE TEMPORARY TABLE report_contracts AS
WITH days (is_now, day) AS (VALUES (true, %(day)s::date), (false, %(before)s::date)),
changed AS (
    SELECT DISTINCT ON (days.day, subscription_id) days.day, subscription_id, old::numeric AS mrr
    FROM days JOIN customers_subscriptionchange
        ON field = 'mrr' AND changed_at >= (days.day + 1)::timestamp AT TIME ZONE 'UTC'
    ORDER BY days.day, subscription_id, changed_at, id)
SELECT days.is_now, s.id, s.customer_id, s.currency, s.renews_on, coalesce(changed.mrr, s.mrr) AS mrr
FROM days JOIN customers_subscription s ON s.starts_on <= days.day AND (s.ended_on IS NULL OR s.ended_on > days.day)
LEFT JOIN changed ON changed.day = days.day AND changed.subscription_id = s.id"""


@contextmanager
def gathered(day: date, before: date | None) -> Iterator[None]:
    """Fill the two tables for a scored day and the one it is compared with; they go at the end."""
    with connection.cursor() as cursor:
        for statement in (_MOVES, _CONTRACTS, "ANALYZE report_moves", "ANALYZE report_contracts"):
            cursor.execute(statement, {"day": day, "before": before})
        yield
        cursor.execute("DROP TABLE report_moves, report_contracts")


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


_SCORED_DAYS = """
SELECT d::date, EXISTS (SELECT FROM health_scoringrun run
                        WHERE run.day = d AND run.state = 'done' AND run.customers_done > 0),
       EXISTS (SELECT FROM health_healthscore score WHERE score.day = d)
FROM generate_series(%(since)s::date, %(until)s::date, '1 day') d ORDER BY d"""


def scored_days(weeks: Sequence[date]) -> dict[date, date]:
    """For each week (its Monday) the newest day on which everybody was scored, or else anybody; weeks in order."""
    found: dict[date, date] = {}
    rows = _rows(_SCORED_DAYS, since=weeks[0], until=weeks[-1] + timedelta(days=6))
    for week in weeks:
        days = [row for row in rows if week <= row[0] < week + timedelta(days=7)]
        everybody = [day for day, has_run, _ in days if has_run]
        if newest := everybody or [day for day, _, has_score in days if has_score]:
            found[week] = newest[-1]
    return found


_TENTHS = ", ".join(
    f"count(*) FILTER (WHERE stood.score >= {10 * tenth}"
    + (f" AND stood.score < {10 * tenth + 10})" if tenth < 9 else ")")
    for tenth in range(10)
)
_STANDINGS = f"""
SELECT book, is_now, count(stood.score), count(*) - count(stood.score),
       count(stood.score) FILTER (WHERE stood.provisional), avg(stood.score),
       count(*) FILTER (WHERE stood.band = 'at_risk'), count(*) FILTER (WHERE stood.band = 'healthy'),
       avg(stood.coverage), ARRAY[{_TENTHS}]
FROM report_moves CROSS JOIN LATERAL (VALUES
    (true, score, band, coverage, provisional),
    (false, score_before, band_before, coverage_before, provisional_before)
) stood (is_now, score, band, coverage, provisional)
WHERE stood.band IS NOT NULL GROUP BY book, is_now"""


def standings(day: date, before: date | None) -> tuple[dict[int, Standing], dict[int, Standing]]:
    """Each book now, and on the day compared with."""
    now: dict[int, Standing] = {}
    was: dict[int, Standing] = {}
    for book, is_now, scored, unscored, provisional, average, at_risk, healthy, coverage, tenths in _rows(_STANDINGS):
        figures = (scored, unscored, provisional, _exact(average), at_risk, healthy, _exact(coverage), tenths)
        if is_now:
            now[book] = Standing(day, *figures)
        elif before:
            was[book] = Standing(before, *figures)
    return now, was


def _exact(value: float | None) -> float | None:
    """To four places: the database may add up in any order."""
    return None if value is None else round(float(value), 4)


_FLOWS = """
SELECT book, coalesce(band_before, 'new'), coalesce(band, 'left'), count(*)
FROM report_moves GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""


def flows() -> dict[int, list[Flow]]:
    """Who went from which band to which, a book."""
    found: dict[int, list[Flow]] = defaultdict(list)
    for book, *flow in _rows(_FLOWS):
        found[book].append(Flow(*flow))
    return found


_TREND = f"""
WITH {_BANDS}
SELECT book.id, day, count(effective), avg(effective), count(*) FILTER (WHERE effective < at_risk_below),
       count(*) FILTER (WHERE effective > healthy_above)
FROM health_healthscore JOIN bands ON bands.id = version_id JOIN customers_customer c ON c.id = customer_id
CROSS JOIN LATERAL (VALUES ({WHOLE}), (c.success_manager_id)) book (id)
WHERE day = ANY(%(days)s) AND book.id IS NOT NULL GROUP BY book.id, day ORDER BY book.id, day"""


def trend(days: Sequence[date]) -> dict[int, list[Point]]:
    """Each book on each of the days, oldest first."""
    found: dict[int, list[Point]] = defaultdict(list)
    for book, day, scored, average, at_risk, healthy in _rows(_TREND, days=list(days)):
        found[book].append(Point(day, scored, _exact(average), at_risk, healthy))
    return found


@dataclass(frozen=True)
class Move:
    """A customer the report names, as the database has it."""

    book: int
    customer_id: int
    name: str
    tier: int
    owner_id: int | None
    version_id: int
    version_before: int | None
    score: float
    score_before: float | None
    band: str
    provisional: bool


# Which customers are named, and in which order. A score with little data may move for want of data alone.
_SURE = "NOT provisional AND NOT provisional_before AND abs(score - score_before) >= 1"
_LISTS = {
    "falls": (f"{_SURE} AND score < score_before", "score - score_before"),
    "rises": (f"{_SURE} AND score > score_before", "score_before - score"),
    "new_at_risk": ("band = 'at_risk' AND band_before IS DISTINCT FROM 'at_risk'", "provisional, score"),
    "recovered": ("band_before = 'at_risk' AND band IN ('steady', 'healthy')", "-score"),
}
_NAMED = """
SELECT book, customer_id, c.name, listed.tier, c.success_manager_id, version_id, version_before,
       score::float8, score_before::float8, band, provisional
FROM (SELECT report_moves.*, row_number() OVER (PARTITION BY book ORDER BY {order}, customer_id) AS place
      FROM report_moves WHERE {which}) listed
JOIN customers_customer c ON c.id = customer_id WHERE place <= %(most)s ORDER BY book, place"""


def named(most: int) -> dict[str, list[Move]]:
    """At most so many customers a book and list: falls, rises, new_at_risk, recovered."""
    return {
        name: [Move(*row) for row in _rows(_NAMED.format(which=which, order=order), most=most)]
        for name, (which, order) in _LISTS.items()
    }


_REVENUE = """
SELECT book, currency, sum(mrr) FILTER (WHERE is_now AND band = 'at_risk'),
       sum(mrr) FILTER (WHERE NOT is_now AND band_before = 'at_risk'),
       sum(mrr) FILTER (WHERE is_now AND band IS NOT NULL)
FROM report_moves JOIN report_contracts USING (customer_id)
GROUP BY book, currency ORDER BY book, 5 DESC NULLS LAST, currency"""


def revenue(*, compared: bool) -> dict[int, list[AtRiskRevenue]]:
    """What customers at risk pay a month, by book; the most important currency first."""
    found: dict[int, list[AtRiskRevenue]] = defaultdict(list)
    for book, currency, now, was, everybody in _rows(_REVENUE):
        if everybody or was:
            sums = [Decimal(amount or 0) for amount in (now, was, everybody)]
            found[book].append(AtRiskRevenue(currency, sums[0], sums[1] if compared else None, sums[2]))
    return found


_MRR = """
SELECT customer_id, currency, sum(mrr) FROM report_contracts
WHERE is_now AND customer_id = ANY(%(ids)s) GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"""


def revenue_of(customer_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """What each of the customers pays a month."""
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for customer_id, currency, mrr in _rows(_MRR, ids=list(customer_ids)):
        found[customer_id][currency] = mrr
    return found


_RENEWALS = """
SELECT book, days, currency, count(*), sum(mrr)
FROM report_moves JOIN report_contracts USING (customer_id) CROSS JOIN unnest(%(spans)s) days
WHERE is_now AND band = 'at_risk' AND renews_on > %(day)s AND renews_on <= %(day)s::date + days
GROUP BY book, days, currency ORDER BY book, days, currency"""


def renewals(day: date) -> dict[int, list[Renewals]]:
    """The contracts of customers at risk that renew within each of RENEWAL_DAYS, by book."""
    counts: dict[tuple[int, int], int] = defaultdict(int)
    sums: dict[tuple[int, int], dict[str, Decimal]] = defaultdict(dict)
    books = set()
    for book, days, currency, contracts, mrr in _rows(_RENEWALS, day=day, spans=list(RENEWAL_DAYS)):
        books.add(book)
        counts[book, days] += contracts
        sums[book, days][currency] = mrr
    return {
        book: [Renewals(days, counts[book, days], dict(sums[book, days])) for days in RENEWAL_DAYS] for book in books
    }


_RENEWING = """
SELECT book, customer_id, c.name, c.success_manager_id, renews_on, version_id, score::float8, currency, mrr
FROM (SELECT *, row_number() OVER (PARTITION BY book ORDER BY renews_on, score, customer_id, id) AS place
      FROM report_moves JOIN report_contracts USING (customer_id)
      WHERE is_now AND band = 'at_risk' AND renews_on > %(day)s AND renews_on <= %(until)s) listed
JOIN customers_customer c ON c.id = customer_id WHERE place <= %(most)s ORDER BY book, place"""


@dataclass(frozen=True)
class Renewing:
    """A contract of a customer at risk that renews soon, as the database has it."""

    book: int
    customer_id: int
    name: str
    owner_id: int | None
    renews_on: date
    version_id: int
    score: float
    currency: str
    mrr: Decimal


def renewing(day: date, most: int) -> list[Renewing]:
    """The next of those contracts, at most so many a book."""
    rows = _rows(_RENEWING, day=day, until=day + timedelta(days=max(RENEWAL_DAYS)), most=most)
    return [Renewing(*row) for row in rows]


_ALERTS = f"""
SELECT book.id, kind, count(*) FILTER (WHERE day BETWEEN %(since)s AND %(until)s),
       count(*) FILTER (WHERE closed_at IS NULL OR closed_at > %(now)s),
       count(*) FILTER (WHERE label = 'useful' AND labelled_at <= %(now)s AND day > %(labelled_since)s),
       count(*) FILTER (WHERE label = 'noise' AND labelled_at <= %(now)s AND day > %(labelled_since)s),
       count(*) FILTER (WHERE label = 'known' AND labelled_at <= %(now)s AND day > %(labelled_since)s)
FROM health_alert JOIN customers_customer c ON c.id = customer_id
CROSS JOIN LATERAL (VALUES ({WHOLE}), (c.success_manager_id)) book (id)
WHERE book.id IS NOT NULL AND day <= %(until)s
  AND (closed_at IS NULL OR closed_at > %(now)s OR day > %(labelled_since)s)
GROUP BY book.id, kind ORDER BY book.id, kind"""


def alerts(since: date, until: date, now: datetime) -> dict[tuple[int, str], tuple[int, int, int, int, int]]:
    """By book and kind, of the alerts raised up to `until`: raised in the span, open, useful, noise, known."""
    labelled_since = until - timedelta(days=LABELLED_DAYS)
    rows = _rows(_ALERTS, since=since, until=until, now=now, labelled_since=labelled_since)
    return {(row[0], row[1]): (row[2], row[3], row[4], row[5], row[6]) for row in rows}
