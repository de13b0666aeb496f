"""Addresses that mails lead to."""

from django.conf import settings
from django.core import signing

from .models import Email

UNSUBSCRIBE_SALT = "messaging.unsubscribe"


def unsubscribe_address(email: Email) -> str:
    """Where the mail's reader unsubscribes from its topic, signed so that nobody unsubscribes others."""
    token = signing.dumps([email.contact_id, email.topic_id], salt=UNSUBSCRIBE_SALT)
    return f"{settings.SITE_ADDRESS}/mail/unsubscribe/{token}/"


def community(address: str) -> str:
    """The community's address as a link, however the company's settings spell it."""
    return address if address.startswith(("https://", "http://")) else f"https://{address}"
