"""Interactions, tasks, renewal estimates, training."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor, actor_user, record

from ..days import utc_day
from ..models import Customer, Interaction, RenewalEstimate, Task, Training
from .checking import check_and_save


@transaction.atomic
def log_interaction(
    interaction: Interaction, *, held_by_actor: bool = True, by: Actor = None, now: datetime
) -> Interaction:
    """Record or correct a call, meeting, mail or note that took place.

    Where it names nobody of ours, whoever records it held it; not so in an import (`held_by_actor=False`).
    """
    if interaction.held_at > now:
        raise ValidationError({"held_at": "An interaction is recorded after it took place; plan a task instead."})
    if interaction.contact and interaction.contact.customer_id != interaction.customer_id:
        raise ValidationError({"contact": "This contact belongs to another customer."})
    is_new = interaction.pk is None
    if is_new and held_by_actor and interaction.staff is None:
        interaction.staff = actor_user(by)
    check_and_save(interaction)
    if is_new:
        data = {"kind": interaction.get_kind_display(), "subject": interaction.subject}
        record("customers.interaction", interaction.customer, data, by=by, now=interaction.held_at)
    return interaction


@transaction.atomic
def save_task(task: Task, *, by: Actor = None, now: datetime) -> Task:
    """Create or change an open task; finishing one is `finish_task`."""
    check_and_save(task)
    return task


@transaction.atomic
def finish_task(
    task: Task, *, status: str = Task.Status.DONE, outcome: str = "", by: Actor = None, now: datetime
) -> Task:
    """Mark a task done or skipped. ValidationError where it is not open (somebody else was faster)."""
    stored = Task.objects.select_for_update().get(pk=task.pk)
    if status not in Task.TRANSITIONS[Task.Status(stored.status)]:
        refusal = f"A task that is {stored.get_status_display().lower()} cannot become {status}."
        raise ValidationError({"status": ValidationError(refusal, code="conflict")})
    stored.status, stored.outcome = status, outcome or stored.outcome
    stored.finished_at, stored.finished_by = now, actor_user(by)
    check_and_save(stored)
    data = {"status": stored.get_status_display(), "title": stored.title, "task": stored.pk}
    record("customers.task_finished", stored.customer, data, by=by, now=now)
    return stored


@transaction.atomic
def reopen_task(task: Task, *, by: Actor = None, now: datetime) -> Task:
    stored = Task.objects.select_for_update().get(pk=task.pk)
    if stored.status == Task.Status.OPEN:
        return stored
    stored.status, stored.finished_at, stored.finished_by = Task.Status.OPEN, None, None
    stored.save()
    return stored


@transaction.atomic
def estimate_renewal(
    customer: Customer, *, likelihood: int, on: date, note: str = "", by: Actor = None, now: datetime
) -> RenewalEstimate:
    """The likelihood of renewal in percent as of a day; a second estimate of the day replaces the first."""
    if on > utc_day(now):
        raise ValidationError({"estimated_on": f"{on} lies in the future."})
    stored = RenewalEstimate.objects.filter(customer=customer, estimated_on=on).first()
    estimate = stored or RenewalEstimate(customer=customer, estimated_on=on)
    estimate.likelihood, estimate.note, estimate.estimated_by = likelihood, note, actor_user(by)
    check_and_save(estimate)
    record("customers.renewal_estimated", customer, {"likelihood": likelihood}, by=by, now=now)
    return estimate


@transaction.atomic
def save_training(training: Training, *, by: Actor = None, now: datetime) -> Training:
    """Assign a course, or record that it was completed."""
    was_done = training.pk and Training.objects.filter(pk=training.pk, completed_on__isnull=False).exists()
    check_and_save(training)
    if training.completed_on and not was_done:
        record("customers.training_completed", training.customer, {"course": training.course}, by=by, now=now)
    return training
