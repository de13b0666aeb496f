"""A backtest's suggested weights as a draft of the scorecard; never more than a draft."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from agentfactory_cs.events.services import Actor

from ..models import Backtest, ScorecardVersion
from ..scorecards import start_draft
from .result import Result


def draft_of(backtest: Backtest, *, by: Actor = None, now: datetime) -> ScorecardVersion:
    """A draft with the suggested weights. Raises ValidationError where the backtest suggests none."""
    suggestion = Result.from_json(backtest.result).suggestion if backtest.result else None
    if suggestion is None or suggestion.definition is None or suggestion.version_id is None:
        raise ValidationError(_("This backtest suggests no other weights."))
    based_on = ScorecardVersion.objects.select_related("scorecard").get(pk=suggestion.version_id)
    return start_draft(
        based_on.scorecard,
        title=_("Weights of the backtest of %(until)s") % {"until": backtest.until},
        definition=suggestion.definition,
        based_on=based_on if based_on.number else based_on.based_on,
        by=by,
        now=now,
    )
