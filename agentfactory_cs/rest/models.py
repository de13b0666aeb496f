"""Keys to the REST API, and the answers kept so that a repeated POST acts once."""

from datetime import datetime

from django.conf import settings
from django.db import models


class ApiKeyScope(models.TextChoices):
    READ = "read", "Read"
    WRITE = "write", "Read and write"
    ADMIN = "admin", "Read, write and delete"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, now: datetime) -> "ApiKeyQuerySet":
        """Neither revoked nor expired."""
        lasts = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        return self.filter(lasts, revoked_at__isnull=True)


class ApiKey(models.Model):
    """What an integration shows to be let in, and how much it may do.

    Written by `rest.services`. The secret is shown once and stored only as a hash: it is random and long, so a
    plain SHA-256 is as good as a slow one and costs nothing on every request. A revoked key stays as a record.
    """

    Scope = ApiKeyScope

    name = models.CharField(max_length=100, help_text="Who or what uses it; the timeline names it.")
    prefix = models.CharField(max_length=12, unique=True, editable=False, help_text="The key begins so.")
    hashed = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the whole key.")
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it lasts until it is revoked.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the hour.")

    # Of a key that was just made, to show it once; never stored.
    secret = ""

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ("name", "-created_at")
        constraints = (
            models.UniqueConstraint(
                fields=("name",),
                condition=models.Q(revoked_at__isnull=True),
                name="api_key_name_once_in_force",
                violation_error_message="A key of that name is in force; revoke it first.",
            ),
            models.CheckConstraint(condition=models.Q(scope__in=ApiKeyScope.values), name="api_key_scope_known"),
        )

    def __str__(self) -> str:
        return self.name

    def allows(self, scope: str) -> bool:
        """Whether this key's scope includes `scope`: admin includes write, write includes read."""
        order = ApiKeyScope.values
        return order.index(self.scope) >= order.index(scope)


class IdempotentRequest(models.Model):
    """One POST that named an Idempotency-Key, with the answer it got.

    Written by the idempotency middleware in the transaction of the effect itself: both are there or neither is.
    A repeat within 24 hours gets the stored answer. `status` is 0 only inside that transaction.
    """

    principal = models.CharField(max_length=40, help_text="Whose request: key-7 or user-3.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, address and body.")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("principal", "key"), name="idempotent_request_once"),)

    def __str__(self) -> str:
        return f"{self.principal}: {self.key}"
