"""The stages of the way from signup to first value: what a customer reaches next says where it stands."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import rules


@dataclass(frozen=True)
class Stage:
    """One column of the board; `keys` are the items that a customer there is waiting for."""

    key: str
    title: str | Promise
    help: str | Promise
    keys: tuple[str, ...] = ()


ACCOUNT = Stage("account", _("Account"), _("The account is being set up."), (rules.PROVISIONED,))
LOGIN = Stage("login", _("First login"), _("The account is there; nobody has logged in."), (rules.FIRST_LOGIN,))
BUILD = Stage(
    "build",
    _("First agent"),
    _("People log in; the first agent or its knowledge is missing."),
    (rules.FIRST_AGENT, rules.KNOWLEDGE_BASE),
)
USE = Stage(
    "use",
    _("First use"),
    _("The agent is there; conversations, or an active first week, are missing."),
    (rules.FIRST_CONVERSATION, rules.FIRST_WEEK),
)
# The checklists' own items come here too, and who has everything and waits for the review.
PEOPLE = Stage(
    "people",
    _("With people"),
    _("Calls, trainings, the checklist's own items, and the review."),
    (rules.TRAINING, rules.ONBOARDING_CALL),
)

STAGES = (ACCOUNT, LOGIN, BUILD, USE, PEOPLE)
_STAGE_OF = {key: stage for stage in STAGES for key in stage.keys}


def stage_of(key: str | None) -> Stage:
    """The stage of a customer whose next required item is `key`; None: nothing required is missing."""
    return _STAGE_OF.get(key or "", PEOPLE)
