"""The raw readings of the sixteen metrics, for any set of customers as of a day.

A fixed number of set-based statements a call, however many customers; nothing dated after the day's end
(UTC) is looked at, nor anything before the signup. SQL rather than the ORM: these are the statements that
read ten million rows every night, and they are written to be explained by EXPLAIN.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import connection

from agentfactory_cs.customers.days import end_of_day

from .metrics import KEYS, PLACE, TIERS
from .rules import Bools, Floats, Ints

# Younger customers have too little behind them for a mean: their usage and logins count as missing.
MINIMUM_AGE_DAYS = 7
USAGE_DAYS = 28

# {who} narrows a statement to the customers asked for; every statement joins them as c.
_RANGE = "c.id BETWEEN %(first_id)s AND %(last_id)s"
_LIST = "c.id = ANY(%(ids)s)"
_SIGNUP_DAY = "(c.signed_up_at AT TIME ZONE 'UTC')::date"

CUSTOMERS = f"""
SELECT c.id, c.tier, %(day)s - {_SIGNUP_DAY}
FROM customers_customer c
WHERE {{who}} AND c.signed_up_at < %(end)s AND NOT EXISTS (
    SELECT FROM customers_churn gone
    WHERE gone.customer_id = c.id AND gone.churned_on <= %(day)s
      AND (gone.reactivated_on IS NULL OR gone.reactivated_on > %(day)s))
ORDER BY c.id"""

# The tier on a past day is what the first change after it changed from.
TIERS_SINCE_CHANGED = """
SELECT DISTINCT ON (change.customer_id) change.customer_id, change.old
FROM customers_customerchange change JOIN customers_customer c ON c.id = change.customer_id
WHERE {who} AND change.field = 'tier' AND change.changed_at >= %(end)s
ORDER BY change.customer_id, change.changed_at, change.id"""

FEATURES = """
SELECT tier, bit FROM customers_feature
WHERE (introduced_on IS NULL OR introduced_on <= %(day)s) AND (retired_on IS NULL OR retired_on > %(day)s)"""

USAGE = f"""
SELECT c.id, sum(u.api_calls), sum(u.active_agents), sum(u.conversations),
       count(*) FILTER (WHERE u.logins > 0), bit_or(u.features)
FROM customers_usageday u JOIN customers_customer c ON c.id = u.customer_id
WHERE {{who}} AND u.day BETWEEN %(day)s - 27 AND %(day)s AND u.day >= {_SIGNUP_DAY}
GROUP BY c.id"""

POSTS = f"""
SELECT c.id, sum(u.community_posts)
FROM customers_usageday u JOIN customers_customer c ON c.id = u.customer_id
WHERE {{who}} AND u.day BETWEEN %(day)s - 89 AND %(day)s AND u.day >= {_SIGNUP_DAY} AND u.community_posts > 0
GROUP BY c.id"""

TRAINING = """
SELECT c.id, (count(*) FILTER (WHERE t.completed_on <= %(day)s))::float8 / count(*)
FROM customers_training t JOIN customers_customer c ON c.id = t.customer_id
WHERE {who} AND t.assigned_on <= %(day)s
GROUP BY c.id"""

# Without a reading yet, a goal stands at its start, or at its target once somebody called it achieved.
GOALS = """
SELECT c.id,
    avg(least(greatest(CASE
        WHEN now.value IS NOT NULL THEN (now.value - g.start_value) / (g.target_value - g.start_value)
        WHEN g.achieved_on <= %(day)s THEN 1 ELSE 0 END, 0), 1)) FILTER (WHERE g.kind = 'goal'),
    avg(CASE
        WHEN now.value IS NULL THEN (coalesce(g.achieved_on <= %(day)s, false))::int
        WHEN g.target_value > g.start_value THEN (now.value >= g.target_value)::int
        ELSE (now.value <= g.target_value)::int END) FILTER (WHERE g.kind = 'success_metric')::float8
FROM customers_goal g JOIN customers_customer c ON c.id = g.customer_id
LEFT JOIN LATERAL (
    SELECT r.value FROM customers_goalreading r
    WHERE r.goal_id = g.id AND r.read_on <= %(day)s ORDER BY r.read_on DESC LIMIT 1) now ON true
