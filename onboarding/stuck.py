"""Noticing who does not go on in onboarding: stuck periods open, keep their blocker up to date, and close.

What stuck means is `rules.blocker`. The intervention is the playbook `stuck_in_onboarding`, which the event
`onboarding.stuck` lets a customer into once a period and which it leaves when the period is over.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.services import record_all

from . import rules
from .models import ChecklistVersion, Milestone, Onboarding, StuckPeriod

# So many are looked at at once, in four reads; what changes is written in one transaction.
BATCH = 1_000
MAX_WORDS = 300

Moments = Mapping[str, datetime]


@dataclass(frozen=True)
class Look:
    """One running onboarding as it is looked at: what was reached, what it is stuck at, what is open."""

    onboarding: Onboarding
    plan: rules.Checklist
    reached: Moments
    blocker: rules.Blocker | None
    period: StuckPeriod | None

    @property
    def is_news(self) -> bool:
        """Whether what is stored says something else."""
        if self.blocker is None or self.period is None:
            return bool(self.blocker or self.period)
        return (self.period.blocker, self.period.because) != (self.blocker.item.key, because(self.blocker))


def look(*, now: datetime, customer_ids: Collection[int] | None = None) -> int:
    """Look at the running onboardings (of some customers, or all); how many periods were opened or closed.

    Nothing is locked but what changes; what somebody works on this moment is left to the next look.
    """
    running = Onboarding.objects.running()
    if customer_ids is not None:
        running = running.filter(customer__in=customer_ids)
    ids = list(running.order_by("pk").values_list("pk", flat=True))
    return sum(_look(ids[start : start + BATCH], now) for start in range(0, len(ids), BATCH))


def _look(ids: Sequence[int], now: datetime) -> int:
    looks = _judged(list(Onboarding.objects.running().filter(pk__in=ids)), now)
    news = [one.onboarding.pk for one in looks if one.is_news]
    return _write(news, now) if news else 0


@transaction.atomic
def _write(ids: Sequence[int], now: datetime) -> int:
    running = Onboarding.objects.running().filter(pk__in=ids).select_related("customer")
    # Customer and onboarding, as in `course`; passing by what is locked, so that nobody waits for the other.
    locked = running.order_by("pk").select_for_update(of=("self", "customer"), skip_locked=True)
    looks = _judged(list(locked), now)
    _keep_up([one for one in looks if one.blocker and one.period and one.is_news])
    opened = _open([one for one in looks if one.blocker and not one.period], now)
    closed = _close([one for one in looks if one.period and not one.blocker], now)
    return opened + closed


def _judged(onboardings: Sequence[Onboarding], now: datetime) -> list[Look]:
    """By what was reached by `now`; three queries."""
    versions = ChecklistVersion.objects.in_bulk({one.version_id for one in onboardings})
    reached = _reached([one.customer_id for one in onboardings], now)
    open_ones = StuckPeriod.objects.filter(onboarding__in=[one.pk for one in onboardings], ended_at=None)
    periods = {period.onboarding_id: period for period in open_ones}
    return [
        _judge(one, versions[one.version_id].plan, reached[one.customer_id], periods.get(one.pk), now)
        for one in onboardings
    ]


def _reached(customer_ids: Sequence[int], now: datetime) -> Mapping[int, Moments]:
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    rows = Milestone.objects.filter(customer__in=customer_ids, reached_at__lte=now).order_by()
    for customer_id, key, at in rows.values_list("customer", "key", "reached_at"):
        found[customer_id][key] = at
    return found


def _judge(
    onboarding: Onboarding, plan: rules.Checklist, reached: Moments, period: StuckPeriod | None, now: datetime
) -> Look:
    blocker = rules.blocker(plan, reached, started_at=onboarding.started_at, now=now)
    return Look(onboarding, plan, reached, blocker, period)


def _open(looks: Sequence[Look], now: datetime) -> int:
    periods = StuckPeriod.objects.bulk_create(
        StuckPeriod(
            onboarding=one.onboarding,
            blocker=one.blocker.item.key,
            because=because(one.blocker),
            since=one.blocker.since,
            noticed_at=now,
        )
        for one in looks
        if one.blocker
    )
    record_all("onboarding.stuck", [_told(period, period.because) for period in periods], now=now)
    return len(periods)


def _keep_up(looks: Sequence[Look]) -> None:
    """A period goes on, at another item or for another reason."""
    changed = []
    for one in looks:
        assert one.period
        assert one.blocker
        one.period.blocker, one.period.because = one.blocker.item.key, because(one.blocker)
        changed.append(one.period)
    StuckPeriod.objects.bulk_update(changed, ("blocker", "because"))


def _close(looks: Sequence[Look], now: datetime) -> int:
    closed = []
    for one in looks:
        assert one.period
        one.period.onboarding = one.onboarding
        one.period.ended_at, one.period.ended_because = now, _recovery(one)[:MAX_WORDS]
        closed.append(one.period)
    StuckPeriod.objects.bulk_update(closed, ("ended_at", "ended_because"))
    record_all("onboarding.unstuck", [_told(period, period.ended_because) for period in closed], now=now)
    return len(closed)


def because(blocker: rules.Blocker) -> str:
    """Why somebody is stuck, in words that stay the same while it lasts."""
    if blocker.is_silence:
        last = day_words(blocker.since - rules.SILENCE)
        words = f"Nothing was reached since {last}, for {rules.SILENCE.days} days. Next is: {blocker.item.title}."
    else:
        day = day_words(blocker.since - rules.GRACE)
        words = f"{blocker.item.title}: expected by {day}, and not reached {rules.GRACE.days} days later."
    return words[:MAX_WORDS]


def day_words(moment: datetime) -> str:
    return f"{timezone.localtime(moment, timezone.get_default_timezone()):%-d %B %Y}"


def _recovery(one: Look) -> str:
    """What got it going: what was reached last."""
    if not one.reached:
        return "It is not late any more by its checklist."
    key, at = max(one.reached.items(), key=lambda pair: pair[1])
    item = one.plan.item(key)
    return f"{item.title if item else rules.title_of(key)} was reached on {day_words(at)}."


def _told(period: StuckPeriod, why: str) -> tuple[Customer, dict[str, object]]:
    data = {"onboarding": period.onboarding_id, "period": period.pk, "blocker": period.blocker, "why": why}
    return period.onboarding.customer, data
