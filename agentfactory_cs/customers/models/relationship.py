"""What passes between our people and theirs."""

from django.conf import settings
from django.db import models

from .contact import Contact
from .customer import Customer, validate_external_id
from .fields import one_of


class Training(models.Model):
    """A course assigned to a customer, and when it was completed."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="trainings", db_index=False)
    course = models.CharField(max_length=200)
    assigned_on = models.DateField()
    completed_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("customer", "assigned_on")
        constraints = (
            models.UniqueConstraint(
                fields=("customer", "course"),
                name="training_course_once_per_customer",
                violation_error_message="This course is already assigned to the customer.",
            ),
            models.CheckConstraint(
                condition=models.Q(completed_on__isnull=True) | models.Q(completed_on__gte=models.F("assigned_on")),
                name="training_completed_after_assigned",
                violation_error_message="completed_on must not lie before assigned_on.",
            ),
        )
        indexes = (
            # What came in last, and how much in these weeks.
            models.Index(fields=("assigned_on",), name="training_by_assignment"),
            models.Index(fields=("completed_on",), name="training_by_completion"),
        )

    def __str__(self) -> str:
        return self.course


class RenewalEstimate(models.Model):
    """The success manager's estimate that a customer renews, in percent, as of a day."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="renewal_estimates", db_index=False)
    likelihood = models.PositiveSmallIntegerField(help_text="0 to 100 percent.")
    estimated_on = models.DateField()
    estimated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("customer", "-estimated_on")
        constraints = (
            models.UniqueConstraint(fields=("customer", "estimated_on"), name="renewal_estimate_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(likelihood__lte=100),
                name="renewal_estimate_is_a_percentage",
                violation_error_message="likelihood must be between 0 and 100.",
            ),
        )
        indexes = (
            # What came in last, and how much in these weeks.
            models.Index(fields=("estimated_on",), name="renewal_estimate_by_day"),
        )

    def __str__(self) -> str:
        return f"{self.likelihood} % on {self.estimated_on}"


class InteractionKind(models.TextChoices):
    CALL = "call", "Call"
    MEETING = "meeting", "Meeting"
    EMAIL = "email", "E-mail"
    NOTE = "note", "Note"


class InteractionDirection(models.TextChoices):
    OUT = "out", "We reached out"
    IN = "in", "They reached out"


class Interaction(models.Model):
    """A call, meeting, mail or note between our people and theirs, after it took place."""

    Kind = InteractionKind
    Direction = InteractionDirection

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="interactions", db_index=False)
    external_id = models.CharField(
        max_length=100, unique=True, null=True, blank=True, validators=[validate_external_id]
    )
    kind = models.CharField(max_length=10, choices=Kind)
    direction = models.CharField(max_length=3, choices=Direction, default=Direction.OUT)
    subject = models.CharField(max_length=200)
    body = models.TextField("notes", blank=True)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="interactions")
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="interactions"
    )
    held_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-held_at", "-id")
        constraints = (
            one_of("kind", InteractionKind, "interaction_kind_known"),
            one_of("direction", InteractionDirection, "interaction_direction_known"),
            models.UniqueConstraint(
                fields=("customer", "kind", "held_at", "subject"),
                name="interaction_told_once",
                violation_error_message="This interaction is already recorded.",
            ),
        )
        indexes = (
            models.Index(fields=("customer", "held_at"), name="interaction_by_customer"),
            # Everybody's, the latest first: the console's list.
            models.Index(fields=("-held_at", "-id"), name="interaction_latest"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"

    def clean(self) -> None:
        self.external_id = self.external_id or None


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> "TaskQuerySet":
        return self.filter(status=Task.Status.OPEN)


class TaskKind(models.TextChoices):
    TODO = "todo", "To do"
    CALL = "call", "Call"
    EMAIL = "email", "E-mail"
    REVIEW = "review", "Review"


class TaskStatus(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"


class Task(models.Model):
    """Something one of our people must do for a customer; a call to hold is a task of kind `call`.

    open → done | skipped, and back to open; see TRANSITIONS. A finished task says when and by whom.
    """

    Kind = TaskKind
    Status = TaskStatus

    TRANSITIONS = {
        Status.OPEN: {Status.DONE, Status.SKIPPED},
        Status.DONE: {Status.OPEN},
        Status.SKIPPED: {Status.OPEN},
    }

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tasks")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TODO)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="tasks"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    outcome = models.TextField(blank=True, help_text="What came of it.")
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ("due_at", "id")
        constraints = (
            one_of("kind", TaskKind, "task_kind_known"),
            one_of("status", TaskStatus, "task_status_known"),
            models.CheckConstraint(
                condition=models.Q(status="open", finished_at__isnull=True)
                | (~models.Q(status="open") & models.Q(finished_at__isnull=False)),
                name="task_finished_has_its_moment",
            ),
        )
        indexes = (
            # What is due for me, soonest first.
            models.Index(fields=("owner", "due_at"), condition=models.Q(status="open"), name="task_open_by_owner"),
        )

    def __str__(self) -> str:
        return self.title
