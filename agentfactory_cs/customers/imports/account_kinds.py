"""Who the customers are: customers, contacts, subscriptions, churn dates."""

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Lower

from agentfactory_cs.events.services import Actor

from .. import services
from ..models import Churn, Contact, Customer, Subscription
from . import fields
from .fields import Field
from .kinds import kinds
from .records import RecordKind
from .rows import Row

_CUSTOMER = Field(
    "customer",
    fields.text,
    "External id of the customer.",
    refers="customer",
    aliases=("customer_id", "account", "account_id", "tenant", "tenant_id", "company_id", "customer_external_id"),
)
# The fields by which a row names its customer, and the group of which it must have one.
OWNER = (
    _CUSTOMER,
    Field(
        "subscription",
        fields.text,
        "External id of one of the customer's subscriptions, instead of the customer's.",
        aliases=("subscription_id", "contract", "contract_id"),
    ),
)
NAMES_OWNER = (("customer", "subscription"),)

_LANGUAGE = Field("language", fields.text, "Language code, such as en or pt-BR.", aliases=("lang", "locale"))
_TIME_ZONE = Field("time_zone", fields.text, "IANA name, such as Europe/Berlin.", aliases=("timezone", "tz"))


class CustomerKind(RecordKind[Customer]):
    """Customers, by external id."""

    key = "customers.customers"
    label = "customers"
    thing = "customers"
    model = Customer
    fields = (
        Field(
            "external_id",
            fields.text,
            "The platform's tenant id.",
            key=True,
            aliases=("id", "customer_id", "account_id", "tenant_id", "customer", "account", "company_id"),
        ),
        Field(
            "name",
            fields.text,
            "Name of the company.",
            needed=True,
            aliases=("account_name", "company", "company_name", "customer_name"),
        ),
        Field("tier", fields.one_of(Customer.Tier), "free, starter, pro or enterprise.", aliases=("plan", "plan_tier")),
        Field(
            "signed_up_at",
            fields.moment,
            "When the company became a customer; a date means midnight UTC.",
            needed=True,
            aliases=("signup_date", "signed_up", "signed_up_on", "created", "created_at", "customer_since"),
        ),
        Field(
            "lifecycle_stage",
            fields.one_of(Customer.Stage),
            "onboarding, adoption, growth or renewal; a departure is imported as a churn date.",
            aliases=("stage",),
        ),
        _LANGUAGE,
        _TIME_ZONE,
        Field("country", fields.upper, "Two letters, such as GB.", empty="", aliases=("country_code",)),
        Field("industry", fields.text, "Industry, in words.", empty="", aliases=("sector",)),
        Field(
            "success_manager",
            fields.text,
            "User name or e-mail address of one of our people.",
            refers="staff",
            empty=None,
            aliases=("csm", "owner", "account_manager"),
        ),
        Field("tags", fields.words, "The customer's tags, separated by semicolons.", empty=(), aliases=("labels",)),
    )

    def identify(self, row: Row) -> Hashable:
        return row.values["external_id"]

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Customer]:
        found = Customer.objects.filter(external_id__in={row.identity for row in rows}).prefetch_related("tags")
        return {customer.external_id: customer for customer in found.order_by("pk").select_for_update(no_key=True)}

    def attributes(self, row: Row) -> dict[str, Any]:
        return {name: value for name, value in row.values.items() if name != "tags"}

    def changes(self, record: Customer, row: Row) -> dict[str, tuple[Any, Any]]:
        changes = super().changes(record, row)
        stored = sorted(tag.name for tag in record.tags.all())
        if "tags" in row.values and sorted(row.values["tags"]) != stored:
            changes["tags"] = ("; ".join(stored), "; ".join(row.values["tags"]))
        return changes

    def create(self, row: Row) -> Customer:
        attributes = {**row.fallbacks, **row.values}
        attributes.pop("tags", None)
        return Customer(**attributes)

    @transaction.atomic
    def save(self, record: Customer, row: Row, *, by: Actor, now: datetime) -> None:
        tags = row.get("tags") if record.pk is None else row.values.get("tags")
        services.save_customer(record, by=by, now=now)
        if tags is not None:
            services.set_tags(record, tags, by=by, now=now)


