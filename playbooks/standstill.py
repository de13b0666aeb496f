"""What stands still while its run or its playbook is paused, and goes on with it.

Steps that come due meanwhile are put off an hour at a time, all in one statement, so that no batch of due steps walks
over them again and again; when the pause ends they are due at once, and so is the mail that waited for it.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from agentfactory_cs.messaging.outbox import ask_again

from .mailing import SOURCE
from .models import Playbook, Run, RunStep
from .models.run import RunState, StepState

LOOK_AGAIN = timedelta(hours=1)
RUN_PAUSED = "It waits: the run is paused."
PLAYBOOK_PAUSED = "It waits: the playbook is paused."

_PUT_OFF = """
UPDATE playbooks_runstep AS step
SET not_before = %(until)s, because = still.because
FROM (SELECT due.id, CASE run.state WHEN 'paused' THEN %(run)s ELSE %(playbook)s END AS because
      FROM playbooks_runstep due
      JOIN playbooks_run run ON run.id = due.run_id
      JOIN playbooks_playbook playbook ON playbook.id = run.playbook_id
      WHERE due.state = 'waiting' AND due.not_before <= %(now)s
        AND (run.state = 'paused' OR playbook.state NOT IN ('active', 'retired'))
      ORDER BY due.id
      FOR UPDATE OF due SKIP LOCKED) AS still
WHERE step.id = still.id"""


def put_off_paused(*, now: datetime) -> int:
    """Say of the steps that are due in what is paused why they wait, and look again in an hour; how many."""
    told: dict[str, datetime | str] = {
        "until": now + LOOK_AGAIN,
        "now": now,
        "run": RUN_PAUSED,
        "playbook": PLAYBOOK_PAUSED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PUT_OFF, told)
        return cursor.rowcount


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
