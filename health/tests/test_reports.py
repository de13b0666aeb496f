"""Making the weekly reports: figures, whose customers, once, and only when there is something to report."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.console.registry import Kpi, kpis
from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import make_customer, make_member, make_subscription, make_user
from agentfactory_cs.messaging.models import Notice
from agentfactory_cs.registry import Registry
from health.models import Alert, HealthScore, WeeklyReport
from health.reports import make_week, making, send
from health.reports.content import Content, read
from health.tests.reporting import MONDAY_MORNING, SUNDAY, SUNDAY_BEFORE, WEEK, score, scored, weeks_back

pytestmark = pytest.mark.django_db


def made(owner: Any = None) -> Content:
    """The week's report of a book, made now where it is not there."""
    make_week(WEEK, now=MONDAY_MORNING)
    return read(WeeklyReport.objects.get(week=WEEK, owner=owner).content)


@dataclass(frozen=True)
class Told:
    """What the independent calculation knows of a customer."""

    owner: Any
    now: float | None
    before: float | None
    was_there: bool
    mrr: int


def band(value: float | None) -> str:
    if value is None:
        return "no_data"
    return "at_risk" if value < 50 else "healthy" if value > 80 else "steady"


@pytest.fixture
def book() -> list[Told]:
    """Sixty customers of two success managers and of nobody, made up at random."""
    chance, owners = random.Random(7), [make_member("CSM"), make_member("CSM"), None]
    told = []
    for _ in range(60):
        now = chance.choice([None, *(float(chance.randint(0, 100)) for _ in range(9))])
        was_there = chance.random() < 0.9
        before = float(chance.randint(0, 100)) if was_there and chance.random() < 0.9 else None
        one = Told(chance.choice(owners), now, before, was_there, chance.choice([0, 50, 300]))
        customer = make_customer(success_manager=one.owner)
        score(customer, SUNDAY, one.now)
        if was_there:
            score(customer, SUNDAY_BEFORE, one.before)
        if one.mrr:
            make_subscription(customer, mrr=one.mrr)
        told.append(one)
    return told


def test_the_figures_are_those_of_a_calculation_by_hand(book: list[Told]) -> None:
    for owner in {one.owner for one in book}:
        mine = [one for one in book if owner is None or one.owner == owner]
        content = made(owner)
        now = [one.now for one in mine if one.now is not None]
        before = [one.before for one in mine if one.before is not None]

        assert content.standing is not None
        assert content.before is not None
        assert content.standing.scored == len(now)
        assert content.standing.unscored == len(mine) - len(now)
        assert content.standing.average == pytest.approx(sum(now) / len(now), abs=1e-4)
        assert content.standing.at_risk == sum(value < 50 for value in now)
        assert content.standing.healthy == sum(value > 80 for value in now)
        assert sum(content.standing.tenths) == len(now)
        assert content.standing.tenths[9] == sum(value >= 90 for value in now)
        assert content.before.average == pytest.approx(sum(before) / len(before), abs=1e-4)
        moves = Counter((band(one.before) if one.was_there else "new", band(one.now)) for one in mine)
        assert {(flow.origin, flow.target): flow.customers for flow in content.flows} == moves
        (revenue,) = content.revenue
        assert revenue.at_risk == sum(one.mrr for one in mine if band(one.now) == "at_risk")
        assert revenue.before == sum(one.mrr for one in mine if one.was_there and band(one.before) == "at_risk")
        assert revenue.everybody == sum(one.mrr for one in mine)
        falls = sorted(one.now - one.before for one in mine if one.now is not None and one.before is not None)
        assert [fall.change for fall in content.falls] == [change for change in falls if change <= -1][: making.NAMED]
        assert [rise.change for rise in content.rises] == [change for change in falls[::-1] if change >= 1][
            : making.NAMED
        ]


def test_a_managers_report_shows_nobody_elses_customers(book: list[Told]) -> None:
    owner = next(one.owner for one in book if one.owner)
    others = {row.name for row in Customer.objects.exclude(success_manager=owner)}

    content = made(owner)

    rows = [*content.falls, *content.rises, *content.new_at_risk, *content.recovered]
    named = {row.name for row in rows}
    text = str(WeeklyReport.objects.get(week=WEEK, owner=owner).content)
    assert named
    assert not named & others
    assert not any(f"'{name}'" in text for name in others)


