"""What is wrong with the settings of the platform, said at the start rather than with the first customer."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution

from agentfactory_cs.customers.models import Customer

_LOCAL = {"localhost", "127.0.0.1", "::1"}


@register()
def platform_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return [*_address(), *_key(), *_blueprints(), *_limits()]


def _address() -> Iterable[CheckMessage]:
    if not (address := settings.AGENTFACTORY_API_URL):
        return
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Error(
            "AGENTFACTORY_API_URL is no address.",
            hint="It looks like https://platform.example.com/api/v1.",
            id="onboarding.E001",
        )
    elif parts.scheme == "http" and parts.hostname not in _LOCAL:
        yield Caution("AGENTFACTORY_API_URL is not https: the key goes over the wire in clear.", id="onboarding.W001")
    elif not parts.path.endswith("/api/v1"):
        yield Caution("AGENTFACTORY_API_URL does not end in /api/v1.", id="onboarding.W002")
    if not settings.AGENTFACTORY_WEBHOOK_SECRET:
        yield Caution(
            "AGENTFACTORY_WEBHOOK_SECRET is not set: the platform's webhooks are refused.",
            hint="Set it to the secret the platform signs its webhooks with.",
            id="onboarding.W003",
        )


def _key() -> Iterable[CheckMessage]:
    key = settings.AGENTFACTORY_API_KEY
    if bool(settings.AGENTFACTORY_API_URL) != bool(key):
        there, missing = ("AGENTFACTORY_API_URL", "AGENTFACTORY_API_KEY")[:: 1 if not key else -1]
        yield Error(
            f"{there} is set and {missing} is not.",
            hint="With both, accounts are set up by calls; with neither, by people.",
            id="onboarding.E002",
        )
    if not (key.isascii() and key.isprintable()) or key != key.strip():
        yield Error("AGENTFACTORY_API_KEY holds characters that cannot be sent.", id="onboarding.E003")


def _blueprints() -> Iterable[CheckMessage]:
    for name in ("AGENTFACTORY_BLUEPRINTS", "AGENTFACTORY_KNOWLEDGE_BLUEPRINTS"):
        if unknown := sorted(set(getattr(settings, name)) - set(Customer.Tier.values)):
            tiers = ", ".join(Customer.Tier.values)
            yield Error(f"{name} names no tier: {', '.join(unknown)}.", hint=f"Tiers: {tiers}.", id="onboarding.E004")


def _limits() -> Iterable[CheckMessage]:
    for name in ("AGENTFACTORY_CALLS_PER_MINUTE", "AGENTFACTORY_CALLS_PER_HOUR", "PLATFORM_DELIVERY_DAYS"):
        if getattr(settings, name) < 1:
            yield Error(f"{name} must be at least 1.", id="onboarding.E005")
