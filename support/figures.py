"""How support did over a period: times, volume, promises kept. docs/support.md has the definitions.

Days are UTC, both ends included. Times are in hours: round the clock, and in the team's business hours. A ticket
belongs to the period in which it was answered first, resolved or opened, whichever the figure is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any, Literal

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.aggregates import Aggregate
from django.db.models.functions import Extract, TruncMonth

from agentfactory_cs.customers.days import end_of_day, start_of_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import customers_on, narrowed

from .models import Ticket

By = Literal["", "tier", "owner", "team", "month"]
# An average month.
MONTH_DAYS = 365.25 / 12
_HOUR = 3600.0
# A promise of the whole ticket; that of each later answer is forgotten once it is kept.
_MISSED = ["first_response.breached", "resolution.breached"]


class Median(Aggregate):
    """Half of the values lie below it; between the middle two where their number is even."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Times:
    """Hours something took: `number` tickets, mean and median, round the clock and (`open_`) in business hours.

    None where there was none.
    """

    number: int = 0
    mean: float | None = None
    median: float | None = None
    open_mean: float | None = None
    open_median: float | None = None


@dataclass(frozen=True)
class Kept:
    """Of so many tickets resolved, so many without a promise missed."""

    number: int = 0
    kept: int = 0

    @property
    def share(self) -> float | None:
        """In percent."""
        return 100 * self.kept / self.number if self.number else None


def first_responses(since: date, until: date, filters: Mapping[str, str], by: By = "") -> dict[Any, Times]:
    """From creation to a person's first public answer, of tickets first answered in the period, by group."""
    took = Extract(ExpressionWrapper(F("first_response_at") - F("created_at"), DurationField()), "epoch")
    found = _in_period("first_response_at", since, until, filters)
    return _times(found, took, "first_response_open_seconds", "first_response_at", by)


def resolutions(since: date, until: date, filters: Mapping[str, str], by: By = "") -> dict[Any, Times]:
    """From creation to the resolution without the time of waiting for the customer, of tickets resolved in the
    period and not opened again since, by group."""
    found = _in_period("resolved_at", since, until, filters)
    return _times(found, F("resolution_seconds"), "resolution_open_seconds", "resolved_at", by)


def opened(since: date, until: date, filters: Mapping[str, str], by: By = "") -> dict[Any, int]:
    """Tickets opened in the period, by group."""
    found = _in_period("created_at", since, until, filters)
    return _by_group(_grouped(found, "created_at", by).annotate(number=Count("pk")), lambda row: row["number"])


def kept(since: date, until: date, filters: Mapping[str, str], by: By = "") -> dict[Any, Kept]:
    """Of the tickets resolved in the period, those whose first response and resolution were never overdue. Imported
    ones were promised nothing by us, and do not count."""
    found = _in_period("resolved_at", since, until, filters).exclude(channel=Ticket.Channel.IMPORT)
    rows = _grouped(found, "resolved_at", by).annotate(
        number=Count("pk"), kept=Count("pk", filter=~Q(told__overlap=_MISSED))
    )
    return _by_group(rows, lambda row: Kept(row["number"], row["kept"]))


def volume(since: date, until: date, filters: Mapping[str, str]) -> float | None:
    """Tickets of customers opened in the period, by customer there at its end and average month; None where there is
    no customer."""
    customers = customers_on(until, filters)
    if not customers:
        return None
    found = _in_period("created_at", since, until, filters).filter(customer__isnull=False).count()
    months = ((until - since) / timedelta(days=1) + 1) / MONTH_DAYS
    return found / customers / months


def _in_period(field: str, since: date, until: date, filters: Mapping[str, str]) -> QuerySet[Ticket]:
    """`filters`: tier, owner (both of the customer), team (its key)."""
    found = Ticket.objects.filter(**{f"{field}__gte": start_of_day(since), f"{field}__lt": end_of_day(until)})
    if filters.get("tier") or filters.get("owner"):
        found = found.filter(customer__in=narrowed(Customer.objects.all(), filters))
    return found.filter(team__key=filters["team"]) if filters.get("team") else found


def _grouped(found: QuerySet[Ticket], field: str, by: By) -> QuerySet[Ticket, Any]:
    columns: Mapping[str, Any] = {
        "": None,
        "tier": F("customer__tier"),
        "owner": F("customer__success_manager__username"),
        "team": F("team__key"),
        "month": TruncMonth(field, tzinfo=UTC),
    }
    if not by:
        # All in one group that is there only where a ticket is.
        return found.order_by().annotate(group=Value(0.0, FloatField())).values("group")
    return found.order_by().annotate(group=columns[by]).values("group")


def _times(found: QuerySet[Ticket], took: Any, open_seconds: str, field: str, by: By) -> dict[Any, Times]:
    hours = ExpressionWrapper(took / _HOUR, FloatField())
    open_hours = ExpressionWrapper(F(open_seconds) / _HOUR, FloatField())
    rows = _grouped(found, field, by).annotate(
        number=Count("pk"),
        mean=Avg(hours),
        median=Median(hours),
        open_mean=Avg(open_hours),
        open_median=Median(open_hours),
    )
    return _by_group(rows, lambda row: Times(**{name: row[name] for name in row if name != "group"}))


def _by_group(rows: QuerySet[Ticket, Any], made: Any) -> dict[Any, Any]:
    return {row["group"]: made(row) for row in rows}
