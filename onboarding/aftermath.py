"""What follows when an onboarding is completed: the survey, and the success metrics.

Asked for by the event and by steps of the playbook `new_customer_onboarding`, whichever comes first; the other
finds it done.
"""

from collections.abc import Sequence
from datetime import datetime

from agentfactory_cs.events.models import Event

from . import success_metrics
from .models import Onboarding


def follow(events: Sequence[Event], *, now: datetime) -> None:
    """The consumer's part: of events `onboarding.completed`."""
    ids = [event.data["onboarding"] for event in events]
    completed = Onboarding.objects.filter(pk__in=ids, state=Onboarding.State.COMPLETED).select_related("customer")
    for onboarding in completed.order_by("customer_id"):
        success_metrics.set_up(onboarding.customer, now=now)
