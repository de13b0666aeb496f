"""What the customer does on the platform.

The last 7 days are the 7 complete ones (UTC) before today: today's use is not all in. A day without a row is a day
without use.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateField, Func, IntegerField, OuterRef, Q, Subquery, Value
from django.utils.translation import gettext_lazy as _

from ..conditions.registry import Fact, FactType, facts
from ..days import utc_day
from ..models import UsageDay
from .totals import total

WEEK = 7
_ANY_USE = Q(api_calls__gt=0) | Q(conversations__gt=0) | Q(active_agents__gt=0) | Q(logins__gt=0)


def _over_a_week(function: str, field: str) -> Callable[[datetime], Any]:
    def expression(now: datetime) -> Any:
        today = utc_day(now)
        days = (today - timedelta(days=WEEK), today - timedelta(days=1))
        return total(UsageDay.objects.filter(day__range=days), function, field)

    return expression


class DaysBetween(Func):
    """Whole days from the second date to the first."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()


def _days_since_last_use(now: datetime) -> Any:
    today = utc_day(now)
    used = UsageDay.objects.filter(_ANY_USE, customer=OuterRef("pk"), day__lte=today).order_by("-day")
    return DaysBetween(Value(today, DateField()), Subquery(used.values("day")[:1]))


for fact in (
    Fact(
        "usage.active_agents_7d",
        _("Active agents, 7 days"),
        FactType.NUMBER,
        _over_a_week("MAX", "active_agents"),
        _("The most that were active on one of the last 7 days."),
        _("agents"),
        order=40,
    ),
    Fact(
        "usage.conversations_7d",
        _("Conversations, 7 days"),
        FactType.NUMBER,
        _over_a_week("SUM", "conversations"),
        _("All of the last 7 days together."),
        _("conversations"),
        order=41,
    ),
    Fact(
        "usage.api_calls_7d",
        _("API calls, 7 days"),
        FactType.NUMBER,
        _over_a_week("SUM", "api_calls"),
        _("All of the last 7 days together."),
        _("calls"),
        order=42,
    ),
    Fact(
        "usage.days_since_last_use",
        _("Days since the last use"),
        FactType.NUMBER,
        _days_since_last_use,
        _("Since the last day with an API call, a conversation, an active agent or a login; unknown before the first."),
        _("days"),
        order=43,
    ),
):
    facts.register(fact)
