"""What a step of account set-up asks of a person, in words."""

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from agentfactory_cs.customers.models import Task
from agentfactory_cs.customers.services import finish_task, save_task
from agentfactory_cs.events.services import Actor, record
from agentfactory_cs.messaging.notices import write_to

from ..models import ProvisioningStep

Kind, State = ProvisioningStep.Kind, ProvisioningStep.State

DUE_IN = timedelta(days=1)


def _words(kind: str) -> tuple[str, str]:
    """Of the task: its title, and what is to be done."""
    return {
        Kind.ACCOUNT: (
            _("Set up the platform account"),
            _(
                "Create the customer's account on the platform, or look it up there. Then enter its tenant id as the "
                "External ID on the customer's page: that settles this task, and the rest of the set-up goes on."
            ),
        ),
        Kind.CONFIGURATION: (
            _("Install the default configuration"),
            _("Install the blueprint for the customer's tier in its account on the platform."),
        ),
        Kind.AGENT: (
            _("Create the initial agent"),
            _("Create a first agent in the customer's account on the platform, so that they need not begin with none."),
        ),
        Kind.KNOWLEDGE_BASE: (
            _("Set up the knowledge base"),
            _("Set up a knowledge base in the customer's account, or go through it with them."),
        ),
    }[Kind(kind)]


def hand_over(step: ProvisioningStep, because: str, *, now: datetime) -> None:
    """Make a task of a locked step that is waiting or under way; finishing the task settles the step."""
    title, to_do = _words(step.kind)
    how = _("Finish this task when it is done; skip it where it is not needed.")
    task = Task(
        customer=step.customer,
        title=title,
        description=f"{to_do}\n\n{_('Why it is with you:')} {because}\n\n{how}",
        owner=step.customer.success_manager,
        due_at=now + DUE_IN,
    )
    step.task = save_task(task, now=now)
    step.state, step.because, step.claimed_at = State.WITH_PERSON, because, None
    step.save()
    told = {"step": step.get_kind_display(), "why": because, "task": task.pk}
    record("onboarding.setup_with_person", step.customer, told, now=now)


def take_back(step: ProvisioningStep, *, status: str, outcome: str, by: Actor, now: datetime) -> None:
    """Finish the task of a step that is settled without it; the step keeps no hold of it, so that nothing follows."""
    task, step.task = step.task, None
    if task and task.status == Task.Status.OPEN:
        finish_task(task, status=status, outcome=outcome, by=by, now=now)


def tell_managers(because: str, *, now: datetime) -> None:
    """The platform refuses us as a whole: the CS managers are told, once a day."""
    text = _("Nobody's account is set up until this is put right: %(why)s") % {"why": because}
    for manager in get_user_model().objects.filter(groups__name="CS manager", is_active=True):
        write_to(
            manager,
            kind="onboarding.platform_refuses",
            subject=_("The platform refuses account set-up"),
            text=text,
            dedupe_key=f"onboarding.platform_refuses:{manager.pk}:{now:%Y-%m-%d}",
            now=now,
        )