WHERE {who} AND g.set_on <= %(day)s
GROUP BY c.id"""

# Amounts of several currencies cannot be added: the reports in the currency of the latest one count.
OUTCOMES = f"""
SELECT c.id,
    ((sum(o.value_delivered) - sum(o.cost)) / nullif(sum(o.cost), 0))::float8,
    (sum(o.value_delivered) FILTER (WHERE o.value_expected IS NOT NULL)
        / nullif(sum(o.value_expected), 0))::float8
FROM (
    SELECT o.*, first_value(o.currency) OVER (
        PARTITION BY o.customer_id ORDER BY o.period_end DESC, o.period_start DESC) AS latest_currency
    FROM customers_outcomereport o JOIN customers_customer c ON c.id = o.customer_id
    WHERE {{who}} AND o.period_end BETWEEN %(day)s - 179 AND %(day)s AND o.period_end >= {_SIGNUP_DAY}
) o JOIN customers_customer c ON c.id = o.customer_id
WHERE o.currency = o.latest_currency
GROUP BY c.id"""

NPS = """
SELECT c.id, 100.0::float8 * (count(*) FILTER (WHERE r.score >= 9) - count(*) FILTER (WHERE r.score <= 6)) / count(*)
FROM messaging_response r JOIN customers_customer c ON c.id = r.customer_id
WHERE {who} AND r.kind = 'nps' AND r.answered_at >= %(end)s - interval '180 days' AND r.answered_at < %(end)s
  AND r.answered_at >= c.signed_up_at
GROUP BY c.id"""

SUPPORT_CSAT = """
SELECT c.id, avg(r.score)::float8
FROM messaging_response r JOIN customers_customer c ON c.id = r.customer_id
WHERE {who} AND r.kind = 'support_csat' AND r.answered_at >= %(end)s - interval '90 days' AND r.answered_at < %(end)s
  AND r.answered_at >= c.signed_up_at
GROUP BY c.id"""

TICKETS = """
SELECT c.id, count(*)
FROM support_ticket t JOIN customers_customer c ON c.id = t.customer_id
WHERE {who} AND t.created_at >= %(end)s - interval '28 days' AND t.created_at < %(end)s
  AND t.created_at >= c.signed_up_at
GROUP BY c.id"""

# Mail that the support desk took in says nothing of how near a success manager is: the more trouble, the more of it.
INTERACTIONS = """
SELECT c.id, count(*)
FROM customers_interaction i JOIN customers_customer c ON c.id = i.customer_id
WHERE {who} AND i.held_at >= %(end)s - interval '60 days' AND i.held_at < %(end)s AND i.held_at >= c.signed_up_at
    AND coalesce(i.external_id, '') NOT LIKE 'mail:%%'
GROUP BY c.id"""

RENEWAL = f"""
SELECT DISTINCT ON (c.id) c.id, e.likelihood
FROM customers_renewalestimate e JOIN customers_customer c ON c.id = e.customer_id
WHERE {{who}} AND e.estimated_on BETWEEN %(day)s - 89 AND %(day)s AND e.estimated_on >= {_SIGNUP_DAY}
ORDER BY c.id, e.estimated_on DESC"""

# Which contract's payment was in arrears at the end of the day, by what is known of its changes since.
SIGNALS_ON = """
SELECT c.id, bit_or(CASE coalesce(later.old, s.payment_status) WHEN 'past_due' THEN 1 WHEN 'unpaid' THEN 2 ELSE 0 END)
FROM customers_subscription s JOIN customers_customer c ON c.id = s.customer_id
LEFT JOIN (
    SELECT DISTINCT ON (change.subscription_id) change.subscription_id, change.old
    FROM customers_subscriptionchange change
    WHERE change.field = 'payment_status' AND change.changed_at >= %(end)s
    ORDER BY change.subscription_id, change.changed_at, change.id) later ON later.subscription_id = s.id
WHERE {who} AND s.starts_on <= %(day)s AND (s.ended_on IS NULL OR s.ended_on > %(day)s)
  AND coalesce(later.old, s.payment_status) <> 'current'
