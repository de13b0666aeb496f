"""What would become of a mail that has not gone out yet, were it due at its moment; nothing is sent or stored."""

from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.models import Company

from .claiming import fill, language_of
from .context import contexts
from .gate import Decision, Verdict, judge
from .letter import Sender, letter
from .models import Email
from .rendering import CannotRender
from .templates import versions_for

_WORDS = {
    Verdict.WITHHOLD: _("As things stand, it will not be sent."),
    Verdict.HOLD: _("As things stand, it will be held for a person."),
    Verdict.POSTPONE: _("As things stand, it will go out later."),
}


@dataclass(frozen=True)
class Forecast:
    """`decision` says whether it may go; `hole` why it cannot be written, where that is so."""

    decision: Decision
    hole: str = ""

    @property
    def words(self) -> str:
        return str(_WORDS.get(self.decision.verdict, ""))

    @property
    def goes_out(self) -> bool:
        return self.decision.verdict is Verdict.SEND and not self.hole


@transaction.atomic
def forecast(email: Email, now: datetime) -> Forecast:
    """Fills the mail's words in, unsaved, where they can be written. Its relations are loaded."""
    moment = max(now, email.not_before)
    decision = judge([email], moment)[email.pk]
    words = versions_for({(email.template_id, language_of(email))})
    try:
        company = Company.get()
        version = words[email.template_id, language_of(email)]
        fill(email, version, contexts([email], moment)[email.pk], Sender.of(company))
    except CannotRender as hole:
        return Forecast(decision, str(hole))
    return Forecast(decision)


def headers_of(email: Email) -> list[tuple[str, str]]:
    """The headers it goes out with; none where it has no words."""
    if not email.subject:
        return []
    message = letter(email, Sender.of(Company.get())).message()
    return [(name, " ".join(str(make_header(decode_header(str(value)))).split())) for name, value in message.items()]
