"""What others ask of onboarding."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.services import Actor
from playbooks.models import Playbook, Run
from playbooks.services import start_run

# The sequences one may ask for, by the key of their playbook.
SEQUENCES = ("welcome", "at_risk")


@transaction.atomic
def send_onboarding_sequence(
    customer_id: int, sequence_type: str, *, why: str = "Asked for.", by: Actor = None, now: datetime | None = None
) -> Run:
    """Begin a sequence of mails to a customer, `welcome` or `at_risk`, and return its run.

    A customer who is in it already stays where it is, and that run is returned. Raises Customer.DoesNotExist, and
    ValidationError for a sequence there is not, one that is not active, and a customer that may not enter it now.
    """
    if sequence_type not in SEQUENCES:
        raise ValidationError(
            {"sequence_type": f"There is no sequence “{sequence_type}”. Known: {', '.join(SEQUENCES)}."}
        )
    # Locked: of two who ask at the same time, the second finds the first one's run.
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    playbook = Playbook.objects.filter(key=sequence_type).first()
    if playbook is None:
        raise ValidationError({"sequence_type": f"The playbook “{sequence_type}” was removed."})
    under_way = Run.objects.under_way().filter(playbook=playbook, customer=customer).first()
    return under_way or start_run(customer, playbook, by=by, now=now or timezone.now(), why=why)
