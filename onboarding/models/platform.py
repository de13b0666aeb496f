"""The platform whose customers these are: what we set up there, and what it told us."""

from django.conf import settings
from django.db import models

from agentfactory_cs.customers.models import Contact, Customer, Task
from agentfactory_cs.customers.models.fields import one_of


class ProvisioningKind(models.TextChoices):
    ACCOUNT = "account", "Account"
    CONFIGURATION = "configuration", "Default configuration"
    AGENT = "agent", "Initial agent"
    KNOWLEDGE_BASE = "knowledge_base", "Knowledge base"


class ProvisioningState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    CALLING = "calling", "Under way"
    DONE = "done", "Done"
    WITH_PERSON = "with_person", "With a person"
    NOT_NEEDED = "not_needed", "Not needed"


class ProvisioningStep(models.Model):
    """One of the four steps of a customer's account set-up on the platform.

    Made by `provisioning.prepare`; worked off in order of `position` by `provisioning.work_off`: claimed
    (`calling`, with `claimed_at` as lease), called outside any transaction, settled. A step found `calling` after
    its lease is asked about before it is called again, so that nothing is created twice. What cannot be done by
    itself, for want of an address or for good, is `with_person`: a Task that settles it. `because` says why a step
    stands where it stands, `last_error` what the last call failed of. `result` keeps ids the platform gave, never its
    tokens.
    """

    Kind = ProvisioningKind
    State = ProvisioningState

    TRANSITIONS = {
        ProvisioningState.WAITING: (
            ProvisioningState.CALLING,
            ProvisioningState.DONE,
            ProvisioningState.WITH_PERSON,
            ProvisioningState.NOT_NEEDED,
        ),
        ProvisioningState.CALLING: (
            ProvisioningState.WAITING,
            ProvisioningState.DONE,
            ProvisioningState.WITH_PERSON,
        ),
        ProvisioningState.WITH_PERSON: (
            ProvisioningState.DONE,
            ProvisioningState.NOT_NEEDED,
            ProvisioningState.WAITING,
        ),
        ProvisioningState.DONE: (),
        ProvisioningState.NOT_NEEDED: (),
    }
    SETTLED = (ProvisioningState.DONE, ProvisioningState.NOT_NEEDED)

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="provisioning", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(help_text="The next attempt.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    because = models.TextField(blank=True, help_text="Why it stands where it stands, for people.")
    last_error = models.TextField(blank=True)
    result = models.JSONField(default=dict, blank=True)
    task = models.ForeignKey(Task, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("customer", "position")
        verbose_name = "provisioning step"
        constraints = (
            one_of("kind", ProvisioningKind, "provisioning_kind_known"),
            one_of("state", ProvisioningState, "provisioning_state_known"),
            models.UniqueConstraint(fields=("customer", "kind"), name="provisioning_step_once"),
            models.CheckConstraint(
                condition=models.Q(state="calling", claimed_at__isnull=False)
                | ~models.Q(state="calling") & models.Q(claimed_at__isnull=True),
                name="provisioning_calling_is_claimed",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("done", "not_needed"), settled_at__isnull=False)
                | ~models.Q(state__in=("done", "not_needed")) & models.Q(settled_at__isnull=True),
                name="provisioning_settled_has_its_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(settled_by__isnull=True) | models.Q(settled_at__isnull=False),
                name="provisioning_settled_by_has_its_moment",
            ),
        )
        indexes = (
            # What is due, and whose lease ran out.
            models.Index(fields=("not_before", "id"), condition=models.Q(state="waiting"), name="provisioning_due"),
            models.Index(fields=("claimed_at",), condition=models.Q(state="calling"), name="provisioning_claimed"),
            # Which step does a finished task settle?
            models.Index(fields=("task",), condition=models.Q(task__isnull=False), name="provisioning_of_task"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.customer_id}"


class PlatformPace(models.Model):
    """How many calls the platform allows, one row for all workers: at most so many a minute and an hour.

    `provisioning` takes leave here before each call; the platform's own `X-RateLimit-*` headers correct it, and
    after a refusal nobody calls before `closed_until`.
    """

    name = models.CharField(max_length=20, primary_key=True)
    minute_began_at = models.DateTimeField()
    minute_calls = models.PositiveIntegerField(default=0)
    hour_began_at = models.DateTimeField()
    hour_calls = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True, blank=True)
    closed_because = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.minute_calls} calls this minute, {self.hour_calls} this hour"


class PlatformDeliveryState(models.TextChoices):
    STRANGER = "stranger", "Fits no customer"
    WAITING = "waiting", "Waiting"
    APPLIED = "applied", "Applied"


class PlatformDelivery(models.Model):
    """One webhook of the platform, as it came: the hash of its raw body tells a repeat.

    Stored by `hooks`, applied by `deliveries.apply_waiting`: to the timeline, to milestones. One that fits no
    customer stays a `stranger` until the customer or contact it names appears. Kept for PLATFORM_DELIVERY_DAYS.
    """

    State = PlatformDeliveryState

    id = models.BigAutoField(primary_key=True)
    body_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the raw body.")
    event = models.CharField(max_length=100)
    happened_at = models.DateTimeField()
    tenant_id = models.CharField(max_length=100, blank=True)
    user_id = models.CharField(max_length=100, blank=True)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="platform_deliveries", db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    received_at = models.DateTimeField()
    repeats = models.PositiveIntegerField(default=0, help_text="How often the same came again.")
    applied_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why it could not be applied; it is tried again.")

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "platform deliveries"
        constraints = (
            one_of("state", PlatformDeliveryState, "platform_delivery_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="applied", applied_at__isnull=False, customer__isnull=False)
                | ~models.Q(state="applied") & models.Q(applied_at__isnull=True),
                name="hook_applied_has_its_moment_and_customer",
            ),
        )
        indexes = (
            # What is to be applied, in the order it happened; what failed before is tried apart.
            models.Index(
                fields=("happened_at", "id"), condition=models.Q(state="waiting", error=""), name="hook_waiting"
            ),
            # Whom a new customer or contact explains.
            models.Index(fields=("tenant_id",), condition=models.Q(state="stranger"), name="hook_stranger_tenant"),
            models.Index(fields=("user_id",), condition=models.Q(state="stranger"), name="hook_stranger_user"),
            models.Index(fields=("customer", "-id"), name="hook_of_customer"),
            models.Index(fields=("contact",), condition=models.Q(contact__isnull=False), name="hook_of_contact"),
            # Dropping what is too old.
            models.Index(fields=("received_at",), name="hook_by_arrival"),
        )

    def __str__(self) -> str:
        return f"{self.event} at {self.happened_at:%Y-%m-%d %H:%M}"
