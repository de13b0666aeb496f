"""Whether that solved it: the links of the question, and taking the answer in, once."""

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from agentfactory_cs.messaging.languages import best_language
from agentfactory_cs.messaging.pages import LANGUAGES

from ..changes import note_change
from ..locking import locked
from ..models import SolutionQuestion, Ticket, TicketChange
from ..telling import tell
from ..threads import REOPENS_FOR, customer_wrote
from ..writing import Written

_SALT = "support.solution"
LONGEST_COMMENT = 4_000
YES, NO = "yes", "no"


def token_of(question_id: int) -> str:
    return signing.Signer(salt=_SALT).sign_object(question_id)


def addresses(question: SolutionQuestion) -> dict[str, str]:
    """Where one says yes and no: pages, of which a button acts."""
    return {said: settings.SITE_ADDRESS + _path(question, said) for said in (YES, NO)}


def _path(question: SolutionQuestion, said: str) -> str:
    return reverse("support_solution", args=(token_of(question.pk), said))


def question_of(token: str) -> SolutionQuestion | None:
    """None for a token that we did not make, or whose ticket is gone."""
    try:
        question_id = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    return SolutionQuestion.objects.select_related("ticket").filter(pk=question_id).first()


def is_open(question: SolutionQuestion, now: datetime) -> bool:
    """Whether an answer is taken: once, and as long as a reply would open the ticket again."""
    return question.answered_at is None and now - question.asked_at <= REOPENS_FOR


@transaction.atomic
def answer(question: SolutionQuestion, *, is_solved: bool, comment: str = "", now: datetime) -> SolutionQuestion:
    """Store what the customer says. "No" opens the ticket again, with the comment as the customer's message.

    ValidationError (code `conflict`) where it was answered before, or too long ago; naming `comment` where that is
    too long.
    """
    comment = comment.replace("\r\n", "\n").replace("\0", "").strip()
    if len(comment) > LONGEST_COMMENT:
        raise ValidationError({"comment": f"At most {LONGEST_COMMENT} characters, please."})
    ticket = locked(question.ticket)
    stored = SolutionQuestion.objects.select_for_update().get(pk=question.pk)
    if not is_open(stored, now):
        raise ValidationError("This was answered before, or is too long ago.", code="conflict")
    stored.is_solved, stored.comment, stored.answered_at = is_solved, comment, now
    stored.save(update_fields=("is_solved", "comment", "answered_at"))
    _tell(ticket, is_solved, comment, now)
    if not is_solved and not _is_ours(ticket):
        customer_wrote(ticket, Written(text=comment or _no(ticket), author_name=ticket.requester_name), now=now)
    return stored


def _tell(ticket: Ticket, is_solved: bool, comment: str, now: datetime) -> None:
    said = "solved" if is_solved else "not solved"
    words = f"The customer says that it is {said}.{f' “{comment}”' if comment else ''}"
    data = {"solved": is_solved}
    note_change(ticket, TicketChange.Kind.REMINDED, words, data=data, now=now)
    tell(ticket, "support.solution_judged", {**data, "said": said, "comment": comment[:300]}, now=now)


def _is_ours(ticket: Ticket) -> bool:
    """Somebody works on it already: the customer wrote before, or one of us opened it."""
    return ticket.status in (Ticket.Status.NEW, Ticket.Status.OPEN)


def _no(ticket: Ticket) -> str:
    with translation.override(best_language(ticket.language, LANGUAGES, LANGUAGES[0])):
        return _("No, this did not solve it.")
