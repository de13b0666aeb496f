"""Rows of onboarding for tests, made as they stand; what makes them is tested where it lives."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_customer
from onboarding.models import Checklist, ChecklistVersion, Milestone, Onboarding, ProvisioningStep, StuckPeriod
from onboarding.models.platform import PlatformDelivery

_number = itertools.count(1)

# What platform.md's self-service customers go through, with a word of the team's own at the end.
ITEMS = (
    ("account_provisioned", "Account is set up", 1),
    ("first_login", "First login", 2),
    ("first_agent", "First agent created", 5),
    ("knowledge_base", "Knowledge base is ready", 7),
    ("first_conversation", "First conversation", 10),
    ("own_plan", "Plan agreed", None),
)


def make_item(key: str, title: str = "", day: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"key": key, "title": title or key.replace("_", " ").title(), "expected_day": day, **fields}


def make_version(*items: dict[str, Any], tier: str = "starter", now: datetime = NOW) -> ChecklistVersion:
    """The next published version of a tier's checklist; without items the usual six, all required."""
    checklist, _new = Checklist.objects.get_or_create(tier=tier, defaults={"name": f"Checklist for {tier}"})
    chosen = list(items) or [make_item(key, title, day) for key, title, day in ITEMS]
    return ChecklistVersion.objects.create(
        checklist=checklist,
        number=1 + checklist.versions.exclude(number=None).count(),
        definition={"items": chosen},
        state="published",
        reason="For a test.",
        created_at=now,
        published_at=now,
    )


def make_onboarding(
    customer: Customer | None = None, *, days_ago: float = 0, version: ChecklistVersion | None = None, **fields: Any
) -> Onboarding:
    """Begun so many days before NOW, at signup, in place of one that began by itself."""
    started_at = NOW - timedelta(days=days_ago)
    customer = customer or make_customer(signed_up_at=started_at)
    Onboarding.objects.filter(customer=customer, state="running").delete()
    defaults = {"version": version or make_version(tier=customer.tier), "started_at": started_at}
    return Onboarding.objects.create(customer=customer, **{**defaults, **fields})


def make_reached(customer: Customer, *keys: str, at: datetime = NOW, source: str = "usage", **fields: Any) -> None:
    Milestone.objects.bulk_create(
        Milestone(customer=customer, key=key, reached_at=at, source=source, noted_at=at, **fields) for key in keys
    )


def make_stuck(onboarding: Onboarding, blocker: str = "first_agent", **fields: Any) -> StuckPeriod:
    moment = fields.pop("since", NOW - timedelta(days=1))
    defaults = {"because": f"Stuck at {blocker}.", "since": moment, "noticed_at": moment}
    return StuckPeriod.objects.create(onboarding=onboarding, blocker=blocker, **{**defaults, **fields})


def make_step(customer: Customer, kind: str = "account", **fields: Any) -> ProvisioningStep:
    position = list(ProvisioningStep.Kind).index(ProvisioningStep.Kind(kind))
    defaults = {"position": position, "not_before": NOW, "created_at": NOW}
    return ProvisioningStep.objects.create(customer=customer, kind=kind, **{**defaults, **fields})


def make_delivery(**fields: Any) -> PlatformDelivery:
    defaults = {"event": "agent.created", "happened_at": NOW, "received_at": NOW, "state": "stranger"}
    return PlatformDelivery.objects.create(**{**defaults, "body_hash": f"{next(_number):064d}", **fields})
