"""Making the reports of a week: the whole book's and every success manager's, from figures read for all at once.

A fixed number of queries whatever the number of customers and success managers, but for the key figures of
other apps: those are asked one by one, for each report and the week before.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from agentfactory_cs.console.registry import Kpi, Scope, kpis

from ..explaining import Explanation
from ..metrics import TIERS
from ..models import Alert, ScorecardVersion
from ..queries import explain_many
from . import reading
from .content import Alerts, Content, Measure, Named, Renewal, Renewals, Revenue
from .reading import LABELLED_DAYS, RENEWAL_DAYS, WHOLE, Move, Renewing
from .weeks import WEEK, sunday_of
from .words import sentences

# Customers in each list of a report, and the weeks of its trend.
NAMED = 6
TREND_WEEKS = 12
# Health tells its own figures in more detail.
OWN_KPIS = "health."

logger = logging.getLogger(__name__)


@transaction.atomic
def contents(week: date, *, now: datetime) -> dict[int, Content]:
    """The reports of a week by owner's id, the whole book's under WHOLE; that one alone, saying why it is empty,
    where nobody was scored in the week. None at all before the first score."""
    days = reading.scored_days([week - WEEK * back for back in reversed(range(TREND_WEEKS))])
    if week not in days:
        why = f"Nobody was scored from {week} to {sunday_of(week)}, so there is nothing to report."
        return {WHOLE: Content(week, nothing=why)} if days else {}
    with reading.gathered(days[week], days.get(week - WEEK)):
        return _told(_figures(week, list(days.values()), days.get(week - WEEK), now))


def _told(made: Mapping[int, Content]) -> dict[int, Content]:
    return {book: replace(content, sentences=sentences(content)) for book, content in made.items()}


def _figures(week: date, days: Sequence[date], before: date | None, now: datetime) -> dict[int, Content]:
    """Every book's figures; `days` are the scored days of the trend, the last the one reported."""
    day, names = days[-1], _Names()
    standings, was = reading.standings(day, before)
    flows, trend = reading.flows(), reading.trend(days)
    named, renewing = _customers(day, before, names)
    revenue, renewals = reading.revenue(compared=before is not None), reading.renewals(day)
    alerts = reading.alerts(week, sunday_of(week), now)
    return {
        book: Content(
            week,
            owner=names.of(book),
            standing=standing,
            before=was.get(book),
            flows=flows[book] if book in was else [],
            trend=trend[book],
            falls=named["falls"].get(book, []),
            rises=named["rises"].get(book, []),
            new_at_risk=named["new_at_risk"].get(book, []),
            recovered=named["recovered"].get(book, []),
            revenue=revenue.get(book, []),
            renewals=renewals.get(book, [Renewals(days, 0, {}) for days in RENEWAL_DAYS]),
            renewing=renewing.get(book, []),
            alerts=_alerts(alerts, book),
            measures=_measures(week, book, now),
        )
        for book, standing in standings.items()
    }


class _Names:
    """Our people's names, read at once."""

    def __init__(self) -> None:
        users = get_user_model().objects.filter(is_staff=True)
        self._names = {user.pk: user.get_full_name() or user.get_username() for user in users}

    def of(self, user_id: int | None) -> str:
        """Empty for the whole book, and for nobody."""
        return self._names.get(user_id or WHOLE, "")


def _customers(
    day: date, before: date | None, names: _Names
) -> tuple[dict[str, dict[int, list[Named]]], dict[int, list[Renewal]]]:
    """The customers a report names: those of every list by book, with why, and those about to renew."""
    lists, renewing = reading.named(NAMED), reading.renewing(day, NAMED)
    moves = [move for of_list in lists.values() for move in of_list]
    ids = sorted({move.customer_id for move in moves})
    used = {move.version_id for move in moves} | {row.version_id for row in renewing}
    used |= {move.version_before for move in moves if move.version_before}
    versions = ScorecardVersion.objects.in_bulk(used)
    knowledge = _Knowledge(names, before, explain_many(ids, day), reading.revenue_of(ids), versions)
    named = {
        name: _by_book(of_list, partial(knowledge.named, falling=name in _FALLING)) for name, of_list in lists.items()
    }
    return named, _by_book(renewing, knowledge.renewal)


