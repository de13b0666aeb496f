"""Health in the console's lists and forms."""

from . import reports, runs, scorecards

__all__ = ["reports", "runs", "scorecards"]
