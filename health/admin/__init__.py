"""Health in the console's lists and forms."""

from . import alert_rules, alerts, preferences, runs, scorecards

__all__ = ["alert_rules", "alerts", "preferences", "runs", "scorecards"]
