"""Who unsubscribes leaves the sequences that would write to them: the run ends, and says so.

Other playbooks go on: their tasks are for our people, and a mail of theirs is not sent, with the reason on the mail.
"""

from datetime import datetime

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import MailTemplate

from .models import Run, RunStep
from .models.run import RunState
from .steps import end_run


def end_sequences(event: Event, now: datetime) -> None:
    """End the customer's sequences all of whose mails to come are about what its primary contact left."""
    address, topic = event.data.get("address", ""), event.data.get("topic_key", "")
    if not Contact.objects.filter(customer=event.customer_id, is_primary=True, email__iexact=address).exists():
        return
    runs = Run.objects.under_way().filter(customer=event.customer_id, playbook__is_sequence=True)
    for run in runs.select_related("customer", "playbook", "version").select_for_update(of=("self",)).order_by("pk"):
        if not topic or _topics_to_come(run) <= {topic}:
            because = f"{address} unsubscribed from {event.data.get('topic', 'it')}."
            end_run(run, RunState.EXITED, because=because, now=now)


def _topics_to_come(run: Run) -> set[str]:
    keys = run.steps.exclude(state__in=RunStep.SETTLED).values_list("key", flat=True)
    templates = {run.version.plan.step(key).params.get("template") for key in keys}
    return set(MailTemplate.objects.filter(key__in=templates).values_list("topic", flat=True))
