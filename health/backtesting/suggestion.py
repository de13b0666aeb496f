"""Weights that the past would have chosen: a regularised logistic regression on the metrics' points.

Only a proposal: it comes with what it gains on customers the model had not seen, and is offered only where that
gain cannot be chance. Needs scikit-learn, which is an extra (requirements-model.txt).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..metrics import TIERS
from ..models import ScorecardVersion
from ..rules import Bools, Card, Deck, Floats, Ints, score
from .candidate import Candidate
from .figures import SEED, Ranking, measure, resample
from .replay import Panel
from .result import ENOUGH_CHURNERS, KNOWN_ENOUGH, Suggestion
from .weighing import reweighed

FOLDS = 5
# Of those who stayed so many are shown to the model at most: more teach it nothing and take their time.
MAX_STAYED = 20_000
# scikit-learn's C for points from 0 to 1, every departure counting once: holds a dozen of them on a short leash
# and leaves hundreds free.
FREEDOM = 4.0
# A gain below this is not worth new weights, certain as it may be.
WORTH_CHANGING = 0.01


def suggest(panel: Panel, horizon_days: int, candidate: Candidate) -> Suggestion:
    """Weights for the candidate's only scorecard, or why there are none."""
    if not is_installed():
        return Suggestion("not_installed")
    if candidate.version is None:
        return Suggestion("several_scorecards")
    seen = panel.take(~np.isnan(panel.scores))
    left = seen.left(horizon_days)
    if len(np.unique(seen.customers[left])) < ENOUGH_CHURNERS:
        return Suggestion("too_few")
    return _suggested(seen, left, candidate.version)


def is_installed() -> bool:
    """Whether scikit-learn is there."""
    try:
        import sklearn.linear_model  # noqa: F401
    except ImportError:
        return False
    return True


def _suggested(panel: Panel, left: Bools, version: ScorecardVersion) -> Suggestion:
    """Each fold of customers is scored by the weights that the other folds chose, and by the present ones."""
    definition, folds, unseen = version.definition, _folds(panel), np.empty(len(left))
    for fold in range(FOLDS):
        inside = folds == fold
        weights = favours(panel.take(~inside), left[~inside])
        unseen[inside] = _scores(panel.take(inside), reweighed(definition, weights))
    before, after = (Ranking(scores, left, panel.customers, folds) for scores in (panel.scores, unseen))
    drawn = resample({"before": before, "after": after}, panel.clusters)
    gain = measure(after.area() - before.area(), drawn["after"] - drawn["before"])
    is_better = gain is not None and gain.low > 0 and gain.value >= WORTH_CHANGING
    return Suggestion(
        reason="" if is_better else "not_better",
        before=round(before.area(), 4),
        after=round(after.area(), 4),
        gain=gain,
        definition=reweighed(definition, favours(panel, left)) if is_better else None,
        version_id=version.pk,
    )


def _folds(panel: Panel) -> Ints:
    """By customer: a model must not meet in one month whom it is asked about in another."""
    drawn = np.random.default_rng(SEED).integers(0, FOLDS, panel.clusters)
    return drawn[panel.customers]


def _scores(panel: Panel, definition: Mapping[str, Any]) -> Floats:
    deck = Deck.of(dict.fromkeys(TIERS, Card.from_definition(definition)))
    return score(panel.readings, panel.tiers, deck, panel.signals).totals


def favours(panel: Panel, left: Bools) -> Floats:
    """How much the points of each metric speak for staying: 16 figures from 0, NaN where too little is known.

    A metric whose points speak for leaving is taken out and the others are fitted again, until none does: a
    scorecard's weights cannot be negative.
    """
    known = np.mean(~np.isnan(panel.points), axis=0) >= KNOWN_ENOUGH
    rows = _sample(left)
    points = _filled(panel.points[rows]) / 100
    used, found = known & (points.std(axis=0) > 0), np.where(known, 0.0, np.nan)
    while used.any():
        fitted = _coefficients(points[:, used], left[rows])
        if (fitted >= 0).all():
            found[used] = fitted
            break
        used[np.flatnonzero(used)[fitted < 0]] = False
    return found


def _sample(left: Bools) -> Ints:
    stayed = np.flatnonzero(~left)
    if len(stayed) > MAX_STAYED:
        stayed = np.random.default_rng(SEED).choice(stayed, MAX_STAYED, replace=False)
    return np.sort(np.concatenate((np.flatnonzero(left), stayed)))


def _filled(points: Floats) -> Floats:
    """A metric without data says what the customer's others say, as it does in the score."""
    known = ~np.isnan(points)
    own = np.where(known, points, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known, points, own[:, None])


def _coefficients(points: Floats, left: Bools) -> Floats:
    from sklearn.linear_model import LogisticRegression

    # Those who left count as much as those who stayed, few as they are.
    importance = np.where(left, 1.0, left.sum() / max((~left).sum(), 1))
    model = LogisticRegression(C=FREEDOM, max_iter=1_000)
    return np.asarray(model.fit(points, ~left, sample_weight=importance).coef_[0])
