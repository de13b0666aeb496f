"""The definition of a scorecard in its one normal form, as it is stored, hashed and compared. Pure: no Django.

Two definitions that score alike have the same normal form, however they were written: 15.0 is 15, a target
that is the same for every tier is one number, weights within a component are shares, defaults are spelt out,
and limits stand in a fixed order, each once.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from .metrics import COMPONENTS, KEYS, PER_COMPONENT, TIERS
from .rules import REDISTRIBUTE, BadDefinition, Card

PARTS = ("components", "metrics", "bands", "provisional_below", "limits")
OF_METRIC = ("weight", "worst", "best", "missing")
# Shares are kept to so many decimals; sums this near to one are left as they are.
DECIMALS, NEAR = 6, 1e-5

Definition = dict[str, Any]


def checked(given: Any) -> Definition:
    """The normal form of a definition. Raises BadDefinition naming the place and the reason."""
    if not isinstance(given, Mapping):
        raise BadDefinition("The definition must hold components, metrics, bands, provisional_below and limits.")
    _refuse_unknown(given, PARTS, "")
    metrics = given.get("metrics")
    if isinstance(metrics, Mapping):
        for key, metric in metrics.items():
            _refuse_unknown_of_metric(metric, f"metrics.{key}")
    Card.from_definition(given)
    return _normal(given)


def content_hash(definition: Mapping[str, Any]) -> str:
    """SHA-256 over the normal form of a definition that can be used."""
    return hashlib.sha256(json.dumps(_normal(definition), sort_keys=True).encode()).hexdigest()


def _refuse_unknown(given: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    if unknown := sorted(str(name) for name in set(given) - set(known)):
        raise BadDefinition(f"{place}{unknown[0]}: there is no such part; known: {', '.join(known)}.")


def _refuse_unknown_of_metric(metric: Any, place: str) -> None:
    if not isinstance(metric, Mapping):
        return  # refused by the card, which says what belongs here
    _refuse_unknown(metric, OF_METRIC, f"{place}.")
    for end in ("worst", "best"):
        if isinstance(metric.get(end), Mapping):
            _refuse_unknown(metric[end], TIERS, f"{place}.{end}.")


def _normal(given: Mapping[str, Any]) -> Definition:
    metrics = given["metrics"]
    weights = [
        share
        for start in range(0, len(KEYS), PER_COMPONENT)
        for share in _shares([float(metrics[key]["weight"]) for key in KEYS[start : start + PER_COMPONENT]])
    ]
    return {
        "components": {name: _plain(given["components"][name]) for name in COMPONENTS},
        "metrics": {key: _metric(metrics[key], weight) for key, weight in zip(KEYS, weights, strict=True)},
        "bands": {name: _plain(given["bands"][name]) for name in ("at_risk_below", "healthy_above")},
        "provisional_below": _plain(given["provisional_below"]),
        "limits": _limits(given.get("limits", [])),
    }


def _shares(weights: Sequence[float]) -> list[Any]:
    total = sum(weights)
    if abs(total - 1) <= NEAR:
        return [_plain(weight) for weight in weights]
    return [_plain(round(weight / total, DECIMALS)) for weight in weights]


def _metric(metric: Mapping[str, Any], weight: Any) -> Definition:
    return {
        "weight": weight,
        "worst": _end(metric.get("worst")),
        "best": _end(metric.get("best")),
        "missing": metric.get("missing", REDISTRIBUTE),
    }


def _end(value: Any) -> Any:
    """One number where it is the same for every tier; null where the metric does not count."""
    if not isinstance(value, Mapping):
        return None if value is None else _plain(value)
    of_tiers = {tier: None if value.get(tier) is None else _plain(value[tier]) for tier in TIERS}
    first = of_tiers[TIERS[0]]
    return first if all(other == first for other in of_tiers.values()) else of_tiers


def _limits(given: Sequence[Mapping[str, Any]]) -> list[Definition]:
    written = {json.dumps(_limit(limit), sort_keys=True) for limit in given}
    return [json.loads(limit) for limit in sorted(written)]


def _limit(limit: Mapping[str, Any]) -> Definition:
    said = {name: value for name, value in limit.items() if value is not None}
    return {name: _plain(value) if isinstance(value, int | float) else value for name, value in said.items()}


def _plain(number: float) -> float | int:
    return int(number) if float(number).is_integer() else float(number)
