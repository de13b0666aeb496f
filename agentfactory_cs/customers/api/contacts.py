"""contacts/ and subscriptions/: the people at a customer, and its contracts."""

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_serializer

from ..models import Contact, Subscription
from ..services import remove_record, save_contact, save_subscription
from .records import OfCustomerFilter, OfCustomerSerializer, RecordViewSet, updated_since


@extend_schema_serializer(component_name="Contact")
class ContactSerializer(OfCustomerSerializer):
    class Meta:
        model = Contact
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "name",
            "email",
            "role",
            "platform_user_id",
            "language",
            "time_zone",
            "is_primary",
            "mail_status",
            "left_on",
            "created_at",
            "updated_at",
        )


class ContactFilter(OfCustomerFilter):
    email = filters.CharFilter(lookup_expr="iexact", help_text="The whole address; capitals do not matter.")
    updated_since = updated_since()

    class Meta:
        model = Contact
        fields = ("mail_status", "is_primary", "platform_user_id")


class ContactViewSet(RecordViewSet):
    """The people at the customers. A new primary contact takes over from the one before."""

    queryset = Contact.objects.select_related("customer")
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    ordering_fields = ("id", "created_at", "updated_at", "name")
    store = staticmethod(save_contact)
    remove = staticmethod(remove_record)


@extend_schema_serializer(component_name="Subscription")
class SubscriptionSerializer(OfCustomerSerializer):
    class Meta:
        model = Subscription
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "external_id",
            "plan",
            "seats",
            "mrr",
            "currency",
            "starts_on",
            "renews_on",
            "ended_on",
            "payment_status",
            "upgrade_budget_note",
            "created_at",
            "updated_at",
        )


class SubscriptionFilter(OfCustomerFilter):
    renews_since = filters.DateFilter(field_name="renews_on", lookup_expr="gte")
    renews_until = filters.DateFilter(field_name="renews_on", lookup_expr="lte")
    updated_since = updated_since()

    class Meta:
        model = Subscription
        fields = ("external_id", "plan", "payment_status")


class SubscriptionViewSet(RecordViewSet):
    """The contracts. One that ends gets `ended_on`; deleting is for what was entered by mistake."""

    queryset = Subscription.objects.select_related("customer")
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilter
    ordering_fields = ("id", "created_at", "updated_at", "renews_on")
    store = staticmethod(save_subscription)
    remove = staticmethod(remove_record)
