"""Health in the console's lists and forms."""

from . import alert_rules, alerts, backtests, drafts, incidents, overrides, preferences, reports, runs, scorecards

__all__ = [
    "alert_rules",
    "alerts",
    "backtests",
    "drafts",
    "incidents",
    "overrides",
    "preferences",
    "reports",
    "runs",
    "scorecards",
]
