"""What a person decides about a mail that was held, filed or could not be read."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor

from ..models import InboundMail
from .letter import Unreadable
from .taking_in import take_in

State = InboundMail.State
MAY_LET_IN = (State.THROTTLED, State.FILED)


@transaction.atomic
def let_in(mail: InboundMail, *, by: Actor = None, now: datetime) -> InboundMail:
    """It is one to be answered: into its ticket, or a new one. ValidationError where it was taken in already."""
    return _take_in(mail, as_new=False, by=by, now=now)


@transaction.atomic
def make_ticket(mail: InboundMail, *, by: Actor = None, now: datetime) -> InboundMail:
    """A ticket of its own, whatever it belongs to. ValidationError as in `let_in`."""
    return _take_in(mail, as_new=True, by=by, now=now)


@transaction.atomic
def try_again(mail: InboundMail, *, by: Actor = None, now: datetime) -> InboundMail:
    """Have it read once more by the next run. ValidationError where it did not fail."""
    stored = _locked(mail, State.FAILED)
    stored.state, stored.read_at, stored.attempts = State.WAITING, None, 0
    stored.save(update_fields=("state", "read_at", "attempts"))
    return stored


def _take_in(mail: InboundMail, *, as_new: bool, by: Actor, now: datetime) -> InboundMail:
    stored = _locked(mail, *MAY_LET_IN)
    try:
        take_in(stored, by_hand=True, as_new=as_new, now=now)
    except Unreadable as error:
        raise ValidationError(str(error)) from error
    who = f" Let in by {by}." if by else ""
    stored.because = f"{stored.because[: 400 - len(who)]}{who}"
    stored.save(update_fields=("because",))
    return stored


def _locked(mail: InboundMail, *states: str) -> InboundMail:
    """The row itself, where it is in one of the states and its bytes are still there."""
    stored = InboundMail.objects.select_for_update().get(pk=mail.pk)
    if stored.state not in states:
        label = str(stored.get_state_display()).lower()
        raise ValidationError(f"A mail that is “{label}” has nothing to decide about it.", code="conflict")
    if stored.raw is None:
        raise ValidationError("Its bytes were dropped, as old ones are (INBOUND_MAIL_DAYS).", code="conflict")
    return stored
