"""Alerts: whether a day's scores call for somebody's attention."""

from datetime import datetime

from .models import ScoringRun


def judge(run: ScoringRun, *, now: datetime) -> None:
    """Mark the run's alerts as judged."""
    run.alerts_at = now
    run.save(update_fields=("alerts_at",))
