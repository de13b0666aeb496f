"""The support desk: its hours, its teams, and who works in them."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from agentfactory_cs.customers.models.fields import time_zone_field

from ..clocks import BadCalendar
from ..clocks.calendar import spans, week


def validate_week(data: object) -> None:
    try:
        week(data)
    except BadCalendar as error:
        raise ValidationError(str(error)) from None


def validate_spans(data: object) -> None:
    try:
        spans(data, "spans")
    except BadCalendar as error:
        raise ValidationError(str(error)) from None


class BusinessCalendar(models.Model):
    """When a desk is open: spans for each day of the week, in one time zone, less the holidays of a country.

    Read by `clocks`; a change counts for every due time computed from then on, and `levels.recomputing` brings
    those of unsolved tickets up to date.
    """

    name = models.CharField(max_length=80, unique=True)
    time_zone = time_zone_field()
    week = models.JSONField(
        validators=[validate_week], help_text='Such as {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}.'
    )
    country = models.CharField(
        max_length=2, blank=True, help_text="Whose public holidays the desk is closed on, such as DE; empty: none."
    )
    subdivision = models.CharField(max_length=8, blank=True, help_text="A part of it with its own, such as BY.")
    is_default = models.BooleanField("default", default=False, help_text="For teams that name no other.")

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("is_default",), condition=models.Q(is_default=True), name="calendar_one_default"
            ),
            models.CheckConstraint(
                condition=~models.Q(subdivision__gt="", country=""), name="calendar_subdivision_needs_country"
            ),
        )

    def __str__(self) -> str:
        return self.name


class OwnDay(models.Model):
    """A date on which a desk's hours are others than the week's and the holidays': no spans, closed."""

    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.CASCADE, related_name="own_days", db_index=False)
    day = models.DateField()
    name = models.CharField(max_length=80, help_text="Why, such as Summer party.")
    spans = models.JSONField(default=list, blank=True, validators=[validate_spans])

    class Meta:
        ordering = ("day",)
        constraints = (models.UniqueConstraint(fields=("calendar", "day"), name="own_day_once"),)

    def __str__(self) -> str:
        return f"{self.day}: {self.name}"


class TeamQuerySet(models.QuerySet["Team"]):
    def active(self) -> "TeamQuerySet":
        return self.filter(is_active=True)


class Team(models.Model):
    """People who answer tickets of a kind. One is the senior team, to which tickets are escalated; one takes what
    no rule gives to another."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    address = models.EmailField(
        null=True, blank=True, unique=True, help_text="Mail to this address begins tickets of the team."
    )
    calendar = models.ForeignKey(
        BusinessCalendar, on_delete=models.PROTECT, null=True, blank=True, related_name="teams"
    )
    is_senior = models.BooleanField("senior", default=False)
    takes_the_rest = models.BooleanField(default=False)
    is_active = models.BooleanField("active", default=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("is_senior",), condition=models.Q(is_senior=True), name="team_one_senior"),
            models.UniqueConstraint(
                fields=("takes_the_rest",), condition=models.Q(takes_the_rest=True), name="team_one_takes_the_rest"
            ),
            models.CheckConstraint(
                condition=models.Q(is_active=True) | models.Q(is_senior=False, takes_the_rest=False),
                name="team_needed_is_active",
                violation_error_message="The senior team, and the one that takes the rest, must be active.",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Agent(models.Model):
    """One of our people as somebody who answers tickets. Languages, absence: StaffProfile.

    `last_assigned_at` breaks ties between the least loaded. Locked while a ticket is assigned, so that nobody is
    given more than `capacity` open tickets.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="support_agent")
    teams = models.ManyToManyField(Team, related_name="agents", blank=True)
    capacity = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(1)], help_text="Open tickets at once given by routing."
    )
    is_present = models.BooleanField("taking tickets", default=True)
    last_assigned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("user",)
        constraints = (models.CheckConstraint(condition=models.Q(capacity__gte=1), name="agent_has_capacity"),)

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()


class Area(models.Model):
    """A part of the product that tickets and articles are about."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField("active", default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
