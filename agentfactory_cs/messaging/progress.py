"""What customers have done so far, as their mails tell it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import BitOr
from django.db.models import Max, OuterRef, Q, Subquery, Sum

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer, Feature, UsageDay

WINDOW_DAYS = 28
RECENT_DAYS = 7
MOST_FEATURES = 3

_TIERS: list[str] = list(Customer.Tier)


def progress(customer_ids: Collection[int], now: datetime) -> dict[int, dict[str, Any]]:
    """By customer, in three queries whatever their number; days are those complete before `now` (UTC) and today's."""
    today = utc_day(now)
    recent = _recent(customer_ids, today)
    features = _catalogue(today)
    found = {}
    for customer in _with_first_agent(customer_ids):
        used = recent.get(customer.pk, {})
        found[customer.pk] = {
            "days_since_signup": (today - utc_day(customer.signed_up_at)).days,
            "first_agent_created": customer.first_agent_on is not None,
            "first_agent_on": customer.first_agent_on,
            "agents": used.get("agents") or 0,
            "conversations": used.get("conversations") or 0,
            "last_login_on": used.get("last_login_on"),
            "features_used": _names(features, customer.tier, used.get("features") or 0, used_ones=True),
            "features_to_try": _names(features, customer.tier, used.get("features") or 0)[:MOST_FEATURES],
        }
    return found


def _with_first_agent(customer_ids: Collection[int]) -> Any:
    """The first day with an active agent, by the primary key of usage: it stops at the first."""
    days = UsageDay.objects.filter(customer=OuterRef("pk"), active_agents__gt=0).order_by("day")
    return (
        Customer.objects.filter(pk__in=customer_ids)
        .only("pk", "tier", "signed_up_at")
        .annotate(first_agent_on=Subquery(days.values("day")[:1]))
    )


def _recent(customer_ids: Collection[int], today: date) -> Mapping[int, Mapping[str, Any]]:
    last_week = Q(day__gt=today - timedelta(days=RECENT_DAYS))
    days = UsageDay.objects.filter(customer__in=customer_ids, day__gt=today - timedelta(days=WINDOW_DAYS))
    rows = days.values("customer_id").annotate(
        agents=Max("active_agents", filter=last_week),
        conversations=Sum("conversations"),
        used=BitOr("features"),
        last_login_on=Max("day", filter=Q(logins__gt=0)),
    )
    return {row["customer_id"]: {**row, "features": row["used"]} for row in rows}


def _catalogue(today: date) -> list[tuple[str, int, int]]:
    """Name, bit and rank of tier of the features there are; those of the highest tier, most worth telling of, first."""
    there = Feature.objects.filter(Q(introduced_on__isnull=True) | Q(introduced_on__lte=today))
    there = there.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=today))
    rows = [(feature.name, feature.bit, _TIERS.index(feature.tier)) for feature in there]
    return sorted(rows, key=lambda row: (-row[2], row[1]))


def _names(features: list[tuple[str, int, int]], tier: str, used: int, *, used_ones: bool = False) -> list[str]:
    rank = _TIERS.index(tier)
    return [name for name, bit, of in features if of <= rank and bool(used >> bit & 1) == used_ones]
