"""What conditions can ask of a customer's health: the score that counts, as of the newest day scored up to a moment.

A customer without a score on that day (not yet signed up, or gone) has nothing known of its health.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateField,
    ExpressionWrapper,
    F,
    FilteredRelation,
    FloatField,
    Func,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, NullIf
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.conditions import Fact, FactType, facts
from agentfactory_cs.customers.days import utc_day

from .metrics import COMPONENTS, PLACE, TIERS
from .models import HealthScore, ScoringRun
from .rules import AT_RISK, BAND_LABELS, HEALTHY, STEADY

NEWEST, WEEK_BEFORE, MONTH_BEFORE = "health_newest", "health_week_before", "health_month_before"
# The metrics of the usage component that have a target of each tier; feature adoption is a share in itself.
OF_TARGET = ("api_calls_per_day", "active_agents", "conversations_per_week")
_DEFINITION = f"{NEWEST}__version__definition"


def _newest_day(now: datetime) -> Combinable:
    """As `queries.current_day`, within the statement: the newest day on which everybody was scored.

    A day is scored in the night after it: of its own score nothing is known while it lasts, and so neither is when
    that day is asked about later.
    """
    today = utc_day(now)
    runs = ScoringRun.objects.filter(state=ScoringRun.State.DONE, customers_done__gt=0, day__lt=today)
    scores = HealthScore.objects.filter(day__lt=today)
    newest = (Subquery(rows.order_by("-day").values("day")[:1]) for rows in (runs, scores))
    return Coalesce(*newest)


def _score(now: datetime, days_before: int = 0) -> FilteredRelation:
    day: Combinable = _newest_day(now)
    if days_before:
        day = ExpressionWrapper(day - Value(days_before), output_field=DateField())
    return FilteredRelation("health_scores", condition=Q(health_scores__day=day))


def _newest(now: datetime) -> Mapping[str, FilteredRelation]:
    return {NEWEST: _score(now)}


def _and_before(name: str, days: int) -> Callable[[datetime], Mapping[str, FilteredRelation]]:
    return lambda now: {**_newest(now), name: _score(now, days)}


def _column(name: str) -> Callable[[datetime], Any]:
    return lambda now: F(f"{NEWEST}__{name}")


def _change(before: str) -> Callable[[datetime], Any]:
    return lambda now: F(f"{NEWEST}__effective") - F(f"{before}__effective")


def _of_scorecard(path: str) -> Cast:
    """A number of the scorecard version that the score was made with."""
    parent, _separator, name = f"{_DEFINITION}__{path}".rpartition("__")
    return Cast(KeyTextTransform(name, F(parent)), FloatField())


def _band(now: datetime) -> Case:
    """As `rules.Card.band`."""
    score = f"{NEWEST}__effective"
    return Case(
        When(Q(**{f"{score}__lt": _of_scorecard("bands__at_risk_below")}), then=Value(AT_RISK)),
        When(Q(**{f"{score}__gt": _of_scorecard("bands__healthy_above")}), then=Value(HEALTHY)),
        When(Q(**{f"{score}__isnull": False}), then=Value(STEADY)),
        output_field=CharField(),
    )


def _is_provisional(now: datetime) -> Case:
    """As `queries.provisional`: too little data, and nobody has set the score by hand."""
    little = Q(**{f"{NEWEST}__coverage__lt": _of_scorecard("provisional_below")})
    computed = Q(**{f"{NEWEST}__effective": F(f"{NEWEST}__total")})
    return Case(
        When(Q(**{f"{NEWEST}__effective__isnull": True}), then=None),
        When(little & computed, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


class Mean(Func):
    """Of those of its arguments that are known; NULL where none is."""

    template = "(SELECT avg(part) FROM unnest(ARRAY[%(expressions)s]) part)"
    output_field = FloatField()


def _share_of_target(key: str) -> Combinable:
    """A metric's reading ÷ what its scorecard gives full points for; NULL without reading or target.

    A target is one for each tier (null where the metric does not count), or one number for all.
    """
    best = F(f"{_DEFINITION}__metrics__{key}__best")
    tier = Case(*(When(Q(**{f"{NEWEST}__tier": at}), then=Value(name)) for at, name in enumerate(TIERS)))
    of_tier = Func(best, tier, template="(%(expressions)s)", arg_joiner=" ->> ", output_field=CharField())
    is_number = Exact(Func(best, function="jsonb_typeof", output_field=CharField()), Value("number"))
    target = Coalesce(Cast(of_tier, FloatField()), Case(When(is_number, then=Cast(best, FloatField()))))
    return Cast(F(f"{NEWEST}__readings__{PLACE[key]}"), FloatField()) / NullIf(target, Value(0.0))


def _usage_of_target(now: datetime) -> Any:
    """Not capped: who makes ten times the API calls of its tier has outgrown it, whatever else it leaves unused."""
    return Value(100.0) * Mean(*(_share_of_target(key) for key in OF_TARGET))


POINTS = _("points")
_LABELS = {
    "usage": _("Usage in the health score"),
    "engagement": _("Engagement in the health score"),
    "outcomes": _("Outcomes in the health score"),
    "relationship": _("Relationship in the health score"),
}

facts.register(
    Fact(
        "health.score",
        _("Health score"),
        FactType.NUMBER,
        _column("effective"),
        _("0 to 100, on the newest scored day; a score set by hand counts before the computed one."),
        POINTS,
        order=50,
        relations=_newest,
    )
)
facts.register(
    Fact(
        "health.band",
        _("Health band"),
        FactType.CHOICE,
        _band,
        _("By the limits of the scorecard that made the score."),
        choices=lambda: [(band, _(label)) for band, label in BAND_LABELS.items()],
        order=51,
        relations=_newest,
    )
)
facts.register(
    Fact(
        "health.is_provisional",
        _("The health score is provisional"),
        FactType.YES_NO,
        _is_provisional,
        _("It was made from too little data, and nobody has set it by hand."),
        order=52,
        relations=_newest,
    )
)
for key, before, days, label, order in (
    ("health.change_7d", WEEK_BEFORE, 7, _("Change of health in 7 days"), 53),
    ("health.change_30d", MONTH_BEFORE, 30, _("Change of health in 30 days"), 54),
):
    facts.register(
        Fact(
            key,
            label,
            FactType.NUMBER,
            _change(before),
            _("The score that counts on the newest scored day, less the one so many days before."),
            POINTS,
            order=order,
            relations=_and_before(before, days),
        )
    )
facts.register(
    Fact(
        "health.usage_of_target",
        _("Use against the tier's target"),
        FactType.NUMBER,
        _usage_of_target,
        _(
            "Mean of API calls per day, active agents and conversations per week over 28 days, each as per cent of "
            "what the scorecard gives full points for in that tier; beyond 100 where a customer uses more than that."
        ),
        "%",
        order=55,
        relations=_newest,
    )
)
for order, component in enumerate(COMPONENTS, 56):
    facts.register(
        Fact(
            f"health.{component}",
            _LABELS[component],
            FactType.NUMBER,
            _column(component),
            _("Points of this component of the health score, 0 to 100."),
            POINTS,
            order=order,
            relations=_newest,
        )
    )
