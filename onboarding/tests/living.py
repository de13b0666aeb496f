"""A customer in onboarding, and time passing for it: events are read and clocks strike as in a running system."""

from datetime import datetime, timedelta
from typing import Any

from agentfactory_cs.customers.models import Customer, Task, UsageDay
from agentfactory_cs.customers.services import finish_task
from agentfactory_cs.customers.tests.factories import NOW, make_customer
from agentfactory_cs.events.consumers import Consumer, consumers
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.sending import deliver_due
from onboarding import course, evidence, stuck
from onboarding.models import Onboarding
from playbooks.models import Playbook
from playbooks.models.playbook import PlaybookState
from playbooks.services import publish, set_state
from playbooks.watching import let_out
from playbooks.working import work_off_due

_READERS = ("onboarding.following", "onboarding.set_up", "playbooks.entering", "playbooks.watching")

# At 12:00, 16:00, 20:00 … UTC: some of them within the hours in which mail goes out.
STEP = timedelta(hours=4)


class Life:
    """What the workers do as time passes, for everything that happens from the moment it begins."""

    def __init__(self) -> None:
        self.read = set(Event.objects.values_list("pk", flat=True))
        self.moment = NOW

    def feed(self, now: datetime) -> None:
        """Hand over what happened, until nothing new comes of it. (A test's events are not committed, so that the
        worker itself would not see them.)"""
        while events := list(Event.objects.exclude(pk__in=self.read).select_related("customer").order_by("pk")):
            for consumer in self._readers():
                consumer.handle(events, now)
            self.read |= {event.pk for event in events}

    def _readers(self) -> list[Consumer]:
        return [consumers.get(key) for key in _READERS]

    def work(self, now: datetime) -> None:
        evidence.look(now=now)
        course.complete_reached(now=now)
        stuck.look(now=now)
        self.feed(now)
        work_off_due(now=now)
        self.feed(now)
        let_out(now=now)
        deliver_due(clock=lambda: now)

    def pass_to(self, days: float) -> datetime:
        """In steps of STEP, from where it is to so many days after NOW."""
        while self.moment < after(days):
            self.moment = min(self.moment + STEP, after(days))
            self.work(self.moment)
        return self.moment


def sign_up(tier: str = "starter", *, at: datetime = NOW, **fields: Any) -> Onboarding:
    """A customer that signed up, with its onboarding begun."""
    customer = make_customer(tier=tier, signed_up_at=at, **fields)
    return course.begin_all([customer], now=at)[0]


def activate(*keys: str) -> None:
    """Shipped playbooks, published as they come and made active."""
    for playbook in Playbook.objects.filter(key__in=keys):
        publish(playbook, reason="It fits.", now=NOW)
        set_state(playbook, PlaybookState.ACTIVE, now=NOW)


def finish(task: Task | None, *, now: datetime, **fields: Any) -> None:
    assert task
    finish_task(task, now=now, **fields)


def use(customer: Customer, *days: int, **counts: Any) -> None:
    """Use on the days of onboarding named; day 0 is that of NOW."""
    UsageDay.objects.bulk_create(
        UsageDay(customer=customer, day=(NOW + timedelta(days=day)).date(), **counts) for day in days
    )


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)
