"""Daily usage: rows that add up, repeats, conflicts, misfits."""

from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers.models import Customer, Feature, UsageDay, UsageReceipt
from agentfactory_cs.customers.services import add_feature

from .importing import a_customer, a_subscription, fates, load, reasons

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def acme() -> Customer:
    return a_customer("acme")


def bits(*names: str) -> int:
    return sum(1 << bit for bit in Feature.objects.filter(name__in=names).values_list("bit", flat=True))


def test_rows_with_an_id_add_up_and_join_their_features() -> None:
    first = (
        "row_id,customer,day,api_calls,logins,features\na,acme,2026-01-05,3,1,CLI\nb,acme,2026-01-05,4,,alerts; CLI\n"
    )

    report = load("usage", first)
    load("usage", "row_id,customer,day,api_calls,features\nc,acme,2026-01-05,5,tracing\n")

    day = UsageDay.objects.get()
    assert fates(report) == (1, 0, 0, 0)
    assert (day.api_calls, day.logins, day.features) == (12, 1, bits("CLI", "alerts", "tracing"))


def test_a_repeat_counts_once_in_one_file_and_over_files() -> None:
    file = "row_id,customer,day,api_calls\na,acme,2026-01-05,3\na,acme,2026-01-05,3\n"

    first, second = load("usage", file), load("usage", file)

    assert (first.outcome.repeated, second.outcome.repeated) == (1, 2)
    assert (fates(second), second.outcome.rejected) == ((0, 0, 0, 0), 0)
    assert UsageDay.objects.get().api_calls == 3


def test_the_same_id_with_other_content_is_reported_and_not_counted() -> None:
    load("usage", "row_id,customer,day,api_calls\na,acme,2026-01-05,3\n")

    report = load(
        "usage", "row_id,customer,day,api_calls\na,acme,2026-01-05,4\nb,acme,2026-01-06,1\nb,acme,2026-01-06,2\n"
    )

    assert [(line, problem.column, problem.value) for line, problem in report.kept] == [
        (2, "row_id", "a"),
        (4, "row_id", "b"),
    ]
    assert list(UsageDay.objects.order_by("day").values_list("api_calls", flat=True)) == [3, 1]


def test_the_same_content_is_a_repeat_however_the_customer_is_named(acme: Customer) -> None:
    a_subscription(acme, "S-1")
    load("usage", "row_id,customer,day,api_calls\na,acme,2026-01-05,3\n")

    report = load("usage", "row_id,subscription,day,api_calls\na,S-1,2026-01-05,3\n")

    assert (report.outcome.repeated, report.outcome.rejected) == (1, 0)


def test_without_ids_a_file_tells_the_whole_day_and_replaces_what_it_has_columns_for() -> None:
    load("usage", "customer,day,api_calls,logins,features\nacme,2026-01-05,9,2,CLI\n")
    file = "customer,day,api_calls\nacme,2026-01-05,3\nacme,2026-01-05,4\n"

    report, again = load("usage", file), load("usage", file)

    day = UsageDay.objects.get()
    assert (fates(report), fates(again)) == ((0, 1, 0, 0), (0, 0, 1, 0))
    assert (day.api_calls, day.logins, day.features) == (7, 2, bits("CLI"))


@pytest.mark.parametrize(
    ("file", "column", "reason"),
    [
        ("customer,day,logins\nnobody,2026-01-05,1\n", "customer", "no such customer"),
        ("subscription,day,logins\nS-0,2026-01-05,1\n", "subscription", "no such subscription"),
        ("customer,subscription,day,logins\nbolt,S-1,2026-01-05,1\n", "subscription", "another customer"),
        ("customer,day,logins\n,2026-01-05,1\n", "", "names no customer"),
        ("customer,day,logins\nacme,2026-03-02,1\n", "day", "in the future"),
        ("customer,day,logins\nacme,soon,1\n", "day", "not a date"),
        ("customer,day,logins\nacme,,1\n", "day", "must not be empty"),
        ("customer,day,logins\nacme,2026-01-05,-1\n", "logins", "negative"),
        ("customer,day,logins\nacme,2026-01-05,1.5\n", "logins", "whole number"),
        ("customer,day,logins\nacme,2026-01-05,9999999999\n", "logins", "more than"),
        ("customer,day,logins,x\nacme,2026-01-05\n", "", "2 columns"),
        ("customer,day,features\nacme,2026-01-05,teleport\n", "features", "feature catalogue"),
        ("row_id,customer,day,logins\n,acme,2026-01-05,1\n", "row_id", "needs an id"),
        ("row_id,customer,day,logins\n" + "x" * 101 + ",acme,2026-01-05,1\n", "row_id", "needs an id"),
        ("customer,day,logins\nacme\0,2026-01-05,1\n", "", "NUL"),
    ],
)
def test_a_bad_row_is_rejected_with_column_and_reason(acme: Customer, file: str, column: str, reason: str) -> None:
    a_subscription(acme, "S-1")
    a_customer("bolt")

    report = load("usage", file, "ignore: '*'")

    assert [problem.column for _, problem in report.kept] == [column]
    assert reason in reasons(report)[0]
    assert fates(report) == (0, 0, 0, 1)
    assert not UsageDay.objects.exists()
    assert not UsageReceipt.objects.exists()


