"""Making something of mail that was stored: a message, a ticket, a note, or nothing, each with the reason.

One mail is one transaction: what is made of it and that it was read commit together. What cannot be read is kept for
a person, with the reason.
"""

import logging
from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from ..models import InboundMail
from .letter import Unreadable
from .meaning import Outcome, describe, make_something_of
from .reading import read

# Reading it was begun so often and never ended: it stops its worker.
MOST_ATTEMPTS = 5
State = InboundMail.State
logger = logging.getLogger(__name__)


def read_waiting(*, now: datetime) -> int:
    """Read what waits, in the order it came; returns how many were looked at.

    Any number may run at a time: a mail is read under its lock. One at a time keeps threads in order.
    """
    seen, place = 0, 0
    while pk := _begin_next(place):
        _read(pk, now)
        seen, place = seen + 1, pk
    return seen


@transaction.atomic
def _begin_next(after: int) -> int | None:
    waiting = InboundMail.objects.filter(state=State.WAITING, pk__gt=after).order_by("pk")
    pk = waiting.select_for_update(skip_locked=True).values_list("pk", flat=True).first()
    if pk:
        InboundMail.objects.filter(pk=pk).update(attempts=F("attempts") + 1)
    return pk


def _read(pk: int, now: datetime) -> None:
    try:
        with transaction.atomic():
            mail = InboundMail.objects.select_for_update().filter(pk=pk, state=State.WAITING).first()
            if mail is None:
                return
            if mail.attempts > MOST_ATTEMPTS:
                raise Unreadable(f"Reading it was begun {MOST_ATTEMPTS} times and never came to an end.")
            take_in(mail, now=now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not the mail's: it waits
    except Unreadable as error:
        _fail(pk, str(error), now)
    except ValidationError as error:
        _fail(pk, " ".join(error.messages), now)
    except Exception as error:  # one mail that nobody foresaw must not keep all others waiting
        logger.exception("Inbound mail %s cannot be taken in", pk)
        _fail(pk, f"{type(error).__name__}: {error}", now)


def take_in(mail: InboundMail, *, by_hand: bool = False, as_new: bool = False, now: datetime) -> Outcome:
    """Make something of a locked mail, and say so on its row, in the caller's transaction.

    `by_hand`: a person says that it is one to be answered. `as_new`: a ticket of its own. Raises Unreadable.
    """
    raw = bytes(mail.raw or b"")
    if len(raw) > settings.INBOUND_MAX_MB * 1_000_000:
        megabytes = f"{len(raw) / 1_000_000:.1f}"
        raise Unreadable(f"It has {megabytes} MB; at most {settings.INBOUND_MAX_MB} are taken (INBOUND_MAX_MB).")
    outcome = make_something_of(mail, raw, by_hand=by_hand, as_new=as_new, now=now)
    mail.state, mail.because, mail.message, mail.read_at = outcome.state, outcome.because[:400], outcome.message, now
    mail.save()
    return outcome


def _fail(pk: int, words: str, now: datetime) -> None:
    """What can be told of it is, so that a person finds it in the list."""
    mail = InboundMail.objects.filter(pk=pk, state=State.WAITING).first()
    if mail is None:
        return
    with suppress(Unreadable):
        describe(mail, read(bytes(mail.raw or b"")))
    mail.state, mail.read_at = State.FAILED, now
    mail.because = words.replace("\0", "")[:400] or "Nobody knows why."
    mail.save(update_fields=("state", "because", "read_at", "sender", "recipient", "subject"))
