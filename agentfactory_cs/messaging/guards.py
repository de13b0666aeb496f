"""Whether a mail is still wanted by whoever asked for it, asked at the moment of sending.

An app that queues mail with a `source` registers a guard under that name; a mail whose source has no guard is wanted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agentfactory_cs.registry import Registry


@dataclass(frozen=True)
class Wait:
    """Whoever asked for it wants it later: it is asked about again at `until`."""

    until: datetime
    reason: str


# A sentence is the end of it: the mail is wanted no more.
Objection = str | Wait


@dataclass(frozen=True)
class Guard:
    """`why_not(source_ids, now)` gives, for those of them that want their mail no more, the reason in a sentence, and
    for those that want it later a Wait.

    Asked for up to a hundred at a time, in a fixed number of queries.
    """

    key: str
    why_not: Callable[[Sequence[int], datetime], Mapping[int, Objection]]


guards: Registry[Guard] = Registry("guard of mail")


def objections(wanted_by: Mapping[str, Sequence[int]], now: datetime) -> dict[tuple[str, int], Objection]:
    """What speaks against sending, by source and its id."""
    asked = ((guards.get(source), ids) for source, ids in wanted_by.items() if source in guards)
    return {(guard.key, pk): reason for guard, ids in asked for pk, reason in guard.why_not(ids, now).items()}
