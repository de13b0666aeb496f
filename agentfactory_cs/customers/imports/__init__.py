"""Customers' records from CSV files: one code for the command and the console (docs/imports.md)."""

from . import account_kinds, success_kinds, usage_kind  # noqa: F401 - each registers its kinds
from .kinds import Kind, kind_named, kinds, short_name
from .mapping import Mapping, make_plan, read_mapping, suggest
from .problems import ImportRefused, Problem
from .report import Outcome, Report
from .run import run_import
from .source import Source, open_source

__all__ = [
    "ImportRefused",
    "Kind",
    "Mapping",
    "Outcome",
    "Problem",
    "Report",
    "Source",
    "kind_named",
    "kinds",
    "make_plan",
    "open_source",
    "read_mapping",
    "run_import",
    "short_name",
    "suggest",
]
