"""What is known of customers, read over several tables; everything as of a day or moment passed in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import CASCADE, F, Max, Model, Q, QuerySet

from .models import (
    Churn,
    Customer,
    CustomerChange,
    Goal,
    GoalReading,
    Interaction,
    OutcomeReport,
    Subscription,
    UsageDay,
)


@dataclass(frozen=True)
class Contract:
    """A customer's contracts in force on a day, taken together. Revenue is monthly, by currency."""

    mrr: Mapping[str, Decimal]
    renews_on: date | None
    payment_status: str

    @property
    def pays_late(self) -> bool:
        return self.payment_status != Subscription.PaymentStatus.CURRENT


def in_force(on: date) -> Q:
    """Subscriptions that run on a day."""
    return Q(starts_on__lte=on) & (Q(ended_on__isnull=True) | Q(ended_on__gt=on))


# The worst payment status of several contracts is the customer's.
WORST_FIRST = (
    Subscription.PaymentStatus.UNPAID,
    Subscription.PaymentStatus.PAST_DUE,
    Subscription.PaymentStatus.CURRENT,
)


def contracts(customer_ids: Iterable[int], on: date) -> dict[int, Contract]:
    """The contracts in force of each customer that has one; one query."""
    rows: dict[int, list[Subscription]] = defaultdict(list)
    for subscription in Subscription.objects.filter(in_force(on), customer__in=list(customer_ids)):
        rows[subscription.customer_id].append(subscription)
    return {customer_id: _together(found) for customer_id, found in rows.items()}


def _together(subscriptions: Sequence[Subscription]) -> Contract:
    mrr: dict[str, Decimal] = defaultdict(Decimal)
    for subscription in subscriptions:
        mrr[subscription.currency] += subscription.mrr
    statuses = {subscription.payment_status for subscription in subscriptions}
    return Contract(
        mrr,
        min((row.renews_on for row in subscriptions if row.renews_on), default=None),
        next(status for status in WORST_FIRST if status in statuses),
    )


@dataclass(frozen=True)
class LastContact:
    """When we last reached a customer and they last reached us; notes to ourselves do not count."""

    out: datetime | None
    back: datetime | None


def last_contacts(customer_ids: Iterable[int]) -> dict[int, LastContact]:
    """One query; customers never in touch are left out."""
    rows = (
        Interaction.objects.filter(customer__in=list(customer_ids))
        .exclude(kind=Interaction.Kind.NOTE)
        .order_by()
        .values("customer_id")
        .annotate(
            out=Max("held_at", filter=Q(direction=Interaction.Direction.OUT)),
            back=Max("held_at", filter=Q(direction=Interaction.Direction.IN)),
        )
    )
    return {row["customer_id"]: LastContact(row["out"], row["back"]) for row in rows}


@dataclass(frozen=True)
class Standing:
    """A goal and where it stands: `progress` from start to target, 0 to 1; None before the first reading."""

    goal: Goal
    value: float | None
    read_on: date | None
    progress: float | None


def standings(customer: Customer) -> list[Standing]:
    """Every goal of a customer with its latest reading, open ones first; two queries."""
    goals = list(customer.goals.order_by(F("achieved_on").asc(nulls_first=True), "due_on", "title"))
    latest = GoalReading.objects.filter(goal__in=goals).order_by("goal_id", "-read_on").distinct("goal_id")
    by_goal = {reading.goal_id: reading for reading in latest}
    return [_standing(goal, by_goal.get(goal.pk)) for goal in goals]


def _standing(goal: Goal, reading: GoalReading | None) -> Standing:
    if reading is None:
        return Standing(goal, None, None, None)
    way = (reading.value - goal.start_value) / (goal.target_value - goal.start_value)
    return Standing(goal, reading.value, reading.read_on, min(max(way, 0.0), 1.0))


@dataclass(frozen=True)
class Returns:
    """What the reported periods cost and brought, by currency of the latest report.

    `roi` is (value − cost) ÷ cost, `realized` value ÷ expected value; None where that divides by nothing.
    """

    currency: str
    cost: Decimal
    value: Decimal
    since: date
    until: date
    roi: float | None
    realized: float | None


