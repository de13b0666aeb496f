"""Health in the console's lists and forms."""

from . import overrides, runs, scorecards

__all__ = ["overrides", "runs", "scorecards"]
