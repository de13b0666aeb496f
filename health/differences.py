"""What differs between two definitions of a scorecard, in words a manager reads. Pure: no Django.

"Usage weighs 45 % instead of 40 %". Two definitions have the same normal form exactly when nothing differs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .definitions import checked
from .metrics import COMPONENTS, METRICS, SIGNALS, TIERS, Metric
from .rules import NEUTRAL, REDISTRIBUTE, ZERO

_WITHOUT_DATA = {
    REDISTRIBUTE: "gives its weight to the others",
    NEUTRAL: "counts as 50 points",
    ZERO: "counts as 0 points",
}
_BEFORE = {
    REDISTRIBUTE: "its weight went to the others",
    NEUTRAL: "it counted as 50 points",
    ZERO: "it counted as 0 points",
}
_ENDS = {"best": "target", "worst": "reading worth 0 points"}
_METRIC = {metric.key: metric for metric in METRICS}
_SIGNAL = {signal.key: signal for signal in SIGNALS}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One sentence a difference, the weightiest kind first. Raises BadDefinition where one cannot be used."""
    before, after = checked(before), checked(after)
    return [
        *_of_components(before["components"], after["components"]),
        *(line for metric in METRICS for line in _of_metric(metric, before["metrics"], after["metrics"])),
        *_of_bands(before, after),
        *_of_limits(before["limits"], after["limits"]),
    ]


def say_limit(limit: Mapping[str, Any]) -> str:
    """A knock-out rule as a person says it: "never above 60 while a payment is unpaid"."""
    at_most = f"never above {_figure(limit['at_most'])}"
    if signal := limit.get("signal"):
        return f"{at_most} while {_SIGNAL[signal].phrase}"
    metric = _METRIC[limit["metric"]]
    way = "below" if limit.get("below") is not None else "above"
    return f"{at_most} while {in_a_sentence(metric.label)} is {way} {_reading(metric, limit[way])}"


def in_a_sentence(label: str) -> str:
    """A label as it stands within a sentence: names in capitals keep them."""
    first = label.split()[0]
    return label if first.isupper() else label[0].lower() + label[1:]


def _of_components(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in COMPONENTS:
        if before[name] != after[name]:
            yield f"{name.capitalize()} weighs {_share(after[name])} instead of {_share(before[name])}"


def _of_metric(metric: Metric, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = before[metric.key], after[metric.key]
    if old["weight"] != new["weight"]:
        part = f"{_share(new['weight'])} of its component instead of {_share(old['weight'])}"
        yield f"{metric.label} weighs {part}"
    for end, words in _ENDS.items():
        yield from _of_end(metric, words, old[end], new[end])
    if old["missing"] != new["missing"]:
        now, then = _WITHOUT_DATA[new["missing"]], _BEFORE[old["missing"]]
        yield f"Missing {in_a_sentence(metric.label)} {now}; before, {then}"


def _of_end(metric: Metric, words: str, old: Any, new: Any) -> Iterator[str]:
    was, now = _of_tiers(old), _of_tiers(new)
    changed = [tier for tier in TIERS if was[tier] != now[tier]]
    alike = len({(was[tier], now[tier]) for tier in changed}) == 1
    if alike and len(changed) == len(TIERS):
        yield _end(metric, words, was[TIERS[0]], now[TIERS[0]])
        return
    for tier in changed:
        yield _end(metric, f"{words} of {tier}", was[tier], now[tier])


def _of_tiers(end: Any) -> Mapping[str, Any]:
    return end if isinstance(end, Mapping) else dict.fromkeys(TIERS, end)


def _end(metric: Metric, words: str, was: float | None, now: float | None) -> str:
    if now is None:
        return f"{metric.label}: no {words} any more (was {_reading(metric, was)}), so it does not count"
    if was is None:
        return f"{metric.label}: {words} {_reading(metric, now)}; before, it did not count"
    return f"{metric.label}: {words} {_reading(metric, now)} instead of {_reading(metric, was)}"


def _of_bands(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = before["bands"], after["bands"]
    if old["at_risk_below"] != new["at_risk_below"]:
        yield f"At risk begins below {_figure(new['at_risk_below'])} instead of {_figure(old['at_risk_below'])}"
    if old["healthy_above"] != new["healthy_above"]:
        yield f"Healthy begins above {_figure(new['healthy_above'])} instead of {_figure(old['healthy_above'])}"
    if before["provisional_below"] != after["provisional_below"]:
        now, then = _share(after["provisional_below"]), _share(before["provisional_below"])
        yield f"A score is provisional below {now} of data instead of {then}"


def _of_limits(before: list[Any], after: list[Any]) -> Iterator[str]:
    for limit in after:
        if limit not in before:
            yield f"New limit: {say_limit(limit)}"
    for limit in before:
        if limit not in after:
            yield f"No longer a limit: {say_limit(limit)}"


def _share(share: float) -> str:
    return f"{_figure(100 * share)} %"


def _reading(metric: Metric, reading: float | None) -> str:
    if reading is None:
        return "none"
    return _share(reading) if metric.percent else f"{_figure(reading)} {metric.unit}".strip()


def _figure(number: float) -> str:
    """As many decimals as it has, up to eight digits."""
    return f"{number:,.8g}"
