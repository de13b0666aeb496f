"""When an alert is raised, holds and is over. Pure: a customer's standing in, a decision out.

Bands are those of the scorecard version that made the score: at risk is below `at_risk_below`, healthy above
`healthy_above`. A score that cannot be trusted (provisional) makes no standing at all.
"""

from dataclasses import dataclass
from typing import Protocol

# The week before the scored day: where a customer must have come from for its fall to be news.
LOOKED_BACK_DAYS = 7
# A fall that nobody closes, and that goes no further, is history.
LAPSE_DAYS = 28
# Scores are stored with four bytes: 65.3 − 50.3 is 15 to a person, and 14.999996 to the machine.
ROUNDING = 0.0005

AT_RISK, DROP, LEFT_HEALTHY = "at_risk", "drop", "left_healthy"


class Rule(Protocol):
    """What of `models.AlertRule` decides."""

    days: int
    threshold: float | None
    recovery: float


@dataclass(frozen=True)
class Standing:
    """How a customer stands on the scored day against the days before; scores are 0 to 100.

    `score` is what counts, `computed` what was computed (None where that cannot be trusted). `was_elsewhere`:
    on some day of the week before it was not at risk, or not known to be. `highest` is the best trusted score
    of that week. Of the days of the rule for drops, `highest_alike` is the best score that came about like
    today's (by the same override, or by none), `highest_computed` the best computed one of the other days: so an
    override that starts or ends is no fall. Of the last days of the rule for leaving health, `unhealthy_days` and
    `healthy_days` count the trusted scores not above, and above, the band; `highest_healthy` is the best healthy
    score of the week before them.
    """

    customer_id: int
    score: float
    computed: float | None
    at_risk_below: float
    healthy_above: float
    was_elsewhere: bool
    highest: float | None
    highest_alike: float | None
    highest_computed: float | None
    unhealthy_days: int
    healthy_days: int
    highest_healthy: float | None

    @property
    def is_at_risk(self) -> bool:
        return self.score < self.at_risk_below


@dataclass(frozen=True)
class Finding:
    """A condition that is met: the score, and the one it fell from."""

    score: float
    before: float

    @property
    def lost(self) -> float:
        return max(self.before - self.score, 0.0)


def found(kind: str, standing: Standing, rule: Rule) -> Finding | None:
    """What an alert of the kind would be raised for, unless one is in force."""
    if kind == AT_RISK:
        return _entered_at_risk(standing)
    if kind == DROP:
        return _dropped(standing, rule)
    return _left_healthy(standing, rule)


def holds(kind: str, standing: Standing, rule: Rule) -> bool:
    """Whether the condition of an alert in force is still met."""
    if kind == AT_RISK:
        return standing.is_at_risk
    if kind == DROP:
        return _dropped(standing, rule) is not None
    return standing.unhealthy_days >= rule.days


def recovered(kind: str, standing: Standing, rule: Rule, before: float) -> bool:
    """Whether it is over; `before` is the score that the alert fell from. Never together with `holds` or `found`."""
    if kind == AT_RISK:
        return standing.score >= standing.at_risk_below + rule.recovery
    if kind == DROP:
        return _is_back(standing, rule, before) and _dropped(standing, rule) is None
    return standing.healthy_days >= rule.days


def _entered_at_risk(standing: Standing) -> Finding | None:
    if not (standing.is_at_risk and standing.was_elsewhere):
        return None
    highest = standing.highest if standing.highest is not None else standing.at_risk_below
    return Finding(standing.score, max(highest, standing.at_risk_below))


def _dropped(standing: Standing, rule: Rule) -> Finding | None:
    findings = [Finding(score, before) for score, before in _falls(standing)]
    worst = max(findings, key=lambda finding: finding.lost, default=None)
    if worst is None or worst.lost + ROUNDING < (rule.threshold or 0) or _is_back(standing, rule, worst.before):
        return None
    return worst


def _falls(standing: Standing) -> list[tuple[float, float]]:
    """From like to like: what counts against what counted, what was computed against what was computed."""
    pairs = ((standing.score, standing.highest_alike), (standing.computed, standing.highest_computed))
    return [(score, before) for score, before in pairs if score is not None and before is not None]


def _is_back(standing: Standing, rule: Rule, before: float) -> bool:
    return not standing.is_at_risk and standing.score + ROUNDING >= before - rule.recovery


def _left_healthy(standing: Standing, rule: Rule) -> Finding | None:
    if standing.unhealthy_days < rule.days or standing.highest_healthy is None:
        return None
    return Finding(standing.score, standing.highest_healthy)
