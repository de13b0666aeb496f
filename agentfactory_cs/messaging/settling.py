"""What became of mails that were handed over, on their rows and on the timeline."""

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from agentfactory_cs.events.services import record, record_all

from . import undelivered
from .claiming import told_of
from .failures import BadAddress, Misconfigured
from .models import Email
from .outcomes import NotSent, Transient, Uncertain
from .suppression import mail_bounced

MAX_ATTEMPTS = 12
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)

State = Email.State

_TOLD = """
UPDATE messaging_email SET claimed_at = NULL
WHERE id = ANY(%s) AND state = 'sent' AND claimed_at IS NOT NULL RETURNING id"""


def wait_after(attempts: int) -> timedelta:
    """Twice as long each time, up to six hours, with some chance in it: what failed together comes back apart."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311


@transaction.atomic
def note_failure(email: Email, failure: NotSent, *, now: datetime) -> None:
    """Of a mail that was called up. Nothing happens where it is no more ours."""
    values, event = _consequence(email, failure, now)
    mine = Email.objects.filter(pk=email.pk, state=State.SENDING, claimed_at=email.claimed_at)
    if not mine.update(**values):
        return
    if event and email.customer:
        record(event, email.customer, {**told_of(email), "reason": str(failure)}, now=now)
    if isinstance(failure, BadAddress):
        mail_bounced(email, str(failure), now=now)
    elif values["state"] in (State.FAILED, State.UNCERTAIN):
        undelivered.tell([(email, str(failure))], now=now)


def _consequence(email: Email, failure: NotSent, now: datetime) -> tuple[dict[str, object], str]:
    """The row's new values, and the event it makes."""
    words = str(failure)[:2_000]
    if isinstance(failure, Misconfigured):
        # It is not to blame: as if it had not been called up.
        return {"state": State.WAITING, "claimed_at": None, "attempts": email.attempts}, ""
    if isinstance(failure, Uncertain):
        return {"state": State.UNCERTAIN, "reason": words}, ""
    if isinstance(failure, Transient) and email.attempts + 1 < MAX_ATTEMPTS:
        again = now + wait_after(email.attempts + 1)
        return {"state": State.WAITING, "claimed_at": None, "not_before": again, "reason": words}, ""
    return {"state": State.FAILED, "claimed_at": None, "reason": words}, "messaging.email_failed"


def put_off(emails: Collection[Email], failure: NotSent, *, now: datetime) -> None:
    """None of the batch could be called up, for the server was not reached: an attempt of each."""
    for attempts in {email.attempts for email in emails}:
        same = [email.pk for email in emails if email.attempts == attempts]
        Email.objects.filter(pk__in=same, state=State.WAITING, claimed_at__in=_stamps(emails)).update(
            attempts=F("attempts") + 1,
            claimed_at=None,
            not_before=now + wait_after(attempts + 1),
            reason=str(failure)[:2_000],
        )


def release(emails: Collection[Email]) -> None:
    """What was claimed and not called up is free again."""
    if emails:
        pks = [email.pk for email in emails]
        Email.objects.filter(pk__in=pks, state=State.WAITING, claimed_at__in=_stamps(emails)).update(claimed_at=None)


def _stamps(emails: Collection[Email]) -> set[datetime | None]:
    """When they were claimed: what another worker claimed since is not ours."""
    return {email.claimed_at for email in emails}


@transaction.atomic
def tell_of_sent(emails: Sequence[Email], *, now: datetime) -> None:
    """Put sent mails on the timeline, once each: a row that still says who claimed it has not been told of."""
    if not emails:
        return
    pks = [email.pk for email in emails]
    with connection.cursor() as cursor:
        # A row that was told of stays told of: this commit waits for the disk, and with it all before.
        cursor.execute("SET LOCAL synchronous_commit = on")
        cursor.execute(_TOLD, [pks])
        untold = {pk for (pk,) in cursor.fetchall()}
    told = ((email.customer, told_of(email)) for email in emails if email.pk in untold and email.customer)
    record_all("messaging.email_sent", told, now=now)
