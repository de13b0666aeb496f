"""events/: what happened to customers, to read along."""

from django.urls import include, path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.filters import IdFilter

from .models import Event


@extend_schema_serializer(component_name="Event")
class EventSerializer(serializers.ModelSerializer):
    customer_external_id = serializers.CharField(source="customer.external_id", read_only=True, allow_null=True)
    data = serializers.DictField(read_only=True)  # type: ignore[assignment]
    by = serializers.CharField(source="by_label", read_only=True, help_text="Who did it, in words.")

    class Meta:
        model = Event
        fields = ("id", "customer", "customer_external_id", "trigger", "data", "by", "happened_at", "recorded_at")
        read_only_fields = fields


class EventFilter(filters.FilterSet):
    customer = IdFilter(field_name="customer_id", help_text="Our id of the customer.")
    customer_external_id = filters.CharFilter(field_name="customer__external_id", help_text="The platform's tenant id.")
    happened_since = filters.IsoDateTimeFilter(field_name="happened_at", lookup_expr="gte")
    happened_until = filters.IsoDateTimeFilter(field_name="happened_at", lookup_expr="lt")

    class Meta:
        model = Event
        fields = ("trigger",)


class EventViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """What happened to the customers, append-only. Read along by following `next` from the last page seen."""

    queryset = Event.objects.select_related("customer")
    serializer_class = EventSerializer
    filterset_class = EventFilter
    lookup_value_regex = "[0-9]{1,18}"
    ordering_fields = ("id", "happened_at")


router = SimpleRouter()
router.register("events", EventViewSet)

urlpatterns = [path("", include(router.urls))]
