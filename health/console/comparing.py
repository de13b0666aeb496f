"""Two days of a customer's score side by side, chosen in the address: `from` and `to`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.text import get_text_list
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.customers.models import Customer

from ..explaining import CauseLine, ComponentLine, Explanation
from ..queries import COMPARED_DAYS, explain, explain_now

# Offered beside the two days themselves: how far back to look.
SPANS = ((1, _("1 day")), (7, _("1 week")), (30, _("30 days")), (90, _("90 days")))


@dataclass(frozen=True)
class CauseBar:
    """One cause as a bar from the middle: to the left what it took, to the right what it gave; widths in per cent."""

    line: CauseLine
    width: float

    @property
    def fell(self) -> bool:
        return self.line.shown < 0

    @property
    def is_there(self) -> bool:
        return self.line.shown != 0


def compare(request: HttpRequest, customer: Customer) -> Mapping[str, Any]:
    """What the page shows of the two days: the explanation (None where there is none), and why not."""
    try:
        since, until = _day(request, "from"), _day(request, "to")
    except ValueError as error:
        return {"explanation": explain_now(customer.pk), "problem": str(error), **_nothing()}
    explanation = explain(customer.pk, until, since=since) if since or until else explain_now(customer.pk)
    return {
        "explanation": explanation,
        "problem": _problem(explanation, since, until),
        **(_picture(explanation) if explanation else _nothing()),
    }


def _day(request: HttpRequest, name: str) -> date | None:
    given = request.GET.get(name, "")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise ValueError(_now("%(given)s is no day.") % {"given": given}) from None


def _problem(explanation: Explanation | None, since: date | None, until: date | None) -> str:
    if explanation is None:
        return _now("There is no score of %(day)s.") % {"day": until} if until else ""
    if since and since >= explanation.day:
        return _now("The first day must lie before the second.")
    if since and explanation.compared_with is None:
        return _now("There is no score of %(day)s to compare with.") % {"day": since}
    return ""


def _nothing() -> Mapping[str, Any]:
    return {"bars": [], "quiet_causes": "", "spans": [], "open": None, "missing": []}


def _picture(explanation: Explanation) -> Mapping[str, Any]:
    bars = _bars(explanation)
    return {
        "bars": [bar for bar in bars if bar.is_there],
        "quiet_causes": _not_by([bar.line.label.lower() for bar in bars if not bar.is_there]),
        "spans": [_span(explanation, days, label) for days, label in SPANS],
        "since": explanation.compared_with or explanation.day - timedelta(days=COMPARED_DAYS),
        "open": _most_moved(explanation),
        "missing": [line.label for line in explanation.metrics if line.best is not None and line.reading is None],
    }


def _bars(explanation: Explanation) -> list[CauseBar]:
    most = max((abs(cause.change) for cause in explanation.causes), default=0.0)
    return [CauseBar(cause, 50 * abs(cause.change) / most if most else 0.0) for cause in explanation.causes]


def _not_by(names: list[str]) -> str:
    """What the change does not come from, which is half of the answer."""
    return _now("Nothing came from %(names)s.") % {"names": get_text_list(names, _now("or"))} if names else ""


def _span(explanation: Explanation, days: int, label: Any) -> Mapping[str, Any]:
    since = explanation.day - timedelta(days=days)
    return {"label": label, "from": since, "chosen": since == explanation.compared_with}


def _most_moved(explanation: Explanation) -> str | None:
    """The component to show open: the one that moved most, or else the one that costs most."""

    def cost(component: ComponentLine) -> tuple[float, float]:
        return abs(component.change or 0.0), component.weight * 100 - component.contribution

    return max(explanation.components, key=cost).key if explanation.components else None
