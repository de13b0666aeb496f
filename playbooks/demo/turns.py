"""Two turns in the demo's runs: a reader who unsubscribes, and a customer who asks us to wait."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from agentfactory_cs.customers.models import Contact
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging import preferences
from agentfactory_cs.messaging.models import MailTemplate

from ..models import Run
from ..services import pause_run
from ..watching import on_events

Turn = Callable[[int, datetime], None]


def plot(signups: Sequence[Event], until: datetime) -> dict[datetime, tuple[Turn, int]]:
    """What happens to whom, and when: to the latest ones for whom it is time enough by then."""
    plotted: dict[datetime, tuple[Turn, int]] = {}
    chosen = set[int]()
    for days, turn in ((2.1, _unsubscribe), (4.3, _pause)):
        after = timedelta(days=days)
        old_enough = [event for event in signups if event.happened_at + after < until and event.pk not in chosen]
        if old_enough:
            chosen.add(old_enough[-1].pk)
            plotted[old_enough[-1].happened_at + after] = (turn, old_enough[-1].customer_id)
    return plotted


def take(plotted: dict[datetime, tuple[Turn, int]], now: datetime) -> None:
    for moment in [moment for moment in plotted if moment <= now]:
        turn, customer_id = plotted.pop(moment)
        turn(customer_id, moment)


def _unsubscribe(customer_id: int, now: datetime) -> None:
    contact = Contact.objects.filter(customer=customer_id, is_primary=True).first()
    if contact and preferences.leave(contact, MailTemplate.objects.get(key="first_agent").topic, now=now):
        on_events(list(Event.objects.filter(trigger="messaging.unsubscribed").order_by("-pk")[:1]), now)


def _pause(customer_id: int, now: datetime) -> None:
    run = Run.objects.filter(customer=customer_id, state="running").order_by("pk").first()
    if run:
        by = run.customer.success_manager
        pause_run(run, reason="Their project starts next month; they asked us to wait.", by=by, now=now)
