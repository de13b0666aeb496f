"""What somebody wrote, before it is a message of a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A file that came with it."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Written:
    """`text` is what was newly written, `quoted` what stood under it. `html` has been cleaned by whoever took it in.

    `message_id` and `address` where it came by mail; `author_name` empty: the account, contact or address says it.
    """

    text: str
    quoted: str = ""
    html: str = ""
    message_id: str = ""
    address: str = ""
    author_name: str = ""
    files: Sequence[File] = ()
