"""The console's pages of customers and what belongs to them; one file per idea."""

from . import catalogue, company, contracts, customer, departures, goals, people, relationship, segments, tasks

__all__ = [
    "catalogue",
    "company",
    "contracts",
    "customer",
    "departures",
    "goals",
    "people",
    "relationship",
    "segments",
    "tasks",
]
