"""What the clock and the doorbell start."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from agentfactory_cs.messaging.tasks import ring_for_mail

from . import assigning
from .knowledge import answering, drafting, flagging


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


@shared_task
def hand_out_tickets() -> None:
    """Safe to run twice because a ticket is given to somebody under its lock, and only while nobody has it."""
    while assigning.hand_out(now=timezone.now()).given:
        pass


def ring_for_tickets() -> None:
    """Have what waits for somebody handed out at once, rather than by the next tick: somebody has become free."""
    transaction.on_commit(lambda: hand_out_tickets.delay(), robust=True)
