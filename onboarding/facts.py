"""What conditions can ask of a customer's onboarding, as it stood at a moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, F, FloatField, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Extract
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.conditions.registry import Fact, FactType, facts

from . import rules
from .checklists import known_items
from .models import Milestone, Onboarding, StuckPeriod


def _running(now: datetime) -> QuerySet[Onboarding]:
    """Of the customer, the onboarding that was under way at `now`."""
    begun = Onboarding.objects.filter(customer=OuterRef("pk"), started_at__lte=now)
    return begun.filter(Q(ended_at=None) | Q(ended_at__gt=now)).order_by("-started_at", "-id")


def _stuck(now: datetime) -> QuerySet[StuckPeriod]:
    noticed = StuckPeriod.objects.filter(onboarding__customer=OuterRef("pk"), noticed_at__lte=now)
    return noticed.filter(Q(ended_at=None) | Q(ended_at__gt=now)).order_by("-noticed_at", "-id")


def _is_running(now: datetime) -> Any:
    return Exists(_running(now))


def _is_stuck(now: datetime) -> Any:
    return Exists(_stuck(now))


def _stuck_at(now: datetime) -> Any:
    return Subquery(_stuck(now).values("blocker")[:1], output_field=CharField())


def _days_in(now: datetime) -> Any:
    return Subquery(_running(now).annotate(days=Extract(Value(now) - F("started_at"), "day")).values("days")[:1])


# The share in percent of the required items reached by a moment, of the onboarding that began last, running or over;
# NULL where none ever began.
_PROGRESS = """(
    SELECT 100.0 * count(milestone.id) / nullif(count(*), 0)
      FROM (SELECT %(expressions)s) AS asked (customer, at)
     CROSS JOIN LATERAL (SELECT version_id FROM onboarding_onboarding
                          WHERE customer_id = asked.customer AND started_at <= asked.at
                          ORDER BY started_at DESC, id DESC LIMIT 1) AS latest
      JOIN onboarding_checklistversion AS version ON version.id = latest.version_id
     CROSS JOIN LATERAL jsonb_array_elements(version.definition -> 'items') AS item
      LEFT JOIN onboarding_milestone AS milestone
             ON milestone.customer_id = asked.customer AND milestone.key = item ->> 'key'
            AND milestone.reached_at <= asked.at
     WHERE coalesce((item ->> 'is_required')::boolean, true))"""


def _progress(now: datetime) -> Any:
    return Func(F("pk"), Value(now), template=_PROGRESS, output_field=FloatField())


def _reached(key: str) -> Callable[[datetime], Any]:
    return lambda now: Exists(Milestone.objects.filter(customer=OuterRef("pk"), key=key, reached_at__lte=now))


for fact in (
    Fact(
        "onboarding.is_running",
        _("In onboarding"),
        FactType.YES_NO,
        _is_running,
        definition=_("An onboarding is under way."),
        order=60,
    ),
    Fact(
        "onboarding.is_stuck",
        _("Stuck in onboarding"),
        FactType.YES_NO,
        _is_stuck,
        definition=_("A stuck period is open: a milestone is late, or nothing was reached for days."),
        order=61,
    ),
    Fact(
        "onboarding.stuck_at",
        _("Stuck at"),
        FactType.CHOICE,
        _stuck_at,
        definition=_("What a stuck customer lacks; not known of others."),
        choices=known_items,
        order=62,
    ),
    Fact(
        "onboarding.days_in",
        _("Days in onboarding"),
        FactType.NUMBER,
        _days_in,
        definition=_("Whole days since it began; not known of those who are not in onboarding."),
        unit=_("days"),
        order=63,
    ),
    Fact(
        "onboarding.progress",
        _("Progress of onboarding"),
        FactType.NUMBER,
        _progress,
        definition=_("Share of the checklist's required items that are reached, of the last onboarding."),
        unit="%",
        order=64,
    ),
    *(
        Fact(f"onboarding.reached_{key}", title, FactType.YES_NO, _reached(key), order=65 + place)
        for place, (key, title) in enumerate(rules.KNOWN.items())
    ),
):
    facts.register(fact)
