"""Health in the console's lists and forms."""

from . import drafts, incidents, overrides, reports, runs, scorecards

__all__ = ["drafts", "incidents", "overrides", "reports", "runs", "scorecards"]
