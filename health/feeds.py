"""The breaker: a day whose usage has not come is held, not scored.

Without it, a feed that is late for everybody looks like everybody leaving.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agentfactory_cs.customers.days import end_of_day
from agentfactory_cs.events.services import Actor, actor_user

from . import incidents, runs
from .models import HealthSettings, Incident, ScoringRun

SOURCE = "usage"
WEEK = timedelta(days=7)
# How far back the same weekday is looked for: as far as the score's own windows reach.
WEEKS = 4
# A held day whose usage has not come by then stays without scores.
PATIENCE = timedelta(days=7)

_USED = (
    "greatest({row}.features, {row}.api_calls, {row}.active_agents, {row}.conversations, {row}.logins,"
    " {row}.active_users, {row}.community_posts) > 0"
)
_ANYBODY = f"SELECT EXISTS (SELECT FROM customers_usageday u WHERE u.day = %(day)s AND {_USED.format(row='u')})"
_ARRIVED = f"""
SELECT count(*), count(today.customer_id)
FROM customers_usageday before JOIN customers_customer c ON c.id = before.customer_id
LEFT JOIN customers_usageday today
    ON today.customer_id = before.customer_id AND today.day = %(day)s AND {_USED.format(row="today")}
WHERE before.day = %(yardstick)s AND {_USED.format(row="before")} AND c.signed_up_at < %(end)s AND NOT EXISTS (
    SELECT FROM customers_churn gone
    WHERE gone.customer_id = c.id AND gone.churned_on <= %(day)s
      AND (gone.reactivated_on IS NULL OR gone.reactivated_on > %(day)s))"""


@dataclass(frozen=True)
class Arrival:
    """Of the customers of `day` that had usage on the same weekday before (`yardstick`), how many have any on it.

    Without a yardstick nobody had usage in the weeks before, and there is nothing to judge by.
    """

    day: date
    yardstick: date | None
    expected: int
    arrived: int

    def is_late(self, least_share: float) -> bool:
        return self.expected > 0 and self.arrived / self.expected < least_share

    @property
    def sentence(self) -> str:
        """The figures as people read them; only where there is a yardstick."""
        words = _(
            "Usage of %(day)s has come for %(arrived)s of the %(expected)s customers that had some on %(before)s."
        )
        return words % {
            "day": date_format(self.day),
            "arrived": f"{self.arrived:,}",
            "expected": f"{self.expected:,}",
            "before": date_format(self.yardstick) if self.yardstick else "–",
        }


def arrival_on(day: date) -> Arrival:
    """How much of a day's usage has come. Two statements as a rule, at most five."""
    yardstick = _yardstick(day)
    if yardstick is None:
        return Arrival(day, None, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVED, {"day": day, "yardstick": yardstick, "end": end_of_day(day)})
        expected, arrived = cursor.fetchone()
    return Arrival(day, yardstick, expected, arrived)


def _yardstick(day: date) -> date | None:
    """The same weekday last week; while the feed has been out, or silent, for longer, the last one before that."""
    is_open = Incident.objects.filter(kind=Incident.Kind.LATE_FEED, source=SOURCE, closed_at__isnull=True)
    out_since = is_open.values_list("day", flat=True).first()
    for weeks in range(1, WEEKS + 1):
        before = day - weeks * WEEK
        if (out_since is None or before < out_since) and _anybody_used_it(before):
            return before
    return None


def _anybody_used_it(day: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_ANYBODY, {"day": day})
        return bool(cursor.fetchone()[0])


def is_late(arrival: Arrival) -> bool:
    """By the share that managers set; exactly that share is enough."""
    return arrival.is_late(HealthSettings.get().late_feed_share)


def start_unless_late(day: date, *, by: Actor = None, now: datetime) -> ScoringRun:
    """The run of a day, as `runs.start_run` makes it; where the day's usage is late it is held by an incident."""
    if under_way := runs.under_way(day):
        return under_way
    arrival = arrival_on(day)
    if not is_late(arrival):
        return runs.start_run(day, by=by, now=now)
    try:
        return _hold(arrival, by=by, now=now)
    except IntegrityError:
        return runs.under_way(day) or _hold(arrival, by=by, now=now)


@transaction.atomic
def _hold(arrival: Arrival, *, by: Actor, now: datetime) -> ScoringRun:
    figures = {"expected": arrival.expected, "arrived": arrival.arrived, "compared_with": str(arrival.yardstick)}
    incident = incidents.report(
        Incident.Kind.LATE_FEED, source=SOURCE, day=arrival.day, summary=arrival.sentence, figures=figures, now=now
    )
    return ScoringRun.objects.create(
        day=arrival.day, state=ScoringRun.State.HELD, incident=incident, requested_by=actor_user(by), created_at=now
    )


def start_all_the_same(day: date, *, by: Actor = None, now: datetime) -> ScoringRun:
    """The run of a day that somebody names: never held, and let go where it was."""
    run = runs.start_run(day, by=by, now=now)
    if run.state == ScoringRun.State.HELD:
        reason = _("The day was scored by name, with what had come.")
        incidents.let_go(run, outcome=Incident.Outcome.RELEASED, reason=reason, now=now)
        run.refresh_from_db()
    return run


def look_again(*, now: datetime) -> list[ScoringRun]:
    """Queue the held runs whose usage has come, give up those it never came for; returns the queued ones.

    Safe to repeat, and for several at a time: each run is let go by a conditional UPDATE.
    """
    held = ScoringRun.objects.filter(state=ScoringRun.State.HELD).select_related("incident").order_by("day")
    return [run for run in held if _look_again_at(run, now=now)]


def _look_again_at(run: ScoringRun, *, now: datetime) -> bool:
    arrival = arrival_on(run.day)
    if not is_late(arrival):
        reason = _("The usage has come.")
        return incidents.let_go(run, outcome=Incident.Outcome.RECOVERED, reason=reason, now=now)
    if now >= end_of_day(run.day) + PATIENCE:
        reason = _("The usage of %(day)s did not come within %(days)s days: that day stays without scores.")
        incidents.give_up(run, reason=reason % {"day": date_format(run.day), "days": PATIENCE.days}, now=now)
    return False
