"""health-overrides/: scores set by hand."""

from typing import Any

from django.urls import include, path
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import (
    FiniteFloatField,
    OfCustomerFilter,
    OfCustomerSerializer,
    ReadViewSet,
    RecordSerializer,
)
from agentfactory_cs.customers.days import utc_day

from ..models import HealthOverride
from ..overrides import MAX_REASON, end_override, set_override


@extend_schema_serializer(component_name="HealthOverride")
class OverrideSerializer(OfCustomerSerializer):
    value = FiniteFloatField(min_value=0, max_value=100, help_text="The score that counts instead, 0 to 100.")
    reason = serializers.CharField(max_length=MAX_REASON)
    expires_on = serializers.DateField(help_text="The last day it is shown (UTC); at most 90 days ahead.")
    in_force = serializers.SerializerMethodField(help_text="Whether it counts today.")

    class Meta:
        model = HealthOverride
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "value",
            "reason",
            "first_day",
            "expires_on",
            "in_force",
            "created_at",
            "created_by_label",
            "ended_at",
            "end_reason",
        )
        read_only_fields = ("first_day", "created_at", "created_by_label", "ended_at", "end_reason")

    def get_in_force(self, override: HealthOverride) -> bool:
        return override.is_in_force(utc_day(timezone.now()))


class EndingSerializer(RecordSerializer):
    """Why an override ends before its time."""

    reason = serializers.CharField(max_length=MAX_REASON)

    class Meta:
        model = HealthOverride
        fields = ("reason",)


class OverrideFilter(OfCustomerFilter):
    in_force = filters.BooleanFilter(method="filter_in_force", help_text="Whether it counts today.")

    def filter_in_force(self, overrides: Any, name: str, wanted: bool) -> Any:
        today = utc_day(timezone.now())
        return overrides.in_force(today) if wanted else overrides.past(today)

    class Meta:
        model = HealthOverride
        fields = ()


class OverrideViewSet(ReadViewSet):
    """Scores set by hand, with reason and expiry. They are never deleted: they end, and the list keeps them."""

    queryset = HealthOverride.objects.select_related("customer")
    serializer_class = OverrideSerializer
    filterset_class = OverrideFilter
    ordering_fields = ("id", "created_at", "expires_on")
    thing = "health override"

    @extend_schema(summary="Set a score by hand", filters=False)
    def create(self, request: Request) -> Response:
        """From the last complete day on, `value` counts in the place of the computed score. One in force ends."""
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        override = set_override(**asked.validated_data, by=request.user, now=timezone.now())
        headers = {"Location": self.reverse_action("detail", args=[override.pk])}
        return Response(self.get_serializer(override).data, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(summary="End an override", request=EndingSerializer, responses=OverrideSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, **lookup: str) -> Response:
        """The computed score counts again, from the last complete day on; 409 where it is in force no more."""
        asked = EndingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        override = end_override(self.get_object(), **asked.validated_data, by=request.user, now=timezone.now())
        return Response(self.get_serializer(override).data)


router = SimpleRouter()
router.register("health-overrides", OverrideViewSet)

urlpatterns: list[Any] = [path("", include(router.urls))]
