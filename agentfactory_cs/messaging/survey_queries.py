"""How surveys fare: who was asked, who answered, and with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Q

from agentfactory_cs.customers.days import end_of_day, start_of_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.queries import narrowed

from .models import Response, SurveyRequest
from .scales import DETRACTOR, NPS, PROMOTER

PERIOD_DAYS = 90


@dataclass(frozen=True)
class Fared:
    """A survey over a period: how many people were asked, how many of those have answered by now, how many answers
    came in (from others too), and the figure they make: NPS from −100 to 100, or the mean satisfaction."""

    asked: int = 0
    answered: int = 0
    answers: int = 0
    figure: float | None = None

    @property
    def rate(self) -> float | None:
        """Share of those asked who answered, in percent."""
        return 100 * self.answered / self.asked if self.asked else None


@dataclass(frozen=True)
class Faring:
    """The last PERIOD_DAYS and those before them."""

    latest: Fared
    before: Fared


def faring(now: datetime) -> dict[str, Faring]:
    """By kind of survey, of those with anything at all; two queries."""
    since, earlier = now - timedelta(days=PERIOD_DAYS), now - timedelta(days=2 * PERIOD_DAYS)
    latest, before = ("latest", since, now), ("before", earlier, since)
    answers = _by_kind("kind", Response.objects.filter(answered_at__gt=earlier), _answers(latest) | _answers(before))
    asked = _by_kind(
        "survey__kind", SurveyRequest.objects.asked().filter(asked_at__gt=earlier), _asked(latest) | _asked(before)
    )
    kinds = answers.keys() | asked.keys()
    return {
        kind: Faring(*(_fared(kind, period, answers.get(kind, {}), asked.get(kind, {})) for period in _PERIODS))
        for kind in kinds
    }


_PERIODS = ("latest", "before")
Period = tuple[str, datetime, datetime]


def _by_kind(field: str, rows: Any, figures: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row[field]: row for row in rows.order_by().values(field).annotate(**figures)}


def _answers(period: Period) -> dict[str, Any]:
    name, since, until = period
    within = Q(answered_at__gt=since, answered_at__lte=until)
    return {
        f"{name}_answers": Count("pk", filter=within),
        f"{name}_mean": Avg("score", filter=within),
        f"{name}_promoters": Count("pk", filter=within & Q(score__gte=PROMOTER)),
        f"{name}_detractors": Count("pk", filter=within & Q(score__lte=DETRACTOR)),
    }


def _asked(period: Period) -> dict[str, Any]:
    name, since, until = period
    within = Q(asked_at__gt=since, asked_at__lte=until)
    answered = within & Q(state=SurveyRequest.State.ANSWERED)
    return {f"{name}_asked": Count("pk", filter=within), f"{name}_answered": Count("pk", filter=answered)}


def _fared(kind: str, period: str, answers: Mapping[str, Any], asked: Mapping[str, Any]) -> Fared:
    count, figure = answers.get(f"{period}_answers", 0), answers.get(f"{period}_mean")
    if kind == NPS and count:
        figure = 100 * (answers[f"{period}_promoters"] - answers[f"{period}_detractors"]) / count
    return Fared(asked.get(f"{period}_asked", 0), asked.get(f"{period}_answered", 0), count, figure)


def response_rate(since: date, until: date, filters: Mapping[str, str]) -> float | None:
    """Of the people asked on these days, the share who have answered by now, in percent."""
    asked = SurveyRequest.objects.asked().filter(asked_at__gte=start_of_day(since), asked_at__lt=end_of_day(until))
    if filters:
        asked = asked.filter(customer__in=narrowed(Customer.objects.all(), filters))
    row = asked.aggregate(all=Count("pk"), answered=Count("pk", filter=Q(state=SurveyRequest.State.ANSWERED)))
    return 100 * row["answered"] / row["all"] if row["all"] else None
