"""How many workers do a thing at a time: a long queue must not take every worker from everything else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import Error, connection

# Any numbers that nobody else uses for PostgreSQL's advisory locks.
_MAIL = 0x4D41494C


@contextmanager
def place_among(places: int | None = None, lock: int = _MAIL) -> Iterator[bool]:
    """One of so many places (MAIL_WORKERS unless told), held while this lasts; False where all are taken.

    An advisory lock of the connection: it ends with the process, however that ends. `lock` names what is done there.
    """
    numbers = range(settings.MAIL_WORKERS if places is None else places)
    place = next((number for number in numbers if _ask("pg_try_advisory_lock", lock, number)), None)
    try:
        yield place is not None
    finally:
        if place is not None:
            with suppress(Error):
                _ask("pg_advisory_unlock", lock, place)


@contextmanager
def all_places(patience_seconds: float = 60) -> Iterator[None]:
    """Nobody else sends while this lasts. TimeoutError where somebody goes on sending for so long."""
    deadline, held = time.monotonic() + patience_seconds, list[int]()
    try:
        for number in range(settings.MAIL_WORKERS):
            while not _ask("pg_try_advisory_lock", _MAIL, number):
                if time.monotonic() > deadline:
                    raise TimeoutError("Mail is being sent: try again when it is out.")
                time.sleep(0.1)
            held.append(number)
        yield
    finally:
        for number in held:
            with suppress(Error):
                _ask("pg_advisory_unlock", _MAIL, number)


def _ask(function: str, lock: int, place: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [lock, place])
        return bool(cursor.fetchone()[0])
