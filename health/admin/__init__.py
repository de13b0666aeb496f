"""Health in the console's lists and forms."""

from . import incidents, overrides, runs, scorecards

__all__ = ["incidents", "overrides", "runs", "scorecards"]
