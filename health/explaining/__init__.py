"""From stored rows back to every point of them, in figures and in words.

Nothing here is stored: the ledger is computed from a row's readings, signals, tier and scorecard version by the
very arithmetic that scored it (`ledger`); the change between two days is split by metric and cause (`change`) and
said in sentences (`words`).
"""

from .change import BEHAVIOUR, CAUSES, MISSING, OVERRIDE, SCORECARD
from .explanation import StoredScore, explain_row
from .lines import WORTH_SAYING, CauseLine, ComponentLine, Explanation, LimitLine, MetricLine, OverrideLine

__all__ = [
    "BEHAVIOUR",
    "CAUSES",
    "MISSING",
    "OVERRIDE",
    "SCORECARD",
    "WORTH_SAYING",
    "CauseLine",
    "ComponentLine",
    "Explanation",
    "LimitLine",
    "MetricLine",
    "OverrideLine",
    "StoredScore",
    "explain_row",
]
