"""An alert's state with its buttons, wherever an alert stands."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone

from agentfactory_cs.customers.days import utc_day

from ..alerts import LONGEST_SNOOZE_DAYS
from ..models import Alert


def state_cell(alert: Alert, *, may_work: bool, refusal: ValidationError | None = None) -> str:
    """An alert's state, with the buttons for what can be done about it."""
    today = utc_day(timezone.now())
    context = {
        "alert": alert,
        "may_work": may_work,
        "refusal": refusal,
        "may_become": Alert.TRANSITIONS[Alert.State(alert.state)],
        "labels": Alert.Label.choices,
        "tomorrow": today + timedelta(days=1),
        "last_day": today + timedelta(days=LONGEST_SNOOZE_DAYS),
    }
    return render_to_string("admin/alerts/state.html", context)
