"""One day's judgement: what is over is closed, what goes on is noted, what is new is raised."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from agentfactory_cs.customers.models import Churn

from ..models import Alert, AlertClosing, AlertRule, HealthSettings, ScoringRun
from . import rules
from .announcing import announce
from .closing import Over, close_all
from .posting import post_raised
from .raising import Raised, raise_all
from .repeating import follow_owners, repeat_all
from .rules import Standing
from .standing import standings


@dataclass(frozen=True)
class Judgement:
    """How many alerts a day raised, saw again, and closed or armed again."""

    day: date
    raised: int
    repeated: int
    over: int


@transaction.atomic
def judge(run: ScoringRun, *, now: datetime) -> Judgement | None:
    """Judge the day of a run that is done; None where that was done before, or a newer day has been scored.

    Safe to repeat, and to do at the same time for several runs: the second finds the first one's mark.
    """
    locked = ScoringRun.objects.select_for_update().get(pk=run.pk)
    if locked.alerts_at is not None or locked.state != ScoringRun.State.DONE:
        return None
    judgement = None if _is_passed_over(locked) else _judge_day(locked.day, now)
    locked.alerts_at = run.alerts_at = now
    locked.save(update_fields=("alerts_at",))
    return judgement


def _is_passed_over(run: ScoringRun) -> bool:
    """Nobody wants to hear today what an old day, scored again, would have said."""
    return ScoringRun.objects.filter(state=ScoringRun.State.DONE, day__gt=run.day).exists()


def _judge_day(day: date, now: datetime) -> Judgement:
    # Whoever judges holds the rules: two judgements at a time would raise the same alert.
    by_kind = {rule.kind: rule for rule in AlertRule.objects.select_for_update().order_by("kind")}
    if set(by_kind) != set(Alert.Kind.values):
        raise LookupError("An alert rule is missing: `manage.py migrate` puts the shipped ones in place.")
    in_force = list(Alert.objects.filter(rearmed_on=None).select_for_update(of=("self",)).order_by("pk"))
    standing_of = standings(day, by_kind, [alert.customer_id for alert in in_force])

    over, again = _sift(in_force, standing_of, by_kind, day)
    known = {(alert.customer_id, alert.kind) for alert in in_force}
    new = _new(by_kind.values(), standing_of.values(), known)

    close_all(over, day=day, now=now)
    repeat_all(again, day=day)
    follow_owners()
    raised = raise_all(new, day=day, now=now)
    announce(settings=HealthSettings.get(), now=now)
    post_raised(raised, day=day, now=now)
    return Judgement(day, len(raised), len(again), len(over))


def _sift(
    in_force: Sequence[Alert], standing_of: Mapping[int, Standing], by_kind: Mapping[str, AlertRule], day: date
) -> tuple[list[Over], list[tuple[Alert, Standing]]]:
    """Of the alerts in force, those that are over, and those whose condition holds still."""
    gone = _gone([alert.customer_id for alert in in_force], day)
    over, again = [], []
    for alert in in_force:
        standing, rule = standing_of.get(alert.customer_id), by_kind[alert.kind]
        if closing := _why_over(alert, standing, rule, day, is_gone=alert.customer_id in gone):
            over.append(Over(alert, closing, standing.score if standing else None))
        elif standing and rules.holds(alert.kind, standing, rule):
            again.append((alert, standing))
    return over, again


def _gone(customer_ids: Sequence[int], day: date) -> set[int]:
    left = Churn.objects.in_force_on(day).filter(customer__in=customer_ids)
    return set(left.values_list("customer_id", flat=True))


def _why_over(
    alert: Alert, standing: Standing | None, rule: AlertRule, day: date, *, is_gone: bool
) -> AlertClosing | None:
    if is_gone:
        return AlertClosing.LEFT
    if standing and rules.recovered(alert.kind, standing, rule, alert.score_before):
        return AlertClosing.RECOVERED
    still = standing is not None and rules.holds(alert.kind, standing, rule)
    has_lapsed = alert.kind == Alert.Kind.DROP and day - alert.last_day >= timedelta(days=rules.LAPSE_DAYS)
    return AlertClosing.LAPSED if has_lapsed and not still else None


def _new(by_kind: Iterable[AlertRule], everybody: Iterable[Standing], known: set[tuple[int, str]]) -> list[Raised]:
    active = [rule for rule in by_kind if rule.is_active]
    return [
        Raised(standing.customer_id, rule.kind, finding)
        for standing in everybody
        for rule in active
        if (standing.customer_id, rule.kind) not in known and (finding := rules.found(rule.kind, standing, rule))
    ]
