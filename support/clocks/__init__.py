"""Business time: when the desk is open, and what time has passed or is left while it was. No Django."""

from .calendar import BadCalendar, Calendar, Span
from .targets import Due, Stretch, due_at, elapsed

__all__ = ["BadCalendar", "Calendar", "Due", "Span", "Stretch", "due_at", "elapsed"]