GROUP BY c.id"""

# What "no row" means: nothing happened (zero), or nothing is known (missing).
ZERO, MISSING = 0.0, float("nan")


@dataclass(frozen=True)
class Reader:
    """A statement whose columns after the customer's id are the readings of `keys`."""

    sql: str
    keys: tuple[str, ...]
    absent: float


READERS = (
    Reader(POSTS, ("community_participation",), ZERO),
    Reader(TICKETS, ("support_ticket_volume",), ZERO),
    Reader(TRAINING, ("training_completion",), MISSING),
    Reader(GOALS, ("goal_achievement", "success_metrics"), MISSING),
    Reader(OUTCOMES, ("roi", "value_realization"), MISSING),
    Reader(NPS, ("nps",), MISSING),
    Reader(SUPPORT_CSAT, ("support_satisfaction",), MISSING),
    Reader(INTERACTIONS, ("account_manager_interactions",), ZERO),
    Reader(RENEWAL, ("renewal_likelihood",), MISSING),
)

_USAGE_HAS = "SELECT FROM customers_usageday u WHERE u.day BETWEEN %(day)s - {back} AND %(day)s AND u.{what}"
# Is there anything for anybody in the window? A metric not named here is missing for whoever has no row of its own.
SOURCES = {
    "api_calls_per_day": _USAGE_HAS.format(back=27, what="api_calls > 0"),
    "active_agents": _USAGE_HAS.format(back=27, what="active_agents > 0"),
    "conversations_per_week": _USAGE_HAS.format(back=27, what="conversations > 0"),
    "feature_adoption_rate": _USAGE_HAS.format(back=27, what="features <> 0"),
    "login_frequency": _USAGE_HAS.format(back=27, what="logins > 0"),
    "community_participation": _USAGE_HAS.format(back=89, what="community_posts > 0"),
    # A month without a ticket is a good one; only a desk that never had any tells nothing.
    "support_ticket_volume": "SELECT FROM support_ticket t WHERE t.customer_id IS NOT NULL AND t.created_at < %(end)s",
    "account_manager_interactions": "SELECT FROM customers_interaction i"
    " WHERE i.held_at >= %(end)s - interval '60 days' AND i.held_at < %(end)s",
}


@dataclass(frozen=True)
class Selection:
    """Which customers: a range of ids (a chunk of everybody), or a list of them."""

    first_id: int = 0
    last_id: int = 0
    ids: tuple[int, ...] | None = None

    def narrow(self, sql: str) -> str:
        return sql.format(who=_RANGE if self.ids is None else _LIST)

    def parameters(self, day: date) -> dict[str, Any]:
        ids = list(self.ids or ())
        return {"first_id": self.first_id, "last_id": self.last_id, "ids": ids, "day": day, "end": end_of_day(day)}


@dataclass(frozen=True)
class Readings:
    """Of n customers their ids, tiers on the day (places in TIERS), SIGNALS as bits, and n × 16 readings."""

    customer_ids: Ints
    tiers: Ints
    signals: Ints
    values: Floats

    def of(self, chosen: Bools) -> "Readings":
        """Of some of the customers only."""
        return Readings(self.customer_ids[chosen], self.tiers[chosen], self.signals[chosen], self.values[chosen])


