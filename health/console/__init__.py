"""What health brings to the console: the chip wherever a customer stands, why, the history, the dashboard."""

from . import actions, alerts, backtests, cards, columns, disagreements, entries, freshness, panels, reports

__all__ = [
    "actions",
    "alerts",
    "backtests",
    "cards",
    "columns",
    "disagreements",
    "entries",
    "freshness",
    "panels",
    "reports",
]
