"""The board: running onboardings by the stage they stand at, those that are stuck first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from . import rules
from .models import ChecklistVersion, Onboarding
from .models.onboarding import OnboardingState
from .stages import STAGES, Stage, stage_of
from .standing import Line, lines

# So many cards of a column are shown; the rest is behind "more".
MOST = 20


@dataclass(frozen=True)
class Chosen:
    """What the board is narrowed to; None means everything."""

    owner: int | None = None
    tier: str = ""
    stuck_only: bool = False


@dataclass(frozen=True)
class Column:
    """A stage with its first lines; `number` and `stuck` count all that stand there."""

    stage: Stage
    lines: Sequence[Line]
    number: int
    stuck: int

    @property
    def more(self) -> int:
        return self.number - len(self.lines)


def columns(chosen: Chosen, now: datetime, most: int = MOST) -> list[Column]:
    """Every stage in order. Eight queries, whatever the number of onboardings."""
    placed = _placed(chosen, _items_in_use(), most)
    onboardings = Onboarding.objects.in_bulk([row.pk for rows in placed.values() for row in rows])
    told = lines(list(onboardings.values()), now)
    return [_column(stage, placed.get(stage.key, ()), told) for stage in STAGES]


def _column(stage: Stage, rows: "Sequence[_Placed]", told: Mapping[int, Line]) -> Column:
    # One that ended between the queries stands here no more.
    shown = [told[row.pk] for row in rows if row.pk in told]
    return Column(stage, shown, rows[0].number if rows else 0, rows[0].stuck if rows else 0)


def at_stage(stage: str) -> list[int]:
    """The primary keys of all running onboardings at a stage, the stuck first: what "more" leads to. Two queries."""
    return [row.pk for row in _placed(Chosen(), _items_in_use(), None).get(stage, ())]


@dataclass(frozen=True)
class _Placed:
    """Where an onboarding stands, with the numbers of its whole stage."""

    pk: int
    stage: str
    number: int
    stuck: int


@dataclass(frozen=True)
class _Required:
    version_id: int
    item: rules.Item
    place: int


def _items_in_use() -> list[_Required]:
    """The required items of every version by which somebody is under way: there are few."""
    used = Onboarding.objects.filter(state=OnboardingState.RUNNING).order_by().values("version")
    return [
        _Required(version.pk, item, place)
        for version in ChecklistVersion.objects.filter(pk__in=used)
        for place, item in enumerate(version.plan.required())
    ]


# The versions' items come as arrays: what a definition means is known to rules.py alone.
_SQL = """
WITH item AS (
    SELECT * FROM unnest(
        %(versions)s::bigint[], %(keys)s::text[], %(places)s::int[], %(days)s::int[], %(stages)s::text[]
    ) AS item (version_id, key, place, day, stage)
), running AS MATERIALIZED (
    SELECT o.id, o.version_id, o.started_at,
        ARRAY(SELECT m.key FROM onboarding_milestone m WHERE m.customer_id = o.customer_id) AS reached
    FROM onboarding_onboarding o
    JOIN customers_customer c ON c.id = o.customer_id
    WHERE o.state = 'running'
        AND (%(owner)s::bigint IS NULL OR c.success_manager_id = %(owner)s)
        AND (%(tier)s = '' OR c.tier = %(tier)s)
), counted AS (
    SELECT running.id, running.version_id, running.started_at, (
        SELECT min(item.place) FROM item
        WHERE item.version_id = running.version_id AND item.key != ALL (running.reached)
    ) AS place
    FROM running
), standing AS (
    SELECT counted.id, coalesce(item.stage, %(last)s) AS stage, stuck.since AS stuck_since,
        counted.started_at, counted.started_at + item.day * interval '1 day' AS expected_at
    FROM counted
    LEFT JOIN item USING (version_id, place)
    LEFT JOIN onboarding_stuckperiod stuck ON stuck.onboarding_id = counted.id AND stuck.ended_at IS NULL
    WHERE stuck.id IS NOT NULL OR NOT %(stuck_only)s
), ranked AS (
    SELECT id, stage, count(*) OVER stage AS number, count(stuck_since) OVER stage AS stuck,
        row_number() OVER (
            PARTITION BY stage ORDER BY stuck_since NULLS LAST, expected_at NULLS LAST, started_at, id
        ) AS rank
    FROM standing
    WINDOW stage AS (PARTITION BY stage)
)
SELECT id, stage, number, stuck FROM ranked WHERE %(most)s::int IS NULL OR rank <= %(most)s ORDER BY stage, rank
"""


def _placed(chosen: Chosen, items: Sequence[_Required], most: int | None) -> Mapping[str, Sequence[_Placed]]:
    """By stage: those longest stuck first, then those whose next item is expected first."""
    values: dict[str, Any] = {
        "versions": [row.version_id for row in items],
        "keys": [row.item.key for row in items],
        "places": [row.place for row in items],
        "days": [row.item.expected_day for row in items],
        "stages": [stage_of(row.item.key).key for row in items],
        "last": stage_of(None).key,
        "owner": chosen.owner,
        "tier": chosen.tier,
        "stuck_only": chosen.stuck_only,
        "most": most,
    }
    placed: dict[str, list[_Placed]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_SQL, values)
        for row in cursor.fetchall():
            placed[row[1]].append(_Placed(*row))
    return placed
