"""Fleets of customers whose usage has come, or has not."""

from datetime import date, timedelta

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import YESTERDAY, make_customer, make_usage

DAY = timedelta(days=1)


def used(customer: Customer, *days: date, **counts: int) -> None:
    for day in days:
        make_usage(customer, until=day, days=1, **(counts or {"api_calls": 5}))


def make_fleet(size: int, arrived: int) -> list[Customer]:
    """Customers that used the platform every day up to yesterday; `arrived` of them yesterday as well."""
    fleet = [make_customer() for _ in range(size)]
    for place, customer in enumerate(fleet):
        make_usage(customer, until=YESTERDAY - DAY, days=20, api_calls=5)
        if place < arrived:
            used(customer, YESTERDAY)
    return fleet