def test_what_counts_is_the_score_set_by_hand() -> None:
    customer = make_customer(name="Set by hand")
    score(customer, SUNDAY, 30, total=70)
    score(customer, SUNDAY_BEFORE, 70)

    content = made()

    assert content.standing is not None
    assert (content.standing.average, content.standing.at_risk) == (30, 1)
    assert [(row.name, row.score, row.before) for row in content.falls] == [("Set by hand", 30, 70)]


def test_who_left_and_who_came_are_told_apart_from_those_who_moved() -> None:
    scored("Stays", 90, before=90)
    scored("Came", 30)
    score(make_customer(name="Left"), SUNDAY_BEFORE, 20)

    content = made()

    assert {(flow.origin, flow.target, flow.customers) for flow in content.flows} == {
        ("healthy", "healthy", 1), ("new", "at_risk", 1), ("at_risk", "left", 1),
    }  # fmt: skip


def test_a_score_with_little_data_is_counted_and_marked_but_is_no_fall() -> None:
    customer = make_customer(name="Young")
    score(customer, SUNDAY, 20, coverage=0.3)
    score(customer, SUNDAY_BEFORE, 60)

    content = made()

    assert content.standing is not None
    assert content.standing.provisional == 1
    assert content.falls == []
    assert [(row.name, row.provisional) for row in content.new_at_risk] == [("Young", True)]


def test_a_fall_says_why() -> None:
    scored("Northwind", 30, before=60)

    content = made()

    assert content.falls[0].sentences == ["−30.0: login frequency fell from 30 % to 15 %"]
    assert "Northwind fell 30 points to 30: login frequency fell from 30 % to 15 %." in content.sentences


def test_revenue_is_what_was_paid_on_the_day() -> None:
    customer = scored("Northwind", 30, before=30)
    contract = make_subscription(customer, mrr=100)
    contract.mrr = Decimal(400)
    customers.save_subscription(contract, now=datetime(2026, 6, 25, 9, tzinfo=UTC))
    contract.mrr = Decimal(900)
    customers.save_subscription(contract, now=datetime(2026, 6, 29, 0, 0, tzinfo=UTC))

    (revenue,) = made().revenue

    assert (revenue.at_risk, revenue.before) == (400, 100)


def test_renewals_of_customers_at_risk_are_counted_in_30_and_90_days() -> None:
    at_risk, fine = scored("Northwind", 30), scored("Contoso", 90)
    for customer in (at_risk, fine):
        for days in (0, 1, 30, 31, 90, 91):
            make_subscription(customer, mrr=10, renews_on=SUNDAY + timedelta(days=days))

    content = made()

    assert [(one.within_days, one.contracts, one.revenue) for one in content.renewals] == [
        (30, 2, {"USD": 20}), (90, 4, {"USD": 40}),
    ]  # fmt: skip
    assert [(row.name, (row.renews_on - SUNDAY).days) for row in content.renewing] == [
        ("Northwind", days) for days in (1, 30, 31, 90)
    ]


def test_the_trend_has_the_last_scored_day_of_each_of_twelve_weeks() -> None:
    customer = scored("Northwind", 40, before=60)
    for back in range(2, 15):
        score(customer, weeks_back(back), 50 + back)
    HealthScore.objects.filter(day=weeks_back(3)).update(day=weeks_back(3) - timedelta(days=2))

    content = made()

    days = [weeks_back(back) - timedelta(days=2 if back == 3 else 0) for back in reversed(range(12))]
    assert [point.day for point in content.trend] == days
    assert [point.average for point in content.trend][-3:] == [52, 60, 40]
    assert [point.at_risk for point in content.trend][-2:] == [0, 1]


def _alert(customer: Customer, day: date, **fields: Any) -> Alert:
    figures = {"kind": "drop", "score": 30, "score_before": 60, "opened_at": MONDAY_MORNING - timedelta(days=1)}
    return Alert.objects.create(customer=customer, day=day, last_day=day, **{**figures, **fields})


def test_alerts_are_counted_as_they_stood_when_it_was_made() -> None:
    closed = {"state": "closed", "closing": "recovered", "rearmed_on": SUNDAY}
    _alert(scored("Open", 30), SUNDAY)
    _alert(scored("Closed", 60), WEEK, **closed, closed_at=MONDAY_MORNING - timedelta(hours=1), label="useful",
           labelled_at=MONDAY_MORNING - timedelta(hours=1))  # fmt: skip
    _alert(scored("Closed later", 60), WEEK, **closed, closed_at=MONDAY_MORNING + timedelta(days=1), label="noise",
           labelled_at=MONDAY_MORNING + timedelta(days=1))  # fmt: skip
    _alert(scored("Older", 60), WEEK - timedelta(days=9), **closed, closed_at=WEEK_AGO, label="noise",
           labelled_at=WEEK_AGO)  # fmt: skip
    _alert(scored("Raised since", 20), SUNDAY + timedelta(days=1))

    (drops,) = made().alerts

    assert (drops.kind, drops.raised, drops.open) == ("drop", 3, 2)
    assert (drops.useful, drops.noise, drops.known) == (1, 1, 0)


