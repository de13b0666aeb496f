"""How fresh the data is that scores are made from, source by source."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, Max, Model, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agentfactory_cs.console.registry import Words
from agentfactory_cs.customers.days import end_of_day, utc_day
from agentfactory_cs.customers.models import (
    GoalReading,
    Interaction,
    OutcomeReport,
    RenewalEstimate,
    Training,
    UsageDay,
)
from agentfactory_cs.messaging.models import Response
from agentfactory_cs.registry import Registry
from support.models import Ticket

from . import feeds

FRESH, LATE, QUIET, NEVER = "fresh", "late", "quiet", "never_connected"
STATES = {
    FRESH: gettext_lazy("Fresh"),
    LATE: gettext_lazy("Late"),
    QUIET: gettext_lazy("Quiet"),
    NEVER: gettext_lazy("Never connected"),
}
WEEK = timedelta(days=7)
# What comes now and then is quiet after so long without anything, and its usual week is the mean of these.
WEEKS = 4
# How far back the newest day of usage is looked for: as far as the score's own windows of usage reach.
USAGE_DAYS = 28


@dataclass(frozen=True)
class Watermark:
    """How far one source's data reaches: `newest` is its newest day (None: none, or none in a long time).

    `customers` delivered in the last `days` days; usually `usual` customers do (None where nobody can tell).
    """

    key: str
    label: Words
    state: str
    newest: date | None
    days: int
    customers: int
    usual: float | None
    sentence: str

    @property
    def state_label(self) -> Words:
        return STATES[self.state]


@dataclass(frozen=True)
class Source:
    """A source of data and how its watermark is read as of the last complete day, in a fixed number of queries."""

    key: str
    label: Words
    read: Callable[["Source", date], Watermark]
    order: int = 100


sources: Registry[Source] = Registry("source of data")


def watermarks(now: datetime) -> list[Watermark]:
    """Of every source, as of the last complete day (UTC). The number of queries does not depend on the customers."""
    day = utc_day(now) - timedelta(days=1)
    return [source.read(source, day) for source in sources]


def _daily_usage(source: Source, day: date) -> Watermark:
    """Usage is sent every day for everybody who used the platform, so a day can be late."""
    arrival = feeds.arrival_on(day)
    newest = _newest_usage(arrival)
    state = _state_of_usage(newest, arrival)
    known = arrival.expected if arrival.yardstick else None
    sentence = _words_of_usage(state, arrival)
    return Watermark(source.key, source.label, state, newest, 1, arrival.arrived, known, sentence)


def _newest_usage(arrival: feeds.Arrival) -> date | None:
    """One query as a rule, USAGE_DAYS at most: a day without usage is answered from the index by day alone.

    It counts, because PostgreSQL answers EXISTS, max() and LIMIT by reading from the table's beginning until it
    comes to the newest rows.
    """
    for back in range(-1, USAGE_DAYS):
        day = arrival.day - timedelta(days=back)
        if (day == arrival.day and arrival.arrived) or UsageDay.objects.filter(day=day).count():
            return day
    return None


def _state_of_usage(newest: date | None, arrival: feeds.Arrival) -> str:
    if feeds.is_late(arrival):
        return LATE
    if newest is None:
        return QUIET if UsageDay.objects.exists() else NEVER
    return FRESH if newest >= arrival.day else QUIET


def _words_of_usage(state: str, arrival: feeds.Arrival) -> str:
    if state == NEVER:
        return _("no usage has ever come")
    if arrival.yardstick is None:
        return _("nobody used the platform in the weeks before")
    counts = {"arrived": f"{arrival.arrived:,}", "expected": f"{arrival.expected:,}", "day": date_format(arrival.day)}
    if state == LATE:
        return _("%(day)s has come for %(arrived)s of %(expected)s customers") % counts
    return _("complete to %(day)s: %(arrived)s of %(expected)s customers") % counts


def now_and_then(model: type[Model], customer: str, *fields: str, **only: Any) -> Callable[[Source, date], Watermark]:
    """Reads what comes now and then: `fields` hold the day or moment, `customer` leads to whom it is about."""

    def read(source: Source, day: date) -> Watermark:
        rows = model._default_manager.filter(**only)
        newest = max(filter(None, (_day_of(rows.aggregate(at=Max(field))["at"]) for field in fields)), default=None)
        customers, *before = _by_week(rows, customer, fields, day)
        usually = sum(before) / len(before)
        state = NEVER if newest is None else FRESH if newest > day - WEEKS * WEEK else QUIET
        sentence = _words_of_occasions(newest, customers, usually)
        return Watermark(source.key, source.label, state, newest, WEEK.days, customers, usually, sentence)

    return read


def _by_week(rows: QuerySet[Any], customer: str, fields: tuple[str, ...], day: date) -> list[int]:
    """How many customers delivered in the week that ends with `day`, and in each of the WEEKS before it."""
    weeks = [(day - (back + 1) * WEEK, day - back * WEEK) for back in range(WEEKS + 1)]
    found = {
        f"back{back}": Count(customer, distinct=True, filter=_between(rows.model, fields, *week))
        for back, week in enumerate(weeks)
    }
    recent = rows.filter(_between(rows.model, fields, weeks[-1][0], day))
    return list(recent.aggregate(**found).values())


def _between(model: type[Model], fields: tuple[str, ...], after: date, until: date) -> Q:
    """In any of the fields, later than the day `after` and not later than the day `until`."""
    found = Q()
    for field in fields:
        if isinstance(model._meta.get_field(field), DateTimeField):
            found |= Q(**{f"{field}__gte": end_of_day(after), f"{field}__lt": end_of_day(until)})
        else:
            found |= Q(**{f"{field}__gt": after, f"{field}__lte": until})
    return found


def _day_of(value: date | datetime | None) -> date | None:
    return utc_day(value) if isinstance(value, datetime) else value


def _words_of_occasions(newest: date | None, customers: int, usually: float) -> str:
    if newest is None:
        return _("nothing has ever come")
    counted = ngettext("%(n)s customer in 7 days", "%(n)s customers in 7 days", customers) % {"n": f"{customers:,}"}
    return counted + _(", usually %(usual)s") % {"usual": f"{usually:,.0f}"}


for source in (
    Source("health.usage", gettext_lazy("Usage"), _daily_usage, 10),
    Source(
        "health.nps", gettext_lazy("NPS answers"), now_and_then(Response, "customer_id", "answered_at", kind="nps"), 20
    ),
    Source(
        "health.support_csat",
        gettext_lazy("Support satisfaction"),
        now_and_then(Response, "customer_id", "answered_at", kind="support_csat"),
        21,
    ),
    Source(
        "health.tickets",
        gettext_lazy("Support tickets"),
        now_and_then(Ticket, "customer_id", "created_at", customer__isnull=False),
        25,
    ),
    Source(
        "health.interactions", gettext_lazy("Interactions"), now_and_then(Interaction, "customer_id", "held_at"), 30
    ),
    Source(
        "health.training",
        gettext_lazy("Training"),
        now_and_then(Training, "customer_id", "assigned_on", "completed_on"),
        40,
    ),
    Source(
        "health.goals", gettext_lazy("Goal readings"), now_and_then(GoalReading, "goal__customer_id", "read_on"), 50
    ),
    Source(
        "health.outcomes",
        gettext_lazy("Outcome reports"),
        now_and_then(OutcomeReport, "customer_id", "period_end"),
        60,
    ),
    Source(
        "health.renewals",
        gettext_lazy("Renewal estimates"),
        now_and_then(RenewalEstimate, "customer_id", "estimated_on"),
        70,
    ),
):
    sources.register(source)
