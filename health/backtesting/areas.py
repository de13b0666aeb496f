"""The areas under the curve of every predictor in a panel, all under the same drawings of its customers."""

from collections.abc import Mapping

import numpy as np

from ..metrics import METRICS, TIERS
from ..rules import Bools, Floats, Ints
from .figures import Measure, Ranking, measure, resample
from .replay import Panel

FELL = 0.3
# Where the age of a customer changes what may be expected of it; finer early, when most changes.
AGE_EDGES_DAYS = (30, 60, 90, 120, 150, 180, 270, 365, 545, 730, 1095)


def like_with_like(panel: Panel) -> Ints:
    """Strata in which age and calendar tell nothing any more: one month end, one band of age."""
    _days, months = np.unique(panel.as_of, return_inverse=True)
    return months * (len(AGE_EDGES_DAYS) + 1) + np.searchsorted(AGE_EDGES_DAYS, panel.age_days, "right")


def predictors_of(panel: Panel) -> dict[str, Floats]:
    """The score, its metrics' points and the trivial rivals; of each, less means more risk."""
    return {
        "score": panel.scores,
        "reliable": np.where(panel.reliable, panel.scores, np.nan),
        "fell": -(panel.fall >= FELL).astype(np.float64),
        "fall": -panel.fall,
        "age": panel.age_days.astype(np.float64),
        **{metric.key: panel.points[:, place] for place, metric in enumerate(METRICS)},
    }


class Areas:
    """`measure` gives a predictor's area: compared with everybody (its key), or `net` of age and calendar."""

    def __init__(self, panel: Panel, left: Bools) -> None:
        predictors = predictors_of(panel)
        tiers = {
            tier_key(name): np.where(panel.tiers == place, panel.scores, np.nan) for place, name in enumerate(TIERS)
        }
        strata, customers = like_with_like(panel), panel.customers
        rankings = {key: Ranking(values, left, customers) for key, values in {**predictors, **tiers}.items()}
        rankings |= {net(key): Ranking(values, left, customers, strata) for key, values in predictors.items()}
        self.shares = {key: share_known(values) for key, values in predictors.items()}
        self._values = {key: ranking.area() for key, ranking in rankings.items()}
        self._drawn = resample(self._computable(rankings), panel.clusters)

    def _computable(self, rankings: Mapping[str, Ranking]) -> dict[str, Ranking]:
        return {key: ranking for key, ranking in rankings.items() if not np.isnan(self._values[key])}

    def measure(self, key: str) -> Measure | None:
        return measure(self._values[key], self._drawn[key]) if key in self._drawn else None

    def gap(self, key: str, other: str) -> Measure | None:
        """By how much the area of one predictor lies above another's."""
        if key not in self._drawn or other not in self._drawn:
            return None
        return measure(self._values[key] - self._values[other], self._drawn[key] - self._drawn[other])


def net(key: str) -> str:
    return f"net.{key}"


def tier_key(tier: str) -> str:
    return f"tier.{tier}"


def share_known(values: Floats) -> float:
    """The share of the looks at which there was data."""
    return round(float(np.mean(~np.isnan(values))), 4) if len(values) else 0.0
