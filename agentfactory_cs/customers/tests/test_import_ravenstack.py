"""Somebody else's books: RavenStack's files go in with the mapping files of docs/examples/ravenstack.

The data lies beside the repository (../shared/data/ravenstack) and is read from there.
"""

import csv
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Count, Sum
from django.utils import timezone

from agentfactory_cs.customers.imports import Report, kind_named, open_source, read_mapping, run_import
from agentfactory_cs.customers.models import Churn, Customer, Feature, Subscription, UsageDay, UsageReceipt
from agentfactory_cs.events.models import Event

from .importing import fates

DATA = settings.BASE_DIR.parent / "shared" / "data" / "ravenstack"
MAPPINGS = settings.BASE_DIR / "docs" / "examples" / "ravenstack"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"RavenStack's files are not at {DATA}"),
]

FILES = {
    "customers": "ravenstack_accounts.csv",
    "subscriptions": "ravenstack_subscriptions.csv",
    "churn_dates": "ravenstack_churn_events.csv",
    "usage": "ravenstack_feature_usage.csv",
}


def bring_in(kind: str) -> Report:
    mapping = read_mapping((MAPPINGS / f"{kind}.yaml").read_text(encoding="utf-8"))
    with open_source(DATA / FILES[kind]) as source:
        return run_import(kind_named(kind), source, mapping, now=timezone.now(), keep=100_000)


def rows_of(kind: str) -> list[dict[str, str]]:
    with Path(DATA / FILES[kind]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_whole_of_it_goes_in_with_its_misfits_reported_and_a_second_time_changes_nothing() -> None:
    first = {kind: bring_in(kind) for kind in FILES}

    assert {kind: fates(report) for kind, report in first.items()} == {
        "customers": (500, 0, 0, 0),
        "subscriptions": (5000, 0, 0, 0),
        "churn_dates": (599, 0, 0, 1),
        "usage": (24090, 0, 0, 21),
    }
    check_customers()
    check_subscriptions()
    check_departures(first["churn_dates"])
    check_usage(first["usage"])

    events, changes = Event.objects.count(), Customer.objects.aggregate(Sum("changes"))
    second = {kind: bring_in(kind) for kind in FILES}

    assert {kind: fates(report) for kind, report in second.items()} == {
        "customers": (0, 0, 500, 0),
        "subscriptions": (0, 0, 5000, 0),
        "churn_dates": (0, 0, 599, 1),
        "usage": (0, 0, 0, 21),
    }
    assert second["usage"].outcome.repeated == 24_979
    assert (Event.objects.count(), Customer.objects.aggregate(Sum("changes"))) == (events, changes)
    check_usage(second["usage"])


def check_customers() -> None:
    expected = {
        row["account_id"]: {"Basic": "starter"}.get(row["plan_tier"], row["plan_tier"].lower())
        for row in rows_of("customers")
    }
    assert dict(Customer.objects.values_list("external_id", "tier")) == expected
    assert Customer.objects.filter(country="GB").count() == 58


def check_subscriptions() -> None:
    expected = sum(int(row["mrr_amount"]) for row in rows_of("subscriptions"))
    assert Subscription.objects.aggregate(total=Sum("mrr"))["total"] == expected


def check_departures(report: Report) -> None:
    """Every departure is there, the second of one customer on one day is reported; who left is churned."""
    days = {(row["account_id"], row["churn_date"]) for row in rows_of("churn_dates")}
    stored = Churn.objects.values_list("customer__external_id", "churned_on")
    assert {(customer, str(day)) for customer, day in stored} == days
    assert [problem.reason for _, problem in report.errors] == [
        "Line 486 says otherwise of the same record; that line was taken."
    ]
    departed = {customer for customer, _ in days}
    churned = Customer.objects.filter(lifecycle_stage="churned").values_list("external_id", flat=True)
    assert set(churned) == departed
    assert report.outcome.warnings == len(days) - len(departed)


def check_usage(report: Report) -> None:
    """What counts is each id's first row; every row outside of its contract is told of."""
    counted: dict[str, dict[str, str]] = {}
    conflicts = []
    for line, row in enumerate(rows_of("usage"), start=2):
        if counted.setdefault(row["usage_id"], row) is not row:
            conflicts.append(line)
    total = sum(int(row["usage_count"]) for row in counted.values())
    assert UsageDay.objects.aggregate(total=Sum("api_calls"))["total"] == total
    assert [line for line, _ in report.errors] == conflicts
    assert UsageReceipt.objects.count() == len(counted)
    assert report.outcome.warnings == sum(is_misfit(row) for row in counted.values())
    assert Feature.objects.filter(name__startswith="feature_").count() == 40
    assert not UsageDay.objects.values("customer", "day").annotate(rows=Count("*")).filter(rows__gt=1).exists()


_contracts: dict[str, tuple[str, str]] = {}


def is_misfit(row: dict[str, str]) -> bool:
    """Before its contract began (or its customer signed up, which is earlier still) or after it ended."""
    if not _contracts:
        _contracts.update(
            {one["subscription_id"]: (one["start_date"], one["end_date"]) for one in rows_of("subscriptions")}
        )
    starts, ends = _contracts[row["subscription_id"]]
    return row["usage_date"] < starts or bool(ends and row["usage_date"] >= ends)
