"""Sending the notices that are due.

Each is claimed by itself and marked `sending`, with its Message-ID, before the network call, which is made outside
any transaction. What the call says is written down by a conditional update. A worker that dies in between
leaves the row in `sending`; when its lease has run out it is `uncertain`, for a person to decide.
"""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agentfactory_cs.customers.models import Company

from . import slack
from .mail import Mailer, new_message_id
from .models import Notice
from .outcomes import NotSent, Permanent, Transient

LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def deliver_due(*, clock: Clock = timezone.now) -> int:
    """Send what is due until nothing is left to claim; returns how many were sent. Any number may work at a time."""
    _give_up_on_the_dead(clock())
    company, sent = Company.get(), 0
    mailer = Mailer(company)
    with httpx.Client(follow_redirects=False) as client:
        try:
            while notice := _claim(company, now=clock()):
                sent += _attempt(notice, mailer, client, clock)
        finally:
            mailer.close()
    return sent


def _give_up_on_the_dead(now: datetime) -> None:
    left = Notice.objects.filter(state=Notice.State.SENDING, claimed_at__lt=now - LEASE)
    words = _("The worker that was sending it stopped in the middle: perhaps it arrived.")
    if count := left.update(state=Notice.State.UNCERTAIN, error=words):
        logger.warning("%s notices were left in the middle of sending; a person must look (Settings, Notices)", count)


@transaction.atomic
def _claim(company: Company, *, now: datetime) -> Notice | None:
    due = Notice.objects.filter(state=Notice.State.WAITING, not_before__lte=now).order_by("not_before", "id")
    notice = due.select_for_update(skip_locked=True, of=("self",)).first()
    if notice:
        notice.state, notice.claimed_at, notice.attempts = Notice.State.SENDING, now, notice.attempts + 1
        if notice.channel == Notice.Channel.EMAIL:
            # The same with every attempt: a mail system that sees it twice shows it once.
            notice.message_id = notice.message_id or new_message_id(company)
        notice.save(update_fields=("state", "claimed_at", "attempts", "message_id"))
    return notice


def _attempt(notice: Notice, mailer: Mailer, client: httpx.Client, clock: Clock) -> bool:
    try:
        if notice.channel == Notice.Channel.EMAIL:
            mailer.send(notice)
        else:
            slack.post(client, notice.address, notice.text)
    except NotSent as failure:
        _note_failure(notice, failure, now=clock())
        return False
    _note(notice, state=Notice.State.SENT, sent_at=clock(), error="")
    return True


def _note_failure(notice: Notice, failure: NotSent, *, now: datetime) -> None:
    words = str(failure)[:2_000]
    if isinstance(failure, Transient) and notice.attempts < MAX_ATTEMPTS:
        wait = _wait(notice.attempts) if failure.wait_seconds is None else timedelta(seconds=failure.wait_seconds)
        _note(notice, state=Notice.State.WAITING, not_before=now + wait, error=words)
        return
    given_up = isinstance(failure, Permanent | Transient)
    state = Notice.State.FAILED if given_up else Notice.State.UNCERTAIN
    logger.warning("Notice %s to our own people is %s: %s", notice.pk, state.value, words)
    _note(notice, state=state, error=words)


def _note(notice: Notice, **values: object) -> None:
    """Only on a row that is still ours: a lease may have run out meanwhile."""
    Notice.objects.filter(pk=notice.pk, state=Notice.State.SENDING, claimed_at=notice.claimed_at).update(**values)


def _wait(attempts: int) -> timedelta:
    """Twice as long each time, with some chance in it: what failed together need not come back together."""
    return min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
