"""Health in the console's lists and forms."""

from . import drafts, runs, scorecards

__all__ = ["drafts", "runs", "scorecards"]
