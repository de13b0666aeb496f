"""Service levels: what is promised, when it is due, and who is told when it is about to be missed."""

from .due import CLOCK_FIELDS, begin_clocks, calendar_of, set_clocks
from .policy import in_force, policy_of
from .rules import BadPolicy, Clock, Policy, Targets, parse

__all__ = [
    "CLOCK_FIELDS",
    "BadPolicy",
    "Clock",
    "Policy",
    "Targets",
    "begin_clocks",
    "calendar_of",
    "in_force",
    "parse",
    "policy_of",
    "set_clocks",
]
