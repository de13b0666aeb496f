"""People at the customer."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper

from .customer import Customer
from .fields import language_field, one_of, time_zone_field


class ContactMailStatus(models.TextChoices):
    OK = "ok", "OK"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Complained"


class Contact(models.Model):
    """A person at a customer. At most one is primary; mail goes only to those whose status is `ok`."""

    MailStatus = ContactMailStatus

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    role = models.CharField(max_length=100, blank=True, help_text="What the person does there, such as CTO.")
    platform_user_id = models.CharField(
        max_length=100, null=True, blank=True, unique=True, help_text="The person's user id on the platform."
    )
    language = language_field()
    time_zone = time_zone_field()
    is_primary = models.BooleanField("primary", default=False, help_text="Our first address at this customer.")
    mail_status = models.CharField(max_length=12, choices=MailStatus, default=MailStatus.OK)
    left_on = models.DateField(null=True, blank=True, help_text="The day the person left the customer.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("customer", "-is_primary", "name")
        constraints = (
            models.UniqueConstraint(
                "customer",
                Upper("email"),
                name="contact_email_once_per_customer",
                violation_error_message="This customer already has a contact with that e-mail address.",
            ),
            models.UniqueConstraint(
                fields=("customer",),
                condition=models.Q(is_primary=True),
                name="contact_one_primary",
                violation_error_message="This customer already has a primary contact.",
            ),
            one_of("mail_status", ContactMailStatus, "contact_mail_status_known"),
        )
        indexes = (
            GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="contact_name_trigram"),
            GinIndex(OpClass(Upper("email"), "gin_trgm_ops"), name="contact_email_trigram"),
            # Who wrote this mail?
            models.Index(Upper("email"), name="contact_by_email"),
        )

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    def clean(self) -> None:
        self.platform_user_id = self.platform_user_id or None
