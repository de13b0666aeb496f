"""One survey put to one person, and what came of it."""

from datetime import datetime

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.models.fields import one_of

from .outbox import Email
from .surveys import Response, Survey


class SurveyRequestState(models.TextChoices):
    OPEN = "open", "Waiting for the answer"
    ANSWERED = "answered", "Answered"
    EXPIRED = "expired", "Not answered"
    CANCELLED = "cancelled", "Cancelled"
    NOT_ASKED = "not_asked", "Not asked"


class SurveyRequestQuerySet(models.QuerySet["SurveyRequest"]):
    def open(self) -> "SurveyRequestQuerySet":
        return self.filter(state=SurveyRequestState.OPEN)

    def asked(self) -> "SurveyRequestQuerySet":
        """Those that were put to somebody, whatever became of them."""
        return self.exclude(state__in=(SurveyRequestState.NOT_ASKED, SurveyRequestState.CANCELLED))

    def to_remind(self, now: datetime) -> "SurveyRequestQuerySet":
        return self.open().filter(remind_at__lte=now)

    def locked(self, pk: int) -> "SurveyRequest":
        """With what it is about. Call it in a transaction; raises SurveyRequest.DoesNotExist.

        Its answer is read by a query of its own: a joined one would be as it was before the lock was waited for.
        """
        related = self.select_related("survey", "customer", "contact")
        return related.select_for_update(of=("self",)).get(pk=pk)

    def over(self, now: datetime) -> "SurveyRequestQuerySet":
        return self.open().filter(expires_at__lte=now)


class SurveyRequest(models.Model):
    """One survey put to one person: by mail, with a link that is theirs alone.

    Written by `asking` (which also writes down that somebody was *not* asked, and why), `answering` and `reminding`.
    One is open at a time for a person and survey; whoever asks for it (`source`, `source_id`) gets one for itself.
    What follows a state is TRANSITIONS.
    """

    State = SurveyRequestState

    TRANSITIONS = {
        SurveyRequestState.OPEN: (
            SurveyRequestState.ANSWERED,
            SurveyRequestState.EXPIRED,
            SurveyRequestState.CANCELLED,
            SurveyRequestState.NOT_ASKED,
        ),
        SurveyRequestState.ANSWERED: (),
        SurveyRequestState.EXPIRED: (),
        SurveyRequestState.CANCELLED: (),
        SurveyRequestState.NOT_ASKED: (),
    }

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="requests", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="survey_requests", db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="survey_requests", db_index=False
    )
    about = models.CharField(max_length=200, blank=True, help_text="What it is about, such as a ticket's subject.")
    source = models.CharField(max_length=60, blank=True, help_text="Who asked for it, such as playbooks.step.")
    source_id = models.BigIntegerField(null=True, blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reason = models.TextField(blank=True, help_text="Why it was not asked, or cancelled.")
    mail = models.ForeignKey(Email, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reminder = models.ForeignKey(Email, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    response = models.OneToOneField(Response, on_delete=models.CASCADE, null=True, blank=True, related_name="request")

    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    remind_at = models.DateTimeField(null=True, blank=True, help_text="When its reader is reminded, unless answered.")
    expires_at = models.DateTimeField(help_text="Later than this no answer is taken.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it stopped waiting.")

    objects = SurveyRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            one_of("state", SurveyRequestState, "survey_request_state_known"),
            models.UniqueConstraint(
                fields=("contact", "survey"), condition=models.Q(state="open"), name="survey_request_one_open"
            ),
            models.UniqueConstraint(
                fields=("source", "source_id", "survey"),
                condition=models.Q(source_id__isnull=False),
                name="survey_request_once_a_source",
            ),
            models.CheckConstraint(
                condition=models.Q(state="answered", response__isnull=False)
                | ~models.Q(state="answered") & models.Q(response__isnull=True),
                name="survey_request_answered_has_its_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at__isnull=True)
                | ~models.Q(state="open") & models.Q(closed_at__isnull=False, remind_at__isnull=True),
                name="survey_request_closed_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("not_asked", "cancelled")) | ~models.Q(reason=""),
                name="survey_request_not_asked_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("asked_at")), name="survey_request_ends_after_it_begins"
            ),
        )
        indexes = (
            # Who is to be reminded?
            models.Index(
                fields=("remind_at",), condition=models.Q(remind_at__isnull=False), name="survey_request_to_remind"
            ),
            # What has run out?
            models.Index(fields=("expires_at",), condition=models.Q(state="open"), name="survey_request_over"),
            # When was this person last asked this?
            models.Index(fields=("contact", "survey", "asked_at"), name="survey_request_of_contact"),
            # A customer's, newest first.
            models.Index(fields=("customer", "-id"), name="survey_request_of_customer"),
            # How many were asked within a period?
            models.Index(fields=("survey", "asked_at"), name="survey_request_by_survey"),
        )

    def __str__(self) -> str:
        return f"{self.survey} to {self.contact or self.customer}"

    @property
    def mails(self) -> list[Email]:
        """The mail that asks and the reminder, so far as there are any."""
        return [mail for mail in (self.mail, self.reminder) if mail]
