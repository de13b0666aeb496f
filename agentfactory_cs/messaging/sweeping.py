"""What workers that died left behind.

Of a dead worker's batch, the mail that was `sending` may have arrived: it is `uncertain`. Those that were called up
before it are `sent`; those that were not yet are free again. All that is known because each step was committed before
the next (docs/adr/0020-one-mail-uncertain.md). A database server that crashed may have forgotten the last steps,
which are committed without waiting for the disk: what was claimed before the crash is uncertain as a whole.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from . import undelivered
from .models import Email
from .settling import tell_of_sent

logger = logging.getLogger(__name__)

DIED = "The worker that was sending it stopped in the middle: perhaps it arrived."
CRASHED = "The worker and the database server stopped while it was to be sent: perhaps it was."

_REMEMBER = "INSERT INTO messaging_steady SELECT %s WHERE NOT EXISTS (SELECT FROM messaging_steady)"


@transaction.atomic
def sweep(*, now: datetime) -> int:
    """Sort what dead workers left behind; returns how many mails a person must look at. Safe to run at any time."""
    steady_since = _steady_since(now)
    left = Email.objects.left_behind(now).select_for_update(skip_locked=True)
    found = list(left.values_list("pk", "state", "claimed_at"))
    if not found:
        return 0
    waiting = [(pk, claimed) for pk, state, claimed in found if claimed and state == Email.State.WAITING]
    lost = [pk for pk, claimed in waiting if claimed < steady_since]
    begun = [pk for pk, state, _ in found if state == Email.State.SENDING]
    Email.objects.filter(pk__in=[pk for pk, claimed in waiting if claimed >= steady_since]).update(claimed_at=None)
    Email.objects.filter(pk__in=begun).update(state=Email.State.UNCERTAIN, reason=DIED)
    Email.objects.filter(pk__in=lost).update(state=Email.State.UNCERTAIN, reason=CRASHED)
    _tell([pk for pk, state, _ in found if state == Email.State.SENT], now)
    _tell_of_doubtful({**dict.fromkeys(begun, DIED), **dict.fromkeys(lost, CRASHED)}, now)
    if doubtful := len(begun) + len(lost):
        logger.warning("%s mails were left in the middle of sending; a person must look (Mail, Uncertain)", doubtful)
    return doubtful


def _tell(sent: Sequence[int], now: datetime) -> None:
    if sent:
        emails = Email.objects.filter(pk__in=sent).select_related("customer", "template").defer("html", "text")
        tell_of_sent(list(emails), now=now)


def _tell_of_doubtful(reasons: Mapping[int, str], now: datetime) -> None:
    if reasons:
        emails = Email.objects.filter(pk__in=reasons).select_related("contact").defer("html", "text")
        undelivered.tell([(email, reasons[email.pk]) for email in emails], now=now)


def _steady_since(now: datetime) -> datetime:
    """Since when the database server has not crashed, as far as we know: the table is emptied when it does."""
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [now])
        cursor.execute("SELECT min(since) FROM messaging_steady")
        return cursor.fetchone()[0]
