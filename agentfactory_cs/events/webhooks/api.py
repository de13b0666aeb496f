"""webhooks/, webhook-deliveries/: addresses that are told of events, and what became of each message."""

from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.filters import IdFilter, MomentFilter

from ..models import WebhookDelivery, WebhookEndpoint
from ..tasks import ring_for_webhooks
from . import services


class _Strict(serializers.ModelSerializer):
    """Refuses names it does not know, which are mostly typing errors; with all else that is wrong."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        wrong: dict[str, Any] = {name: ["There is no such field."] for name in unknown}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise (
                serializers.ValidationError({**wrong, **cast(dict[str, Any], error.detail)}) if wrong else error
            ) from None
        if wrong:
            raise serializers.ValidationError(wrong)
        return values


@extend_schema_serializer(component_name="Webhook")
class WebhookSerializer(_Strict):
    triggers = serializers.ListField(
        child=serializers.CharField(max_length=80),
        required=False,
        max_length=200,
        help_text="The kinds of event it gets, such as customers.tier_changed; empty: all.",
    )

    def validate_address(self, address: str) -> str:
        # Here as well as in the service, so that whatever is wrong is said at once.
        services.check_address(address)
        return address

    def validate_triggers(self, keys: list[str]) -> list[str]:
        services.check_triggers(keys)
        return keys

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = (
            "id",
            "address",
            "description",
            "triggers",
            "is_active",
            "disabled_because",
            "failures",
            "failing_since",
            "created_at",
        )
        read_only_fields: tuple[str, ...] = (
            "id",
            "is_active",
            "disabled_because",
            "failures",
            "failing_since",
            "created_at",
        )


@extend_schema_serializer(component_name="WebhookWithSecret")
class WithSecretSerializer(WebhookSerializer):
    """As it is given out once: on creation and after a rotation."""

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret", "previous_until")
        read_only_fields: tuple[str, ...] = fields


@extend_schema_serializer(component_name="WebhookDelivery")
class DeliverySerializer(_Strict):
    webhook = serializers.IntegerField(source="endpoint_id", read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "webhook",
            "message_id",
            "type",
            "body",
            "state",
            "attempts",
            "not_before",
            "status",
            "answer",
            "error",
            "took_ms",
            "created_at",
            "delivered_at",
        )
        read_only_fields = fields


@extend_schema_serializer(component_name="WebhookReason")
class ReasonSerializer(serializers.Serializer[Any]):
    """Why it is switched off."""

    reason = serializers.CharField(max_length=200)


@extend_schema_serializer(component_name="WebhookSince")
class SinceSerializer(serializers.Serializer[Any]):
    """From when on what failed is sent again."""

    since = serializers.DateTimeField()


@extend_schema_serializer(component_name="WebhookSentAgain")
class SentAgainSerializer(serializers.Serializer[Any]):
    sent_again = serializers.IntegerField(help_text="How many messages that were.")


class EndpointFilter(filters.FilterSet):
    class Meta:
        model = WebhookEndpoint
        fields = ("is_active",)


class WebhookViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Addresses outside that are told of events, by the Standard Webhooks rules."""

    queryset = WebhookEndpoint.objects.all()
    serializer_class = WebhookSerializer
    filterset_class = EndpointFilter
    lookup_value_regex = "[0-9]{1,18}"
    ordering_fields = ("id", "created_at")
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    admin_actions = ("create", "partial_update", "rotate")

    @extend_schema(summary="Add a webhook", responses={201: WithSecretSerializer})
    def create(self, request: Request) -> Response:
        """The answer holds the secret, which is not shown again."""
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        endpoint = services.save_endpoint(WebhookEndpoint(**asked.validated_data), by=request.user, now=timezone.now())
        headers = {"Location": self.reverse_action("detail", args=[endpoint.pk]), "Cache-Control": "no-store"}
        return Response(WithSecretSerializer(endpoint).data, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(summary="Change a webhook", request=WebhookSerializer, responses=WebhookSerializer)
    def partial_update(self, request: Request, **lookup: str) -> Response:
        """Address, description and events; a new secret is made by rotate."""
        endpoint = self.get_object()
        asked = self.get_serializer(endpoint, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        for name, value in asked.validated_data.items():
            setattr(endpoint, name, value)
        services.save_endpoint(endpoint, by=request.user, now=timezone.now())
        return Response(self.get_serializer(endpoint).data)

    @extend_schema(summary="Remove a webhook", responses={204: None})
    def destroy(self, request: Request, **lookup: str) -> Response:
        """With everything that was sent to it."""
        services.remove_endpoint(self.get_object(), by=request.user, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Send a test", request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, **lookup: str) -> Response:
        """A message that tells nothing but that it works; 409 where the webhook is off."""
        queued = services.send_test(self.get_object(), by=request.user, now=timezone.now())
        ring_for_webhooks()
        return Response(DeliverySerializer(queued).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(summary="Make a new secret", request=None, responses=WithSecretSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, **lookup: str) -> Response:
        """Until `previous_until`, a day on, messages are signed by both; then by the new one alone."""
        endpoint = services.rotate_secret(self.get_object(), now=timezone.now())
        return Response(WithSecretSerializer(endpoint).data, headers={"Cache-Control": "no-store"})

    @extend_schema(summary="Switch a webhook off", request=ReasonSerializer, responses=WebhookSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **lookup: str) -> Response:
        """Nothing is posted to it, and what waits has failed; 409 where it is off."""
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        endpoint = services.switch_off(self.get_object(), by=request.user, **given.validated_data)
        return Response(self.get_serializer(endpoint).data)

    @extend_schema(summary="Switch a webhook on", request=None, responses=WebhookSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **lookup: str) -> Response:
        """It gets what happens from now on; 409 where it is on."""
        return Response(self.get_serializer(services.switch_on(self.get_object())).data)

    @extend_schema(summary="Send again what failed", request=SinceSerializer, responses={202: SentAgainSerializer})
    @action(detail=True, methods=["post"], url_path="send-failed-again")
    def send_failed_again(self, request: Request, **lookup: str) -> Response:
        """Everything that was made since a moment and has failed; 409 where the webhook is off."""
        given = SinceSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        count = services.send_failed_again(self.get_object(), **given.validated_data, now=timezone.now())
        ring_for_webhooks()
        return Response({"sent_again": count}, status=status.HTTP_202_ACCEPTED)


class DeliveryFilter(filters.FilterSet):
    webhook = IdFilter(field_name="endpoint_id", help_text="Id of the webhook.")
    state = filters.MultipleChoiceFilter(choices=WebhookDelivery.State.choices)
    created_since = MomentFilter(field_name="created_at", lookup_expr="gte")

    class Meta:
        model = WebhookDelivery
        fields = ()


class DeliveryViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """What was sent to webhooks, with the answers; kept for 90 days unless set otherwise."""

    queryset = WebhookDelivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    lookup_value_regex = "[0-9]{1,18}"
    ordering_fields = ("id",)

    @extend_schema(summary="Send a message again", request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, **lookup: str) -> Response:
        """Under the same `webhook-id`; 409 where it waits already, or the webhook is off."""
        row = services.send_again(cast(WebhookDelivery, self.get_object()), now=timezone.now())
        ring_for_webhooks()
        return Response(self.get_serializer(row).data, status=status.HTTP_202_ACCEPTED)

    def get_queryset(self) -> "QuerySet[WebhookDelivery]":
        return super().get_queryset()
