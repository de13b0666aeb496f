"""Whether a mail may go out now: the rules, over facts that were read before. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ..timing import next_open

# At most so many automatic mails to one contact within so many days, over everything.
CAP, CAP_DAYS = 4, 7
# So long after a customer wrote to us, a person has the word.
REPLY_PAUSE_DAYS = 3


class Verdict(StrEnum):
    SEND = "send"
    POSTPONE = "postpone"
    WITHHOLD = "withhold"
    HOLD = "hold"


@dataclass(frozen=True)
class Decision:
    """What becomes of a mail; `reason` says why it does not go out, `until` when it is asked about again."""

    verdict: Verdict
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Restraint:
    """Why automatic mail must wait, and until when."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class Situation:
    """What is known of one mail when it is due.

    `objection` is why whoever asked for it wants it no more, `wait` why they want it later; `block` is the reason in
    force against its address ("" for none).
    `received` are the moments at which its contact got automatic mail within CAP_DAYS, oldest first.
    """

    zone: ZoneInfo
    has_reader: bool = True
    has_left: bool = False
    has_churned: bool = False
    is_transactional: bool = False
    is_automatic: bool = True
    is_template_active: bool = True
    objection: str = ""
    wait: Restraint | None = None
    block: str = ""
    expires_at: datetime | None = None
    replied_at: datetime | None = None
    received: Sequence[datetime] = field(default_factory=tuple)

    @property
    def is_restrained(self) -> bool:
        """Nobody waits for it: it keeps the cap, the quiet hours and the pause after a reply."""
        return self.is_automatic and not self.is_transactional


def decide(mail: Situation, now: datetime) -> Decision:
    """Refusals first, the final ones before those a person can lift; then what only makes it wait."""
    if reason := _never(mail, now):
        return Decision(Verdict.WITHHOLD, reason)
    if not mail.is_template_active:
        return Decision(Verdict.HOLD, "Its template is switched off.")
    return _wait(mail, now)


def _never(mail: Situation, now: datetime) -> str:
    if mail.objection:
        return mail.objection
    if not mail.has_reader:
        return "There is nobody to send it to: the customer has no primary contact, or the contact was removed."
    if mail.has_left:
        return "The contact has left the customer."
    if mail.block:
        return mail.block
    if mail.has_churned and mail.is_restrained:
        return "The customer has churned: it gets no automatic mail."
    if mail.expires_at and mail.expires_at <= now:
        return "Its time had passed before it could go out."
    return ""


def _wait(mail: Situation, now: datetime) -> Decision:
    """Each restraint moves the moment on; the first that does gives the reason."""
    moment, reason = now, ""
    for restraint in _RESTRAINTS if mail.is_restrained else (_at_request,):
        found = restraint(mail, moment)
        if found and found.until > moment:
            moment, reason = found.until, reason or found.reason
    if moment <= now:
        return Decision(Verdict.SEND)
    if mail.expires_at and moment >= mail.expires_at:
        return Decision(Verdict.WITHHOLD, f"{reason} By then its time will have passed.")
    return Decision(Verdict.POSTPONE, reason, moment)


def _at_request(mail: Situation, moment: datetime) -> Restraint | None:
    return mail.wait


def _after_reply(mail: Situation, moment: datetime) -> Restraint | None:
    if mail.replied_at is None:
        return None
    until = mail.replied_at + timedelta(days=REPLY_PAUSE_DAYS)
    return Restraint(
        until,
        f"The customer wrote to us on {mail.replied_at:%Y-%m-%d}: automatic mail pauses for {REPLY_PAUSE_DAYS} days.",
    )


def _under_cap(mail: Situation, moment: datetime) -> Restraint | None:
    if len(mail.received) < CAP:
        return None
    room = mail.received[-CAP] + timedelta(days=CAP_DAYS)
    return Restraint(room, f"The contact got {CAP} automatic mails within {CAP_DAYS} days, which is the most.")


def _in_the_day(mail: Situation, moment: datetime) -> Restraint | None:
    return Restraint(next_open(moment, mail.zone), "It is outside 08:00–19:00 where its reader is.")


_RESTRAINTS = (_at_request, _after_reply, _under_cap, _in_the_day)


def suppressed(topic: str, is_transactional: bool, in_force: Mapping[str | None, str], mail_status: str) -> str:
    """Why an address gets no mail of a topic, or "". `in_force` holds the reasons by topic, None being all of them.

    An address that bounced or complained gets nothing at all; who unsubscribed still gets what they wait for.
    """
    reasons = {*in_force.values(), mail_status}
    if "complained" in reasons:
        return "A mail to this address was reported as spam."
    if "bounced" in reasons:
        return "Mail to this address bounces."
    if topic in in_force:
        return _UNWANTED[in_force[topic]].format("this topic")
    if is_transactional:
        return ""
    if None in in_force:
        return _UNWANTED[in_force[None]].format("all topics")
    return _UNWANTED["unsubscribed"].format("all topics") if mail_status == "unsubscribed" else ""


_UNWANTED = {
    "unsubscribed": "The contact unsubscribed from {}.",
    "by_hand": "One of our people put the address on the never-again list for {}.",
}