# The lists of customers that went down: what pulled them down is told first.
_FALLING = ("falls", "new_at_risk")


def _by_book(rows: Iterable[Any], tell: Callable[[Any], Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.book].append(tell(row))
    return found


@dataclass(frozen=True)
class _Knowledge:
    """What makes a row of the database something a person can read; everything read for all rows at once."""

    names: _Names
    before: date | None
    explained: Mapping[int, Explanation]
    paying: Mapping[int, Revenue]
    versions: Mapping[int, ScorecardVersion]

    def named(self, move: Move, *, falling: bool) -> Named:
        return Named(
            customer_id=move.customer_id,
            name=move.name,
            tier=TIERS[move.tier],
            owner=self.names.of(move.owner_id),
            score=self._whole(move.version_id, move.score),
            before=self._before(move),
            change=None if move.score_before is None else round(move.score - move.score_before, 1),
            band=move.band,
            provisional=move.provisional,
            revenue=self.paying.get(move.customer_id, {}),
            sentences=self._reasons(move.customer_id, falling),
        )

    def renewal(self, row: Renewing) -> Renewal:
        return Renewal(
            row.customer_id,
            row.name,
            self.names.of(row.owner_id),
            row.renews_on,
            self._whole(row.version_id, row.score),
            row.currency,
            row.mrr,
        )

    def _whole(self, version_id: int, score: float) -> int:
        return self.versions[version_id].card.whole(score)

    def _before(self, move: Move) -> int | None:
        if move.score_before is None or move.version_before is None:
            return None
        return self._whole(move.version_before, move.score_before)

    def _reasons(self, customer_id: int, falling: bool) -> list[str]:
        """At most three causes that pulled the way it went, the largest first, or where it stands; none where the
        change would be told against another day than the report's."""
        explanation = self.explained.get(customer_id)
        if explanation is None or (explanation.compared_with and explanation.compared_with != self.before):
            return []
        sign = "−" if falling else "+"
        largest = sorted(explanation.metrics, key=lambda metric: -abs(metric.change or 0))
        causes = [*explanation.sentences, *(metric.sentence for metric in largest)]
        pulled = [sentence for sentence in dict.fromkeys(causes) if sentence.startswith(sign)]
        return pulled[:3] or list(explanation.sentences)


def _alerts(counts: Mapping[tuple[int, str], tuple[int, int, int, int, int]], book: int) -> list[Alerts]:
    return [
        Alerts(str(kind), str(kind.label), *counts[book, kind], LABELLED_DAYS)
        for kind in Alert.Kind
        if (book, kind) in counts
    ]


def _measures(week: date, book: int, now: datetime) -> list[Measure]:
    scope = Scope(week, sunday_of(week), now, {"owner": str(book)} if book else {})
    return [_measure(kpi, scope) for kpi in kpis if not kpi.key.startswith(OWN_KPIS)]


def _measure(kpi: Kpi, scope: Scope) -> Measure:
    return Measure(
        kpi.key,
        str(kpi.label),
        str(kpi.definition),
        str(kpi.unit),
        _value(kpi, scope),
        _value(kpi, scope.before()),
        kpi.decimals,
        kpi.better,
    )


def _value(kpi: Kpi, scope: Scope) -> float | None:
    """The figure; None as well where it cannot be had: one broken figure must not cost everybody the report."""
    try:
        with transaction.atomic():
            value = kpi.value(scope)
    except Exception:
        logger.exception("The weekly report goes without %s.", kpi.key)
        return None
    return None if value is None else round(float(value), kpi.decimals + 2)
