"""Headers that a mail may be given by whoever asks for it: those by which mail programs and machines read threads."""

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError

ALLOWED = frozenset(
    {"Auto-Submitted", "In-Reply-To", "References", "Reply-To", "X-Auto-Response-Suppress", "X-Entity-Ref-ID"}
)
# A line of a header, folded, has at most 998 bytes; References is the one that grows.
LONGEST = 4_000
_BREAK = re.compile(r"[\x00-\x1f\x7f]")


def checked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers themselves. ValidationError for one that is not allowed, or whose value could begin another."""
    wrong = [words for name, value in headers.items() if (words := _fault(name, value))]
    if wrong:
        raise ValidationError({"headers": wrong})
    return dict(headers)


def _fault(name: str, value: str) -> str:
    if name not in ALLOWED:
        return f"{name} is not given with a mail. These are: {', '.join(sorted(ALLOWED))}."
    if _BREAK.search(value):
        return f"{name} must be one line."
    return f"{name} is longer than {LONGEST} characters." if len(value) > LONGEST else ""