def test_a_sum_too_large_for_the_day_is_refused_and_can_come_in_mended() -> None:
    large = (
        "row_id,customer,day,logins\na,acme,2026-01-05,2000000000\nb,acme,2026-01-05,2000000000\nc,acme,2026-01-06,1\n"
    )

    refused = load("usage", large)
    mended = load("usage", "row_id,customer,day,logins\na,acme,2026-01-05,2\nb,acme,2026-01-05,3\n")

    assert [line for line, _ in refused.kept] == [2, 3]
    assert (fates(refused), fates(mended)) == ((1, 0, 0, 2), (1, 0, 0, 0))
    assert list(UsageDay.objects.order_by("day").values_list("logins", flat=True)) == [5, 1]


@pytest.mark.parametrize(
    ("day", "warning"),
    [
        ("2024-12-31", "before the signup on 2025-01-01"),
        ("2025-01-31", "before the subscription began on 2025-02-01"),
        ("2025-02-01", ""),
        ("2025-05-31", ""),
        ("2025-06-01", "after the subscription ended on 2025-06-01"),
    ],
)
def test_usage_outside_of_its_contract_is_kept_with_a_warning(acme: Customer, day: str, warning: str) -> None:
    a_subscription(acme, "S-1", starts_on=date(2025, 2, 1), ended_on=date(2025, 6, 1))

    report = load("usage", f"subscription,day,logins\nS-1,{day},1\n")

    assert [problem.severity for _, problem in report.kept] == (["warning"] if warning else [])
    assert all(warning in reason for reason in reasons(report))
    assert UsageDay.objects.get().logins == 1


def test_new_features_join_the_catalogue_until_it_is_full() -> None:
    room = 63 - Feature.objects.count()
    rows = "".join(f"acme,2026-01-05,new {number}\n" for number in range(room + 1))

    report = load("usage", "customer,day,features\n" + rows, "new_features: pro")

    assert Feature.objects.filter(tier="pro", name__startswith="new ").count() == room
    assert [line for line, _ in report.kept] == [room + 2]
    assert "catalogue holds 63" in reasons(report)[0]


def test_a_dry_run_of_usage_writes_nothing_not_even_features() -> None:
    features = Feature.objects.count()

    report = load(
        "usage", "row_id,customer,day,features\na,acme,2026-01-05,brand new\n", "new_features: pro", dry_run=True
    )

    assert fates(report) == (1, 0, 0, 0)
    assert not UsageDay.objects.exists()
    assert not UsageReceipt.objects.exists()
    assert Feature.objects.count() == features


def test_every_problem_is_told_with_its_line_and_counted() -> None:
    file = "customer,day,logins\nacme,2024-01-01,1\nnobody,2026-01-05,1\nacme,soon,1\nacme,2026-01-05,1\n"

    report = load("usage", file)

    assert [line for line, _ in report.errors] == [3, 4]
    assert [line for line, _ in report.warnings] == [2]
    assert (report.outcome.rows, report.outcome.rejected, report.outcome.warnings) == (4, 2, 1)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["acme", "bolt"]),
        st.integers(1, 3),
        st.integers(0, 1000),
        st.sets(st.sampled_from(["CLI", "alerts", "SSO"])),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, cuts=st.sets(st.integers(0, 12)), seed=st.integers(0, 1000))
def test_order_and_splitting_into_files_do_not_change_the_sums(
    rows: list[tuple[str, int, int, set[str]]], cuts: set[int], seed: int
) -> None:
    UsageDay.objects.all().delete()
    UsageReceipt.objects.all().delete()
    if not Customer.objects.filter(external_id="bolt").exists():
        a_customer("bolt")
    lines = [f"r{n},{who},2026-01-0{day},{calls},{';'.join(used)}\n" for n, (who, day, calls, used) in enumerate(rows)]
    Random(seed).shuffle(lines)

    ends = [*sorted(cut for cut in cuts if cut < len(lines)), len(lines)]
    for start, end in zip([0, *ends], ends, strict=False):
        load("usage", "row_id,customer,day,api_calls,features\n" + "".join(lines[start:end]))

    expected: dict[tuple[str, int], tuple[int, int]] = {}
    for who, day, calls, used in rows:
        before = expected.get((who, day), (0, 0))
        expected[who, day] = (before[0] + calls, before[1] | bits(*used))
    stored = UsageDay.objects.values_list("customer__external_id", "day", "api_calls", "features")
    assert {(who, day.day): (calls, used) for who, day, calls, used in stored} == expected


def test_the_day_of_an_import_is_utc(acme: Customer) -> None:
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)

    report = load("usage", "customer,day,logins\nacme,2026-01-05,1\nacme,2026-01-06,1\n", now=late)

    assert [line for line, _ in report.errors] == [3]


def test_a_feature_is_known_in_any_case() -> None:
    add_feature(name="Time Machine", tier="pro")

    report = load("usage", "customer,day,features\nacme,2026-01-05,time machine\n")

    assert report.outcome.rejected == 0
    assert UsageDay.objects.get().features == bits("Time Machine")
