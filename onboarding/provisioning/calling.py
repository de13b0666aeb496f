"""What each step calls, outside any transaction, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from agentfactory_cs.customers.models import Contact, Customer

from ..models import PlatformDelivery, ProvisioningStep
from ..platform import Agent, Permanent, Platform
from .agents import agent_id

Kind = ProvisioningStep.Kind

BAD_REQUEST, CONFLICT = 400, 409
# An account is made for a contact's address. Integrations add contacts after the customer, so it is waited for one.
CONTACT_WITHIN, LOOK_EVERY = timedelta(days=1), timedelta(minutes=10)


@dataclass(frozen=True)
class Done:
    """What the platform gave, and in words how it came to be."""

    because: str
    result: Mapping[str, Any] = field(default_factory=dict)
    contact_id: int | None = None


@dataclass(frozen=True)
class ForPerson:
    """It cannot be done by a call; why."""

    because: str


@dataclass(frozen=True)
class Later:
    """It is too early to call; why, and when to look again."""

    because: str
    until: datetime


Came = Done | ForPerson | Later


def call(step: ProvisioningStep, platform: Platform, *, now: datetime) -> Came:
    """Do what the step is for. A repeat finds what an attempt cut off had made. Raises what `platform` does."""
    if step.kind == Kind.ACCOUNT:
        return _account(step, platform, now)
    if not step.customer.external_id:
        return ForPerson(
            "The customer has no platform id (External ID), so that nothing can be set up for it by itself."
        )
    return _CALLS[step.kind](step, platform)


def _account(step: ProvisioningStep, platform: Platform, now: datetime) -> Came:
    customer = step.customer
    if customer.external_id:
        return Done(f"It is known on the platform as {customer.external_id}.", {"tenant_id": customer.external_id})
    contact = customer.contacts.filter(left_on=None).order_by("-is_primary", "pk").first()
    if contact is None:
        if now < step.created_at + CONTACT_WITHIN:
            return Later("It has no contact yet: an account is made for an address.", now + LOOK_EVERY)
        return ForPerson("It has no contact with an address to make an account for.")
    try:
        account = platform.sign_up(contact.email)
    except Permanent as refused:
        if refused.status not in (BAD_REQUEST, CONFLICT):
            raise
        return _known_account(customer, contact, str(refused))
    told = {"tenant_id": account.tenant_id, "user_id": account.user_id}
    return Done(f"Created for {contact.email}.", told, contact.pk)


def _known_account(customer: Customer, contact: Contact, refused: str) -> Came:
    """The address is registered already: by somebody, or by an attempt of ours whose answer never arrived."""
    known = list(customer.contacts.exclude(platform_user_id=None).values_list("platform_user_id", flat=True))
    deliveries = PlatformDelivery.objects.exclude(tenant_id="").order_by("-id")
    by_user = deliveries.filter(user_id__in=known).first() if known else None
    found = by_user or deliveries.filter(state=PlatformDelivery.State.STRANGER, data__email=contact.email).first()
    if found is None:
        return ForPerson(f"{contact.email} has an account on the platform, and we do not know its tenant id. {refused}")
    told = {"tenant_id": found.tenant_id, "user_id": found.user_id}
    return Done(f"{contact.email} was registered already, as the platform's webhooks tell.", told, contact.pk)


def _configuration(step: ProvisioningStep, platform: Platform) -> Came:
    return _install(step, platform, settings.AGENTFACTORY_BLUEPRINTS, "AGENTFACTORY_BLUEPRINTS")


def _knowledge_base(step: ProvisioningStep, platform: Platform) -> Came:
    return _install(step, platform, settings.AGENTFACTORY_KNOWLEDGE_BLUEPRINTS, "AGENTFACTORY_KNOWLEDGE_BLUEPRINTS")


def _install(step: ProvisioningStep, platform: Platform, blueprints: Mapping[str, str], setting: str) -> Came:
    tier = step.customer.tier
    if not (blueprint := blueprints.get(tier, "")):
        return ForPerson(f"No blueprint is set for the tier {step.customer.get_tier_display()} ({setting}).")
    done = platform.install(blueprint, step.customer.external_id or "")
    return Done(f"The blueprint {blueprint} is installed.", {"blueprint": blueprint, "agents": list(done.agents)})


def _agent(step: ProvisioningStep, platform: Platform) -> Came:
    agent = Agent(
        id=agent_id(step.customer.external_id or ""),
        name=f"{step.customer.name} assistant"[:100],
        instructions=(
            f"You are the first assistant of {step.customer.name}. Answer questions about the company briefly and "
            "politely. Say so where you do not know something."
        ),
        model=settings.AGENTFACTORY_AGENT_MODEL,
    )
    done = Done(f"The agent {agent.id} is there.", {"agents": [agent.id]})
    if step.attempts > 1 and platform.has_agent(agent.id):
        return done
    try:
        platform.create_agent(agent)
    except Permanent as refused:
        if refused.status not in (BAD_REQUEST, CONFLICT) or not platform.has_agent(agent.id):
            raise
    return done


_CALLS: Mapping[str, Callable[[ProvisioningStep, Platform], Came]] = {
    Kind.CONFIGURATION: _configuration,
    Kind.AGENT: _agent,
    Kind.KNOWLEDGE_BASE: _knowledge_base,
}
