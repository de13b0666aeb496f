"""provisioning-steps/, platform-deliveries/: what is set up on the platform, and what it told us."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import (
    OfCustomerFilter,
    OfCustomerSerializer,
    ReadViewSet,
    since_filter,
)

from .. import provisioning
from ..models import PlatformDelivery, ProvisioningStep


@extend_schema_serializer(component_name="ProvisioningStep")
class StepSerializer(OfCustomerSerializer):
    class Meta:
        model = ProvisioningStep
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "kind",
            "position",
            "state",
            "because",
            "attempts",
            "not_before",
            "last_error",
            "result",
            "task",
            "created_at",
            "settled_at",
        )
        read_only_fields = fields


@extend_schema_serializer(component_name="ProvisioningReason")
class BecauseSerializer(serializers.Serializer[Any]):
    """Why, in a sentence; it stands on the step and on the timeline."""

    because = serializers.CharField(required=False, allow_blank=True, max_length=300)


class StepFilter(OfCustomerFilter):
    kind = filters.MultipleChoiceFilter(choices=ProvisioningStep.Kind.choices)
    state = filters.MultipleChoiceFilter(choices=ProvisioningStep.State.choices)

    class Meta:
        model = ProvisioningStep
        fields = ()


class StepViewSet(ReadViewSet):
    """The four steps of each new customer's account set-up. They are made at signup and worked off by themselves; what
    cannot be done by itself is with a person."""

    thing = "provisioning step"
    queryset = ProvisioningStep.objects.select_related("customer")
    serializer_class = StepSerializer
    filterset_class = StepFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(summary="Try a step again", request=None, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **lookup: str) -> Response:
        """The platform is called within seconds; its open task is skipped. 409 where it is settled or under way."""
        step = provisioning.try_again(self.get_object(), by=request.user, now=timezone.now())
        return Response(self.get_serializer(step).data)

    @extend_schema(summary="Note a step as done by hand", request=BecauseSerializer, responses=StepSerializer)
    @action(detail=True, methods=["post"])
    def done(self, request: Request, **lookup: str) -> Response:
        """Its open task is done with it. 409 where it is settled or under way."""
        return self._decided(request, provisioning.mark_done)

    @extend_schema(summary="Note a step as not needed", request=BecauseSerializer, responses=StepSerializer)
    @action(detail=True, methods=["post"], url_path="not-needed")
    def not_needed(self, request: Request, **lookup: str) -> Response:
        """Its open task is skipped. 409 where it is settled or under way."""
        return self._decided(request, provisioning.mark_not_needed)

    def _decided(self, request: Request, decide: Callable[..., ProvisioningStep]) -> Response:
        step, asked = self.get_object(), BecauseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        decided = decide(step, **asked.validated_data, by=request.user, now=timezone.now())
        return Response(self.get_serializer(decided).data)


@extend_schema_serializer(component_name="PlatformDelivery")
class DeliverySerializer(OfCustomerSerializer):
    customer_external_id = serializers.CharField(  # type: ignore[assignment]
        source="customer.external_id", read_only=True, allow_null=True, help_text="null: it fits no customer."
    )

    class Meta:
        model = PlatformDelivery
        fields = (
            "id",
            "event",
            "happened_at",
            "received_at",
            "repeats",
            "state",
            "tenant_id",
            "user_id",
            "customer",
            "customer_external_id",
            "applied_at",
            "error",
            "data",
        )
        read_only_fields = fields


class DeliveryFilter(OfCustomerFilter):
    state = filters.MultipleChoiceFilter(choices=PlatformDelivery.State.choices)
    event = filters.CharFilter(help_text="Such as agent.created.")
    tenant_id = filters.CharFilter(help_text="The tenant it names.")
    user_id = filters.CharFilter(help_text="The user it names.")
    received_since = since_filter("received_at", "Received at this moment or later.")

    class Meta:
        model = PlatformDelivery
        fields = ()


class DeliveryViewSet(ReadViewSet):
    """The platform's webhooks as they came. A stranger fits no customer, and is applied once the customer or contact it
    names is known."""

    thing = "platform delivery"
    queryset = PlatformDelivery.objects.select_related("customer")
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    ordering_fields = ("id",)

    def list(self, request: Request) -> Response:
        """Platform deliveries."""
        return super().list(request)
