"""Mail that steps send: put into the outbox when the step is due, and asked about again when it is to go out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agentfactory_cs.console.registry import Words
from agentfactory_cs.messaging.guards import Guard, Objection, Wait, guards
from agentfactory_cs.messaging.models import Email, MailTemplate
from agentfactory_cs.messaging.outbox import queue

from .contacts import LOOK_AGAIN, PATIENCE, WAITING, has_somebody
from .judging import LOOK_AGAIN as ASK_AGAIN
from .judging import exits
from .models import Playbook, Run, RunStep
from .models.run import RunState
from .registry import Context, Outcome, done, skipped, wait_until

SOURCE = "playbooks.step"


def send_mail(context: Context, params: Mapping[str, Any]) -> Outcome:
    """Queue the template's mail to the customer's primary contact, once a step; wait a while for there to be one."""
    if context.now < context.due_at + PATIENCE and not has_somebody(context.customer):
        return wait_until(context.now + LOOK_AGAIN, WAITING)
    template = MailTemplate.objects.get(key=params["template"])
    email = queue(
        customer=context.customer,
        template=template,
        due_at=context.due_at,
        dedupe_key=context.reference,
        source=SOURCE,
        source_id=context.step_id,
        now=context.now,
    )
    if email is None:
        return skipped("Its mail was put into the outbox before.")
    if email.state == Email.State.WITHHELD:
        return skipped(email.reason)
    return done(f"The mail “{template.name}” is in the outbox.", email=email.pk)


def templates() -> Sequence[tuple[str, Words]]:
    return list(MailTemplate.objects.order_by("name").values_list("key", "name"))


def why_not(step_ids: Sequence[int], now: datetime) -> Mapping[int, Objection]:
    """Of the steps' mails that are about to go out, those that are wanted no more, and those that wait for their run
    or playbook to go on. A query, and one a version."""
    steps = RunStep.objects.filter(pk__in=step_ids).select_related("run__playbook", "run__version", "run__customer")
    runs: dict[int, Run] = {}
    step_of: dict[int, list[int]] = defaultdict(list)
    for step in steps:
        runs.setdefault(step.run_id, step.run)
        step_of[step.run_id].append(step.pk)
    leaving = exits(list(runs.values()), now)
    reasons: dict[int, Objection] = {}
    for run in runs.values():
        if reason := _ended(run) or leaving.found.get(run.pk, ""):
            reasons[run.pk] = reason
        elif reason := _standing(run) or leaving.unasked.get(run.pk, ""):
            reasons[run.pk] = Wait(now + ASK_AGAIN, reason)
    return {pk: reason for run_id, reason in reasons.items() for pk in step_of[run_id]}


def _ended(run: Run) -> str:
    """A run whose last step is done has ended, and its last mail may still be on its way."""
    if run.state in (RunState.EXITED, RunState.STOPPED):
        return f"{run.playbook} ended for this customer: {run.ended_because}"
    return ""


def _standing(run: Run) -> str:
    if run.state == RunState.PAUSED:
        return f"{run.playbook} was paused for this customer: {run.pause_reason}"
    if run.playbook.state == Playbook.State.PAUSED:
        return f"{run.playbook} is paused."
    return ""


guards.register(Guard(SOURCE, why_not))
