"""What was said about a ticket: messages and the files that came with them."""

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models.fields import one_of

from .ticket import Ticket


class MessageKind(models.TextChoices):
    CUSTOMER = "customer", "From the customer"
    ANSWER = "answer", "Answer"
    NOTE = "note", "Internal note"
    AUTOMATIC = "automatic", "Automatic answer"


class Message(models.Model):
    """One contribution to a ticket's thread; internal notes are never shown or sent to the customer.

    `text` is what was newly written, `quoted` what stood under it. `html` has been cleaned (nh3), its remote images
    are blocked until clicked. An answer's e-mail is in the outbox (`messaging.Email`, source "support.message").
    Never changed once written.
    """

    Kind = MessageKind

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    author_name = models.CharField(max_length=200, help_text="As it was then.")
    address = models.EmailField(blank=True, help_text="Who wrote, where it came by mail.")
    text = models.TextField()
    quoted = models.TextField(blank=True)
    html = models.TextField(blank=True)
    message_id = models.CharField(max_length=250, blank=True, help_text="Of the mail, with its angle brackets.")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            one_of("kind", MessageKind, "message_kind_known"),
            # A mail comes in once, however often it is fetched.
            models.UniqueConstraint(fields=("message_id",), condition=~models.Q(message_id=""), name="message_id_once"),
        )
        indexes = (models.Index(fields=("ticket", "id"), name="message_of_ticket"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.author_name}"


class Attachment(models.Model):
    """A file that came with a message. Never served inline."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to="support/%Y/%m/")
    refused_because = models.CharField(max_length=200, blank=True, help_text="Why it was not kept; the file is empty.")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.name
