"""Definitions of scorecards for tests: the shipped one with changes, and any that can be."""

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from health.metrics import COMPONENTS, KEYS, SIGNALS, TIERS
from health.rules import POINTS_WITHOUT_DATA
from health.standard import STANDARD


def changed(**places: Any) -> dict[str, Any]:
    """The shipped definition with values put at places, such as `metrics__nps__best=60`."""
    definition: dict[str, Any] = copy.deepcopy(STANDARD)
    for path, value in places.items():
        *parents, last = path.split("__")
        place: Any = definition
        for name in parents:
            place = place[name]
        place[last] = value
    return definition


def _four(shares: Mapping[str, int]) -> dict[str, float]:
    return {name: share / 100 for name, share in shares.items()}


_shares = st.tuples(*(st.integers(0, 100) for _ in range(3))).map(
    lambda cuts: [right - left for left, right in zip([0, *sorted(cuts)], [*sorted(cuts), 100], strict=True)]
)
_figures = st.integers(-1000, 1000) | st.floats(-1000, 1000, width=32)
_ends = st.tuples(_figures, _figures).filter(lambda ends: ends[0] != ends[1])
_of_tiers = st.fixed_dictionaries({tier: st.none() | st.integers(1001, 2000) for tier in TIERS})


@st.composite
def _metrics(draw: st.DrawFn) -> dict[str, Any]:
    metrics = {}
    for start in range(0, len(KEYS), 4):
        for key, share in zip(KEYS[start : start + 4], draw(_shares), strict=True):
            worst, best = draw(_ends)
            metrics[key] = {
                "weight": share / 100,
                "worst": worst,
                "best": draw(st.just(best) | _of_tiers),
                "missing": draw(st.sampled_from(list(POINTS_WITHOUT_DATA))),
            }
    return metrics


_limits = st.lists(
    st.fixed_dictionaries(
        {"at_most": st.integers(0, 100), "signal": st.sampled_from([signal.key for signal in SIGNALS])}
    )
    | st.fixed_dictionaries({"at_most": st.integers(0, 100), "metric": st.sampled_from(KEYS), "below": _figures})
    | st.fixed_dictionaries({"at_most": st.integers(0, 100), "metric": st.sampled_from(KEYS), "above": _figures}),
    max_size=3,
)

definitions: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "components": _shares.map(lambda shares: _four(dict(zip(COMPONENTS, shares, strict=True)))),
        "metrics": _metrics(),
        "bands": st.tuples(st.integers(0, 100), st.integers(0, 100)).map(
            lambda bands: {"at_risk_below": min(bands), "healthy_above": max(bands)}
        ),
        "provisional_below": st.integers(0, 100).map(lambda share: share / 100),
        "limits": _limits,
    }
)
