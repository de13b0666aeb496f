"""Mail fetched from a mailbox by IMAP: each is stored before it is marked, so that a lost connection loses none."""

import imaplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessage, MailMessageFlags
from imap_tools.errors import ImapToolsError

from agentfactory_cs.addresses import Mailbox

from .keeping import keep

TIMEOUT_SECONDS = 30
# Of one run; what is left is for the next.
MOST = 500


@dataclass
class Fetched:
    """What a run did; `trouble` says what ended it early, "" for nothing."""

    new: int = 0
    known: int = 0
    trouble: str = ""


class _AsItCame(MailMessage):
    """The bytes and the number of a mail; it is read later, by us."""

    def __init__(self, fetch_data: list[object]) -> None:
        self.raw, self._raw_uid_data, self._raw_flag_data = self._get_message_data_parts(fetch_data)


def fetch(mailbox: Mailbox, *, done_folder: str = "", clock: Callable[[], datetime]) -> Fetched:
    """Store what is there: the unseen, or with `done_folder` everything, which is moved there."""
    done = Fetched()
    try:
        with _opened(mailbox) as there:
            for uid in _wanted(there, done_folder)[:MOST]:
                _fetch_one(there, uid, done_folder, done, clock())
    except (ImapToolsError, imaplib.IMAP4.error, OSError, UnicodeError) as error:
        done.trouble = f"{mailbox.host}: {type(error).__name__}: {str(error)[:300]}"
    return done


@contextmanager
def _opened(mailbox: Mailbox) -> Iterator[BaseMailBox]:
    kind = {"ssl": MailBox, "starttls": MailBoxStartTls, "": MailBoxUnencrypted}[mailbox.security]
    there = kind(mailbox.host, mailbox.port, timeout=TIMEOUT_SECONDS)
    there.email_message_class = _AsItCame
    try:
        yield there.login(mailbox.user, mailbox.password, mailbox.folder)
    finally:
        _leave(there)


def _leave(there: BaseMailBox) -> None:
    """A connection that is lost cannot be ended politely."""
    try:
        there.logout()
    except (ImapToolsError, imaplib.IMAP4.error, OSError):
        there.client.shutdown()


def _wanted(there: BaseMailBox, done_folder: str) -> list[str]:
    return list(there.uids(AND(all=True) if done_folder else AND(seen=False)))


def _fetch_one(there: BaseMailBox, uid: str, done_folder: str, done: Fetched, now: datetime) -> None:
    for mail in there.fetch(AND(uid=uid), mark_seen=False):
        assert isinstance(mail, _AsItCame)
        try:
            _row, is_new = keep(mail.raw, now=now)
        except ValidationError:
            is_new = False  # nothing in it: there is nothing to keep
        done.new, done.known = done.new + is_new, done.known + (not is_new)
        if done_folder:
            there.move(uid, done_folder)
        else:
            there.flag(uid, MailMessageFlags.SEEN, True)
