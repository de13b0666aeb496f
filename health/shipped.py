"""The scorecard and the alert rules every installation starts with."""

from django.utils import timezone

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.console.shipping import Loader, loaders

from .models import Alert, AlertRule, Scorecard
from .scorecards import create_scorecard, publish_scorecard
from .standard import STANDARD


def load_scorecard() -> None:
    if Shipped.first_time(["scorecard:standard"]) and not Scorecard.objects.exists():
        now = timezone.now()
        card = create_scorecard(name="Standard", now=now)
        publish_scorecard(card, definition=STANDARD, reason="Shipped defaults.", now=now)


def load_alert_rules() -> None:
    kinds = {
        Alert.Kind.AT_RISK: {"days": 1},
        Alert.Kind.DROP: {"days": 7, "threshold": 15},
        Alert.Kind.LEFT_HEALTHY: {"days": 2},
    }
    for kind, values in kinds.items():
        AlertRule.objects.get_or_create(kind=kind, defaults=values)


loaders.register(Loader("health.scorecard", load_scorecard))
loaders.register(Loader("health.alert_rules", load_alert_rules))
