"""Scoring past days anew with a scorecard version of one's choice.

Made from the facts as of each day, as the nightly run makes its scores; only customers whom the version would
score are looked at. Stored scores stay as they are unless asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import transaction
from django.db.models import Max, Min

from agentfactory_cs.customers.models import Customer

from .models import HealthScore, ScorecardVersion
from .readings import Selection, connected_sources
from .rules import Card, Floats
from .runs import CHUNK_CUSTOMERS
from .scoring import Cards, Scored, compute, store


class UnknownVersion(LookupError):
    """There is no such scorecard version; the message says which there are."""


class DraftNotStored(ValueError):
    """A draft may still change, and a stored score must be explained by what made it."""


@dataclass(frozen=True)
class Replayed:
    """One day scored by a version against what is stored of it.

    `scored` are the customers the version gives a score; `compared` those of them that have a stored total as
    well, of whom `changed_band` lie in another band. Averages are of the scored and of the compared.
    """

    day: date
    scored: int
    compared: int
    average: float | None
    average_stored: float | None
    changed_band: int


def find_version(name: str) -> ScorecardVersion:
    """A version by what people call it, "Standard v2", or by its id, which drafts go by."""
    versions = ScorecardVersion.objects.select_related("scorecard")
    if name.isascii() and name.isdigit():
        found = versions.filter(pk=name).first()
    else:
        parts = re.fullmatch(r"(.+) v([0-9]{1,9})", name.strip())
        found = versions.filter(scorecard__name=parts[1], number=parts[2]).first() if parts else None
    if found is None:
        known = ", ".join(f'"{version}"' for version in versions.published().order_by("scorecard__name", "number"))
        raise UnknownVersion(f"There is no scorecard version {name!r}. Published: {known or 'none'}; drafts by id.")
    return found


def replay(day: date, version: ScorecardVersion, *, store_scores: bool = False) -> Replayed:
    """Score a day with a version; with `store_scores`, put its scores in the place of the stored ones.

    Raises DraftNotStored, and whatever a bad definition raises.
    """
    if store_scores and version.state != ScorecardVersion.State.PUBLISHED:
        raise DraftNotStored(f"{version} is a draft: only what a published version makes is stored.")
    cards, connected = Cards.with_version(version), connected_sources(day)
    before, after = [np.empty((0, 2))], [np.empty((0, 2))]
    for chunk in _chunks():
        with transaction.atomic():
            scored = _ours(compute(chunk, day, connected=connected, cards=cards), cards, version)
            stored = _stored(scored, day)
            if store_scores:
                store(scored, Selection(ids=tuple(scored.readings.customer_ids.tolist())), day)
        before.append(stored)
        # To four bytes, as they are stored.
        totals = scored.scores.totals.astype(np.float32).astype(np.float64)
        after.append(np.column_stack((totals, _bands(totals, version.card))))
    return _compared(day, np.concatenate(before), np.concatenate(after))


def _chunks() -> Iterator[Selection]:
    ids = Customer.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ids["first"] is None:
        return
    for first in range(ids["first"], ids["last"] + 1, CHUNK_CUSTOMERS):
        yield Selection(first, first + CHUNK_CUSTOMERS - 1)


def _ours(scored: Scored, cards: Cards, version: ScorecardVersion) -> Scored:
    return scored.of(np.isin(scored.readings.tiers, cards.tiers_of(version)))


def _stored(scored: Scored, day: date) -> Floats:
    """Of each customer the stored total and the place of its band, by the version that made it; NaN without one."""
    ids = scored.readings.customer_ids
    row_of = {customer_id: row for row, customer_id in enumerate(ids.tolist())}
    found = np.full((len(ids), 2), np.nan)
    rows = HealthScore.objects.filter(day=day, customer__in=list(row_of), total__isnull=False)
    versions: dict[int, list[tuple[int, float]]] = {}
    for customer_id, version_id, total in rows.values_list("customer_id", "version_id", "total"):
        versions.setdefault(version_id, []).append((row_of[customer_id], float(total or 0)))
    for version in ScorecardVersion.objects.filter(pk__in=versions):
        places, totals = (np.array(column) for column in zip(*versions[version.pk], strict=True))
        found[places] = np.column_stack((totals, _bands(totals, version.card)))
    return found


def _bands(totals: Floats, card: Card) -> Floats:
    bands = np.where(totals < card.at_risk_below, 0.0, np.where(totals > card.healthy_above, 2.0, 1.0))
    return np.where(np.isnan(totals), np.nan, bands)


def _compared(day: date, before: Floats, after: Floats) -> Replayed:
    has, both = ~np.isnan(after[:, 0]), ~np.isnan(before[:, 0]) & ~np.isnan(after[:, 0])
    return Replayed(
        day=day,
        scored=int(has.sum()),
        compared=int(both.sum()),
        average=float(after[has, 0].mean()) if has.any() else None,
        average_stored=float(before[both, 0].mean()) if both.any() else None,
        changed_band=int((before[both, 1] != after[both, 1]).sum()),
    )
