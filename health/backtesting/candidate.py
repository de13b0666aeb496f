"""What is put to the test: one scorecard version, or those in force for each tier."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..metrics import TIERS
from ..models import ScorecardVersion
from ..rules import Deck, Floats
from ..scoring import Cards


@dataclass(frozen=True)
class Candidate:
    """Scorecards ready to score with, and the coverage below which a score is provisional, by tier.

    `version` is the one that scores everybody in it, None where several do; `tier` the only tier it scores.
    """

    label: str
    cards: Cards
    provisional_below: Floats
    version: ScorecardVersion | None
    tier: str | None = None

    @classmethod
    def of(cls, version: ScorecardVersion | None) -> "Candidate":
        """Raises rules.BadDefinition where a draft is not complete, scoring.NoScorecard where none is in force."""
        if version is None:
            return cls._in_force()
        return cls._made(dict.fromkeys(TIERS, version), version, version.scorecard.tier)

    @classmethod
    def _in_force(cls) -> "Candidate":
        cards = Cards.in_force()
        rows = ScorecardVersion.objects.select_related("scorecard").in_bulk(set(cards.version_ids.values()))
        versions = {tier: rows[pk] for tier, pk in cards.version_ids.items()}
        return cls._made(versions, next(iter(rows.values())) if len(rows) == 1 else None, None)

    @classmethod
    def _made(cls, versions: dict[str, ScorecardVersion], only: ScorecardVersion | None, tier: Any) -> "Candidate":
        by_tier = [versions[name].card for name in TIERS]
        return cls(
            label=", ".join(dict.fromkeys(str(version) for version in versions.values())),
            cards=Cards(
                {name: version.pk for name, version in versions.items()},
                Deck.of(dict(zip(TIERS, by_tier, strict=True))),
            ),
            provisional_below=np.array([card.provisional_below for card in by_tier]),
            version=only,
            tier=tier,
        )