def connected_sources(day: date) -> frozenset[str]:
    """The metrics whose source holds something for somebody in the window ending with `day`. One statement."""
    checks = ", ".join(f"EXISTS({sql})" for sql in SOURCES.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {checks}", {"day": day, "end": end_of_day(day)})
        found = cursor.fetchone()
    return frozenset(key for key, is_there in zip(SOURCES, found, strict=True) if is_there)


def read(selection: Selection, day: date, connected: frozenset[str]) -> Readings:
    """The readings of those selected who were customers on `day`, in the order of their ids."""
    customer_ids, tiers, ages = _customers(selection, day)
    values = np.full((len(customer_ids), len(KEYS)), np.nan)
    if len(customer_ids):
        _read_usage(values, selection, day, customer_ids, tiers, ages)
        for reader in READERS:
            _read_plain(values, reader, selection, day, customer_ids)
    for key in SOURCES.keys() - connected:
        values[:, PLACE[key]] = np.nan
    # As they are stored: what is explained later is then, to the last bit, what was scored.
    values = values.astype(np.float32).astype(np.float64)
    return Readings(customer_ids, tiers, _signals(selection, day, customer_ids), values)


def _customers(selection: Selection, day: date) -> tuple[Ints, Ints, Ints]:
    """Ids, tiers on the day, and ages in days (0 on the day of the signup)."""
    ids, tiers, ages = _columns(selection, CUSTOMERS, day, (np.int64, object, np.int64))
    places = np.array([TIERS.index(tier) for tier in tiers], dtype=np.int64)
    changed, old = _columns(selection, TIERS_SINCE_CHANGED, day, (np.int64, object))
    for rows, tier in zip(_places(changed, ids), old, strict=True):
        if rows >= 0:
            places[rows] = TIERS.index(tier)
    return ids, places, ages


def _signals(selection: Selection, day: date, ids: Ints) -> Ints:
    found, bits = _columns(selection, SIGNALS_ON, day, (np.int64, np.int64))
    signals, rows = np.zeros(len(ids), dtype=np.int64), _places(found, ids)
    signals[rows[rows >= 0]] = bits[rows >= 0]
    return signals


def _read_usage(values: Floats, selection: Selection, day: date, ids: Ints, tiers: Ints, ages: Ints) -> None:
    found, api, agents, conversations, logins, features = _columns(
        selection, USAGE, day, (np.int64, np.float64, np.float64, np.float64, np.float64, np.int64)
    )
    rows = _places(found, ids)
    rows, here = rows[rows >= 0], rows >= 0
    sums = np.zeros((len(ids), 4))
    sums[rows] = np.column_stack((api, agents, conversations, logins))[here]
    used = np.zeros(len(ids), dtype=np.int64)
    used[rows] = features[here]

    days = np.minimum(ages + 1, USAGE_DAYS)[:, None]
    means = sums / days
    means[:, 2] *= 7
    old_enough = ages >= MINIMUM_AGE_DAYS
    for column, key in enumerate(("api_calls_per_day", "active_agents", "conversations_per_week", "login_frequency")):
        values[old_enough, PLACE[key]] = means[old_enough, column]
    values[old_enough, PLACE["feature_adoption_rate"]] = _adoption(used, tiers, day)[old_enough]


def _adoption(used: Ints, tiers: Ints, day: date) -> Floats:
    """Share of the features of each one's tier that it used; NaN where the tier has none."""
    masks = np.zeros(len(TIERS), dtype=np.int64)
    with connection.cursor() as cursor:
        cursor.execute(FEATURES, {"day": day})
        for tier, bit in cursor.fetchall():
            masks[TIERS.index(tier) :] |= 1 << bit
    offered = np.bitwise_count(masks).astype(np.float64)
    offered[offered == 0] = np.nan
    return np.bitwise_count(used & masks[tiers]) / offered[tiers]


def _read_plain(values: Floats, reader: Reader, selection: Selection, day: date, ids: Ints) -> None:
    places = [PLACE[key] for key in reader.keys]
    values[:, places] = reader.absent
    found, *columns = _columns(selection, reader.sql, day, (np.int64, *(np.float64 for _ in reader.keys)))
    rows = _places(found, ids)
    for place, column in zip(places, columns, strict=True):
        values[rows[rows >= 0], place] = column[rows >= 0]


def _columns(selection: Selection, sql: str, day: date, types: tuple[Any, ...]) -> Iterator[Any]:
    """The result of a statement, column by column; NULL becomes NaN."""
    with connection.cursor() as cursor:
        cursor.execute(selection.narrow(sql), selection.parameters(day))
        rows = cursor.fetchall()
    columns = zip(*rows, strict=True) if rows else [() for _ in types]
    return iter([np.array(column, dtype=kind) for column, kind in zip(columns, types, strict=True)])


def _places(found: Ints, ids: Ints) -> Ints:
    """Where each of `found` stands in the sorted `ids`; -1 for those that are no customers on the day."""
    places = np.searchsorted(ids, found)
    places[places == len(ids)] = 0
    return np.where(ids[places] == found, places, -1) if len(ids) else np.full(len(found), -1)
