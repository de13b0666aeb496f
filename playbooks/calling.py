"""Calling other systems from a step: a signed message to a webhook that staff chose."""

from collections.abc import Mapping, Sequence
from typing import Any

from agentfactory_cs.console.registry import Words
from agentfactory_cs.events.models import WebhookEndpoint
from agentfactory_cs.events.tasks import ring_for_webhooks
from agentfactory_cs.events.webhooks.queueing import customer_of, queue

from .registry import Context, Outcome, done, failed, skipped

KIND = "playbooks.step"


def call(context: Context, params: Mapping[str, Any]) -> Outcome:
    """Queue the run's data for the webhook, once a step; what becomes of it is on the webhook's page."""
    endpoint = WebhookEndpoint.objects.get(pk=int(params["webhook"]))
    if not endpoint.is_active:
        return failed(f"The webhook “{endpoint}” is switched off: {endpoint.disabled_because}")
    data = {
        "customer": customer_of(context.customer),
        "playbook": context.playbook,
        "run": context.run_id,
        "step": context.step_id,
        "title": context.step_title,
        "entered_at": context.entered_at,
        "note": params["note"],
    }
    queued = queue(endpoint, message_id=f"step_{context.step_id}", kind=KIND, data=data, now=context.now)
    if queued is None:
        return skipped("It was called before.")
    ring_for_webhooks()
    return done(f"A message to {endpoint} is on its way.", delivery=queued.pk)


def webhooks() -> Sequence[tuple[str, Words]]:
    return [(str(pk), description) for pk, description in WebhookEndpoint.objects.values_list("pk", "description")]
