"""Addresses of the help page, and the signed ones by which the reader of an automatic answer says whether it helped."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from ..models import AutomaticAnswer, Translation

_SALT = "support.automatic_answer"


def token_of(answer_id: int) -> str:
    return signing.Signer(salt=_SALT).sign_object(answer_id)


def answer_of(token: str) -> AutomaticAnswer | None:
    """None for a token that we did not make."""
    try:
        answer_id = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    return AutomaticAnswer.objects.select_related("ticket__customer", "ticket__contact").filter(pk=answer_id).first()


def article_path(said: Translation) -> str:
    return reverse("help_article", args=(said.language, said.article.slug))


def article_address(said: Translation, answer: AutomaticAnswer | None = None) -> str:
    """Where a reader finds it; of an automatic answer, so that their verdict is known to be about the ticket."""
    came_by = f"?by={token_of(answer.pk)}" if answer else ""
    return f"{settings.SITE_ADDRESS}{article_path(said)}{came_by}"


def solved_address(answer: AutomaticAnswer) -> str:
    return f"{settings.SITE_ADDRESS}{reverse('help_solved', args=(token_of(answer.pk),))}"
