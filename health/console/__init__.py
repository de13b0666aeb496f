"""What health brings to the console: the chip wherever a customer stands, why, the history, the dashboard."""

from . import actions, cards, columns, disagreements, entries, freshness, panels, reports

__all__ = ["actions", "cards", "columns", "disagreements", "entries", "freshness", "panels", "reports"]
