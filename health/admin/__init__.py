"""Health in the console's lists and forms."""

from . import incidents, overrides, reports, runs, scorecards

__all__ = ["incidents", "overrides", "reports", "runs", "scorecards"]
