"""The page on which a survey is answered: its link chooses a score, only its button sends it."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from agentfactory_cs.events.tasks import ring

from .answering import LONGEST_COMMENT, Leave, answer, leave_of
from .asking.letters import question_in
from .models import SurveyRequest
from .pages import page, page_language
from .scales import scale
from .survey_links import request_of, token_of
from .throttling import is_too_often


@dataclass(frozen=True)
class Form:
    """What stands in the form: what was posted, else what the link chose, else what was answered before."""

    score: int | None
    comment: str
    faults: dict[str, list[str]]


@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str, score: int | None = None) -> HttpResponse:
    """GET only shows, for mail scanners follow every link; POST answers."""
    asked, now = request_of(token), timezone.now()
    if asked is None or asked.contact is None:
        return page(request, "unknown_link.html", status=404)
    with translation.override(page_language(asked.contact)):
        if is_too_often(f"survey:{asked.pk}", now):
            slow = page(request, "too_often.html", status=429)
            slow["Retry-After"] = "60"
            return slow
        if request.method == "POST":
            return _post(request, token, asked, now)
        return _show(request, asked, now, _form(asked, score), is_saved="saved" in request.GET)


def _post(request: HttpRequest, token: str, asked: SurveyRequest, now: datetime) -> HttpResponse:
    score, comment = _number(request.POST.get("score", "")), request.POST.get("comment", "")
    try:
        answer(asked, score=score, comment=comment, now=now)
    except ValidationError as refusal:
        if refusal_is_late := not hasattr(refusal, "error_dict"):
            asked = request_of(token) or asked
        faults = {} if refusal_is_late else refusal.message_dict
        status = 409 if refusal_is_late else 400
        return _show(request, asked, now, Form(score, comment, faults), status=status)
    ring()
    # Without the score: what was answered is shown, not what the link in the mail chose.
    return redirect(f"{reverse('messaging_survey', args=(token,))}?saved")


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 4 else None


def _form(asked: SurveyRequest, score: int | None) -> Form:
    said = asked.response
    chosen = score if score in scale(asked.survey.kind) else said.score if said else None
    return Form(chosen, said.comment if said else "", {})


def _show(
    request: HttpRequest,
    asked: SurveyRequest,
    now: datetime,
    form: Form,
    *,
    status: int = 200,
    is_saved: bool = False,
) -> HttpResponse:
    leave = leave_of(asked, now)
    is_closed = leave is Leave.NOTHING and asked.response is None
    scores = scale(asked.survey.kind)
    return page(
        request,
        "survey.html",
        status=410 if is_closed and status == 200 else status,
        asked=asked,
        token=token_of(asked.pk),
        said=asked.response,
        question=question_in(asked.survey, asked.contact.language if asked.contact else ""),
        scores=scores,
        last=scores[-1],
        form=form,
        leave=leave,
        is_closed=is_closed,
        is_saved=is_saved,
        is_other=asked.response is not None and form.score != asked.response.score,
        longest=LONGEST_COMMENT,
    )
