"""One code path for one customer and for all: readings, arithmetic, one upsert."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import connection, transaction
from django.db.models import QuerySet

from . import copying
from .metrics import TIERS
from .models import Scorecard, ScorecardVersion
from .readings import Readings, Selection, connected_sources, read
from .rules import Bools, Deck, Scores, score


class NoScorecard(LookupError):
    """A tier has no published scorecard."""


@dataclass(frozen=True)
class Cards:
    """The scorecard version that scores each tier, ready for arithmetic."""

    versions: Mapping[str, ScorecardVersion]
    deck: Deck

    @classmethod
    def in_force(cls) -> "Cards":
        """The newest published version of the scorecard with the highest priority that fits each tier."""
        return cls._choose(list(_newest_published()))

    @classmethod
    def with_version(cls, version: ScorecardVersion) -> "Cards":
        """As in force, but with this version, published or not, in the place of its scorecard's own.

        Customers whom another scorecard of higher priority scores stay with that one.
        """
        others = [other for other in _newest_published() if other.scorecard_id != version.scorecard_id]
        return cls._choose(sorted([*others, version], key=_rank))

    @classmethod
    def _choose(cls, versions: list[ScorecardVersion]) -> "Cards":
        chosen = {tier: _first_fitting(versions, tier) for tier in TIERS}
        return cls(chosen, Deck.of({tier: version.card for tier, version in chosen.items()}))

    @property
    def version_ids(self) -> Mapping[str, int]:
        return {tier: version.pk for tier, version in self.versions.items()}

    def tiers_of(self, version: ScorecardVersion) -> list[int]:
        """The places in TIERS of those that this version scores."""
        return [place for place, tier in enumerate(TIERS) if self.versions[tier] is version]


def _newest_published() -> QuerySet[ScorecardVersion]:
    """The newest published version of every scorecard in use, the most important scorecard first."""
    newest = ScorecardVersion.objects.published().filter(scorecard__in=Scorecard.objects.in_use())
    newest = newest.order_by("scorecard_id", "-number").distinct("scorecard_id")
    return (
        ScorecardVersion.objects.filter(pk__in=newest.values("pk"))
        .select_related("scorecard")
        .order_by("-scorecard__priority", "scorecard_id")
    )


def _rank(version: ScorecardVersion) -> tuple[int, int]:
    """The order of _newest_published."""
    return -version.scorecard.priority, version.scorecard_id


def _first_fitting(versions: list[ScorecardVersion], tier: str) -> ScorecardVersion:
    for version in versions:
        if version.scorecard.tier in (None, tier):
            return version
    raise NoScorecard(f"No published scorecard fits the tier {tier}: publish one under Settings, Scorecards.")


@dataclass(frozen=True)
class Scored:
    """Readings and the scores made of them, customer by customer."""

    readings: Readings
    scores: Scores
    version_ids: Mapping[str, int]

    def of(self, chosen: Bools) -> "Scored":
        """Of some of the customers only."""
        return Scored(self.readings.of(chosen), self.scores.of(chosen), self.version_ids)


def compute(selection: Selection, day: date, *, connected: frozenset[str], cards: Cards) -> Scored:
    """Score those selected who were customers on `day`; writes nothing."""
    readings = read(selection, day, connected)
    scores = score(readings.values, readings.tiers, cards.deck, readings.signals)
    return Scored(readings, scores, cards.version_ids)


@transaction.atomic
def score_and_store(
    selection: Selection, day: date, *, connected: frozenset[str] | None = None, cards: Cards | None = None
) -> int:
    """Score a set of customers for a day and store their rows; returns how many were scored.

    Safe to repeat: a row that would not change is not written, one whose customer has no score on that day
    any more is removed, and so are their scores of days on which they turned out to have been away.
    """
    connected = connected_sources(day) if connected is None else connected
    scored = compute(selection, day, connected=connected, cards=cards or Cards.in_force())
    store(scored, selection, day)
    return len(scored.readings.customer_ids)


# The order of _record's columns, which is that of the temporary table.
_INCOMING = ["customer_id bigint", "version_id int", "tier smallint", "signals smallint"]
_FIGURES = ["total", "usage", "engagement", "outcomes", "relationship", "coverage"]
_READINGS = [f"r{place}" for place in range(16)]
_CREATE = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming_scores ("
    + ", ".join([*_INCOMING, *(f"{name} real" for name in _FIGURES + _READINGS)])
    + ")"
)
# NaN is how a missing figure travels; stored it is NULL.
_KNOWN = [f"nullif({name}, 'NaN')" for name in _FIGURES]
# Overrides stand still from here to the end of the transaction: one that was being made meanwhile would see the
# rows before, and these rows would not see it. Writing overrides waits for this lock, scoring for their writing.
_HOLD_OVERRIDES = "LOCK TABLE health_healthoverride IN SHARE MODE"
# An override that covers the day counts in the place of what was computed.
_UPSERT = f"""
INSERT INTO health_healthscore AS old
    (customer_id, day, version_id, tier, signals, {", ".join(_FIGURES)}, effective, readings)
