"""A month of onboarding as the engine would have done it: entered, worked off and mailed as of each moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Min, OuterRef, Subquery

from agentfactory_cs.customers.models import Customer, CustomerChange
from agentfactory_cs.demo import World
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Email
from agentfactory_cs.messaging.pretending import pretend_to_send

from ..effect import refresh
from ..entering import Candidate, enter
from ..models import Playbook, Run, RunStep
from ..models.playbook import PlaybookState
from ..models.run import RunState, StepState
from ..services import in_force, publish, set_state
from ..working import work_off_due
from . import turns
from .people import finish_tasks

DAYS = 30
HELD_OUT_PERCENT = 10
ONBOARDING, WELCOME = "new_customer_onboarding", "welcome"


def tell_runs(world: World) -> None:
    since = world.now - timedelta(days=DAYS)
    _activate(WELCOME, since)
    onboarding = _activate(ONBOARDING, since)
    # Without the onboarding the welcome mails alone are told of.
    entered = onboarding or Playbook.objects.get(key=WELCOME)
    Playbook.objects.filter(pk=entered.pk).update(holdout_percent=HELD_OUT_PERCENT)
    entered.refresh_from_db()
    _walk(entered, _signups(since, world.now), world)
    _note_goals(entered, world.now)
    refresh(now=world.now)


def _activate(key: str, now: datetime) -> Playbook | None:
    """None where it names what is not offered here: then it stays a draft."""
    playbook = Playbook.objects.get(key=key)
    if playbook.state != PlaybookState.DRAFT:
        return playbook
    try:
        publish(playbook, reason="As shipped: it fits what we do by hand today.", now=now)
    except ValidationError:
        return None
    return set_state(playbook, PlaybookState.ACTIVE, now=now)


def _signups(since: datetime, until: datetime) -> list[Event]:
    happened = Event.objects.filter(trigger="customers.signed_up", happened_at__gte=since, happened_at__lt=until)
    stayed = happened.exclude(customer__lifecycle_stage=Customer.Stage.CHURNED)
    return list(stayed.order_by("happened_at", "pk"))


def _walk(playbook: Playbook, signups: Sequence[Event], world: World) -> None:
    """From one moment at which something is due to the next; what is due within an hour is done at its end."""
    version = in_force(playbook)
    assert version is not None
    coming, plot = list(signups), turns.plot(signups, world.now)
    moment = signups[0].happened_at if signups else world.now
    while moment < world.now:
        while coming and coming[0].happened_at <= moment:
            event = coming.pop(0)
            # By its event, and with the draw of those held out: as the consumer of events does it.
            enter(playbook, version, [Candidate(event.customer_id, event)], now=moment)
        turns.take(plot, moment)
        finish_tasks(world, moment)
        work_off_due(now=moment)
        pretend_to_send(moment)
        moment = _next(moment, coming, [*plot])


def _next(moment: datetime, coming: Sequence[Event], turning: Sequence[datetime]) -> datetime:
    # A step that was put off (a branch that looks again every hour) is looked at when something else is due.
    steps = RunStep.objects.filter(state=StepState.WAITING, run__state=RunState.RUNNING, because="")
    due = [
        steps.aggregate(first=Min("not_before"))["first"],
        Email.objects.filter(state=Email.State.WAITING).aggregate(first=Min("not_before"))["first"],
        # People finish what they do during the day.
        moment + timedelta(hours=4),
    ]
    hour = min(_at_the_full_hour(max(one, moment + timedelta(minutes=1))) for one in due if one)
    return min([hour, *(max(event.happened_at, moment) for event in coming[:1]), *turning])


def _at_the_full_hour(moment: datetime) -> datetime:
    start = moment.replace(minute=0, second=0, microsecond=0)
    return start if start == moment else start + timedelta(hours=1)


def _note_goals(playbook: Playbook, now: datetime) -> None:
    """Reached when the customer moved on to adoption, which the history of customers knows."""
    moves = CustomerChange.objects.filter(
        customer=OuterRef("customer"),
        field=CustomerChange.Field.STAGE,
        new=Customer.Stage.ADOPTION,
        changed_at__lte=now,
    )
    reached = Subquery(moves.order_by("changed_at").values("changed_at")[:1])
    Run.objects.filter(playbook=playbook, goal_until__isnull=False).update(goal_reached_at=reached)
