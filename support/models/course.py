"""What happened to tickets: changes, running clocks, links, escalations, and who looks at one."""

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models.fields import one_of

from .desk import Team
from .policies import RoutingVersion
from .ticket import Ticket


class TicketChangeKind(models.TextChoices):
    CREATED = "created", "Created"
    ROUTED = "routed", "Routed"
    ASSIGNED = "assigned", "Assigned"
    STATUS = "status", "Status"
    FIELD = "field", "Changed"
    ESCALATED = "escalated", "Escalated"
    WARNED = "warned", "Warned"
    BREACHED = "breached", "Breached"
    ANSWERED = "answered", "Answered automatically"
    NOT_ANSWERED = "not_answered", "No automatic answer"
    MERGED = "merged", "Merged"
    SPLIT = "split", "Split off"
    REMINDED = "reminded", "Followed up"


class TicketChange(models.Model):
    """Something that happened to a ticket beside its messages, in words; routing keeps its trace in `data`, rule by
    rule. Written by whoever changes the ticket, in the same transaction; never changed."""

    Kind = TicketChangeKind

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="changes", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    words = models.CharField(max_length=400)
    data = models.JSONField(default=dict, blank=True)
    routing_version = models.ForeignKey(
        RoutingVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (one_of("kind", TicketChangeKind, "ticket_change_kind_known"),)
        indexes = (models.Index(fields=("ticket", "id"), name="ticket_change_of_ticket"),)

    def __str__(self) -> str:
        return self.words


class ClockStretch(models.Model):
    """A time in which a ticket's clocks run: from creation until pending, from the customer's reply on, and so on.

    `levels` reads them to compute due times; `until` empty: it runs.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="stretches", db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("since",)
        constraints = (
            models.UniqueConstraint(
                fields=("ticket",), condition=models.Q(until__isnull=True), name="ticket_one_running_stretch"
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
                name="stretch_ends_after_it_begins",
            ),
        )
        indexes = (models.Index(fields=("ticket", "since"), name="stretch_of_ticket"),)

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M} to {self.until or 'now'}"


class LinkKind(models.TextChoices):
    RELATED = "related", "Related"
    FOLLOW_UP = "follow_up", "Follow-up of"
    SPLIT = "split", "Split off from"


class TicketLink(models.Model):
    """Two tickets that have to do with each other: `ticket` is the later one."""

    Kind = LinkKind

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="linked_by")
    kind = models.CharField(max_length=9, choices=Kind)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            one_of("kind", LinkKind, "ticket_link_kind_known"),
            models.UniqueConstraint(fields=("ticket", "other"), name="ticket_link_once"),
            models.CheckConstraint(condition=~models.Q(ticket=models.F("other")), name="ticket_link_to_another"),
        )

    def __str__(self) -> str:
        return f"#{self.ticket_id} {self.get_kind_display().lower()} #{self.other_id}"


class EscalationReason(models.TextChoices):
    CRITICAL = "critical", "Critical severity"
    BREACH = "breach", "Service level breached"
    REOPENED = "reopened", "Reopened for the third time"
    AT_RISK = "at_risk", "Enterprise customer at risk"
    SENTIMENT = "sentiment", "Strong words in a reply"
    RULE = "rule", "A routing rule"
    HAND = "hand", "By hand"


class Escalation(models.Model):
    """A ticket was brought before the senior team, once a reason."""

    Reason = EscalationReason

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="escalations", db_index=False)
    reason = models.CharField(max_length=10, choices=Reason)
    detail = models.CharField(max_length=300)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="escalations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    escalated_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("reason", EscalationReason, "escalation_reason_known"),
            models.UniqueConstraint(fields=("ticket", "reason"), name="escalation_once_a_reason"),
        )

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: #{self.ticket_id}"


class Viewing(models.Model):
    """Somebody has a ticket's page open: so that two people on one ticket see each other. Gone after a minute."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="viewings", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_writing = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("ticket", "user"), name="viewing_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} at #{self.ticket_id}"
