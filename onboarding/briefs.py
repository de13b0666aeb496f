"""How an onboarding stands, written up in words for whoever looks after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agentfactory_cs.customers.models import Customer

from . import rules
from .models import Milestone, Onboarding
from .stuck import because, day_words


@dataclass(frozen=True)
class Brief:
    """What is reached and what is missing, of the required items; `blocker` in words, "" where nothing blocks."""

    reached: int
    of: int
    missing: tuple[str, ...]
    late: tuple[str, ...]
    blocker: str
    lines: tuple[str, ...]

    @property
    def sentence(self) -> str:
        if not self.missing:
            return f"All {self.of} required milestones are reached."
        named = ", ".join(self.missing)
        late = f" Late: {', '.join(self.late)}." if self.late else ""
        return f"{self.reached} of {self.of} required milestones are reached. Missing: {named}.{late}"

    @property
    def text(self) -> str:
        """Everything, a line each, for a task."""
        return "\n".join((self.sentence, *([self.blocker] if self.blocker else []), "", *self.lines))


def brief_of(customer: Customer, *, now: datetime) -> Brief | None:
    """By its running onboarding, else its latest; None where there was none. Two queries."""
    onboarding = latest(customer)
    if onboarding is None:
        return None
    rows = Milestone.objects.filter(customer=customer, reached_at__lte=now).values_list("key", "reached_at")
    return _brief(onboarding, dict(rows), now)


def latest(customer: Customer) -> Onboarding | None:
    """The running onboarding, else the one begun last."""
    return Onboarding.objects.filter(customer=customer).select_related("version").order_by("-started_at", "-id").first()


def _brief(onboarding: Onboarding, reached: Mapping[str, datetime], now: datetime) -> Brief:
    plan, started_at = onboarding.version.plan, onboarding.started_at
    missing = rules.missing(plan, reached)
    blocker = rules.blocker(plan, reached, started_at=started_at, now=now)
    done, of = rules.progress(plan, reached)
    return Brief(
        reached=done,
        of=of,
        missing=tuple(item.title for item in missing),
        late=tuple(item.title for item in missing if (at := item.expected_at(started_at)) and at <= now),
        blocker=because(blocker) if blocker else "",
        lines=tuple(_line(item, reached.get(item.key), started_at) for item in plan.items),
    )


def _line(item: rules.Item, reached_at: datetime | None, started_at: datetime) -> str:
    if reached_at:
        return f"✓ {item.title}: {day_words(reached_at)}"
    expected = item.expected_at(started_at)
    return f"– {item.title}: " + (f"expected by {day_words(expected)}" if expected else "not expected by a day")
