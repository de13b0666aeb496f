"""What a manual step asks of a person."""

from datetime import datetime, timedelta

from agentfactory_cs.customers.models import Task
from agentfactory_cs.customers.services.relationship import save_task

from .models import RunStep
from .registry import Parameter
from .rules import Step

# Of a manual step; what a person must know, and until when it is to be done.
PARAMETERS = (
    Parameter("description", "What to do", "long_text", required=False, default=""),
    Parameter("task_kind", "Kind of task", "choice", default=Task.Kind.TODO, choices=lambda: Task.Kind.choices),
    Parameter("due_days", "Days to do it in", "days", default=1),
)


def task_for(step: RunStep, plan: Step, *, now: datetime) -> Task:
    """The task that settles the step, for the customer's success manager."""
    told = {parameter.key: parameter.checked(plan.params.get(parameter.key)) for parameter in PARAMETERS}
    task = Task(
        customer=step.run.customer,
        kind=told["task_kind"],
        title=plan.title,
        description=told["description"],
        owner=step.run.customer.success_manager,
        due_at=now + timedelta(days=told["due_days"]),
    )
    return save_task(task, now=now)
