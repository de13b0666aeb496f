"""One thing done to many tickets: each by its own service, so that one that refuses holds up no other."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from .models import Ticket

# Each is locked and told of: more at a time would keep a person waiting, and others out.
MOST = 200


@dataclass(frozen=True)
class Done:
    """How many it was done to, and how many not, by the reason."""

    done: int
    left: Mapping[str, int]


def each(tickets: Iterable[Ticket], act: Callable[[Ticket], Any]) -> Done:
    """Do it to each, in a transaction of its own. ValidationError for more than MOST at once."""
    chosen = list(tickets)
    if len(chosen) > MOST:
        raise ValidationError(f"At most {MOST} tickets at a time; {len(chosen)} were chosen.")
    done, left = 0, Counter[str]()
    for ticket in chosen:
        try:
            with transaction.atomic():
                act(ticket)
        except ValidationError as refusal:
            left[" ".join(refusal.messages)] += 1
        else:
            done += 1
    return Done(done, left)
