"""Conditions over customers: rows of fact, operator and value, asked of everybody in one query."""

from .condition import BadCondition, Condition, Row
from .registry import Fact, FactType, facts

__all__ = ["BadCondition", "Condition", "Fact", "FactType", "Row", "facts"]
