"""Taking staged usage rows over into the daily figures, in sets: the SQL behind usage_kind.py.

A fixed number of statements whatever the number of rows. The temporary tables live as long as the transaction.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.db import connection

from .fields import LARGEST_COUNT
from .problems import Problem
from .report import Outcome

_COUNTS = ("api_calls", "active_agents", "conversations", "logins", "active_users", "community_posts")

_PREPARE = f"""
    CREATE TEMP TABLE usage_staged (
        line integer, readable boolean, customer text, subscription text, day date,
        {", ".join(f"{name} integer" for name in _COUNTS)}, features bigint, row_id text, raw text
    ) ON COMMIT DROP;
    CREATE TEMP TABLE usage_problem (
        line integer, severity text, field text, value text, reason text
    ) ON COMMIT DROP;
"""

# Whom each row means, and what its content hashes to: the receipt tells a repeat from a conflict by it.
_RESOLVE = f"""
    CREATE TEMP TABLE usage_known ON COMMIT DROP AS
    SELECT staged.line, staged.day, staged.row_id, staged.features,
           {", ".join(f"staged.{name}" for name in _COUNTS)},
           coalesce(named.id, contract.customer_id) AS customer_id,
           ('x' || left(encode(sha256(convert_to(concat_ws('|',
               coalesce(named.id, contract.customer_id), staged.day, staged.features,
               {", ".join(f"staged.{name}" for name in _COUNTS)}), 'UTF8')), 'hex'), 16))::bit(64)::bigint AS content
    FROM usage_staged staged
    LEFT JOIN customers_customer named ON named.external_id = staged.customer
    LEFT JOIN customers_subscription contract ON contract.external_id = staged.subscription
    WHERE staged.readable
      AND (staged.customer IS NULL OR named.id IS NOT NULL)
      AND (staged.subscription IS NULL OR contract.id IS NOT NULL)
      AND (staged.customer IS NULL OR staged.subscription IS NULL OR named.id = contract.customer_id)
"""  # noqa: S608 - our own column names

_UNKNOWN = """
    INSERT INTO usage_problem
    SELECT line, 'error',
           CASE WHEN no_customer THEN %(customer)s ELSE %(subscription)s END,
           CASE WHEN no_customer THEN customer ELSE subscription END,
           CASE WHEN no_customer THEN 'there is no such customer'
                WHEN no_subscription THEN 'there is no such subscription'
                ELSE 'the subscription belongs to another customer than the row names' END
    FROM (
        SELECT staged.*, named.id <> contract.customer_id AS contradicts,
               staged.customer IS NOT NULL AND named.id IS NULL AS no_customer,
               staged.subscription IS NOT NULL AND contract.id IS NULL AS no_subscription
        FROM usage_staged staged
        LEFT JOIN customers_customer named ON named.external_id = staged.customer
        LEFT JOIN customers_subscription contract ON contract.external_id = staged.subscription
        WHERE staged.readable
    ) looked_up
    WHERE no_customer OR no_subscription OR contradicts
"""

# The first row of the file with an id claims it; inserting decides against imports running at the same time.
_CLAIM = """
    CREATE TEMP TABLE usage_fresh (row_id text PRIMARY KEY) ON COMMIT DROP;
    WITH claimed AS (
        INSERT INTO customers_usagereceipt (row_id, content, received_on)
        SELECT DISTINCT ON (row_id) row_id, content, %(today)s FROM usage_known ORDER BY row_id, line
        ON CONFLICT DO NOTHING
        RETURNING row_id
    )
    INSERT INTO usage_fresh SELECT row_id FROM claimed;
    CREATE TEMP TABLE usage_counted ON COMMIT DROP AS
    SELECT DISTINCT ON (row_id) known.* FROM usage_known known JOIN usage_fresh USING (row_id) ORDER BY row_id, line
"""

_CONFLICTS = """
    INSERT INTO usage_problem
    SELECT known.line, 'error', %(row_id)s, known.row_id,
           'the same id came in before with other content; that was counted, this was not'
    FROM usage_known known JOIN customers_usagereceipt receipt USING (row_id)
    WHERE receipt.content <> known.content
"""

_REPEATS = """
    SELECT count(*) FROM usage_known known JOIN customers_usagereceipt receipt USING (row_id)
    WHERE receipt.content = known.content
      AND NOT EXISTS (SELECT FROM usage_counted counted WHERE counted.line = known.line)
"""

_SUM = f"""
    CREATE TEMP TABLE usage_sum ON COMMIT DROP AS
    SELECT customer_id, day, bit_or(features) AS features,
           {", ".join(f"sum({name}) AS {name}" for name in _COUNTS)}
    FROM usage_counted GROUP BY customer_id, day
"""  # noqa: S608 - our own column names

# Without ids every row counts.
_COUNT_ALL = "CREATE TEMP TABLE usage_counted ON COMMIT DROP AS SELECT * FROM usage_known"

_TOO_MUCH = """
    CREATE TEMP TABLE usage_too_much ON COMMIT DROP AS
    SELECT added.customer_id, added.day
    FROM usage_sum added
    LEFT JOIN customers_usageday stored ON stored.customer_id = added.customer_id AND stored.day = added.day
    WHERE greatest({totals}) > %(largest)s
"""

_REFUSE_TOO_MUCH = """
    INSERT INTO usage_problem
    SELECT line, 'error', %(day)s, day::text, 'the day''s figures add up to more than a row can hold'
    FROM usage_counted JOIN usage_too_much USING (customer_id, day);
    DELETE FROM customers_usagereceipt WHERE row_id IN (
        SELECT row_id FROM usage_counted JOIN usage_too_much USING (customer_id, day)
    );
    DELETE FROM usage_sum USING usage_too_much too_much
    WHERE usage_sum.customer_id = too_much.customer_id AND usage_sum.day = too_much.day
