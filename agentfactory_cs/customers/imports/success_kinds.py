"""What customers achieve and how we are in touch: goals, outcome reports, interactions, training."""

from collections.abc import Hashable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from agentfactory_cs.events.services import Actor

from .. import services
from ..models import Goal, GoalReading, Interaction, OutcomeReport, Training
from . import fields
from .account_kinds import NAMES_OWNER, OWNER
from .fields import Field
from .kinds import kinds
from .records import RecordKind
from .rows import Row


class GoalKind(RecordKind[Goal]):
    """Goals and success metrics, by customer, kind and title; each row may bring a reading."""

    key = "customers.goals"
    label = "goals"
    thing = "goals"
    model = Goal
    one_of = NAMES_OWNER
    fields = (
        *OWNER,
        Field("title", fields.text, "What is to be achieved.", key=True, aliases=("goal", "name", "objective")),
        Field(
            "kind", fields.one_of(Goal.Kind), "goal or success_metric; goal where nothing is said.", aliases=("type",)
        ),
        Field("unit", fields.text, "What the figures count.", empty=""),
        Field("start_value", fields.number, "Where it began; 0 where nothing is said.", aliases=("baseline", "start")),
        Field("target_value", fields.number, "Where it shall be.", needed=True, aliases=("target",)),
        Field("set_on", fields.day, "The day it was agreed.", needed=True, aliases=("start_date", "agreed_on")),
        Field("due_on", fields.day, "The day it is due.", empty=None, aliases=("due_date", "due", "deadline")),
        Field("achieved_on", fields.day, "The day it was achieved; a reading at the target sets it by itself."),
        Field("reading", fields.number, "Where it stood on read_on.", aliases=("value", "current_value", "progress")),
        Field("read_on", fields.day, "The day of the reading.", aliases=("reading_date", "as_of")),
    )

    def identify(self, row: Row) -> Hashable:
        return (row.values["customer"].pk, row.get("kind") or Goal.Kind.GOAL.value, row.values["title"])

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Goal]:
        goals = Goal.objects.filter(
            customer__in={row.values["customer"].pk for row in rows}, title__in={row.values["title"] for row in rows}
        )
        goals = goals.prefetch_related("readings").order_by("pk").select_for_update(no_key=True)
        return {(goal.customer_id, goal.kind, goal.title): goal for goal in goals}

    def attributes(self, row: Row) -> dict[str, Any]:
        return {name: value for name, value in row.values.items() if name not in ("reading", "read_on")}

    def claims(self, row: Row) -> Iterable[tuple[Hashable, Hashable]]:
        for name, value in self.attributes(row).items():
            yield (row.identity, name), repr(value)
        if "read_on" in row.values:
            yield (row.identity, "reading", row.values["read_on"]), row.values.get("reading")

    def check(self, row: Row, record: Goal | None) -> None:
        if ("reading" in row.values) != ("read_on" in row.values):
            row.reject("reading", "a reading needs its day, and a day its reading")

    def changes(self, record: Goal, row: Row) -> dict[str, tuple[Any, Any]]:
        changes = super().changes(record, row)
        if "reading" in row.values:
            stored = _reading_on(record, row.values["read_on"])
            if stored != row.values["reading"]:
                changes["reading"] = (stored, row.values["reading"])
        return changes

    def create(self, row: Row) -> Goal:
        fallbacks = {name: value for name, value in row.fallbacks.items() if name not in ("reading", "read_on")}
        return Goal(**{**fallbacks, **self.attributes(row)})

    @transaction.atomic
    def save(self, record: Goal, row: Row, *, by: Actor, now: datetime) -> None:
        if record.pk is None or row.changes.keys() - {"reading"}:
            services.save_goal(record, by=by, now=now)
        if "reading" in row.values:
            value, on = row.values["reading"], row.values["read_on"]
            services.record_reading(record, value=value, on=on, by=by, now=now)
            # What was fetched for the batch no longer holds.
            getattr(record, "_prefetched_objects_cache", {}).pop("readings", None)


def _reading_on(goal: Goal, on: date) -> float | None:
    readings: Iterable[GoalReading] = goal.readings.all()
    return next((reading.value for reading in readings if reading.read_on == on), None)


