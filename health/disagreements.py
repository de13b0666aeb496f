"""Where people set a score by hand: what the computed score was then, what it has become, who was right."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import DateField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Abs, Least
from django.utils.translation import gettext as _

from .models import HealthOverride, HealthScore

# Share of the way from the computed score to the person's that makes a verdict.
CAME_ROUND, WENT_AWAY = 0.5, -0.25
# Nearer than this many points they agree.
SAME = 1.0
# Who was right cannot be said sooner: most readings are means of four weeks.
SETTLED_DAYS = 7
MOST_DAYS_AHEAD = date(9999, 12, 31)


@dataclass(frozen=True)
class Disagreement:
    """A person's score against the computed one: when it was set, and now (or when it ended), `days` later. 0 to 100,
    None where there was no computed score."""

    value: float
    then: float | None
    now: float | None
    days: int

    @property
    def apart(self) -> float | None:
        """By how many points the person is above (positive) or below the computed score now."""
        return None if self.now is None else self.value - self.now

    @property
    def came(self) -> float | None:
        """The share of the way that the computed score has come towards the person's since; below 0: away from it."""
        if self.then is None or self.now is None or abs(self.value - self.then) < SAME:
            return None
        return (self.now - self.then) / (self.value - self.then)

    @property
    def verdict(self) -> str:
        """Who turned out right, the person or the score."""
        if self.then is None or self.now is None:
            return _("There is no computed score to compare with.")
        if self.came is None:
            return _("They agreed from the start.")
        if self.days < SETTLED_DAYS:
            return _("Too early to say who is right.")
        if self.came >= CAME_ROUND:
            return _("The computed score came round to the person's.")
        if self.came <= WENT_AWAY:
            return _("The computed score moved further away.")
        return _("The computed score stayed where it was.")


def with_computed(overrides: QuerySet[HealthOverride], day: date | None) -> QuerySet[Any]:
    """Overrides with `computed_then` (of their first scored day), `computed_now` (of `computed_day`: the newest scored
    day, at the latest the first one after their end) and `apart`, the points between that and their value."""
    scores = HealthScore.objects.filter(customer=OuterRef("customer"))
    last = Least(OuterRef("end_day"), Value(day or MOST_DAYS_AHEAD, DateField()))
    return overrides.annotate(
        computed_then=Subquery(
            scores.filter(day__gte=OuterRef("first_day")).order_by("day").values("total")[:1],
        ),
        computed_now=Subquery(
            scores.filter(day__gte=OuterRef("first_day"), day__lte=last).order_by("-day").values("total")[:1]
        ),
        computed_day=Least(F("end_day"), Value(day or MOST_DAYS_AHEAD, DateField())),
        apart=Abs(F("value") - F("computed_now")),
    )


def of(override: Any) -> Disagreement:
    """Of an override from `with_computed`."""
    days = (override.computed_day - override.first_day).days
    return Disagreement(override.value, override.computed_then, override.computed_now, days)
