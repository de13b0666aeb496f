"""Settling steps: done, or not needed; with what that means for milestones and the steps behind."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.services import save_contact, save_customer
from agentfactory_cs.events.services import Actor, actor_user, record

from .. import rules
from ..milestones import Reached, reach_all
from ..models import ProvisioningStep
from ..models.onboarding import MilestoneSource

Kind, State = ProvisioningStep.Kind, ProvisioningStep.State


def tenant_words(customer: Customer) -> str:
    return f"It is known on the platform as {customer.external_id}."


def settle(
    step: ProvisioningStep,
    state: str,
    *,
    because: str,
    result: Mapping[str, Any] | None = None,
    by: Actor = None,
    now: datetime,
) -> None:
    """Settle a locked step as `done` or `not_needed`, in the caller's transaction."""
    if state not in ProvisioningStep.TRANSITIONS[State(step.state)]:
        words = f"“{step.get_kind_display()}” is {step.get_state_display().lower()}: it cannot become {state}."
        raise ValidationError({"state": ValidationError(words, code="conflict")})
    step.state, step.because, step.claimed_at, step.last_error = state, because, None, ""
    step.settled_at, step.settled_by = now, actor_user(by)
    step.result = {**step.result, **(result or {})}
    step.save()
    told = {"step": step.get_kind_display(), "outcome": step.get_state_display(), "why": because}
    record("onboarding.setup_settled", step.customer, told, by=by, now=now)
    reach_milestones([step.customer_id], now=now)
    if step.kind == Kind.ACCOUNT and state == State.NOT_NEEDED:
        _release_those_behind(step, by=by, now=now)


def _release_those_behind(account: ProvisioningStep, *, by: Actor, now: datetime) -> None:
    """Without an account there is nothing to set up in it."""
    behind = ProvisioningStep.objects.filter(customer=account.customer_id, state=State.WAITING).exclude(pk=account.pk)
    for step in behind.select_related("customer").select_for_update(of=("self",)).order_by("position"):
        settle(step, State.NOT_NEEDED, because="No account is set up for it.", by=by, now=now)


def reach_milestones(customer_ids: Collection[int], *, now: datetime) -> None:
    """Provisioned is who has an account and its configuration (or needs none); the knowledge base counts by itself.

    The initial agent is ours, and no step of the customer towards its first value.
    """
    steps = ProvisioningStep.objects.filter(customer__in=customer_ids)
    base = Q(kind__in=(Kind.ACCOUNT, Kind.CONFIGURATION))
    settled = base & (Q(state=State.DONE) | Q(kind=Kind.CONFIGURATION, state=State.NOT_NEEDED))
    groups = (
        steps.order_by()
        .values("customer_id")
        .annotate(ready=Count("pk", filter=settled), at=Max("settled_at", filter=settled))
    )
    provisioned = [(row["customer_id"], rules.PROVISIONED, row["at"]) for row in groups if row["ready"] == 2]
    knowledge = steps.filter(kind=Kind.KNOWLEDGE_BASE, state=State.DONE).values_list("customer_id", "settled_at")
    found = [*provisioned, *((pk, rules.KNOWLEDGE_BASE, at) for pk, at in knowledge if at)]
    source = MilestoneSource.PROVISIONING
    reach_all([Reached(pk, key, at, source, detail="Account set-up") for pk, key, at in found], now=now)


def keep_account(step: ProvisioningStep, contact_id: int | None, told: Mapping[str, Any], *, now: datetime) -> None:
    """Write down who the customer and its contact are on the platform. ValidationError where somebody else is that."""
    customer = step.customer
    if not customer.external_id:
        customer.external_id = told["tenant_id"]
        save_customer(customer, changed={"external_id"}, now=now)
    contact = Contact.objects.filter(pk=contact_id, platform_user_id=None).first() if contact_id else None
    taken = Contact.objects.filter(platform_user_id=told.get("user_id"))
    if contact and told.get("user_id") and not taken.exists():
        contact.platform_user_id = told["user_id"]
        save_contact(contact, now=now)
