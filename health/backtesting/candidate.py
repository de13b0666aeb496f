"""What is put to the test: one scorecard version, or those in force for each tier."""

from dataclasses import dataclass

import numpy as np

from ..metrics import TIERS
from ..models import Scorecard, ScorecardVersion
from ..rules import Floats, Ints
from ..scoring import Cards


@dataclass(frozen=True)
class Candidate:
    """Scorecards ready to score with.

    `version` is the one that scores everybody looked at, None where several do; `tiers` are the places in TIERS
    of those looked at.
    """

    cards: Cards
    version: ScorecardVersion | None
    tiers: Ints

    @classmethod
    def of(cls, version: ScorecardVersion | None) -> "Candidate":
        """Raises rules.BadDefinition where a draft is not complete, scoring.NoScorecard where none is in force."""
        if version is None:
            cards = Cards.in_force()
            ids = set(cards.version_ids.values())
            only = cards.versions[TIERS[0]] if len(ids) == 1 else None
            return cls(cards, only, np.arange(len(TIERS)))
        cards = Cards.with_version(version)
        return cls(cards, version, np.array(cards.tiers_of(version), dtype=np.int64))

    @property
    def label(self) -> str:
        versions = [self.version] if self.version else self.cards.versions.values()
        return ", ".join(dict.fromkeys(str(version) for version in versions))

    @property
    def provisional_below(self) -> Floats:
        """By tier, the coverage below which a score is provisional."""
        return np.array([self.cards.versions[tier].card.provisional_below for tier in TIERS])


def choosable() -> list[ScorecardVersion]:
    """The versions of scorecards in use: published ones, the newest first, then drafts."""
    versions = ScorecardVersion.objects.filter(scorecard__in=Scorecard.objects.in_use()).select_related("scorecard")
    return [*versions.published().order_by("scorecard__name", "-number"), *versions.drafts().order_by("-pk")]
