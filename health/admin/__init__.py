"""Health in the console's lists and forms."""

from . import runs, scorecards

__all__ = ["runs", "scorecards"]