class ContactKind(RecordKind[Contact]):
    """Contacts, by customer and e-mail address."""

    key = "customers.contacts"
    label = "contacts"
    thing = "contacts"
    model = Contact
    one_of = NAMES_OWNER
    fields = (
        *OWNER,
        Field("email", fields.email, "E-mail address.", key=True, aliases=("e_mail", "mail", "email_address")),
        Field(
            "name", fields.text, "Name of the person.", needed=True, aliases=("full_name", "contact", "contact_name")
        ),
        Field("role", fields.text, "What the person does there.", empty="", aliases=("title", "job_title", "position")),
        Field(
            "platform_user_id", fields.text, "The person's user id on the platform.", empty=None, aliases=("user_id",)
        ),
        _LANGUAGE,
        _TIME_ZONE,
        Field("is_primary", fields.yes_or_no, "yes for our first address at the customer.", aliases=("primary",)),
        Field(
            "mail_status",
            fields.one_of(Contact.MailStatus),
            "ok, unsubscribed, bounced or complained; an import never makes it ok again.",
        ),
        Field("left_on", fields.day, "The day the person left the customer.", empty=None),
    )

    def identify(self, row: Row) -> Hashable:
        return (row.values["customer"].pk, row.values["email"].lower())

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Contact]:
        customers = {row.values["customer"].pk for row in rows}
        emails = {row.values["email"].lower() for row in rows}
        found = Contact.objects.alias(_email=Lower("email")).filter(customer__in=customers, _email__in=emails)
        found = found.order_by("pk").select_for_update(no_key=True)
        return {(contact.customer_id, contact.email.lower()): contact for contact in found}

    def claims(self, row: Row) -> Iterable[tuple[Hashable, Hashable]]:
        yield from super().claims(row)
        if row.get("is_primary"):
            yield ("primary", row.values["customer"].pk), row.identity

    def check(self, row: Row, record: Contact | None) -> None:
        said = row.values.get("mail_status")
        if record and said == Contact.MailStatus.OK and record.mail_status != said:
            row.reject("mail_status", f"the person is {record.mail_status}; only the person can take that back")

    def save(self, record: Contact, row: Row, *, by: Actor, now: datetime) -> None:
        services.save_contact(record, by=by, now=now)

    def settled(self, row: Row, record: Contact, stored: dict[Hashable, Contact]) -> None:
        """A new primary contact took over in the database; do the same to the batch's copies."""
        if record.is_primary:
            for other in stored.values():
                if other.customer_id == record.customer_id and other.pk != record.pk:
                    other.is_primary = False


class SubscriptionKind(RecordKind[Subscription]):
    """Subscriptions, by external id."""

    key = "customers.subscriptions"
    label = "subscriptions"
    thing = "subscriptions"
    model = Subscription
    one_of = (("customer",),)
    fields = (
        Field(
            "external_id",
            fields.text,
            "Id of the subscription.",
            key=True,
            aliases=("id", "subscription_id", "subscription", "contract_id"),
        ),
        _CUSTOMER,
        Field("plan", fields.text, "What was bought.", needed=True, aliases=("plan_name", "plan_tier", "product")),
        Field("seats", fields.whole, "How many seats.", aliases=("quantity", "licenses", "licences")),
        Field("mrr", fields.money, "Monthly recurring revenue.", aliases=("mrr_amount", "monthly_revenue", "amount")),
        Field("currency", fields.upper, "Three letters, such as USD."),
        Field("starts_on", fields.day, "First day.", needed=True, aliases=("start_date", "starts", "started_on")),
        Field("renews_on", fields.day, "Day of renewal.", empty=None, aliases=("renewal_date", "renews")),
        Field("ended_on", fields.day, "First day without it.", empty=None, aliases=("end_date", "ends_on", "ended")),
        Field(
            "payment_status",
            fields.one_of(Subscription.PaymentStatus),
            "current, past_due or unpaid.",
            aliases=("billing_status",),
        ),
        Field("upgrade_budget_note", fields.text, "What we know of budget for an upgrade.", empty=""),
    )

    def identify(self, row: Row) -> Hashable:
        return row.values["external_id"]

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Subscription]:
        found = Subscription.objects.filter(external_id__in={row.identity for row in rows})
        found = found.order_by("pk").select_for_update(no_key=True)
        return {subscription.external_id: subscription for subscription in found}

    def check(self, row: Row, record: Subscription | None) -> None:
        if record and record.customer_id != row.values["customer"].pk:
            row.reject("customer", "the subscription belongs to another customer")

    def save(self, record: Subscription, row: Row, *, by: Actor, now: datetime) -> None:
        services.save_subscription(record, by=by, now=now)


class ChurnKind(RecordKind[Churn]):
    """Departures, by customer and day."""

    key = "customers.churn_dates"
    label = "churn dates"
    thing = "departures"
    model = Churn
    one_of = NAMES_OWNER
    fields = (
        *OWNER,
        Field("churned_on", fields.day, "The day the customer left.", key=True, aliases=("churn_date", "cancelled_on")),
        Field(
            "reason",
            fields.one_of(Churn.Reason),
            "Why it left, from our list.",
            aliases=("reason_code", "churn_reason"),
        ),
        Field("note", fields.text, "What was said.", empty="", aliases=("comment", "feedback", "feedback_text")),
        Field("reactivated_on", fields.day, "The day it came back.", empty=None, aliases=("returned_on",)),
    )

    def identify(self, row: Row) -> Hashable:
        return (row.values["customer"].pk, row.values["churned_on"])

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Churn]:
        """All departures of the customers, for `settled` looks at the others too."""
        departures = Churn.objects.filter(customer__in={row.values["customer"].pk for row in rows})
        return {
            (churn.customer_id, churn.churned_on): churn
            for churn in departures.order_by("pk").select_for_update(no_key=True)
        }

    def save(self, record: Churn, row: Row, *, by: Actor, now: datetime) -> None:
        services.record_churn(record, by=by, now=now)

    def settled(self, row: Row, record: Churn, stored: dict[Hashable, Churn]) -> None:
        """Two departures without a return between cannot both be true, but which one is wrong a person must say."""
        for other in stored.values():
            if other.customer_id == record.customer_id and other is not record and _overlap(record, other):
                row.warn("churned_on", f"left on {other.churned_on} too, and no return is known between; both are kept")
                return


def _overlap(one: Churn, other: Churn) -> bool:
    first, second = sorted((one, other), key=lambda churn: churn.churned_on)
    return first.reactivated_on is None or first.reactivated_on > second.churned_on


kinds.register(CustomerKind())
kinds.register(ContactKind())
kinds.register(SubscriptionKind())
kinds.register(ChurnKind())
