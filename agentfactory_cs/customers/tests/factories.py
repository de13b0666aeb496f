"""Plain functions that make one thing each, through the services where there is one."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Contact, Customer, Goal, Subscription, UsageDay

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
YESTERDAY = date(2026, 6, 30)
_number = itertools.count(1)


def make_customer(**fields: Any) -> Customer:
    """A starter customer, a hundred days old at NOW, unless told otherwise."""
    number = next(_number)
    defaults = {
        "name": f"Customer {number}",
        "external_id": f"customer-{number}",
        "tier": Customer.Tier.STARTER,
        "signed_up_at": NOW - timedelta(days=100),
    }
    customer = Customer(**{**defaults, **fields})
    return services.save_customer(customer, now=max(NOW, customer.signed_up_at))


def make_contact(customer: Customer, **fields: Any) -> Contact:
    number = next(_number)
    defaults = {"name": f"Person {number}", "email": f"person{number}@example.com"}
    return services.save_contact(Contact(customer=customer, **{**defaults, **fields}), now=NOW)


def make_subscription(customer: Customer, **fields: Any) -> Subscription:
    defaults = {"plan": "starter", "mrr": 49, "starts_on": YESTERDAY - timedelta(days=90)}
    return services.save_subscription(Subscription(customer=customer, **{**defaults, **fields}), now=NOW)


def make_goal(customer: Customer, **fields: Any) -> Goal:
    defaults = {"title": f"Goal {next(_number)}", "target_value": 100, "set_on": YESTERDAY - timedelta(days=60)}
    return services.save_goal(Goal(customer=customer, **{**defaults, **fields}), now=NOW)


def make_usage(customer: Customer, until: date = YESTERDAY, days: int = 28, **counts: Any) -> None:
    """The same use on each of `days` days ending with `until`."""
    UsageDay.objects.bulk_create(
        UsageDay(customer=customer, day=until - timedelta(days=back), **counts) for back in range(days)
    )


def make_user(username: str = "", **fields: Any) -> Any:
    return get_user_model().objects.create_user(username or f"user{next(_number)}", is_staff=True, **fields)


def make_member(group: str, username: str = "", **fields: Any) -> Any:
    """One of our people in a staff group, such as "CSM"."""
    user = make_user(username, **fields)
    user.groups.add(Group.objects.get(name=group))
    return user
