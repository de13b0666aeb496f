"""Tickets: what customers ask of us."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Least, Upper

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.models.fields import language_field, one_of

from .desk import Area, Team
from .policies import ServiceVersion


class Severity(models.TextChoices):
    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class Priority(models.IntegerChoices):
    """The order in which a queue is worked, beside what is due first."""

    LOW = 1, "Low"
    NORMAL = 2, "Normal"
    HIGH = 3, "High"
    URGENT = 4, "Urgent"


class TicketStatus(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Open"
    PENDING = "pending", "Waiting for the customer"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"


class Channel(models.TextChoices):
    MAIL = "mail", "E-mail"
    API = "api", "REST"
    STAFF = "staff", "Entered by us"
    HELP_PAGE = "help", "Help page"
    IMPORT = "import", "Imported"


class LanguageSource(models.TextChoices):
    GIVEN = "given", "Given"
    DETECTED = "detected", "Detected"
    CUSTOMER = "customer", "The customer's"


class TicketQuerySet(models.QuerySet["Ticket"]):
    def unsolved(self) -> "TicketQuerySet":
        """What somebody must still do something about, or waits for the customer."""
        return self.filter(status__in=Ticket.UNSOLVED)

    def waiting_for_us(self) -> "TicketQuerySet":
        return self.filter(status__in=(TicketStatus.NEW, TicketStatus.OPEN))

    def due_first(self) -> "TicketQuerySet":
        """As a queue is worked: what is due first, then the most urgent; what no clock runs for comes last."""
        return self.order_by("due_at", "-priority", "id")


class Ticket(models.Model):
    """A question or trouble of a customer, with its thread.

    new → open with the first public answer or an assignee's hand; pending waits for the customer and lets the
    resolution clock stand; resolved becomes closed after a week; a customer's reply opens it again until then.
    Moved by verbs of `moving`, written by `services`, assigned by `assigning`. A merged ticket is closed and
    names the one it went into.

    The due times are computed by `levels` whenever something changes that they hang on, never on reading. Each is
    empty while its clock stands and once it is met (`first_response_at`, `resolved_at`). What follows by itself
    (`follow_up_at`) is planned by `following`. `lock_version` counts changes by people: two never overwrite each other.
    """

    Severity = Severity
    Priority = Priority
    Status = TicketStatus
    Channel = Channel

    UNSOLVED = (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING)
    TRANSITIONS = {
        TicketStatus.NEW: (TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.RESOLVED, TicketStatus.CLOSED),
        TicketStatus.OPEN: (TicketStatus.PENDING, TicketStatus.RESOLVED, TicketStatus.CLOSED),
        TicketStatus.PENDING: (TicketStatus.OPEN, TicketStatus.RESOLVED, TicketStatus.CLOSED),
        TicketStatus.RESOLVED: (TicketStatus.OPEN, TicketStatus.CLOSED),
        TicketStatus.CLOSED: (TicketStatus.OPEN,),
    }

    id = models.BigAutoField(primary_key=True)
    external_id = models.CharField(max_length=100, null=True, blank=True, unique=True)
    subject = models.CharField(max_length=250)

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="tickets", db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets", db_index=False
    )
    requester_address = models.EmailField(blank=True, help_text="Who asks; answers go there.")
    requester_name = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=8, choices=Channel)

    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="tickets")
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.NORMAL)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    language = language_field()
    language_source = models.CharField(max_length=8, choices=LanguageSource, default=LanguageSource.CUSTOMER)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)

    status = models.CharField(max_length=8, choices=Status, default=Status.NEW)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="tickets", db_index=False
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_tickets",
        db_index=False,
    )
    assigned_by_hand = models.BooleanField(default=False, help_text="By a person: routing leaves it alone.")
    is_escalated = models.BooleanField("escalated", default=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged", db_index=False
    )

    service_version = models.ForeignKey(ServiceVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_response_due_at = models.DateTimeField(null=True, blank=True)
    next_response_due_at = models.DateTimeField(null=True, blank=True)
    resolution_due_at = models.DateTimeField(null=True, blank=True)
    due_at = models.GeneratedField(
        expression=Least("first_response_due_at", "next_response_due_at", "resolution_due_at"),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
        help_text="Whichever of them comes first; queues are sorted by it.",
    )
    next_warning_at = models.DateTimeField(
        null=True, blank=True, help_text="The next moment at which 75 % or all of a target is used up."
    )
    told = ArrayField(
        models.CharField(max_length=30),
        default=list,
        blank=True,
        help_text="Which of its clocks were warned of and breached, such as resolution.breached.",
    )
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when the customer has waited for an answer of ours."
    )
    first_response_open_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Business time from creation to the first response."
    )
    resolution_open_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Business time to the resolution, without that of waiting for the customer."
    )
    resolution_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Time to the resolution round the clock, without waiting for the customer."
    )

    pending_since = models.DateTimeField(null=True, blank=True, help_text="Since when we wait for the customer.")
    followed = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="Which steps of following up were done since it came into its state, such as reminder.",
    )
    followed_at = models.DateTimeField(null=True, blank=True, help_text="The last of them.")
    follow_up_at = models.DateTimeField(null=True, blank=True, help_text="When the next is due.")

    lock_version = models.PositiveIntegerField(default=0)
    reopened = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    customer_wrote_at = models.DateTimeField(null=True, blank=True, help_text="The newest message of the customer's.")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="Our newest public answer.")
    first_response_at = models.DateTimeField(null=True, blank=True, help_text="A person's first public answer.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("severity", Severity, "ticket_severity_known"),
            one_of("status", TicketStatus, "ticket_status_known"),
            one_of("channel", Channel, "ticket_channel_known"),
            models.CheckConstraint(condition=~models.Q(subject=""), name="ticket_has_a_subject"),
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False) | ~models.Q(requester_address=""),
                name="ticket_has_somebody_who_asks",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=("resolved", "closed"))
                | models.Q(resolved_at__isnull=True, closed_at__isnull=True),
                name="ticket_unsolved_has_no_end",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="resolved") | models.Q(resolved_at__isnull=False),
                name="ticket_resolved_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="closed") | models.Q(closed_at__isnull=False),
                name="ticket_closed_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(status="pending") | models.Q(pending_since__isnull=True),
                name="ticket_not_pending_has_no_since",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | models.Q(status="closed"), name="ticket_merged_is_closed"
            ),
        )
        indexes = (
            # The queues: what is unsolved of mine, of a team's, of nobody's, most urgent first.
            models.Index(
                fields=("assignee", "-priority", "id"),
                condition=models.Q(status__in=("new", "open", "pending")),
                name="ticket_of_assignee",
            ),
            # The same as people work them: what is due first.
            *(
                models.Index(
                    fields=(*of, "due_at", "-priority", "id"),
                    condition=models.Q(status__in=("new", "open", "pending")),
                    name=name,
                )
                for of, name in (
                    ((), "ticket_due"),
                    (("assignee",), "ticket_of_assignee_due"),
                    (("team",), "ticket_of_team_due"),
                )
            ),
            models.Index(
                fields=("due_at", "-priority", "id"),
                condition=models.Q(status__in=("new", "open", "pending"), is_escalated=True),
                name="ticket_escalated_due",
            ),
            # Search in the console, and its filter by tag.
            GinIndex(OpClass(Upper("subject"), "gin_trgm_ops"), name="ticket_subject_trigram"),
            GinIndex(OpClass(Upper("requester_address"), "gin_trgm_ops"), name="ticket_address_trigram"),
            GinIndex(OpClass(Upper("requester_name"), "gin_trgm_ops"), name="ticket_name_trigram"),
            GinIndex(fields=("tags",), name="ticket_by_tag"),
            # What is breached next, and whose warning is due.
            models.Index(
                fields=("next_warning_at",), condition=models.Q(next_warning_at__isnull=False), name="ticket_warning"
            ),
            # What follows by itself.
            models.Index(
                fields=("follow_up_at",), condition=models.Q(follow_up_at__isnull=False), name="ticket_follow_up"
            ),
            models.Index(fields=("customer", "-id"), name="ticket_of_customer"),
            models.Index(fields=("contact",), condition=models.Q(contact__isnull=False), name="ticket_of_contact"),
            # What becomes closed, and who is reminded.
            models.Index(fields=("status", "updated_at"), name="ticket_by_status"),
            # Volume by period; the health metrics ask a customer's window.
            models.Index(fields=("created_at",), name="ticket_by_creation"),
            # First responses and resolutions by period.
            models.Index(
                fields=("first_response_at",),
                condition=models.Q(first_response_at__isnull=False),
                name="ticket_by_first_response",
            ),
            models.Index(
                fields=("resolved_at",), condition=models.Q(resolved_at__isnull=False), name="ticket_by_resolution"
            ),
            # A copy elsewhere is kept up to date by what changed since.
            models.Index(fields=("updated_at", "id"), name="ticket_by_change"),
            models.Index(
                fields=("merged_into",), condition=models.Q(merged_into__isnull=False), name="ticket_merged_into"
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"
