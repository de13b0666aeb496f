"""A mail as the bytes that go over the wire: what Python's email package writes, in half its time.

Writing is the larger part of sending a mail. Python folds each header by a machinery that most need not, writes a body
line by line, and compiles a pattern for each boundary it looks for. tests/test_wire.py compares with its own.
"""

import re
import secrets
from email._policybase import Compat32
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address

# Shorter than the 78 at which folding begins.
_FITS = 76
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# An address that is written as it is, perhaps with a name before it.
_PLAIN = re.compile(r"(?:[^<>\r\n]*<)?([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)>?")


def wire_of(message: EmailMessage) -> bytes:
    """The whole mail with CRLF; written once for each message."""
    written: bytes | None = getattr(message, "wire", None)
    if written is None:
        written = message.wire = write(message.message())  # type: ignore[attr-defined]
    return written


def write(message: Message) -> bytes:
    """Every multipart gets a boundary that nobody can have put into a text."""
    for part in message.walk():
        if part.is_multipart() and not part.get_boundary():
            part.set_boundary(f"={secrets.token_hex(12)}=")
    wire = BytesIO()
    _Writer(wire, mangle_from_=False, policy=_WRITING).flatten(message, linesep="\r\n")
    return wire.getvalue()


def envelope_address(address: str) -> str:
    """The address alone, as MAIL FROM and RCPT TO take it. Raises ValueError for what is none."""
    plain = _PLAIN.fullmatch(address)
    return plain[1] if plain else sanitize_address(address, "utf-8")


class _ShortLines(Compat32):
    """A header of ASCII that fits its line is written as it is, which is what folding would come to."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        line = f"{name}: {value}" if isinstance(value, str) else ""
        if line and len(line) <= _FITS and line.isascii() and not _LINE_BREAK.search(line):
            return (line + self.linesep).encode()
        return super().fold_binary(name, value)


_WRITING = _ShortLines(linesep="\r\n")


class _Writer(BytesGenerator):
    """Writes a body at once."""

    _NL: str

    def _write_lines(self, lines: str) -> None:
        if lines:
            self.write(_LINE_BREAK.sub(self._NL, lines))
