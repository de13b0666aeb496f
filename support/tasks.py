"""What the clock and the doorbell start."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.messaging.places import place_among
from agentfactory_cs.messaging.tasks import ring_for_mail

from . import assigning
from .following import working
from .inbound.fetching import fetch
from .inbound.keeping import forget_old
from .inbound.taking_in import read_waiting
from .knowledge import answering, drafting, flagging
from .levels import recomputing, watching


@shared_task
def hand_out_tickets() -> None:
    """Safe to run twice because a ticket is given to somebody under its lock, and only while nobody has it."""
    while assigning.hand_out(now=timezone.now()).given:
        pass


def ring_for_tickets() -> None:
    """Have what waits for somebody handed out at once, rather than by the next tick: somebody has become free."""
    transaction.on_commit(lambda: hand_out_tickets.delay(), robust=True)


@shared_task
def answer_new_tickets() -> None:
    """Safe to run twice because a ticket is decided on once, under its lock, in the transaction that says so."""
    if answering.answer_waiting(now=timezone.now()):
        ring_for_mail()


def ring_for_answers() -> None:
    """Have a ticket that the current transaction opens answered at once, rather than by the next tick."""
    transaction.on_commit(lambda: answer_new_tickets.delay(), robust=True)


@shared_task
def look_after_articles() -> None:
    """Safe to run twice because a ticket is drafted once, and an article that is flagged is not flagged again."""
    now = timezone.now()
    drafting.draft_uncovered(now=now)
    flagging.flag_unhelpful(now=now)


_READING, _FETCHING = 0x494E4D4C, 0x494D4150
logger = logging.getLogger(__name__)


@shared_task
def read_inbound_mail() -> None:
    """Safe to run twice because a mail is read under its lock; one at a time, so that threads stay in order."""
    with place_among(1, _READING) as is_mine:
        if is_mine and read_waiting(now=timezone.now()):
            ring_for_answers()


def ring_for_inbound_mail() -> None:
    """Have mail that the current transaction keeps read at once, rather than by the next tick."""
    transaction.on_commit(lambda: read_inbound_mail.delay(), robust=True)


@shared_task
def fetch_inbound_mail() -> None:
    """Safe to run twice because the same bytes are one mail."""
    if settings.IMAP is None:
        return
    with place_among(1, _FETCHING) as is_mine:
        if not is_mine:
            return
        fetched = fetch(settings.IMAP, done_folder=settings.IMAP_DONE_FOLDER, clock=timezone.now)
    if fetched.trouble:
        logger.error("The mailbox cannot be fetched from: %s", fetched.trouble)
    if fetched.new:
        read_inbound_mail.delay()


@shared_task
def forget_inbound_mail() -> None:
    """Safe to run twice because what is dropped is not there to be dropped again."""
    forget_old(now=timezone.now())


@shared_task
def watch_service_levels() -> None:
    """Safe to run twice because each ticket is told of once, under its lock, in the transaction that says so."""
    watching.watch(now=timezone.now())


@shared_task
def follow_up_tickets() -> None:
    """Safe to run twice because each step is done once, under the ticket's lock, in the transaction that says so."""
    if working.follow_up(now=timezone.now()):
        ring_for_mail()


@shared_task
def recompute_due_times() -> None:
    """Safe to run twice because it reckons anew from what is stored."""
    recomputing.recompute(now=timezone.now())


def ring_for_due_times() -> None:
    """Opening hours, or whose they are, change in the current transaction: the due times of tickets follow."""
    transaction.on_commit(lambda: recompute_due_times.delay(), robust=True)
