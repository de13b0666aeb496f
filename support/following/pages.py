"""The page on which a customer says whether that solved it: its link chooses, only its button says so."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from agentfactory_cs.customers.models import Company
from agentfactory_cs.events.tasks import ring
from agentfactory_cs.messaging.languages import best_language
from agentfactory_cs.messaging.pages import LANGUAGES, page
from agentfactory_cs.messaging.throttling import is_too_often

from ..letters import about
from ..models import SolutionQuestion
from .questions import LONGEST_COMMENT, NO, YES, answer, is_open, question_of


@require_http_methods(["GET", "HEAD", "POST"])
def solution(request: HttpRequest, token: str, said: str) -> HttpResponse:
    """GET only shows, for mail scanners follow every link; POST answers."""
    question, now = question_of(token), timezone.now()
    if question is None or said not in (YES, NO):
        return page(request, "unknown_link.html", status=404)
    with translation.override(_language(question)):
        if is_too_often(f"solution:{question.pk}", now):
            slow = page(request, "too_often.html", status=429)
            slow["Retry-After"] = "60"
            return slow
        if request.method == "POST":
            return _post(request, token, said, question, now)
        return _show(request, question, said, now)


def _language(question: SolutionQuestion) -> str:
    wanted = question.ticket.language
    return best_language(wanted, LANGUAGES, Company.get().default_language) or LANGUAGES[0]


def _post(request: HttpRequest, token: str, said: str, question: SolutionQuestion, now: datetime) -> HttpResponse:
    comment = request.POST.get("comment", "")
    try:
        answer(question, is_solved=said == YES, comment=comment, now=now)
    except ValidationError as refusal:
        if hasattr(refusal, "error_dict"):
            return _show(request, question, said, now, comment, status=400)
        return _show(request, question_of(token) or question, said, now, status=409)
    ring()
    return redirect(request.path)


def _show(
    request: HttpRequest, question: SolutionQuestion, said: str, now: datetime, comment: str = "", status: int = 200
) -> HttpResponse:
    is_closed = question.answered_at is None and not is_open(question, now)
    return page(
        request,
        "solution.html",
        status=410 if is_closed and status == 200 else status,
        question=question,
        subject=about(question.ticket)["subject"],
        is_yes=said == YES,
        is_closed=is_closed,
        comment=comment,
        is_too_long=status == 400,
        longest=LONGEST_COMMENT,
    )
