"""Key figures of automatic answers."""

from datetime import UTC, datetime, time, timedelta

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Kpi, Scope, kpis

from ..models import AnsweringSettings
from .measuring import precision


def _precision(scope: Scope) -> float | None:
    """Over all customers: the filters of the dashboard do not narrow it."""
    since = datetime.combine(scope.since, time(), UTC)
    until = datetime.combine(scope.until + timedelta(days=1), time(), UTC)
    (found,) = precision(since, until, [AnsweringSettings.get().threshold_percent])
    return None if found.percent is None else float(found.percent)


kpis.register(
    Kpi(
        "support.automatic_answers_right",
        _("Automatic answers that were right"),
        _(
            "Of the settled tickets that articles were sure to answer: the share solved without a person, "
            "or answered by one with the same article. By the day they came in, over all customers."
        ),
        "%",
        _precision,
        decimals=0,
        order=260,
        permission="support.view_automaticanswer",
    )
)
