"""The mails of a survey: the question with its scale as links, and one reminder."""

from datetime import datetime
from typing import Any

from agentfactory_cs.events.services import Actor

from ..models import Email, MailTemplate, Survey, SurveyRequest
from ..outbox import queue
from ..scales import scale
from ..survey_links import address

# Whoever puts a survey's mail into the outbox.
SOURCE = "messaging.survey_request"


def template_of(survey: Survey) -> MailTemplate | None:
    """The mail that asks it: nps_survey, support_csat_survey, onboarding_csat_survey."""
    return MailTemplate.objects.select_related("topic").filter(key=f"{survey.kind}_survey").first()


def question_in(survey: Survey, language: str) -> str:
    """The question in a language (de-AT), else in its base (de), else as it stands at the survey itself."""
    there = {wording.language: wording.question for wording in survey.wordings.all()}
    return there.get(language) or there.get(language.partition("-")[0]) or survey.question


def send(
    request: SurveyRequest,
    template: MailTemplate,
    *,
    due_at: datetime,
    is_automatic: bool,
    is_reminder: bool = False,
    by: Actor = None,
    now: datetime,
) -> Email | None:
    """Put the mail into the outbox, once a request, and the reminder once more."""
    return queue(
        customer=request.customer,
        template=template,
        contact=request.contact,
        due_at=due_at,
        dedupe_key=f"{SOURCE}:{request.pk}{':reminder' if is_reminder else ''}",
        source=SOURCE,
        source_id=request.pk,
        context={"survey": _said(request, is_reminder)},
        expires_at=request.expires_at,
        is_automatic=is_automatic,
        by=by,
        now=now,
    )


def _said(request: SurveyRequest, is_reminder: bool) -> dict[str, Any]:
    language = request.contact.language if request.contact else ""
    said: dict[str, Any] = {
        "question": question_in(request.survey, language),
        "choices": [
            {"label": str(score), "address": address(request.pk, score)} for score in scale(request.survey.kind)
        ],
        "is_reminder": is_reminder,
    }
    return said | ({"about": request.about} if request.about else {})
