"""The address customers write to, and the one an answer to a ticket comes back to, which only we can make."""

import re

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from agentfactory_cs.customers.models import Company

from .models import Team

_PURPOSE = "support.addresses.reply"
# 80 bits, in letters that survive mail systems which write addresses in small ones.
_SIGNATURE = 20
_REPLY = re.compile(rf"\+r(\d{{1,18}})-([0-9a-f]{{{_SIGNATURE}}})@")


def support_address() -> str:
    """In small letters."""
    return (settings.SUPPORT_ADDRESS or Company.get().sender_email).lower()


def our_addresses() -> frozenset[str]:
    """Every address of ours that customers write to or get mail from, in small letters."""
    teams = Team.objects.exclude(address=None).values_list("address", flat=True)
    return frozenset({support_address(), Company.get().sender_email.lower(), *(str(one).lower() for one in teams)})


def reply_address(ticket_id: int) -> str:
    """Where an answer about this ticket goes: support+r42-0123456789abcdef0123@example.com."""
    local, _, domain = support_address().rpartition("@")
    return f"{local}+r{ticket_id}-{_signature(ticket_id)}@{domain}"


def ticket_of(address: str) -> int | None:
    """The ticket whose reply address this is; None where it is none, or somebody made it up.

    Our address may have changed since: the signature alone counts.
    """
    found = _REPLY.search(address.lower())
    if found is None:
        return None
    ticket_id = int(found.group(1))
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    signed = any(constant_time_compare(_signature(ticket_id, secret), found.group(2)) for secret in secrets)
    return ticket_id if signed else None


def _signature(ticket_id: int, secret: str | bytes | None = None) -> str:
    return salted_hmac(_PURPOSE, str(ticket_id), secret=secret, algorithm="sha256").hexdigest()[:_SIGNATURE]
