"""Surveys that steps put to customers."""

from collections.abc import Mapping, Sequence
from typing import Any

from agentfactory_cs.console.registry import Words
from agentfactory_cs.messaging.asking import ask_survey as ask
from agentfactory_cs.messaging.models import SurveyKind, SurveyRequest

from .mailing import SOURCE
from .registry import Context, Outcome, done, skipped


def ask_survey(context: Context, params: Mapping[str, Any]) -> Outcome:
    """Put a survey to the customer's primary contact, once a step; skipped, with the reason, where it may not be."""
    request = ask(
        customer=context.customer,
        kind=params["survey"],
        source=SOURCE,
        source_id=context.step_id,
        now=context.now,
    )
    if request.state == SurveyRequest.State.NOT_ASKED:
        return skipped(request.reason)
    whom = request.contact.name if request.contact else ""
    return done(f"The survey “{request.survey}” goes to {whom}.", request=request.pk, email=request.mail_id)


def surveys() -> Sequence[tuple[str, Words]]:
    return list(SurveyKind.choices)
