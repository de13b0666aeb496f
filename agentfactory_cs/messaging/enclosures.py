"""Files that go out with a mail: given by whoever asked for it, read when it is written.

An app that queues mail with a `source` registers where its files are under that name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agentfactory_cs.registry import Registry

from .models import Email


@dataclass(frozen=True)
class Enclosed:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Enclosure:
    """`files(source_id)` are those of one mail. What it raises fails the mail: none goes out without its files."""

    key: str
    files: Callable[[int], Sequence[Enclosed]]


enclosures: Registry[Enclosure] = Registry("enclosure of mail")


def enclosed_in(email: Email) -> Sequence[Enclosed]:
    if email.source_id is None or email.source not in enclosures:
        return ()
    return enclosures.get(email.source).files(email.source_id)
