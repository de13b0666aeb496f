"""What follows once a run is done."""

from datetime import datetime

from .alerting import judge
from .models import ScoringRun


def after_run(run: ScoringRun, *, now: datetime) -> None:
    """Judge the day's alerts. Safe to repeat: a run is judged once."""
    judge(run, now=now)
