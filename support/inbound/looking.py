"""One mail as a person looks at it: what it says, what came with it, and what its headers were."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..models import InboundMail
from .folding import fold
from .letter import Letter, Unreadable
from .reading import read

MOST_RAW_SHOWN = 20_000  # characters


@dataclass(frozen=True)
class Look:
    """`letter` is None where it cannot be read, or was dropped; `raw` is its beginning, for who wants to see why."""

    letter: Letter | None
    written: str = ""
    quoted: str = ""
    headers: Sequence[tuple[str, str]] = ()
    raw: str = ""
    size_bytes: int = 0


def look_at(mail: InboundMail) -> Look:
    raw = bytes(mail.raw or b"")
    shown = raw[:MOST_RAW_SHOWN].decode("utf-8", "replace").replace("\0", "\ufffd")
    try:
        letter = read(raw) if raw else None
    except Unreadable:
        letter = None
    if letter is None:
        return Look(None, raw=shown, size_bytes=len(raw))
    headers = tuple((name.title(), value) for name, values in letter.headers.items() for value in values)
    return Look(letter, *fold(letter.text), headers=headers, size_bytes=len(raw))
