"""The links with which a reader answers: signed, good for one request, and of no use to anybody else."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .models import SurveyRequest

_SALT = "messaging.survey"


def token_of(request_id: int) -> str:
    return signing.Signer(salt=_SALT).sign_object(request_id)


def address(request_id: int, score: int | None = None) -> str:
    """The page on which its reader answers, with a score chosen already."""
    given = (token_of(request_id),) if score is None else (token_of(request_id), score)
    return f"{settings.SITE_ADDRESS}{reverse('messaging_survey', args=given)}"


def request_of(token: str) -> SurveyRequest | None:
    """None for a token that we did not make, or whose reader is gone."""
    try:
        request_id = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    requests = SurveyRequest.objects.select_related("survey", "customer", "contact", "response")
    return requests.filter(pk=request_id, contact__isnull=False).first()
