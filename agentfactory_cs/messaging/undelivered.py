"""Telling whoever asked for a mail that it did not reach its reader: not sent, held, failed, uncertain, or bounced.

An app that queues mail with a `source` registers a listener under that name; a mail whose source has none is told of
on its own row and on the timeline alone. What a person did to a mail needs no telling.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from agentfactory_cs.registry import Registry

from .models import Email

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Missed:
    """A mail that did not reach `address`: `reason` says why, in a sentence or in the mail server's own words."""

    email_id: int
    source_id: int
    address: str
    reason: str


@dataclass(frozen=True)
class Listener:
    """`hear(missed, now)` is called in the transaction that writes the outcome down, for up to a hundred at a time.

    It only adds rows: it must not wait for locks that others hold while they queue mail.
    """

    key: str
    hear: Callable[[Sequence[Missed], datetime], object]


listeners: Registry[Listener] = Registry("listener to mail that missed its reader")


def tell(missed: Iterable[tuple[Email, str]], *, now: datetime) -> None:
    """Tell of these mails, each with its reason. A listener that breaks keeps no mail from being written down."""
    by_source: dict[str, list[Missed]] = defaultdict(list)
    for email, reason in missed:
        if email.source_id is not None and email.source in listeners:
            address = email.address or email.reader_address
            by_source[email.source].append(Missed(email.pk, email.source_id, address, reason))
    for source, found in by_source.items():
        try:
            with transaction.atomic():
                listeners.get(source).hear(found, now)
        except Exception:
            logger.exception("Mails of %s did not reach their readers, and nobody could be told", source)
