"""What follows when an onboarding is completed: the survey, and the success metrics.

Asked for by the event and by steps of the playbook `new_customer_onboarding`, whichever comes first; the other
finds it done.
"""

from collections.abc import Sequence
from datetime import datetime

from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.asking import ask_survey
from agentfactory_cs.messaging.models import SurveyKind, SurveyRequest

from . import success_metrics
from .models import Onboarding

SOURCE = "onboarding.completed"


def follow(events: Sequence[Event], *, now: datetime) -> None:
    """The consumer's part: of events `onboarding.completed`."""
    ids = [event.data["onboarding"] for event in events]
    completed = Onboarding.objects.filter(pk__in=ids, state=Onboarding.State.COMPLETED).select_related("customer")
    for onboarding in completed.order_by("customer_id"):
        if not _is_asked(onboarding):
            ask_how_it_was(onboarding, now=now)
        success_metrics.set_up(onboarding.customer, now=now)


def _is_asked(onboarding: Onboarding) -> bool:
    """By a step of the playbook, which was quicker."""
    requests = SurveyRequest.objects.filter(customer=onboarding.customer_id, survey__kind=SurveyKind.ONBOARDING_CSAT)
    return requests.filter(asked_at__gte=onboarding.ended_at).exists()


def ask_how_it_was(onboarding: Onboarding, *, now: datetime) -> SurveyRequest:
    """Put the onboarding survey to the primary contact, once an onboarding; why not stands on the request."""
    return ask_survey(
        customer=onboarding.customer,
        kind=SurveyKind.ONBOARDING_CSAT,
        source=SOURCE,
        source_id=onboarding.pk,
        now=now,
    )
