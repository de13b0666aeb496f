"""The scorecards at a glance: which is in use for whom, since when, and what is being drafted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from .differences import differences
from .metrics import TIERS
from .models import Backtest, Scorecard, ScorecardVersion
from .rules import BadDefinition, Card
from .scoring import Cards, NoScorecard


@dataclass(frozen=True)
class Standing:
    """A scorecard with the tiers whose customers it scores today, its version in force and its drafts.

    `shadowed_by` are the scorecards of higher priority that take the customers it would fit.
    """

    scorecard: Scorecard
    tiers: Sequence[str] = ()
    in_force: ScorecardVersion | None = None
    drafts: Sequence[ScorecardVersion] = ()
    shadowed_by: Sequence[Scorecard] = field(default_factory=tuple)


@dataclass(frozen=True)
class Told:
    """A published version and what it changed against the one before, in words; None for the first."""

    version: ScorecardVersion
    changes: Sequence[str] | None


def standings(scorecards: Sequence[Scorecard]) -> Mapping[int, Standing]:
    """By scorecard id. Two queries, however many scorecards."""
    chosen = serving()
    newest: dict[int, ScorecardVersion] = {}
    drafts: dict[int, list[ScorecardVersion]] = {}
    versions = ScorecardVersion.objects.filter(scorecard__in=[card.pk for card in scorecards]).defer("definition")
    for version in versions.select_related("scorecard").order_by("number", "pk"):
        if version.number is None:
            drafts.setdefault(version.scorecard_id, []).append(version)
        else:
            newest[version.scorecard_id] = version
    return {
        card.pk: Standing(
            card,
            [tier for tier in TIERS if tier in chosen and chosen[tier].scorecard_id == card.pk],
            newest.get(card.pk),
            drafts.get(card.pk, ()),
            _shadows(card, chosen) if card.pk in newest and not card.retired_at else (),
        )
        for card in scorecards
    }


def serving() -> Mapping[str, ScorecardVersion]:
    """The version that scores each tier today; empty where no scorecard has been published for some tier."""
    try:
        return Cards.in_force().versions
    except NoScorecard:
        return {}


def cards_by_tier() -> Mapping[str, Card]:
    """What scores each tier today, ready for arithmetic. One query."""
    return {tier: version.card for tier, version in serving().items()}


def leading_card(tier: str = "") -> Card | None:
    """What scores a tier today, or without one the most tiers: whose bands a picture of everybody shows."""
    versions = serving()
    if tier in versions:
        return versions[tier].card
    by_id = {version.pk: version for version in versions.values()}
    most = Counter(version.pk for version in versions.values()).most_common(1)
    return by_id[most[0][0]].card if most else None


def _shadows(card: Scorecard, chosen: Mapping[str, ScorecardVersion]) -> list[Scorecard]:
    fitting = [card.tier] if card.tier else TIERS
    others = {chosen[tier].scorecard_id: chosen[tier].scorecard for tier in fitting if tier in chosen}
    return [other for pk, other in others.items() if pk != card.pk]


def told_versions(scorecard: Scorecard) -> list[Told]:
    """Every published version with what it changed, the newest first. One query."""
    versions = list(scorecard.versions.published().select_related("scorecard", "published_by").order_by("-number"))
    return [
        Told(version, changes(before, version) if before else None)
        for version, before in zip_longest(versions, versions[1:])
    ]


def changes(before: ScorecardVersion, after: ScorecardVersion) -> list[str]:
    """What differs, in words. What an older release published and this one cannot read any more is said so."""
    try:
        return differences(before.definition, after.definition)
    except BadDefinition as error:
        return [f"Cannot be compared: {error}"]


def newest_backtests(version_ids: Sequence[int]) -> dict[int, Backtest]:
    """The newest finished backtest of each version that has one. One query."""
    done = Backtest.objects.filter(version__in=version_ids, state=Backtest.State.DONE)
    return {test.version_id: test for test in done.order_by("finished_at") if test.version_id is not None}


def auc_words(result: Any) -> str:
    """The area under the ROC curve of a backtest's result with its interval, "0.81 (0.75 to 0.87)"; empty where
    there was too little to measure it."""
    score = result.get("score") if isinstance(result, Mapping) else None
    area = score.get("area") if isinstance(score, Mapping) else None
    if not isinstance(area, Mapping):
        return ""
    return "{value:.2f} ({low:.2f} to {high:.2f})".format(**area)
