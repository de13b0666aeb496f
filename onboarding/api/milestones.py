"""milestones/: what customers reached for the first time, in onboarding or not."""

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
from agentfactory_cs.filters import NameFilter

from .. import by_hand
from ..checklists import known_items
from ..models import Milestone


@extend_schema_serializer(component_name="Milestone")
class MilestoneSerializer(OfCustomerSerializer):
    class Meta:
        model = Milestone
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "key",
            "reached_at",
            "source",
            "detail",
            "noted_at",
        )
        read_only_fields = fields


@extend_schema_serializer(component_name="MilestoneToNote")
class ToNoteSerializer(OfCustomerSerializer):
    """Whose milestone, which, and since when; without `at` it is now."""

    at = serializers.DateTimeField(required=False, help_text="Between signup and now.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=200, help_text="How we know.")

    class Meta:
        model = Milestone
        fields = ("customer", "customer_external_id", "key", "at", "note")


@extend_schema_serializer(component_name="MilestoneReason")
class ReasonSerializer(serializers.Serializer[Any]):
    """Why it was not reached."""

    reason = serializers.CharField(max_length=300, help_text="A sentence; it stands on the timeline.")


class MilestoneFilter(OfCustomerFilter):
    key = NameFilter(thing="milestone", exists=lambda key: key in dict(known_items()), help_text="Such as first_agent.")
    source = filters.MultipleChoiceFilter(choices=Milestone.Source.choices)
    reached_since = since_filter("reached_at", "Reached at this moment or later.")

    class Meta:
        model = Milestone
        fields = ()


class MilestoneViewSet(ReadViewSet):
    """First times, one a customer and key, kept for ever. `reached_at` is the earliest moment there is evidence for:
    later evidence may move it back, never forward."""

    thing = "milestone"
    queryset = Milestone.objects.select_related("customer")
    serializer_class = MilestoneSerializer
    filterset_class = MilestoneFilter
    ordering_fields = ("id", "reached_at")
    http_method_names = ["get", "post", "head", "options"]
    staff_permissions = {"take_back": "onboarding.delete_milestone"}

    @extend_schema(summary="Note a milestone", request=ToNoteSerializer, responses={201: MilestoneSerializer})
    def create(self, request: Request) -> Response:
        """`key` is one we know, such as first_agent, or an item of the customer's checklist. Said again it changes
        nothing, or moves the moment back; 409 where a `note` would be lost by that."""
        asked = ToNoteSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        noted = by_hand.tick(**asked.validated_data, by=request.user, now=timezone.now())
        headers = {"Location": self.reverse_action("detail", args=[noted.pk])}
        return Response(self.get_serializer(noted).data, status=201, headers=headers)

    @extend_schema(summary="Take a milestone back", request=ReasonSerializer, responses={204: None})
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, **lookup: str) -> Response:
        """What was said by mistake. 409 for what rests on other evidence than somebody's word."""
        milestone, asked = self.get_object(), ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        by_hand.take_back(milestone, **asked.validated_data, by=request.user, now=timezone.now())
        return Response(status=204)
