"""Ourselves: the company and the people of its Customer Success department."""

from datetime import time

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from .fields import language_field, time_zone_field, validate_language


def _default_working_days() -> list[int]:
    return [1, 2, 3, 4, 5]


class Company(models.Model):
    """Our own settings: one row, made at the first migration, edited in the console."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=120, default="AgentFactory")
    sender_email = models.EmailField(default="success@agentfactory.com", help_text="Our mail comes from this address.")
    community_address = models.CharField(max_length=200, default="community.agentfactory.com")
    time_zone = time_zone_field()
    default_language = language_field()
    working_days = ArrayField(
        models.PositiveSmallIntegerField(),
        default=_default_working_days,
        help_text="ISO weekdays on which we work: 1 is Monday, 7 is Sunday.",
    )
    works_from = models.TimeField(default=time(9))
    works_until = models.TimeField(default=time(18))
    holidays_country = models.CharField(
        max_length=6, blank=True, help_text="Public holidays of this country are days off: a code such as US or DE."
    )

    class Meta:
        verbose_name = "company settings"
        verbose_name_plural = "company settings"
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="company_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(works_from__lt=models.F("works_until")),
                name="company_works_from_before_until",
                violation_error_message="The working day must begin before it ends.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> "Company":
        return cls.objects.get_or_create(pk=1)[0]


class StaffProfile(models.Model):
    """What routing and playbooks need to know of one of our people; made when first edited."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_profile")
    languages = ArrayField(
        models.CharField(max_length=8, validators=[validate_language]),
        default=list,
        blank=True,
        help_text="Languages spoken, best first: codes separated by commas.",
    )
    weekly_capacity = models.PositiveSmallIntegerField(default=40, help_text="Hours a week for customers.")
    booking_link = models.URLField(blank=True, help_text="Where a customer books a call with this person.")
    away_until = models.DateField(null=True, blank=True, help_text="Gets nothing new before this day.")
    time_zone = time_zone_field()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(weekly_capacity__lte=168),
                name="staff_capacity_fits_a_week",
                violation_error_message="A week has 168 hours.",
            ),
        )

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()
