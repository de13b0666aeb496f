"""How an attempt to send something may fail, told apart by what is to be done then."""


class NotSent(Exception):
    """The attempt failed; the message says why, for a person to read."""


class Transient(NotSent):
    """It did not arrive, and may the next time: after `wait_seconds`, or when the backoff says."""

    def __init__(self, words: str, wait_seconds: float | None = None) -> None:
        super().__init__(words)
        self.wait_seconds = wait_seconds


class Permanent(NotSent):
    """It did not arrive, and never will as it is: a person must look."""


class Uncertain(NotSent):
    """Perhaps it arrived. Only a person can tell, so it is not sent again by itself."""
