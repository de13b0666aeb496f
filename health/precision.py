"""How good the alerts are, by what people said of them: per rule, over a span and month by month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, F, Q, QuerySet
from django.db.models.functions import TruncMonth

from .models import Alert

# A share of fewer labels says more about chance than about the rule.
FEWEST_LABELS = 10


class Median(Aggregate):
    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True)
class Precision:
    """What became of the alerts of a kind that were raised in a span, or in the month that begins with `month`.

    `acknowledged_after` is the median from raising to acknowledging, None where none was acknowledged.
    """

    kind: str
    month: date | None
    raised: int
    useful: int
    noise: int
    known: int
    closed: int
    recovered: int
    acknowledged: int
    acknowledged_after: timedelta | None

    @property
    def label(self) -> str:
        return str(Alert.Kind(self.kind).label)

    @property
    def judged(self) -> int:
        """Labelled useful or noise; what was known already says nothing about the rule."""
        return self.useful + self.noise

    @property
    def share(self) -> float | None:
        """Useful ÷ (useful + noise), 0 to 1; None below FEWEST_LABELS."""
        return self.useful / self.judged if self.judged >= FEWEST_LABELS else None

    @property
    def share_recovered(self) -> float | None:
        """Of the closed ones, the share that recovery closed, 0 to 1; None where none is closed."""
        return self.recovered / self.closed if self.closed else None


def by_kind(since: date, until: date, owner: int | None = None) -> list[Precision]:
    """Each kind's alerts raised for the scored days of a span, every kind, also without any. One query."""
    rows = {row["kind"]: row for row in _counted(_raised(since, until, owner).values("kind"))}
    return [_precision(rows.get(kind, {}), kind) for kind in Alert.Kind.values]


def by_month(since: date, until: date, owner: int | None = None) -> list[Precision]:
    """The same month by month, newest first; months without alerts are left out. One query."""
    months = _raised(since, until, owner).annotate(month=TruncMonth("day")).values("kind", "month")
    return [_precision(row, row["kind"]) for row in _counted(months).order_by("-month", "kind")]


def _raised(since: date, until: date, owner: int | None) -> QuerySet[Alert]:
    raised = Alert.objects.filter(day__range=(since, until)).order_by()
    return raised if owner is None else raised.filter(owner=owner)


def _counted(groups: Any) -> Any:
    def of(**lookups: str) -> Count:
        return Count("pk", filter=Q(**lookups))

    waited = F("acknowledged_at") - F("opened_at")
    return groups.annotate(
        raised=Count("pk"),
        useful=of(label=Alert.Label.USEFUL),
        noise=of(label=Alert.Label.NOISE),
        known=of(label=Alert.Label.KNOWN),
        closed_ones=of(state=Alert.State.CLOSED),
        recovered=of(closing=Alert.Closing.RECOVERED),
        acknowledged=Count("acknowledged_at"),
        acknowledged_after=Median(waited, output_field=DurationField()),
    )


def _precision(row: Mapping[str, Any], kind: str) -> Precision:
    counts = ("raised", "useful", "noise", "known", "recovered", "acknowledged")
    return Precision(
        kind=kind,
        month=row.get("month"),
        closed=row.get("closed_ones", 0),
        acknowledged_after=row.get("acknowledged_after"),
        **{name: row.get(name, 0) for name in counts},
    )
