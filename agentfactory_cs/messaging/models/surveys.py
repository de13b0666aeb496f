"""What customers answer when asked."""

from django.db import models

from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.customers.models.fields import validate_language


class SurveyKind(models.TextChoices):
    NPS = "nps", "NPS (0–10)"
    SUPPORT_CSAT = "support_csat", "Support satisfaction (1–5)"
    ONBOARDING_CSAT = "onboarding_csat", "Onboarding satisfaction (1–5)"


def _known_kind(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(kind__in=SurveyKind.values), name=name)


class Survey(models.Model):
    """A question we put to customers. One per kind is shipped; its wording and its limits are the team's to edit."""

    kind = models.CharField(max_length=16, choices=SurveyKind, unique=True)
    name = models.CharField(max_length=100)
    question = models.CharField(max_length=300, help_text="For readers whose language is not among the others below.")
    is_active = models.BooleanField("active", default=True, help_text="Switched off, nobody is asked any more.")
    again_after_days = models.PositiveSmallIntegerField(
        default=90, help_text="Days before the same person is asked again; after a help request, about the same one."
    )
    remind_after_days = models.PositiveSmallIntegerField(
        default=3, help_text="Days after which who has not answered is reminded, once. 0: never."
    )
    open_days = models.PositiveSmallIntegerField(default=30, help_text="Days for which an answer is taken.")

    class Meta:
        ordering = ("kind",)
        constraints = (
            _known_kind("survey_kind_known"),
            models.CheckConstraint(
                condition=models.Q(open_days__gte=1, open_days__gt=models.F("remind_after_days")),
                name="survey_reminds_while_open",
                violation_error_message="A reminder must come before the survey closes.",
            ),
        )

    def __str__(self) -> str:
        return self.name


class SurveyWording(models.Model):
    """A survey's question in one more language."""

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="wordings")
    language = models.CharField(
        max_length=8, validators=[validate_language], help_text="Language code, such as de or pt-BR."
    )
    question = models.CharField(max_length=300)

    class Meta:
        ordering = ("language",)
        constraints = (models.UniqueConstraint(fields=("survey", "language"), name="survey_wording_once_a_language"),)

    def __str__(self) -> str:
        return f"{self.survey}: {self.language}"


class Response(models.Model):
    """One answer to a survey, written by `messaging.services.record_response`.

    Whoever gave it may correct it by their own link for a day (`corrected_at`), and add the comment it lacks; nobody
    else changes it (`answering`). The timeline keeps what it was.
    """

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="responses")
    kind = models.CharField(max_length=16, choices=SurveyKind, help_text="The survey's kind, kept with the answer.")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="survey_responses", db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="survey_responses"
    )
    external_id = models.CharField(max_length=100, unique=True, null=True, blank=True)
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()
    corrected_at = models.DateTimeField(null=True, blank=True, help_text="When its reader changed it.")

    class Meta:
        verbose_name = "survey answer"
        ordering = ("-answered_at", "-id")
        constraints = (
            _known_kind("response_kind_known"),
            models.CheckConstraint(
                condition=models.Q(kind="nps", score__lte=10)
                | (~models.Q(kind="nps") & models.Q(score__gte=1, score__lte=5)),
                name="response_score_on_its_scale",
                violation_error_message="An NPS score runs from 0 to 10, a satisfaction score from 1 to 5.",
            ),
        )
        indexes = (
            # One customer's answers of a kind in a window.
            models.Index(fields=("customer", "kind", "answered_at"), name="response_by_customer"),
            # Everybody's answers of a kind in a window.
            models.Index(fields=("kind", "answered_at"), name="response_by_kind"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.score}"
