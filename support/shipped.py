"""The rules and the words that support starts with."""

from django.utils import timezone

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.console.shipping import Loader, loaders

from . import sentiment
from .models import RoutingVersion, StrongWords
from .routing import versions


def load_routing() -> None:
    """Once the teams and areas it names are there, which come with the system too."""
    if Shipped.first_time(["support:routing"]) and not RoutingVersion.objects.exists():
        now = timezone.now()
        versions.reset_to_shipped(now=now)
        versions.publish(reason="As it comes with the system.", now=now)


def load_strong_words() -> None:
    lists = sentiment.shipped()
    new = {key.partition(":")[2] for key in Shipped.first_time([f"strong_words:{language}" for language in lists])}
    rows = (StrongWords(language=language, words=lists[language]) for language in sorted(new))
    StrongWords.objects.bulk_create(rows, ignore_conflicts=True)


loaders.register(Loader("support.routing", load_routing, order=20))
loaders.register(Loader("support.strong_words", load_strong_words))
