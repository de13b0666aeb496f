"""interactions/, trainings/, renewal-estimates/."""

from datetime import datetime
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from agentfactory_cs.filters import UserFilter

from ..days import utc_day
from ..models import Interaction, RenewalEstimate, Training
from ..services import estimate_renewal, log_interaction, remove_record, save_training
from .records import IdFilter, OfCustomerFilter, OfCustomerSerializer, RecordViewSet, since_filter, staff_field


@extend_schema_serializer(component_name="Interaction")
class InteractionSerializer(OfCustomerSerializer):
    staff = staff_field("User name of who of us took part.")
    held_at = serializers.DateTimeField(required=False, help_text="Left out: now.")

    class Meta:
        model = Interaction
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "external_id",
            "kind",
            "direction",
            "subject",
            "body",
            "contact",
            "staff",
            "held_at",
            "created_at",
        )


class InteractionFilter(OfCustomerFilter):
    contact = IdFilter(field_name="contact_id")
    staff = UserFilter("staff")
    held_since = since_filter("held_at", "Held at this moment or later.")

    class Meta:
        model = Interaction
        fields = ("external_id", "kind", "direction")


class InteractionViewSet(RecordViewSet):
    """Calls, meetings, mails and notes between our people and theirs, after they took place."""

    queryset = Interaction.objects.select_related("customer", "staff")
    serializer_class = InteractionSerializer
    filterset_class = InteractionFilter
    ordering_fields = ("id", "held_at", "created_at")
    store = staticmethod(log_interaction)
    remove = staticmethod(remove_record)

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {"held_at": now}


@extend_schema_serializer(component_name="Training")
class TrainingSerializer(OfCustomerSerializer):
    assigned_on = serializers.DateField(required=False, help_text="Left out: today (UTC).")

    class Meta:
        model = Training
        fields = ("id", "customer", "customer_external_id", "course", "assigned_on", "completed_on")


class TrainingFilter(OfCustomerFilter):
    completed = filters.BooleanFilter(field_name="completed_on", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Training
        fields = ("course",)


class TrainingViewSet(RecordViewSet):
    """Courses assigned to customers; PATCH `completed_on` when one is done."""

    queryset = Training.objects.select_related("customer")
    serializer_class = TrainingSerializer
    filterset_class = TrainingFilter
    ordering_fields = ("id", "assigned_on")
    store = staticmethod(save_training)
    remove = staticmethod(remove_record)

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {"assigned_on": utc_day(now)}


@extend_schema_serializer(component_name="RenewalEstimate")
class RenewalEstimateSerializer(OfCustomerSerializer):
    likelihood = serializers.IntegerField(min_value=0, max_value=100, help_text="Percent.")
    estimated_on = serializers.DateField(required=False, help_text="Left out: today (UTC).")
    estimated_by: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="username", read_only=True
    )

    class Meta:
        model = RenewalEstimate
        fields = ("id", "customer", "customer_external_id", "likelihood", "estimated_on", "estimated_by", "note")


class RenewalEstimateFilter(OfCustomerFilter):
    estimated_since = filters.DateFilter(field_name="estimated_on", lookup_expr="gte")


class RenewalEstimateViewSet(RecordViewSet):
    """How likely customers renew, as of a day. A second estimate of a day replaces the first."""

    queryset = RenewalEstimate.objects.select_related("customer", "estimated_by")
    serializer_class = RenewalEstimateSerializer
    filterset_class = RenewalEstimateFilter
    ordering_fields = ("id", "estimated_on")
    http_method_names = ["get", "post", "delete", "head", "options"]
    remove = staticmethod(remove_record)

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {"estimated_on": utc_day(now), "note": ""}

    def write(self, record: RenewalEstimate, values: dict[str, Any], now: datetime) -> RenewalEstimate:
        day = values.pop("estimated_on")
        return estimate_renewal(on=day, by=self.request.user, now=now, **values)
