"""events/: what happened to customers, to read along."""

from typing import Any

from django.urls import include, path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.filters import IdFilter, MomentFilter, NameFilter

from .models import Event, Place
from .queries import oldest_under_way
from .registry import triggers
from .webhooks.api import DeliveryViewSet, WebhookViewSet


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
    happened_since = MomentFilter(field_name="happened_at", lookup_expr="gte")
    happened_until = MomentFilter(field_name="happened_at", lookup_expr="lt")

    trigger = NameFilter(
        thing="kind of event", exists=lambda key: key in triggers, help_text="A kind of event, as triggers/ lists them."
    )

    class Meta:
        model = Event
        fields = ()


class FollowSerializer(serializers.Serializer[Any]):
    """Where to go on, and how far at once."""

    after = serializers.RegexField(
        r"^[0-9]{1,18}-[0-9]{1,18}$", required=False, help_text="As `next` gives it; left out: from the first event."
    )
    page_size = serializers.IntegerField(min_value=1, max_value=500, default=50, help_text="Results on a page.")

    def to_internal_value(self, data: Any) -> Any:
        if unknown := set(data) - set(self.fields):
            known = ", ".join(self.fields)
            raise ValidationError(dict.fromkeys(sorted(unknown), f"There is no such parameter. Known: {known}."))
        return super().to_internal_value(data)

    def validate_after(self, after: str) -> Place:
        transaction, pk = after.split("-")
        return int(transaction), int(pk)


class FollowedSerializer(serializers.Serializer[Any]):
    """A page of events in the order they are followed in."""

    next = serializers.URLField(help_text="Where to go on, now or later; never null.")
    results = EventSerializer(many=True)


class EventViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """What happened to the customers, append-only."""

    queryset = Event.objects.select_related("customer")
    serializer_class = EventSerializer
    filterset_class = EventFilter
    lookup_value_regex = "[0-9]{1,18}"
    # Not by id: since a moment, that walks over everything before it.
    ordering_fields = ("happened_at",)

    @extend_schema(
        summary="Follow the events",
        operation_id="events_follow",
        parameters=[FollowSerializer],
        responses=FollowedSerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None, filterset_class=None)
    def follow(self, request: Request) -> Response:
        """Every event exactly once, in an order that nothing is added to behind the reader: keep `next`.

        An event is handed out when all transactions that began before its own have ended. No results: there is
        nothing new; ask for the same `next` again later.
        """
        asked = FollowSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place: Place | None = asked.validated_data.get("after")
        events = list(Event.objects.following(place).select_related("customer")[: asked.validated_data["page_size"]])
        if events:
            place = events[-1].transaction, events[-1].pk
        elif place and place[0] >= oldest_under_way():
            detail = "This place is of a database that was restored since; begin again without it."
            raise ValidationError({"after": ErrorDetail(detail, code="stale")})
        address = request.build_absolute_uri()
        if place:
            address = replace_query_param(address, "after", "{}-{}".format(*place))
        return Response({"next": address, "results": self.get_serializer(events, many=True).data})


router = SimpleRouter()
router.register("events", EventViewSet)
router.register("webhooks", WebhookViewSet, "webhook")
router.register("webhook-deliveries", DeliveryViewSet, "webhook-delivery")

urlpatterns = [path("", include(router.urls))]
