"""Posts that steps make to our own people in Slack."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from agentfactory_cs.console.registry import Words
from agentfactory_cs.messaging.models import SlackChannel
from agentfactory_cs.messaging.notices import post_to_slack
from agentfactory_cs.messaging.slack import escaped, link
from agentfactory_cs.messaging.tasks import ring

from .registry import BadParameter, Context, Outcome, done, skipped

NAMES = ("customer", "tier", "stage", "success_manager", "playbook", "step")
_NAME = re.compile(r"\{([^{}]*)\}")


def post(context: Context, params: Mapping[str, Any]) -> Outcome:
    """Queue the words for a channel, led by a link to the customer; once a step."""
    channel = SlackChannel.objects.get(name=params["channel"])
    words = filled(params["text"], context)
    customer = context.customer
    address = settings.SITE_ADDRESS + reverse("admin:customers_customer_overview", args=(customer.pk,))
    notice = post_to_slack(
        channel.address,
        kind="playbooks.step",
        subject=f"{customer}: {words}"[:200],
        text=f"{link(address, customer.name)}: {escaped(words)}",
        dedupe_key=context.reference,
        now=context.now,
    )
    if notice is None:
        return skipped("It was posted before.")
    ring()
    return done(f"Posted to {channel}.", notice=notice.pk)


def check_text(params: Mapping[str, Any]) -> None:
    """Raises BadParameter for a name in braces that nothing is put in for."""
    if unknown := [name for name in _NAME.findall(params["text"]) if name not in NAMES]:
        raise BadParameter(
            f"text: there is no {{{unknown[0]}}}; known are {', '.join(f'{{{name}}}' for name in NAMES)}."
        )


def filled(text: str, context: Context) -> str:
    customer, manager = context.customer, context.customer.success_manager
    values = {
        "customer": customer.name,
        "tier": customer.get_tier_display(),
        "stage": customer.get_lifecycle_stage_display(),
        "success_manager": (manager.get_full_name() or manager.get_username()) if manager else "nobody yet",
        "playbook": context.playbook,
        "step": context.step_title,
    }
    return _NAME.sub(lambda found: values[found[1]], text)


def channels() -> Sequence[tuple[str, Words]]:
    return [(name, name) for name in SlackChannel.objects.values_list("name", flat=True)]
