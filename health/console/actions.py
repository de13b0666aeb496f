"""What can be done with chosen customers of the list: score them anew."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import BulkAction, bulk_actions

from .. import feeds, services, tasks
from .columns import SUBJECT

# More than these take longer than a page should: then everybody is scored, in the background.
AT_ONCE = 5_000


def score_again(request: HttpRequest, customers: QuerySet[Any]) -> str:
    now = timezone.now()
    day = services.last_complete_day(now)
    ids = list(customers.order_by().values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        run = feeds.start_unless_late(day, by=request.user, now=now)
        if run.incident and run.state == run.State.HELD:
            return _now("Nothing is scored for now. %(why)s") % {"why": run.incident.summary}
        transaction.on_commit(lambda: tasks.ring(run))
        return _now("So many at once are done in the background: everybody is being scored for %(day)s.") % {"day": day}
    scored = services.score_customers(ids, as_of=day)
    return _now("Scored %(scored)d for %(day)s; %(without)d had not signed up by then, or had churned.") % {
        "scored": scored,
        "day": day,
        "without": len(ids) - scored,
    }


bulk_actions.register(
    BulkAction("health.score_again", SUBJECT, _("Score again"), score_again, "health.add_healthscore")
)
