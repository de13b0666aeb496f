"""What a manual step asks of a person: what to do, who does it, and until when."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.customers.services.relationship import save_task
from agentfactory_cs.messaging.notices import write_to

from .models import RunStep
from .registry import Parameter
from .rules import Step

SUCCESS_MANAGER, CS_MANAGER = "success_manager", "cs_manager"
# The group of those who lead the success managers.
MANAGERS = "CS manager"
NOTICE = "playbooks.task"

# Of a manual step; apps above add theirs by `ask_also`.
PARAMETERS = [
    Parameter("description", _("What to do"), "long_text", required=False, default=""),
    Parameter("task_kind", _("Kind of task"), "choice", default=Task.Kind.TODO, choices=lambda: Task.Kind.choices),
    Parameter("due_days", _("Days to do it in"), "days", default=1),
    Parameter(
        "owner",
        _("Who does it"),
        "choice",
        default=SUCCESS_MANAGER,
        choices=lambda: [
            (SUCCESS_MANAGER, _("The customer's success manager")),
            (CS_MANAGER, _("A CS manager: who has the fewest open tasks")),
        ],
    ),
    Parameter(
        "brief",
        _("Write-up to add"),
        required=False,
        default="",
        help=_("The key of a step before it that writes one up, such as a check of progress."),
    ),
    Parameter("by_mail", _("Tell them by e-mail too"), "yes_no", required=False, default=False),
]


def ask_also(parameter: Parameter) -> None:
    """Let manual steps take one more parameter, for an app above that acts on it when the task is done.

    Raises ValueError where there is one of that key.
    """
    if any(known.key == parameter.key for known in PARAMETERS):
        raise ValueError(f"Two parameters of manual steps are named {parameter.key!r}.")
    PARAMETERS.append(parameter)


def task_for(step: RunStep, plan: Step, *, now: datetime) -> Task:
    """The task that settles the step, given to whom it names; by e-mail too, where it says so."""
    told = {parameter.key: parameter.checked(plan.params.get(parameter.key)) for parameter in PARAMETERS}
    customer = step.run.customer
    task = Task(
        customer=customer,
        kind=told["task_kind"],
        title=plan.title,
        description=_description(step, told["description"], told["brief"]),
        owner=customer.success_manager if told["owner"] == SUCCESS_MANAGER else least_busy_manager(now),
        due_at=now + timedelta(days=told["due_days"]),
    )
    save_task(task, now=now)
    if told["by_mail"]:
        for reader in _readers(task, told["owner"]):
            _tell(reader, task, step, now=now)
    return task


def _description(step: RunStep, what: str, brief_of: str) -> str:
    """What to do, what an earlier step wrote up, and why the customer is in the playbook at all."""
    earlier = RunStep.objects.filter(run=step.run, key=brief_of).first() if brief_of else None
    brief = earlier.result.get("brief", "") if earlier else ""
    why = f"{step.run.playbook}: {step.run.entered_because}"
    return "\n\n".join(filter(None, (what, brief, why)))


def least_busy_manager(now: datetime) -> User | None:
    """The CS manager who is here and has the fewest open tasks; None where there is none."""
    here = Q(staff_profile__isnull=True) | Q(staff_profile__away_until__isnull=True)
    here |= Q(staff_profile__away_until__lte=utc_day(now))
    people = User.objects.filter(here, is_active=True, groups__name=MANAGERS).distinct()
    waiting = Count("tasks", filter=Q(tasks__status=Task.Status.OPEN), distinct=True)
    return people.annotate(waiting=waiting).order_by("waiting", "pk").first()


def _readers(task: Task, owner: str) -> Iterable[User]:
    """Its owner; what is brought before the CS managers is told to each of them."""
    if owner == CS_MANAGER:
        return User.objects.filter(is_active=True, groups__name=MANAGERS).distinct().order_by("pk")
    return [task.owner] if task.owner else []


def _tell(reader: User, task: Task, step: RunStep, *, now: datetime) -> None:
    customer: Customer = step.run.customer
    address = settings.SITE_ADDRESS + reverse("admin:customers_customer_overview", args=[customer.pk])
    write_to(
        reader,
        kind=NOTICE,
        subject=f"{customer}: {task.title}",
        text=f"{_words(task)}\n\n{address}\n",
        dedupe_key=f"{NOTICE}:{step.pk}:{reader.pk}",
        now=now,
    )


def _words(task: Task) -> str:
    whose = f"The task is {task.owner.get_full_name() or task.owner}'s." if task.owner else "Nobody has the task yet."
    return "\n\n".join(filter(None, (task.description, whose)))