SELECT incoming.customer_id, %(day)s, version_id, tier, signals, {", ".join(_KNOWN)},
       coalesce(by_hand.value, nullif(total, 'NaN')), ARRAY[{", ".join(f"nullif({name}, 'NaN')" for name in _READINGS)}]
FROM incoming_scores incoming LEFT JOIN health_healthoverride by_hand
    ON by_hand.customer_id = incoming.customer_id AND by_hand.first_day <= %(day)s AND by_hand.end_day > %(day)s
ON CONFLICT (customer_id, day) DO UPDATE SET
    version_id = excluded.version_id, tier = excluded.tier, signals = excluded.signals,
    readings = excluded.readings, effective = excluded.effective,
    {", ".join(f"{name} = excluded.{name}" for name in _FIGURES)}
WHERE (old.version_id, old.tier, old.signals, old.effective, old.readings) IS DISTINCT FROM
      (excluded.version_id, excluded.tier, excluded.signals, excluded.effective, excluded.readings)"""
_REMOVE = """
DELETE FROM health_healthscore old USING customers_customer c
WHERE c.id = old.customer_id AND {who} AND old.day = %(day)s
  AND NOT EXISTS (SELECT FROM incoming_scores new WHERE new.customer_id = old.customer_id)"""

# A departure may be recorded days after it took place; what was scored meanwhile was a customer no more.
_REMOVE_WHILE_AWAY = """
DELETE FROM health_healthscore old USING customers_churn gone, customers_customer c
WHERE c.id = gone.customer_id AND {who} AND old.customer_id = gone.customer_id
  AND old.day >= gone.churned_on AND (gone.reactivated_on IS NULL OR old.day < gone.reactivated_on)"""


@transaction.atomic
def store(scored: Scored, selection: Selection, day: date) -> None:
    """Write the rows of `scored` in the place of whatever those selected had on the day."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        cursor.execute("TRUNCATE incoming_scores")  # the connection may have scored before
        copying.copy_into(cursor, "incoming_scores", _table(scored))
        cursor.execute(_HOLD_OVERRIDES)
        cursor.execute(_UPSERT, {"day": day})
        cursor.execute(selection.narrow(_REMOVE), selection.parameters(day))
        cursor.execute(selection.narrow(_REMOVE_WHILE_AWAY), selection.parameters(day))


def _table(scored: Scored) -> copying.Table:
    readings, scores = scored.readings, scored.scores
    version_of = np.array([scored.version_ids[tier] for tier in TIERS], dtype=np.int32)
    return [
        (readings.customer_ids, "i8"),
        (version_of[readings.tiers], "i4"),
        (readings.tiers, "i2"),
        (readings.signals, "i2"),
        (scores.totals, "f4"),
        *((column, "f4") for column in scores.components.T),
        (scores.coverage, "f4"),
        *((column, "f4") for column in readings.values.T),
    ]
