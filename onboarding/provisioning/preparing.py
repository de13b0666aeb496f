"""Making the steps of account set-up."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer

from ..models import ProvisioningStep
from ..platform import is_configured
from .people import hand_over
from .settling import reach_milestones, tenant_words

Kind, State = ProvisioningStep.Kind, ProvisioningStep.State

ORDER = (Kind.ACCOUNT, Kind.CONFIGURATION, Kind.AGENT, Kind.KNOWLEDGE_BASE)
# Who signed up longer ago than this before we learned of it has an account that works.
OLD_NEWS = timedelta(days=2)
NO_ADDRESS = "No platform is configured (AGENTFACTORY_API_URL, AGENTFACTORY_API_KEY)."


@transaction.atomic
def prepare(customers: Iterable[Customer], *, now: datetime) -> int:
    """Give each customer its four steps, unless it has them; how many customers were new.

    Not needed are those of a customer that signed up long before, or has left. A customer with a platform id has
    an account already: none is made for it.
    """
    wanted = {customer.pk: customer for customer in customers}
    known = ProvisioningStep.objects.filter(customer__in=wanted).values_list("customer_id", flat=True)
    new = [wanted[pk] for pk in wanted.keys() - set(known)]
    steps = [step for customer in sorted(new, key=lambda one: one.pk) for step in _steps(customer, now)]
    ProvisioningStep.objects.bulk_create(steps, ignore_conflicts=True)
    if not is_configured():
        _hand_over([customer.pk for customer in new], now)
    reach_milestones([customer.pk for customer in new], now=now)
    return len(new)


def _steps(customer: Customer, now: datetime) -> Iterable[ProvisioningStep]:
    for position, kind in enumerate(ORDER):
        step = ProvisioningStep(customer=customer, kind=kind, position=position, not_before=now, created_at=now)
        if why_not := _not_needed(customer, now):
            step.state, step.settled_at, step.because = State.NOT_NEEDED, now, why_not
        elif kind == Kind.ACCOUNT and customer.external_id:
            step.state, step.settled_at, step.because = State.DONE, now, tenant_words(customer)
            step.result = {"tenant_id": customer.external_id}
        yield step


def _not_needed(customer: Customer, now: datetime) -> str:
    if customer.lifecycle_stage == Customer.Stage.CHURNED:
        return "The customer has left us."
    if now - customer.signed_up_at > OLD_NEWS:
        day = utc_day(customer.signed_up_at)
        return f"It signed up on {day}, more than {OLD_NEWS.days} days before we learned of it."
    return ""


def _hand_over(customer_ids: Sequence[int], now: datetime) -> None:
    steps = ProvisioningStep.objects.filter(customer__in=customer_ids, state=State.WAITING, task=None)
    for step in steps.select_related("customer__success_manager").select_for_update(of=("self",)):
        hand_over(step, NO_ADDRESS, now=now)
