"""The playbook for stuck customers at work: whoever is stuck on the demo's day has climbed as far as the days allow."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from agentfactory_cs.demo import World
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.pretending import pretend_to_send
from playbooks.entering import Candidate, enter
from playbooks.models import Playbook, PlaybookVersion
from playbooks.models.playbook import PlaybookState
from playbooks.services import publish, set_state
from playbooks.working import work_off_due

from ..models import StuckPeriod
from ..standing import INTERVENTION


def tell_interventions(world: World) -> None:
    stuck = _stuck()
    playbook, version = _activate(min((event.happened_at for event in stuck), default=world.now))
    for moment in _moments(stuck, version, world.now):
        for event in stuck:
            if event.happened_at == moment:
                enter(playbook, version, [Candidate(event.customer_id, event)], now=moment)
        work_off_due(now=moment)
        pretend_to_send(moment)


def _stuck() -> Sequence[Event]:
    """The events by which those entered who are stuck still."""
    periods = StuckPeriod.objects.filter(ended_at=None).values_list("pk", flat=True)
    told = Event.objects.filter(trigger="onboarding.stuck", data__period__in=list(periods))
    return list(told.order_by("happened_at", "pk"))


def _activate(now: datetime) -> tuple[Playbook, PlaybookVersion]:
    playbook = Playbook.objects.get(key=INTERVENTION)
    version = publish(playbook, reason="As shipped: nobody stays stuck unseen.", now=now)
    return set_state(playbook, PlaybookState.ACTIVE, now=now), version


def _moments(stuck: Sequence[Event], version: PlaybookVersion, until: datetime) -> Iterator[datetime]:
    """When somebody enters or a step comes due, and an hour later, when its mail has gone out of quiet hours."""
    days = {step.day for step in version.plan.steps}
    due = {event.happened_at + timedelta(days=day) for event in stuck for day in days}
    working_day = {moment + timedelta(hours=hours) for moment in due for hours in range(1, 24, 4)}
    return iter(sorted(moment for moment in {*due, *working_day} if moment <= until))
