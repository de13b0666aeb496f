"""The automatic first answer: what was found for each ticket, what was sent, and whether that was enough."""

from django.core.validators import MaxValueValidator
from django.db import models

from agentfactory_cs.customers.models.fields import one_of

from .knowledge import Article
from .ticket import Ticket


class AutomaticAnswerState(models.TextChoices):
    ANSWERED = "answered", "Answered with articles"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    NOT_ANSWERED = "not_answered", "Not answered"


class AutomaticAnswer(models.Model):
    """What was decided about the automatic first answer of one ticket, once; `because` says why in a sentence.

    The articles that were considered are kept with their confidence whether they were sent or not, so that another
    threshold can be tried on past tickets. `solved` is what the customer said by the links of the mail. Written by
    `knowledge.answering`.
    """

    State = AutomaticAnswerState

    ticket = models.OneToOneField(Ticket, on_delete=models.CASCADE, related_name="automatic_answer")
    state = models.CharField(max_length=12, choices=State)
    because = models.CharField(max_length=300)
    confidence_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the best article found; empty: none was looked for, or none was found."
    )
    threshold_percent = models.PositiveSmallIntegerField(help_text="From which on articles were sent then.")
    solved = models.BooleanField(null=True, help_text="Whether the customer said that it solved the matter.")
    decided_at = models.DateTimeField()
    said_at = models.DateTimeField(null=True, blank=True, help_text="When the customer said so.")

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("state", AutomaticAnswerState, "automatic_answer_state_known"),
            models.CheckConstraint(
                condition=models.Q(solved__isnull=True, said_at__isnull=True)
                | models.Q(solved__isnull=False, said_at__isnull=False),
                name="automatic_answer_said_has_its_moment",
            ),
        )
        indexes = (
            # Precision by threshold over a period.
            models.Index(fields=("decided_at", "confidence_percent"), name="automatic_answer_by_moment"),
        )

    def __str__(self) -> str:
        return f"#{self.ticket_id}: {self.get_state_display()}"


class OfferedArticle(models.Model):
    """An article that was found for a ticket: sent to the customer, or used in an answer of ours, or neither."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="offered_articles", db_index=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="offers", db_index=False)
    confidence_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="By the automatic answer.")
    used_at = models.DateTimeField(null=True, blank=True, help_text="By one of our people, in an answer.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("ticket", "article"), name="offered_article_once"),)
        indexes = (
            # How an article fares: only what reached a customer counts.
            models.Index(
                fields=("article", "sent_at", "used_at"),
                condition=models.Q(sent_at__isnull=False) | models.Q(used_at__isnull=False),
                name="offered_article_that_reached",
            ),
        )

    def __str__(self) -> str:
        return f"#{self.ticket_id}: {self.article_id}"


class AnsweringSettings(models.Model):
    """What a lead sets about automatic answers; one row, made when it is first asked for."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_on = models.BooleanField(
        "answer automatically", default=True, help_text="Off: nobody gets an acknowledgement; every ticket says so."
    )
    threshold_percent = models.PositiveSmallIntegerField(
        "send articles from (%)",
        default=60,
        validators=[MaxValueValidator(100)],
        help_text="The confidence from which on, 0 to 100; below it, a plain acknowledgement goes out.",
    )
    drafts_a_day = models.PositiveSmallIntegerField(
        default=10, help_text="Drafts made of solved tickets that no article covered, at most; 0: none."
    )

    class Meta:
        verbose_name = "automatic answers"
        verbose_name_plural = "automatic answers"
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="answering_settings_are_one_row"),
            models.CheckConstraint(
                condition=models.Q(threshold_percent__lte=100),
                name="answering_threshold_0_to_100",
                violation_error_message="threshold_percent must be 0 to 100.",
            ),
        )

    def __str__(self) -> str:
        return "Automatic answers"

    @classmethod
    def get(cls) -> "AnsweringSettings":
        return cls.objects.get_or_create(pk=1)[0]
