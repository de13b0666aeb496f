"""Whether mails may go out now: asked for a batch at the moment of sending, in a fixed number of queries.

`rules` decides, `facts` reads what it needs to know.
"""

from collections.abc import Sequence
from datetime import datetime

from ..models import Email
from .facts import facts_of
from .rules import Decision, Verdict, decide

__all__ = ["Decision", "Verdict", "judge"]


def judge(emails: Sequence[Email], now: datetime) -> dict[int, Decision]:
    """What becomes of each mail, by its id. Call it in the transaction that claims them.

    The mails come with contact, customer, topic and template loaded. A mail that may go takes its contact's room
    from those after it.
    """
    facts = facts_of(emails, now)
    decisions = {}
    for email in emails:
        situation = facts.situation(email, now)
        decisions[email.pk] = decision = decide(situation, now)
        if decision.verdict is Verdict.SEND and situation.is_restrained and email.contact_id:
            facts.received[email.contact_id].append(now)
    return decisions
