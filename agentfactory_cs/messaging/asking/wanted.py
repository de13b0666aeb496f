"""Whether a survey's mail is still wanted, asked at the moment of sending."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from ..guards import Guard, Objection, guards, objections
from ..models import SurveyRequest
from .letters import SOURCE

State = SurveyRequest.State

_OVER = {
    State.ANSWERED: "The survey was answered.",
    State.EXPIRED: "The survey's time was over.",
    State.CANCELLED: "The survey was cancelled: {reason}",
    State.NOT_ASKED: "The survey was not asked: {reason}",
}


def why_not(request_ids: Sequence[int], now: datetime) -> Mapping[int, Objection]:
    """What is over is not asked any more, nor what whoever asked for it wants no more. A query, and theirs."""
    rows = SurveyRequest.objects.filter(pk__in=request_ids).values_list("pk", "state", "reason", "source", "source_id")
    found: dict[int, Objection] = {}
    origins: dict[tuple[str, int], list[int]] = defaultdict(list)
    for pk, state, reason, source, source_id in rows:
        if state != State.OPEN:
            found[pk] = _OVER[State(state)].format(reason=reason)
        elif source and source_id is not None:
            origins[(source, source_id)].append(pk)
    return found | dict(_by_origin(origins, now))


def _by_origin(origins: Mapping[tuple[str, int], Sequence[int]], now: datetime) -> Sequence[tuple[int, Objection]]:
    asked: dict[str, list[int]] = defaultdict(list)
    for source, source_id in origins:
        asked[source].append(source_id)
    against = objections(asked, now)
    return [(pk, reason) for origin, reason in against.items() for pk in origins[origin]]


guards.register(Guard(SOURCE, why_not))