def returns(customer: Customer, until: date, days: int = 180) -> Returns | None:
    """Over the reports whose period ended in the last `days` days; None where there is none."""
    since = until - timedelta(days=days)
    reports = list(customer.outcome_reports.filter(period_end__gt=since, period_end__lte=until).order_by("-period_end"))
    if not reports:
        return None
    reports = [report for report in reports if report.currency == reports[0].currency]
    cost, value = (
        sum((row.cost for row in reports), Decimal()),
        sum((row.value_delivered for row in reports), Decimal()),
    )
    return Returns(
        reports[0].currency,
        cost,
        value,
        min(report.period_start for report in reports),
        reports[0].period_end,
        float((value - cost) / cost) if cost else None,
        _realized(reports),
    )


def _realized(reports: Sequence[OutcomeReport]) -> float | None:
    """Value delivered ÷ value expected, over the reports that said what was expected."""
    told = [report for report in reports if report.value_expected is not None]
    expected = sum((report.value_expected for report in told if report.value_expected), Decimal())
    return float(sum((report.value_delivered for report in told), Decimal()) / expected) if expected else None


USAGE_FIELDS = ("api_calls", "active_agents", "conversations", "logins", "active_users")


def usage(customer: Customer, since: date, until: date) -> dict[str, list[int]]:
    """Each figure's value on every day from `since` to `until`; a day without a row is zero."""
    days = (until - since).days + 1
    series = {name: [0] * days for name in USAGE_FIELDS}
    rows = UsageDay.objects.filter(customer=customer, day__range=(since, until)).values("day", *USAGE_FIELDS)
    for row in rows:
        for name in USAGE_FIELDS:
            series[name][(row["day"] - since).days] = row[name]
    return series


def staff() -> QuerySet[User]:
    """Our people who can look after customers, by name."""
    return (
        get_user_model().objects.filter(is_staff=True, is_active=True).order_by("first_name", "last_name", "username")
    )


def customers_on(day: date, filters: Mapping[str, str]) -> int:
    """How many had signed up and not left by the end of a day."""
    return narrowed(Customer.objects.scorable_on(day), filters).count()


def departures_between(since: date, until: date, filters: Mapping[str, str]) -> int:
    """How many of the customers there on the day before a period left within it and were away at its end."""
    left = Churn.objects.in_force_on(until).filter(churned_on__gte=since)
    there = Customer.objects.scorable_on(since - timedelta(days=1))
    return narrowed(there.filter(pk__in=left.values("customer")), filters).count()


def in_scope(filters: Mapping[str, str]) -> QuerySet[Customer]:
    """The active customers that a dashboard's filters (`tier`, `owner`) leave."""
    return narrowed(Customer.objects.active(), filters)


def narrowed(customers: QuerySet[Customer], filters: Mapping[str, str]) -> QuerySet[Customer]:
    """Those of the customers that a dashboard's filters (`tier`, `owner`) leave."""
    if tier := filters.get("tier"):
        customers = customers.filter(tier=tier)
    if (owner := filters.get("owner", "")).isdigit():
        customers = customers.filter(success_manager=int(owner))
    return customers


def renewing(until: date, today: date, customers: QuerySet[Customer]) -> QuerySet[Subscription]:
    """Contracts of these customers that renew from today to `until`, soonest first."""
    return (
        Subscription.objects.filter(in_force(today), renews_on__range=(today, until), customer__in=customers)
        .select_related("customer__success_manager")
        .order_by("renews_on", "customer__name")
    )


def manager_names(customer_id: int) -> dict[str, str]:
    """Everybody who was a customer's success manager according to its history, by the key stored there."""
    history = CustomerChange.objects.filter(customer=customer_id, field=CustomerChange.Field.MANAGER)
    keys = {key for pair in history.values_list("old", "new") for key in pair if key}
    people = get_user_model().objects.filter(pk__in=keys)
    return {str(user.pk): user.get_full_name() or user.get_username() for user in people}


def belongings(customer: Customer) -> dict[type[Model], int]:
    """How many rows of each table are a customer's own and go with it, of those that have any."""
    own = [relation for relation in Customer._meta.related_objects if relation.on_delete is CASCADE]
    tables: dict[type[Model], str] = {relation.related_model: relation.field.name for relation in own}
    counts = {model: model._base_manager.filter(**{name: customer}).count() for model, name in tables.items()}
    return {model: count for model, count in counts.items() if count}
