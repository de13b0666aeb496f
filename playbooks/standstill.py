"""What stands still while its run or its playbook is paused, and goes on with it.

Steps that come due meanwhile are put off an hour at a time, all together, so that no batch of due steps walks
over them again and again; when the pause ends they are due at once, and so is the mail that waited for it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from agentfactory_cs.messaging.outbox import ask_again

from .mailing import SOURCE
from .models import Playbook, Run, RunStep
from .models.run import RunState, StepState

LOOK_AGAIN = timedelta(hours=1)
RUN_PAUSED = "It waits: the run is paused."
PLAYBOOK_PAUSED = "It waits: the playbook is paused."


@transaction.atomic
def put_off_paused(*, now: datetime) -> int:
    """Say of the steps that are due in what is paused why they wait, and look again in an hour; how many.

    Found first and written by their keys after: in one statement the planner, where it knows little of a table that
    grew within the hour, looked for the paused ones anew with every step there is.
    """
    due = RunStep.objects.filter(state=StepState.WAITING, not_before__lte=now)
    at_work = Q(run__playbook__state__in=(Playbook.State.ACTIVE, Playbook.State.RETIRED))
    standing = due.filter(Q(run__state=RunState.PAUSED) | ~at_work).order_by("pk")
    states = dict(standing.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "run__state"))
    for reason, is_runs in ((RUN_PAUSED, True), (PLAYBOOK_PAUSED, False)):
        if chosen := [pk for pk, state in states.items() if (state == RunState.PAUSED) == is_runs]:
            RunStep.objects.filter(pk__in=chosen).update(not_before=now + LOOK_AGAIN, because=reason)
    return len(states)


def go_on_with_run(run: Run, *, now: datetime) -> None:
    """It was resumed: what waited for that is due."""
    _go_on(run.steps.all(), now)


def go_on_with_playbook(playbook: Playbook, *, now: datetime) -> None:
    """It is paused no longer: what waited for that is due, but for the runs that are paused themselves."""
    _go_on(RunStep.objects.filter(run__playbook=playbook).exclude(run__state=RunState.PAUSED), now)


def _go_on(steps: QuerySet[RunStep], now: datetime) -> None:
    waiting = steps.filter(state=StepState.WAITING, because__in=(RUN_PAUSED, PLAYBOOK_PAUSED))
    waiting.update(not_before=now, because="")
    ask_again(SOURCE, steps.values("pk"), now=now)
