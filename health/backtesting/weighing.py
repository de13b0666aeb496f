"""From what each metric says to a scorecard's weights: whole per cents that sum to one. Pure, no Django."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..metrics import COMPONENTS, KEYS, PER_COMPONENT
from ..rules import Card, Floats


def reweighed(definition: Mapping[str, Any], favours: Floats) -> dict[str, Any]:
    """A definition like the given one with weights in proportion to `favours` (16; NaN where nothing is known).

    What nothing is known of keeps the share it has: a metric within its component, a component in the whole.
    Where nothing speaks for anything the weights stay as they are.
    """
    card, changed = Card.from_definition(definition), copy.deepcopy(dict(definition))
    by_component = favours.reshape(-1, PER_COMPONENT)
    if not np.nansum(favours) > 0:
        return changed
    components = _shares(_sums(by_component), card.component_weights)
    for place, name in enumerate(COMPONENTS):
        changed["components"][name] = components[place]
    shares = [_shares(*pair) for pair in zip(by_component, card.metric_weights.reshape(-1, PER_COMPONENT), strict=True)]
    for key, share in zip(KEYS, np.concatenate(shares), strict=True):
        changed["metrics"][key]["weight"] = float(share)
    return changed


def _sums(by_component: Floats) -> Floats:
    return np.where(np.isnan(by_component).all(axis=1), np.nan, np.nansum(by_component, axis=1))


def _shares(favours: Floats, present: Floats) -> list[float]:
    """Shares in proportion to `favours` beside those that keep their present one."""
    known, total = ~np.isnan(favours), np.nansum(favours)
    if not total > 0:
        return _rounded(present)
    kept = np.where(known, 0.0, present)
    return _rounded(kept + np.nan_to_num(favours) / total * (1 - kept.sum()))


def _rounded(shares: Floats) -> list[float]:
    """Whole per cents that sum to one: what rounding down leaves goes to the largest remainders."""
    exact = shares / shares.sum() * 100
    whole = np.floor(exact)
    most = np.argsort(whole - exact, kind="stable")[: round(100 - whole.sum())]
    whole[most] += 1
    return [round(float(one) / 100, 2) for one in whole]
