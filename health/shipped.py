"""The scorecard every installation starts with."""

from django.utils import timezone

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.console.shipping import Loader, loaders

from .models import Scorecard
from .services import publish_scorecard
from .standard import STANDARD


def load_scorecard() -> None:
    if Shipped.first_time(["scorecard:standard"]) and not Scorecard.objects.exists():
        card = Scorecard.objects.create(name="Standard")
        publish_scorecard(card, definition=STANDARD, reason="Shipped defaults.", now=timezone.now())


loaders.register(Loader("health.scorecard", load_scorecard))
