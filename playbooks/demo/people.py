"""What people do with the tasks of the demo's runs: most on time, some late, some not yet."""

from datetime import datetime, timedelta

from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.customers.services import finish_task
from agentfactory_cs.demo import World
from agentfactory_cs.events.models import Event

from ..models import RunStep
from ..models.run import StepState
from ..watching import on_events

_OUTCOMES = {
    "kickoff": (
        "Sponsor and IT were there; go-live by the end of next month.",
        "Done with their project lead and their IT.",
    ),
    "plan": ("Agreed on: two teams first, then the rest.", "Sent, and agreed on by their sponsor."),
    "call": ("Two goals written down; Maria is our counterpart.", "They want the first agent by month's end.", ""),
    "follow_up": ("Waiting for access to their own documents.", "Nobody had time; we agreed on Thursday mornings."),
    "review": ("First agent answers a third of the questions.", "Good start; next is the second team."),
}
_LEFT_OPEN, _SKIPPED = 0.15, 0.08
_WORKING_HOURS = range(8, 18)  # UTC


def finish_tasks(world: World, now: datetime) -> None:
    """Those that their owners have finished by now; the steps behind them go on."""
    held = RunStep.objects.filter(state=StepState.WITH_PERSON, task__status=Task.Status.OPEN)
    for step in held.select_related("task__owner", "task__customer", "run").order_by("pk"):
        if step.task:
            _finish(world, step, step.task, now)


def _is_stalled(step: RunStep, task: Task) -> bool:
    """By the demo's stories it has not got through its onboarding: nobody closes the review."""
    return step.key == "review" and task.customer.lifecycle_stage == Customer.Stage.ONBOARDING


def _finish(world: World, step: RunStep, task: Task, now: datetime) -> None:
    rng = world.rng(f"playbooks.{step.key}.{task.customer.external_id}")
    fate, hours = rng.random(), rng.uniform(3, 60)
    if fate < _LEFT_OPEN or now < step.run.entered_at + timedelta(hours=hours):
        return
    if now.hour not in _WORKING_HOURS or _is_stalled(step, task):
        return
    if task.due_at and now < task.due_at - timedelta(hours=hours):
        return
    skipped = fate > 1 - _SKIPPED
    status = Task.Status.SKIPPED if skipped else Task.Status.DONE
    outcome = "They told us on the phone that all is set up." if skipped else rng.choice(_OUTCOMES.get(step.key, ("",)))
    finish_task(task, status=status, outcome=outcome, by=task.owner, now=now)
    on_events(list(Event.objects.filter(trigger="customers.task_finished").order_by("-pk")[:1]), now)
