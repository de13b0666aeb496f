"""Onboarding in the frame of the console: its lines of the sidebar, columns, panel and cards."""

from . import cards, columns, entries, panels

__all__ = ["cards", "columns", "entries", "panels"]
