"""Customers in playbooks: runs, their steps, and why somebody did not enter."""

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.customers.models.fields import one_of

from .playbook import Playbook, PlaybookVersion


class RunState(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    EXITED = "exited", "Left early"
    STOPPED = "stopped", "Stopped by hand"
    HELD_OUT = "held_out", "Held out"


class RunQuerySet(models.QuerySet["Run"]):
    def under_way(self) -> "RunQuerySet":
        return self.filter(state__in=(RunState.RUNNING, RunState.PAUSED))


class Run(models.Model):
    """One customer's way through one version of a playbook, or (held out) the way it did not take.

    Made by `entering`, at most one under way a customer and playbook; ended by `working` when every step is
    settled, by an exit condition, by the customer's churn, or by hand. `ended_because` says so in words. The
    goal is looked for until its days are over, even after the last step, and for those held out as well; then, once
    more as of that moment, and never again (`goal_closed_at`). `is_drawn`: entered by the trigger, where the draw
    decides who is held out; whom a person, another system or another playbook chose was not drawn.
    """

    State = RunState

    TRANSITIONS = {
        RunState.RUNNING: (RunState.PAUSED, RunState.FINISHED, RunState.EXITED, RunState.STOPPED),
        RunState.PAUSED: (RunState.RUNNING, RunState.EXITED, RunState.STOPPED),
        RunState.FINISHED: (),
        RunState.EXITED: (),
        RunState.STOPPED: (),
        RunState.HELD_OUT: (),
    }

    id = models.BigAutoField(primary_key=True)
    playbook = models.ForeignKey(Playbook, on_delete=models.PROTECT, related_name="runs", db_index=False)
    version = models.ForeignKey(PlaybookVersion, on_delete=models.PROTECT, related_name="runs", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="playbook_runs", db_index=False)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    entered_because = models.TextField(help_text="Why it entered, in words, with the figures of that moment.")
    entry_facts = models.JSONField(default=dict, help_text="What the conditions were judged by, fact by fact.")
    event_id = models.BigIntegerField(null=True, blank=True, help_text="The event that triggered it, if one did.")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_drawn = models.BooleanField(default=False, help_text="Whether the draw decided that it is not held out, or is.")
    entered_at = models.DateTimeField(help_text="Day 0: offsets of steps count from here.")
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    pause_reason = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_because = models.TextField(blank=True)
    goal_until = models.DateTimeField(null=True, blank=True, help_text="Until when reaching the goal counts.")
    goal_reached_at = models.DateTimeField(null=True, blank=True)
    goal_closed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the goal was looked for the last time, its days being over."
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("state", RunState, "run_state_known"),
            models.UniqueConstraint(
                fields=("playbook", "customer"),
                condition=models.Q(state__in=("running", "paused")),
                name="run_one_under_way",
            ),
            # An event lets a customer in once, however often it is read.
            models.UniqueConstraint(
                fields=("playbook", "customer", "event_id"),
                condition=models.Q(event_id__isnull=False),
                name="run_once_an_event",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("finished", "exited", "stopped", "held_out"), ended_at__isnull=False)
                | models.Q(state__in=("running", "paused"), ended_at__isnull=True),
                name="run_ended_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | ~models.Q(ended_because=""), name="run_ended_says_why"
            ),
            models.CheckConstraint(
                condition=models.Q(state="paused", paused_at__isnull=False)
                | ~models.Q(state="paused") & models.Q(paused_at__isnull=True),
                name="run_paused_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="held_out") | models.Q(is_drawn=True), name="run_held_out_was_drawn"
            ),
            models.CheckConstraint(
                condition=models.Q(goal_closed_at__isnull=True) | models.Q(goal_until__isnull=False),
                name="run_goal_closed_had_its_days",
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{verb}_by__isnull": True}) | models.Q(**{f"{verb}_at__isnull": False}),
                    name=f"run_{verb}_by_has_its_moment",
                )
                for verb in ("paused", "ended")
            ),
        )
        indexes = (
            # Is the customer in it, and when was it last?
            models.Index(fields=("customer", "playbook", "-entered_at"), name="run_of_customer"),
            # A playbook's runs, newest first.
            models.Index(fields=("playbook", "-id"), name="run_of_playbook"),
            models.Index(fields=("version", "state"), name="run_of_version"),
            # Whose goal is still to be looked for.
            models.Index(
                fields=("goal_until", "version"),
                condition=models.Q(goal_until__isnull=False, goal_reached_at__isnull=True, goal_closed_at__isnull=True),
                name="run_goal_wanted",
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer} in {self.playbook}"


class StepState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    WITH_PERSON = "with_person", "With a person"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class RunStep(models.Model):
    """One step of one run: a row with a due time from the moment the customer enters.

    A worker locks what is due (and its run), judges its condition, does it and settles it in one transaction:
    killed in between, nothing was done. Effects outside are rows of their own (an e-mail, a notice). `because`
    says why it was skipped, failed or put off; `result` keeps what the action reported and the facts its
    condition was judged by. A step behind a branch has no due time until the branch is decided.
    """

    State = StepState

    TRANSITIONS = {
        StepState.WAITING: (
            StepState.WITH_PERSON,
            StepState.DONE,
            StepState.SKIPPED,
            StepState.FAILED,
            StepState.CANCELLED,
        ),
        StepState.WITH_PERSON: (StepState.DONE, StepState.SKIPPED, StepState.CANCELLED),
        StepState.FAILED: (StepState.WAITING, StepState.SKIPPED, StepState.CANCELLED),
        StepState.DONE: (),
        StepState.SKIPPED: (),
        StepState.CANCELLED: (),
    }
    SETTLED = (StepState.DONE, StepState.SKIPPED, StepState.CANCELLED)

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField(max_length=60, help_text="The step's key in the version's definition.")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty until its branch is decided.")
    not_before = models.DateTimeField(null=True, blank=True, help_text="The next attempt; put off, later than due.")
    attempts = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=20, blank=True, help_text="What a branch decided: yes or no.")
    because = models.TextField(blank=True)
    result = models.JSONField(default=dict, blank=True)
    task = models.ForeignKey(Task, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("run", "position")
        constraints = (
            one_of("state", StepState, "run_step_state_known"),
            models.UniqueConstraint(fields=("run", "key"), name="run_step_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=("done", "skipped", "cancelled"), settled_at__isnull=False)
                | models.Q(state__in=("waiting", "with_person", "failed"), settled_at__isnull=True),
                name="run_step_settled_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_by__isnull=True) | models.Q(settled_at__isnull=False),
                name="run_step_settled_by_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("skipped", "failed", "cancelled")) | ~models.Q(because=""),
                name="run_step_not_done_says_why",
            ),
        )
        indexes = (
            # What is due.
            models.Index(fields=("not_before", "id"), condition=models.Q(state="waiting"), name="run_step_due"),
            # What a person must look at.
            models.Index(fields=("id",), condition=models.Q(state="failed"), name="run_step_failed"),
            # Which step does a finished task settle?
            models.Index(fields=("task",), condition=models.Q(task__isnull=False), name="run_step_of_task"),
        )

    def __str__(self) -> str:
        return f"{self.key} of run {self.run_id}"


class RefusalReason(models.TextChoices):
    ALREADY_IN = "already_in", "Already in it"
    COOL_DOWN = "cool_down", "Was in it not long ago"
    PRIORITY = "priority", "A playbook of higher priority has it"
    CHURNED = "churned", "Churned"
    CONDITION = "condition", "Its entry conditions were not met"
    OLD_NEWS = "old_news", "It happened too long ago"
    UNASKABLE = "unaskable", "Its entry conditions cannot be asked any more"


class Refusal(models.Model):
    """A customer that a trigger named and that did not enter, with the reason: one a playbook, customer and day.

    Written by `entering`; kept as long as PLAYBOOK_REFUSAL_DAYS says.
    """

    Reason = RefusalReason

    id = models.BigAutoField(primary_key=True)
    playbook = models.ForeignKey(Playbook, on_delete=models.CASCADE, related_name="refusals", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="playbook_refusals", db_index=False)
    reason = models.CharField(max_length=12, choices=Reason)
    detail = models.TextField(blank=True)
    on = models.DateField()
    refused_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("reason", RefusalReason, "refusal_reason_known"),
            models.UniqueConstraint(fields=("playbook", "customer", "on", "reason"), name="refusal_once_a_day"),
        )
        indexes = (models.Index(fields=("customer", "-id"), name="refusal_of_customer"),)

    def __str__(self) -> str:
        return f"{self.customer_id} not in {self.playbook}: {self.get_reason_display()}"
