"""What a playbook would have done in the last 90 days: the past lived through once more with its definition.

Nothing is written but the row that keeps the result: no run, no mail, no task, no event.
"""

from .result import DAYS, Result
from .simulation import simulate
from .work import fresh, is_small, request, unfinished, work_off

__all__ = ["DAYS", "Result", "fresh", "is_small", "request", "simulate", "unfinished", "work_off"]
