"""The shipped scorecard, as data: the weights and targets a manager starts from."""

from typing import Any


def _even(worst: float, best: Any) -> dict[str, Any]:
    return {"weight": 0.25, "worst": worst, "best": best}


def _tiers(free: float | None, starter: float, pro: float, enterprise: float) -> dict[str, float | None]:
    return {"free": free, "starter": starter, "pro": pro, "enterprise": enterprise}


STANDARD: dict[str, Any] = {
    "components": {"usage": 0.40, "engagement": 0.30, "outcomes": 0.20, "relationship": 0.10},
    "metrics": {
        "api_calls_per_day": _even(0, _tiers(15, 150, 1_500, 10_000)),
        "active_agents": _even(0, _tiers(1, 3, 10, 25)),
        "conversations_per_week": _even(0, _tiers(5, 50, 500, 2_500)),
        "feature_adoption_rate": _even(0, 0.8),
        "login_frequency": _even(0, 0.5),
        "support_ticket_volume": _even(8, 0),
        "training_completion": _even(0, 1),
        "community_participation": _even(0, 4),
        "goal_achievement": _even(0, 1),
        "roi": _even(-0.5, 2.0),
        "success_metrics": _even(0, 1),
        "value_realization": _even(0, 1),
        "nps": _even(-50, 50),
        "support_satisfaction": _even(2.5, 4.8),
        "account_manager_interactions": _even(0, _tiers(None, 1, 1, 2)),
        "renewal_likelihood": _even(0, 100),
    },
    "bands": {"at_risk_below": 50, "healthy_above": 80},
    "provisional_below": 0.5,
    "limits": [],
}
