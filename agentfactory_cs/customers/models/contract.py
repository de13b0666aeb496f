"""What the customer has signed and pays."""

from django.conf import settings
from django.db import models

from .customer import Customer, validate_external_id
from .fields import currency_field, money_field, one_of


class SubscriptionPaymentStatus(models.TextChoices):
    CURRENT = "current", "Current"
    PAST_DUE = "past_due", "Past due"
    UNPAID = "unpaid", "Unpaid"


class Subscription(models.Model):
    """A contract with a customer.

    Written by `services.save_subscription`, which keeps every change of plan, revenue, seats and payment
    status with its date (SubscriptionChange), so that a past day can be judged by what was known then.
    """

    PaymentStatus = SubscriptionPaymentStatus

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="subscriptions")
    external_id = models.CharField(
        max_length=100, unique=True, null=True, blank=True, validators=[validate_external_id]
    )
    plan = models.CharField(max_length=100)
    seats = models.PositiveIntegerField(default=1)
    mrr = money_field("Monthly recurring revenue.", default=0)
    currency = currency_field()
    starts_on = models.DateField()
    renews_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True, help_text="The first day without this contract.")
    payment_status = models.CharField(max_length=10, choices=PaymentStatus, default=PaymentStatus.CURRENT)
    upgrade_budget_note = models.TextField(blank=True, help_text="What we know of budget for an upgrade.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("customer", "-starts_on")
        constraints = (
            one_of("payment_status", SubscriptionPaymentStatus, "subscription_payment_status_known"),
            models.CheckConstraint(
                condition=models.Q(mrr__gte=0),
                name="subscription_mrr_not_negative",
                violation_error_message="mrr must not be negative.",
            ),
            models.CheckConstraint(
                condition=models.Q(renews_on__isnull=True) | models.Q(renews_on__gte=models.F("starts_on")),
                name="subscription_renews_after_start",
                violation_error_message="renews_on must not lie before starts_on.",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_on__isnull=True) | models.Q(ended_on__gte=models.F("starts_on")),
                name="subscription_ends_after_start",
                violation_error_message="ended_on must not lie before starts_on.",
            ),
        )
        indexes = (models.Index(fields=("renews_on",), name="subscription_by_renewal"),)

    def __str__(self) -> str:
        return f"{self.plan} ({self.mrr} {self.currency} a month)"

    def clean(self) -> None:
        self.external_id = self.external_id or None


class SubscriptionChangeField(models.TextChoices):
    PLAN = "plan", "Plan"
    SEATS = "seats", "Seats"
    MRR = "mrr", "Monthly revenue"
    PAYMENT_STATUS = "payment_status", "Payment status"


class SubscriptionChange(models.Model):
    """One change of a contract's plan, revenue, seats or payment status, with its moment."""

    Field = SubscriptionChangeField

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="changes", db_index=False)
    field = models.CharField(max_length=20, choices=Field)
    old = models.CharField(max_length=100, blank=True)
    new = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-changed_at", "-id")
        constraints = (one_of("field", SubscriptionChangeField, "subscription_change_field_known"),)
        indexes = (
            models.Index(fields=("subscription", "field", "changed_at"), name="subscription_change_history"),
            models.Index(fields=("field", "changed_at"), name="subscription_change_since"),
        )

    def __str__(self) -> str:
        return f"{self.get_field_display()}: {self.old} → {self.new}"
