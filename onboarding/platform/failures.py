"""What it means that a call to the platform did not do what it was to do.

The words of each are shown to people and stored: they hold no key and no token.
"""

from datetime import datetime


class NotDone(Exception):
    """A call that did not succeed, as far as we know."""


class Transient(NotDone):
    """It may succeed later. Perhaps it even took effect: ask before repeating what must not be there twice."""


class Unreachable(Transient):
    """There is nothing to talk to: no other call would fare better just now."""


class Closed(NotDone):
    """We may not call before `until`: nothing was done, and the call is not to blame."""

    def __init__(self, because: str, until: datetime) -> None:
        super().__init__(because)
        self.until = until


class Permanent(NotDone):
    """Repeated as it is, it would fail again. `status` is what the platform answered with."""

    def __init__(self, because: str, status: int) -> None:
        super().__init__(because)
        self.status = status


class Misconfigured(NotDone):
    """We are refused as a whole, or what answers is not the platform: no call is to blame."""
