"""Tickets as REST shows them, what a new one may say, and by what lists are narrowed."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from agentfactory_cs.customers.api.records import OfCustomerFilter, RecordSerializer, since_filter, updated_since
from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.filters import IdFilter, MomentFilter

from ..levels import Clock
from ..models import Area, Team, Ticket
from .files import files_field

MOST_TAGS = 50
_BREACHES = [f"{clock}.breached" for clock in Clock]


def by_key(model: type[Area] | type[Team], help_text: str, **options: Any) -> serializers.SlugRelatedField[Any]:
    """An area or a team, by its key."""
    options = {"required": False, "allow_null": True, "queryset": model.objects.filter(is_active=True), **options}
    return serializers.SlugRelatedField(slug_field="key", help_text=help_text, **options)


class AskedSerializer(RecordSerializer):
    """What a new ticket and a change of one have in common."""

    customer = serializers.PrimaryKeyRelatedField(
        queryset=Customer.objects.all(), required=False, allow_null=True, help_text="Our id; null: a stranger's."
    )
    customer_external_id = serializers.SlugRelatedField(
        slug_field="external_id",
        source="customer",
        queryset=Customer.objects.all(),
        required=False,
        help_text="The platform's tenant id.",
    )
    contact = serializers.PrimaryKeyRelatedField(
        queryset=Contact.objects.select_related("customer"),
        required=False,
        allow_null=True,
        help_text="The customer's person who asks; names the customer too.",
    )
    area = by_key(Area, "Key of the product area.")
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, max_length=MOST_TAGS, help_text="The whole set."
    )

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        customer = values.get("customer")
        if customer and data.get("customer") is not None and str(data["customer"]) != str(customer.pk):
            raise serializers.ValidationError({"customer": "customer and customer_external_id name different ones."})
        return values


@extend_schema_serializer(component_name="Ticket")
class TicketSerializer(AskedSerializer):
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("key", read_only=True)
    assignee: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("username", read_only=True)
    service_version = serializers.IntegerField(
        source="service_version.number", read_only=True, help_text="The version of the service policy it began with."
    )
    breached = serializers.SerializerMethodField(help_text="Which of its promises were missed.")
    lock_version = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text="Counts changes by people. A change that names it is refused (409) where somebody was faster.",
    )

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = (
            "id",
            "external_id",
            "subject",
            "customer",
            "customer_external_id",
            "contact",
            "requester_address",
            "requester_name",
            "channel",
            "area",
            "severity",
            "priority",
            "language",
            "language_source",
            "tags",
            "status",
            "team",
            "assignee",
            "assigned_by_hand",
            "is_escalated",
            "merged_into",
            "service_version",
            "first_response_due_at",
            "next_response_due_at",
            "resolution_due_at",
            "breached",
            "first_response_open_seconds",
            "resolution_open_seconds",
            "resolution_seconds",
            "reopened",
            "lock_version",
            "created_at",
            "updated_at",
            "waiting_since",
            "customer_wrote_at",
            "answered_at",
            "first_response_at",
            "resolved_at",
            "closed_at",
        )
        read_only_fields = (
            "external_id",
            "channel",
            "language_source",
            "status",
            "assigned_by_hand",
            "is_escalated",
            "merged_into",
            "first_response_due_at",
            "next_response_due_at",
            "resolution_due_at",
            "first_response_open_seconds",
            "resolution_open_seconds",
            "resolution_seconds",
            "reopened",
            "created_at",
            "updated_at",
            "waiting_since",
            "customer_wrote_at",
            "answered_at",
            "first_response_at",
            "resolved_at",
            "closed_at",
        )

    def get_breached(self, ticket: Ticket) -> list[str]:
        return [str(clock) for clock in Clock if f"{clock}.breached" in ticket.told]


@extend_schema_serializer(component_name="TicketToOpen")
class ToOpenSerializer(AskedSerializer):
    """What is asked, and by whom: customer, contact, or the address of somebody we may not know."""

    text = serializers.CharField(max_length=100_000, help_text="The first message.")
    severity = serializers.ChoiceField(choices=Ticket.Severity.choices, required=False, help_text="Left out: normal.")
    language = serializers.CharField(
        max_length=8, required=False, allow_blank=True, help_text="Such as en or pt-BR. Left out: found out."
    )
    team = by_key(Team, "Key of a team; routing then leaves it there. Left out: routing decides.")
    external_id = serializers.CharField(
        max_length=100, required=False, allow_null=True, help_text="Your id of it; a second ticket with it is refused."
    )
    files = files_field()

    class Meta:
        model = Ticket
        fields = (
            "subject",
            "text",
            "customer",
            "customer_external_id",
            "contact",
            "requester_address",
            "requester_name",
            "area",
            "severity",
            "language",
            "team",
            "tags",
            "external_id",
            "files",
        )


class TicketFilter(OfCustomerFilter):
    external_id = filters.CharFilter(help_text="Your id of it.")
    status = filters.MultipleChoiceFilter(choices=Ticket.Status.choices)
    severity = filters.MultipleChoiceFilter(choices=Ticket.Severity.choices)
    channel = filters.MultipleChoiceFilter(choices=Ticket.Channel.choices)
    team = filters.ModelChoiceFilter(queryset=Team.objects.all(), to_field_name="key", help_text="Key of a team.")
    area = filters.ModelChoiceFilter(queryset=Area.objects.all(), to_field_name="key", help_text="Key of an area.")
    assignee = filters.ModelChoiceFilter(
        queryset=get_user_model().objects.filter(is_staff=True),
        to_field_name="username",
        help_text="User name of one of our people.",
    )
    unassigned = filters.BooleanFilter(field_name="assignee", lookup_expr="isnull", help_text="true: nobody has it.")
    contact = IdFilter(field_name="contact_id", help_text="Our id of the contact who asks.")
    tag = filters.CharFilter(method="filter_tag", help_text="One of its tags.")
    escalated = filters.BooleanFilter(field_name="is_escalated")
    breached = filters.BooleanFilter(
        method="filter_breached", help_text="Whether a promise was missed, or is overdue at this moment."
    )
    created_since = since_filter("created_at", "Opened at this moment or later.")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt", help_text="Opened before this moment.")
    updated_since = updated_since()
    updated_before = MomentFilter(field_name="updated_at", lookup_expr="lt", help_text="Changed before this moment.")

    class Meta:
        model = Ticket
        fields = ("language",)

    def filter_tag(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(tags__contains=[value])

    def filter_breached(self, tickets: QuerySet[Ticket], name: str, wanted: bool) -> QuerySet[Ticket]:
        now = timezone.now()
        overdue = Q(*((f"{clock}_due_at__lt", now) for clock in Clock), _connector=Q.OR)
        missed = Ticket.objects.filter(Q(told__overlap=_BREACHES) | overdue).values("pk")
        return tickets.filter(pk__in=missed) if wanted else tickets.exclude(pk__in=missed)