WEEK_AGO = MONDAY_MORNING - timedelta(days=7)


@pytest.fixture
def one_kpi(monkeypatch: pytest.MonkeyPatch) -> Registry[Kpi]:
    """One key figure of another app: the owner it was asked for, or -1 for the whole book."""
    registry: Registry[Kpi] = Registry("KPI")
    registry.register(
        Kpi("support.backlog", "Backlog", "Open tickets.", "tickets",
            lambda scope: float(scope.filters.get("owner", -1)) + (scope.until - SUNDAY).days, "lower", 0)
    )  # fmt: skip
    monkeypatch.setattr(making, "kpis", registry)
    return registry


@pytest.mark.usefixtures("one_kpi")
def test_every_registered_key_figure_is_asked_for_the_book_and_the_week_before() -> None:
    owner = make_member("CSM")
    scored("Northwind", 30, success_manager=owner)

    of_all, (own,) = made().measures, made(owner).measures

    assert [(one.key, one.value, one.before) for one in of_all] == [("support.backlog", -1, -8)]
    assert (own.value, own.before, own.change) == (owner.pk, owner.pk - 7, 7)


def test_a_broken_key_figure_costs_only_itself(one_kpi: Registry[Kpi], caplog: pytest.LogCaptureFixture) -> None:
    def broken(scope: Any) -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return 0

    one_kpi.register(Kpi("support.broken", "Broken", "", "", broken))
    scored("Northwind", 30)

    values = {measure.key: measure.value for measure in made().measures}

    assert values == {"support.backlog": -1, "support.broken": None}
    assert "goes without support.broken" in caplog.text


def test_the_registered_figures_of_the_apps_are_in_it() -> None:
    scored("Northwind", 30)

    measured = {measure.key for measure in made().measures}

    assert measured == {kpi.key for kpi in kpis if not kpi.key.startswith("health.")}
    assert {"customers.active", "messaging.nps"} <= measured


@pytest.mark.usefixtures("one_kpi")
def test_the_number_of_queries_does_not_grow_with_the_success_managers() -> None:
    counts = []
    for count in (1, 20):
        for _ in range(count):
            owner = make_member("CSM")
            for now, before in ((30, 60), (90, 60), (70, 40), (20, 90)):
                make_subscription(scored("Any", now, before, success_manager=owner), renews_on=SUNDAY + timedelta(9))
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            transaction.atomic(),
        ):
            found = making.contents(WEEK, now=MONDAY_MORNING)
        counts.append(len([one for one in queries if "SAVEPOINT" not in one["sql"]]))
        assert len(found) > count

    assert counts[0] == counts[1] <= 30


def test_a_kept_report_stays_as_it_was_whatever_changes_later() -> None:
    customer = scored("Northwind", 30, before=60)
    before = made()
    customer.name = "Renamed"
    customer.save()
    HealthScore.objects.update(effective=99, total=99)

    make_week(WEEK, now=MONDAY_MORNING + timedelta(days=1))

    assert read(WeeklyReport.objects.get(week=WEEK).content) == before


def test_somebody_may_have_it_sent_again(book: list[Told]) -> None:
    me = make_user(email="me@example.com")
    make_week(WEEK, now=MONDAY_MORNING, send=False)
    report = WeeklyReport.objects.get(week=WEEK, owner=None)

    sent = [send(report, to=me, now=MONDAY_MORNING + timedelta(hours=hour)) for hour in (1, 1, 2)]

    assert sent == [True, False, True]  # the same press twice is one mail
    assert Notice.objects.count() == 2
    assert send(report, to=make_user(email=""), now=MONDAY_MORNING) is False


def test_there_is_one_report_a_week_and_book_and_its_week_begins_on_a_monday() -> None:
    WeeklyReport.objects.create(week=WEEK, content={}, made_at=MONDAY_MORNING)

    for week in (WEEK, WEEK + timedelta(days=1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            WeeklyReport.objects.create(week=week, content={}, made_at=MONDAY_MORNING)
