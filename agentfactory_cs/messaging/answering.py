"""Taking in an answer that came by a reader's own link.

The first answer closes the request. For a day it may be corrected, for fingers slip; a comment that was left out may
be added for as long as the survey would have been open. After that an answer stays what it is.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import record

from .models import Response, SurveyRequest
from .scales import scale
from .services import record_response

CORRECTABLE = timedelta(hours=24)
LONGEST_COMMENT = 4_000

State = SurveyRequest.State


class Leave(StrEnum):
    """What a reader may do with a request."""

    ANSWER = "answer"
    CORRECT = "correct"
    COMMENT = "comment"
    NOTHING = "nothing"


def leave_of(request: SurveyRequest, now: datetime) -> Leave:
    """The request comes with its response."""
    if request.state == State.OPEN:
        return Leave.ANSWER if now < request.expires_at else Leave.NOTHING
    if request.state != State.ANSWERED or request.response is None:
        return Leave.NOTHING
    if now < request.response.answered_at + CORRECTABLE:
        return Leave.CORRECT
    return Leave.COMMENT if now < request.expires_at and not request.response.comment else Leave.NOTHING


@transaction.atomic
def answer(request: SurveyRequest, *, score: int | None, comment: str, now: datetime) -> SurveyRequest:
    """Store what its reader said; the same once more changes nothing.

    Raises ValidationError naming `score` or `comment`, or with the code "conflict" where it is too late.
    """
    stored = SurveyRequest.objects.locked(request.pk)
    comment = comment.replace("\r\n", "\n").replace("\0", "").strip()
    _check(stored, score, comment)
    leave = leave_of(stored, now)
    if leave is Leave.ANSWER:
        _take(stored, score or 0, comment, now)
    elif not _is_the_same(stored, score, comment):
        _change(stored, leave, score, comment, now)
    return stored


def _check(request: SurveyRequest, score: int | None, comment: str) -> None:
    scores = scale(request.survey.kind)
    if score not in scores:
        raise ValidationError({"score": f"Choose a number from {scores[0]} to {scores[-1]}."})
    if len(comment) > LONGEST_COMMENT:
        raise ValidationError({"comment": f"At most {LONGEST_COMMENT} characters, please."})


def _take(request: SurveyRequest, score: int, comment: str, now: datetime) -> None:
    response = Response(
        survey=request.survey,
        customer=request.customer,
        contact=request.contact,
        score=score,
        comment=comment,
        answered_at=now,
    )
    request.response = record_response(response, by=_reader(request), now=now)
    request.state, request.closed_at, request.remind_at = State.ANSWERED, now, None
    request.save(update_fields=("response", "state", "closed_at", "remind_at"))


def _is_the_same(request: SurveyRequest, score: int | None, comment: str) -> bool:
    said = request.response
    return said is not None and (said.score, said.comment) == (score, comment)


def _change(request: SurveyRequest, leave: Leave, score: int | None, comment: str, now: datetime) -> None:
    said = request.response
    may = leave is Leave.CORRECT or (leave is Leave.COMMENT and said is not None and said.score == score)
    if said is None or not may:
        raise ValidationError("This survey is closed: the answer stays as it is.", code="conflict")
    was, said.score, said.comment, said.corrected_at = said.score, score or 0, comment, now
    said.full_clean()
    said.save(update_fields=("score", "comment", "corrected_at"))
    data = {
        "survey": request.survey.name,
        "kind": request.survey.kind,
        "score": said.score,
        "was": was,
        "comment": said.comment,
    }
    record("messaging.survey_corrected", request.customer, data, by=_reader(request), now=now)


def _reader(request: SurveyRequest) -> str | None:
    """As the timeline names who did it."""
    return request.contact.name if request.contact else None