"""

# In the order of the key, so that two imports cannot wait for each other; a row that says nothing new is not written.
_UPSERT = """
    WITH upserted AS (
        INSERT INTO customers_usageday AS stored (customer_id, day, features, {counts})
        SELECT customer_id, day, features, {counts} FROM usage_sum ORDER BY customer_id, day
        ON CONFLICT (customer_id, day) DO UPDATE SET {assignments}
        WHERE ({before}) IS DISTINCT FROM ({after})
        RETURNING stored.xmax = 0 AS created
    )
    SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created) FROM upserted
"""

# A warning for what is counted but looks wrong; the most telling one of several.
_MISFITS = """
    INSERT INTO usage_problem
    SELECT line, 'warning', %(day)s, day::text, reason FROM (
        SELECT known.line, known.day,
               CASE WHEN known.day < (customer.signed_up_at AT TIME ZONE 'UTC')::date
                    THEN 'lies before the signup on ' || (customer.signed_up_at AT TIME ZONE 'UTC')::date
                         || '; kept, but no score looks at it'
                    WHEN known.day < contract.starts_on
                    THEN 'lies before the subscription began on ' || contract.starts_on || '; kept'
                    WHEN known.day >= contract.ended_on
                    THEN 'lies after the subscription ended on ' || contract.ended_on || '; kept' END AS reason
        FROM usage_known known
        JOIN usage_staged staged USING (line)
        JOIN customers_customer customer ON customer.id = known.customer_id
        LEFT JOIN customers_subscription contract ON contract.external_id = staged.subscription
    ) looked_at
    WHERE reason IS NOT NULL
      AND NOT EXISTS (SELECT FROM usage_problem worse WHERE worse.line = looked_at.line AND worse.severity = 'error')
"""

_PROBLEMS = """
    SELECT problem.line, staged.raw, problem.severity, problem.field, problem.value, problem.reason
    FROM usage_problem problem JOIN usage_staged staged USING (line)
    ORDER BY problem.line, problem.severity, problem.field
"""

_TABLES = (
    "usage_staged",
    "usage_problem",
    "usage_known",
    "usage_fresh",
    "usage_counted",
    "usage_sum",
    "usage_too_much",
)


def prepare() -> None:
    clear()
    _run(_PREPARE)


def clear() -> None:
    _run(f"DROP TABLE IF EXISTS {', '.join(f'pg_temp.{table}' for table in _TABLES)}")


def copy_rows(rows: io.StringIO) -> None:
    _copy("usage_staged", rows)


def copy_problems(problems: io.StringIO) -> None:
    _copy("usage_problem", problems)


def _copy(table: str, csv_text: io.StringIO) -> None:
    csv_text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN WITH (FORMAT csv)", csv_text)


def _run(sql: str, **params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return int(cursor.rowcount)


def take_over(
    columns: Sequence[str], *, adds_up: bool, today: date, named: Mapping[str, str], outcome: Outcome
) -> None:
    """Add the staged rows to the stored days (`adds_up`), or replace the days' `columns` by their sums.

    `named` gives the file's column behind each of our fields, for the report.
    """
    _run("ANALYZE usage_staged")
    _run(_RESOLVE)
    _run(_UNKNOWN, **named)
    if adds_up:
        _run(_CLAIM, today=today)
        _run(_CONFLICTS, **named)
        outcome.repeated = _row(_REPEATS)[0]
    else:
        _run(_COUNT_ALL)
    _run(_SUM)
    _refuse_too_much(columns, adds_up, named)
    _run(_MISFITS, **named)
    _upsert(columns, adds_up, outcome)


def _refuse_too_much(columns: Sequence[str], adds_up: bool, named: Mapping[str, str]) -> None:
    stored = " + coalesce(stored.{0}, 0)" if adds_up else ""
    totals = ", ".join(f"added.{name}{stored.format(name)}" for name in _COUNTS)
    if _run(_TOO_MUCH.format(totals=totals), largest=LARGEST_COUNT):
        _run(_REFUSE_TOO_MUCH, **named)


def _upsert(columns: Sequence[str], adds_up: bool, outcome: Outcome) -> None:
    days = _row("SELECT count(*) FROM usage_sum")[0]
    after = [_value_after(name, adds_up) for name in columns]
    sql = _UPSERT.format(
        counts=", ".join(_COUNTS),
        assignments=", ".join(f"{name} = {value}" for name, value in zip(columns, after, strict=True)),
        before=", ".join(f"stored.{name}" for name in columns),
        after=", ".join(after),
    )
    outcome.created, outcome.updated = _row(sql)
    outcome.unchanged = days - outcome.created - outcome.updated


def _value_after(name: str, adds_up: bool) -> str:
    if not adds_up:
        return f"excluded.{name}"
    return f"stored.{name} {'|' if name == 'features' else '+'} excluded.{name}"


def _row(sql: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return tuple(cursor.fetchone())


def problems() -> Iterator[tuple[int, str, list[Problem]]]:
    """Every problem row by row in the order of the file, fetched piece by piece."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_PROBLEMS)
        for (line, raw), found in groupby(_pieces(cursor), key=lambda row: (row[0], row[1])):
            yield line, raw or "", [_problem(row) for row in found]


def _problem(row: tuple[Any, ...]) -> Problem:
    severity, column, value, reason = row[2:]
    return Problem(column or "", value or "", reason, severity)


def _pieces(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(2_000):
        yield from rows
