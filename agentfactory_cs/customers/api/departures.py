"""churns/: who left, why, and who came back."""

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from ..models import Churn
from .records import OfCustomerFilter, OfCustomerSerializer, ReadViewSet, RecordSerializer


@extend_schema_serializer(component_name="Churn")
class ChurnSerializer(OfCustomerSerializer):
    class Meta:
        model = Churn
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "churned_on",
            "reason",
            "note",
            "reactivated_on",
            "recorded_at",
        )
        read_only_fields = fields


class DepartureSerializer(RecordSerializer):
    churned_on = serializers.DateField(required=False, help_text="Left out: today (UTC).")

    class Meta:
        model = Churn
        fields = ("churned_on", "reason", "note")


class ReturnSerializer(RecordSerializer):
    reactivated_on = serializers.DateField(required=False, help_text="Left out: today (UTC).")

    class Meta:
        model = Churn
        fields = ("reactivated_on",)


class ChurnFilter(OfCustomerFilter):
    churned_since = filters.DateFilter(field_name="churned_on", lookup_expr="gte")
    churned_until = filters.DateFilter(field_name="churned_on", lookup_expr="lte")

    class Meta:
        model = Churn
        fields = ("reason",)


class ChurnViewSet(ReadViewSet):
    """Departures. One is recorded at customers/{id}/churn/, the return at customers/{id}/reactivate/."""

    queryset = Churn.objects.select_related("customer")
    serializer_class = ChurnSerializer
    filterset_class = ChurnFilter
    ordering_fields = ("id", "churned_on")
