"""What customers do on the platform, a row a day."""

from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator
from django.db import models

from .customer import Customer
from .fields import one_of

# The features used on a day are bits of one bigint; the sign bit stays out (docs/adr/0003).
MAX_FEATURES = 63


class Feature(models.Model):
    """One feature of the platform, and the lowest tier that has it.

    `bit` is its place in UsageDay.features and never given to another feature. The dates let a past
    day be judged by the catalogue of that day.
    """

    name = models.CharField(max_length=80, unique=True)
    tier = models.CharField(
        max_length=12, choices=Customer.Tier, help_text="The lowest tier that has it; higher tiers have it too."
    )
    bit = models.PositiveSmallIntegerField(unique=True, editable=False, validators=[MaxValueValidator(62)])
    introduced_on = models.DateField(null=True, blank=True, help_text="Empty: it was always there.")
    retired_on = models.DateField(null=True, blank=True, help_text="The first day without it.")

    class Meta:
        ordering = ("name",)
        constraints = (
            one_of("tier", Customer.Tier, "feature_tier_known"),
            models.CheckConstraint(condition=models.Q(bit__lt=MAX_FEATURES), name="feature_bit_fits"),
        )

    def __str__(self) -> str:
        return self.name


class UsageDay(models.Model):
    """One customer's use of the platform on one day (UTC). No row means no use.

    Comes in as sets (REST, CSV), at 100 000 rows a day: the composite key and typed columns keep a row
    small, and the admin does not list the table.
    """

    pk = models.CompositePrimaryKey("customer_id", "day")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="usage_days", db_index=False)
    features = models.BigIntegerField(default=0, help_text="Bit set over Feature.bit.")
    day = models.DateField()
    api_calls = models.PositiveIntegerField(default=0)
    active_agents = models.PositiveIntegerField(default=0)
    conversations = models.PositiveIntegerField(default=0)
    logins = models.PositiveIntegerField(default=0)
    active_users = models.PositiveIntegerField(default=0)
    community_posts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (
            # Posts are rare and looked back on for 90 days, three times as far as anything else.
            models.Index(
                fields=("customer", "day"),
                include=("community_posts",),
                condition=models.Q(community_posts__gt=0),
                name="usage_day_with_posts",
            ),
            # "Did anybody send this in these days?", and dropping what is too old. Days come in in order.
            BrinIndex(fields=("day",), pages_per_range=32, name="usage_day_by_day"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.day}"


class UsageReceipt(models.Model):
    """One imported usage row that carried an id of its own, so that a repeat counts once.

    Kept for USAGE_RECEIPT_DAYS after it came in. `content` is a hash of the row: the same id with other
    content is a conflict to report, not a repeat.
    """

    row_id = models.CharField(max_length=100, primary_key=True)
    content = models.BigIntegerField()
    received_on = models.DateField(db_index=True)

    def __str__(self) -> str:
        return self.row_id
