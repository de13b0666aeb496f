"""Mail steps of customers that have nobody to write to: they wait some days for a primary contact."""

from datetime import datetime, timedelta

from agentfactory_cs.customers.models import Contact, Customer

from .models import RunStep
from .models.run import RunState, StepState
from .moments import sends_mail

# A platform often creates the customer first and its people after.
PATIENCE = timedelta(days=3)
LOOK_AGAIN = timedelta(hours=1)
WAITING = "The customer has no primary contact yet: the mail goes out once there is one."


def has_somebody(customer: Customer) -> bool:
    return Contact.objects.filter(customer=customer, is_primary=True).exists()


def wake_mail(customer_id: int, now: datetime) -> None:
    """A contact was added: the mails that waited for one are tried at once."""
    waiting = RunStep.objects.filter(
        state=StepState.WAITING, run__customer=customer_id, run__state=RunState.RUNNING, due_at__lte=now
    )
    for step in waiting.filter(not_before__gt=now).select_related("run__version"):
        if sends_mail(step.run.version.plan.step(step.key)):
            RunStep.objects.filter(pk=step.pk, state=StepState.WAITING).update(not_before=now)
