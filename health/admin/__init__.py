"""Health in the console's lists and forms."""

from . import incidents, runs, scorecards

__all__ = ["incidents", "runs", "scorecards"]
