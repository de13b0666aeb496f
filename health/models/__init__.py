"""Scorecards, scores, the runs that make them, and what follows from scores."""

from .alert import Alert, AlertClosing, AlertKind, AlertRule
from .backtest import Backtest
from .company import HealthSettings
from .fields import RealField
from .override import DateSpan, HealthOverride
from .report import WeeklyReport
from .run import Incident, ScoringChunk, ScoringRun
from .score import HealthScore
from .scorecard import Scorecard, ScorecardVersion

__all__ = [
    "Alert",
    "AlertClosing",
    "AlertKind",
    "AlertRule",
    "Backtest",
    "DateSpan",
    "HealthOverride",
    "HealthScore",
    "HealthSettings",
    "Incident",
    "RealField",
    "Scorecard",
    "ScorecardVersion",
    "ScoringChunk",
    "ScoringRun",
    "WeeklyReport",
]
