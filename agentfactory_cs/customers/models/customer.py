"""The customer, what changed about it, and its departures."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper

from ..days import end_of_day, utc_day
from .fields import language_field, one_of, time_zone_field

# An id of ours or of the platform's: it appears in addresses, so it has no slash and no space.
validate_external_id = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._:@-]*$", "Use letters, digits and . _ : @ - only, beginning with a letter or digit."
)


class Tag(models.Model):
    """A word of the team's own on customers."""

    name = models.CharField(max_length=50, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CustomerQuerySet(models.QuerySet["Customer"]):
    def active(self) -> "CustomerQuerySet":
        """Everyone who has not left us."""
        return self.exclude(lifecycle_stage=Customer.Stage.CHURNED)

    def managed_by(self, user: object) -> "CustomerQuerySet":
        return self.filter(success_manager=user)

    def scorable_on(self, day: date) -> "CustomerQuerySet":
        """Signed up by the end of `day` (UTC) and not churned on it."""
        gone = Churn.objects.filter(customer=models.OuterRef("pk")).in_force_on(day)
        return self.filter(signed_up_at__lt=end_of_day(day)).exclude(models.Exists(gone))


class CustomerTier(models.TextChoices):
    FREE = "free", "Free"
    STARTER = "starter", "Starter"
    PRO = "pro", "Pro"
    ENTERPRISE = "enterprise", "Enterprise"


class CustomerStage(models.TextChoices):
    ONBOARDING = "onboarding", "Onboarding"
    ADOPTION = "adoption", "Adoption"
    GROWTH = "growth", "Growth"
    RENEWAL = "renewal", "Renewal"
    CHURNED = "churned", "Churned"


class Customer(models.Model):
    """A company that uses the platform.

    Written by `customers.services`, which keeps the history (CustomerChange) and the timeline; nothing
    else changes a tier, stage or success manager. The stage is `churned` exactly while a Churn is in force.
    """

    Tier = CustomerTier
    Stage = CustomerStage

    id = models.BigAutoField(primary_key=True)
    external_id = models.CharField(
        max_length=100,
        unique=True,
        null=True,
        blank=True,
        validators=[validate_external_id],
        help_text="The platform's tenant id.",
    )
    name = models.CharField(max_length=200)

    tier = models.CharField(max_length=12, choices=Tier, default=Tier.FREE)
    industry = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, such as US.")
    language = language_field()
    time_zone = time_zone_field()
    tags = models.ManyToManyField(Tag, blank=True, related_name="customers")

    lifecycle_stage = models.CharField(max_length=12, choices=Stage, default=Stage.ONBOARDING)
    success_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="customers"
    )

    signed_up_at = models.DateTimeField(help_text="When the company became a customer.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (
            one_of("tier", CustomerTier, "customer_tier_known"),
            one_of("lifecycle_stage", CustomerStage, "customer_stage_known"),
            models.CheckConstraint(condition=~models.Q(name=""), name="customer_has_a_name"),
            models.CheckConstraint(condition=~models.Q(external_id=""), name="customer_external_id_null_not_empty"),
            models.CheckConstraint(
                condition=models.Q(country="") | models.Q(country__regex="^[A-Z]{2}$"),
                name="customer_country_two_letters",
                violation_error_message="country must be two capital letters, such as US.",
            ),
        )
        indexes = (
            # Search in the console: 23 ms instead of 600 ms over 100 000 customers.
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="customer_name_trigram"),
            GinIndex(OpClass(Upper("external_id"), "gin_trgm_ops"), name="customer_external_id_trigram"),
            # "Mine", the default list of a success manager.
            models.Index(fields=("success_manager", "lifecycle_stage"), name="customer_by_manager"),
            # REST pages by cursor in this order.
            models.Index(fields=("created_at", "id"), name="customer_by_creation"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.external_id = self.external_id or None
        self.country = self.country.upper()

    def days_old_on(self, day: date) -> int:
        """Calendar days as a customer, the signup day being day 1."""
        return (day - utc_day(self.signed_up_at)).days + 1


class CustomerChangeField(models.TextChoices):
    TIER = "tier", "Tier"
    STAGE = "lifecycle_stage", "Stage"
    MANAGER = "success_manager", "Success manager"


class CustomerChange(models.Model):
    """One change of a customer's tier, stage or success manager, with its moment.

    Written by `customers.services` only. The value on a past day is the `old` of the first change after
    that day, or the current one where there is none: so nothing need be written at signup.
    """

    Field = CustomerChangeField

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="changes", db_index=False)
    field = models.CharField(max_length=20, choices=Field)
    old = models.CharField(max_length=150, blank=True)
    new = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-changed_at", "-id")
        constraints = (one_of("field", CustomerChangeField, "customer_change_field_known"),)
        indexes = (
            models.Index(fields=("customer", "field", "changed_at"), name="customer_change_history"),
            # "Which tiers were different on that day?" for a past day's scoring.
            models.Index(fields=("field", "changed_at"), name="customer_change_since"),
        )

    def __str__(self) -> str:
        return f"{self.get_field_display()}: {self.old} → {self.new}"


class ChurnQuerySet(models.QuerySet["Churn"]):
    def in_force_on(self, day: date) -> "ChurnQuerySet":
        """Departures that keep the customer away on `day`."""
        stays_away = models.Q(reactivated_on__isnull=True) | models.Q(reactivated_on__gt=day)
        return self.filter(stays_away, churned_on__lte=day)


class ChurnReason(models.TextChoices):
    PRICE = "price", "Price or budget"
    FEATURES = "features", "Missing features"
    SUPPORT = "support", "Dissatisfied with support"
    COMPETITOR = "competitor", "Went to a competitor"
    NO_VALUE = "no_value", "Saw no value"
    CHAMPION_LEFT = "champion_left", "Our champion left"
    CLOSED_DOWN = "closed_down", "Went out of business"
    NON_PAYMENT = "non_payment", "Did not pay"
    OTHER = "other", "Other"
    UNKNOWN = "unknown", "Unknown"


class Churn(models.Model):
    """A customer left, for a reason; perhaps it came back.

    Written by `services.record_churn` and `services.reactivate`. A customer may leave more than once;
    a departure without a return keeps it away from then on.
    """

    Reason = ChurnReason

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="churns", db_index=False)
    churned_on = models.DateField()
    reason = models.CharField(max_length=20, choices=Reason, default=Reason.UNKNOWN)
    note = models.TextField(blank=True)
    reactivated_on = models.DateField(null=True, blank=True, help_text="The day the customer came back.")
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ChurnQuerySet.as_manager()

    class Meta:
        ordering = ("-churned_on",)
        verbose_name_plural = "churns"
        constraints = (
            # Also serves "was this customer away on that day?".
            models.UniqueConstraint(fields=("customer", "churned_on"), name="churn_once_a_day"),
            one_of("reason", ChurnReason, "churn_reason_known"),
            models.CheckConstraint(
                condition=models.Q(reactivated_on__isnull=True) | models.Q(reactivated_on__gt=models.F("churned_on")),
                name="churn_return_after_departure",
                violation_error_message="A customer comes back after it left.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} churned on {self.churned_on}"