class OutcomeReportKind(RecordKind[OutcomeReport]):
    """Outcome reports, by customer and period."""

    key = "customers.outcome_reports"
    label = "outcome reports"
    thing = "outcome reports"
    model = OutcomeReport
    one_of = NAMES_OWNER
    fields = (
        *OWNER,
        Field("period_start", fields.day, "First day of the period.", key=True, aliases=("from", "start_date")),
        Field("period_end", fields.day, "Last day of the period.", key=True, aliases=("to", "until", "end_date")),
        Field("cost", fields.money, "What the period cost the customer.", needed=True),
        Field("value_delivered", fields.money, "What it was worth.", needed=True, aliases=("value", "benefit")),
        Field("value_expected", fields.money, "What had been expected.", empty=None, aliases=("expected",)),
        Field("currency", fields.upper, "Three letters, such as USD."),
        Field("note", fields.text, "Anything to add.", empty="", aliases=("comment",)),
    )

    def identify(self, row: Row) -> Hashable:
        return (row.values["customer"].pk, row.values["period_start"], row.values["period_end"])

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, OutcomeReport]:
        reports = OutcomeReport.objects.filter(
            customer__in={row.values["customer"].pk for row in rows},
            period_end__in={row.values["period_end"] for row in rows},
        )
        reports = reports.order_by("pk").select_for_update(no_key=True)
        return {(report.customer_id, report.period_start, report.period_end): report for report in reports}

    def save(self, record: OutcomeReport, row: Row, *, by: Actor, now: datetime) -> None:
        services.save_outcome_report(record, by=by, now=now)


class InteractionKind(RecordKind[Interaction]):
    """Calls, meetings, mails and notes: by external id where there is one, else by what makes them one."""

    key = "customers.interactions"
    label = "interactions"
    thing = "interactions"
    model = Interaction
    one_of = NAMES_OWNER
    fields = (
        *OWNER,
        Field("external_id", fields.text, "Id of the interaction, if it has one.", aliases=("id", "interaction_id")),
        Field("kind", fields.one_of(Interaction.Kind), "call, meeting, email or note.", needed=True, aliases=("type",)),
        Field("held_at", fields.moment, "When it took place.", needed=True, aliases=("date", "when", "occurred_at")),
        Field("subject", fields.text, "What it was about.", needed=True, aliases=("title", "topic")),
        Field("direction", fields.one_of(Interaction.Direction), "out: we reached out; in: they did."),
        Field("body", fields.text, "Notes.", empty="", aliases=("notes", "note", "description")),
        Field("contact", fields.email, "E-mail address of the contact.", refers="contact", empty=None),
        Field(
            "staff",
            fields.text,
            "User name or e-mail of our person.",
            refers="staff",
            empty=None,
            aliases=("owner", "by"),
        ),
    )

    def identify(self, row: Row) -> Hashable:
        if external_id := row.values.get("external_id"):
            return external_id
        return (row.values["customer"].pk, row.get("kind"), row.get("held_at"), row.get("subject"))

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Interaction]:
        named = Interaction.objects.filter(external_id__in={row.values.get("external_id") for row in rows})
        unnamed = Interaction.objects.filter(
            customer__in={row.values["customer"].pk for row in rows if not row.values.get("external_id")},
            held_at__in={row.get("held_at") for row in rows if row.get("held_at")},
        )
        found: dict[Hashable, Interaction] = {
            (one.customer_id, one.kind, one.held_at, one.subject): one for one in unnamed.order_by("pk")
        }
        return found | {one.external_id: one for one in named.order_by("pk").select_for_update(no_key=True)}

    def check(self, row: Row, record: Interaction | None) -> None:
        if record and record.customer_id != row.values["customer"].pk:
            row.reject("customer", "the interaction is another customer's")

    def save(self, record: Interaction, row: Row, *, by: Actor, now: datetime) -> None:
        services.log_interaction(record, held_by_actor=False, by=by, now=now)


class TrainingKind(RecordKind[Training]):
    """Courses assigned and completed, by customer and course."""

    key = "customers.training"
    label = "training"
    thing = "trainings"
    model = Training
    one_of = NAMES_OWNER
    fields = (
        *OWNER,
        Field("course", fields.text, "Name of the course.", key=True, aliases=("training", "course_name")),
        Field(
            "assigned_on", fields.day, "The day it was assigned.", needed=True, aliases=("enrolled_on", "start_date")
        ),
        Field("completed_on", fields.day, "The day it was completed.", empty=None, aliases=("completion_date",)),
    )

    def identify(self, row: Row) -> Hashable:
        return (row.values["customer"].pk, row.values["course"])

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Training]:
        trainings = Training.objects.filter(
            customer__in={row.values["customer"].pk for row in rows}, course__in={row.values["course"] for row in rows}
        )
        trainings = trainings.order_by("pk").select_for_update(no_key=True)
        return {(training.customer_id, training.course): training for training in trainings}

    def save(self, record: Training, row: Row, *, by: Actor, now: datetime) -> None:
        services.save_training(record, by=by, now=now)


kinds.register(GoalKind())
kinds.register(OutcomeReportKind())
kinds.register(InteractionKind())
kinds.register(TrainingKind())
