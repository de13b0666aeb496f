"""tickets/{id}/changes/ and links/: what happened to a ticket, and what it has to do with others."""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiTypes, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.customers.api.records import ReadViewSet

from .. import linking
from ..models import Ticket, TicketChange, TicketLink
from .messages import OF_TICKET
from .requests import StrictSerializer


@extend_schema_field(OpenApiTypes.OBJECT)
class DataField(serializers.JSONField):
    """An object."""


@extend_schema_serializer(component_name="TicketChange")
class ChangeSerializer(serializers.ModelSerializer):
    data: Any = DataField(read_only=True, help_text="The same in parts: of `routed`, the trace rule by rule.")
    by: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "username", read_only=True, help_text="User name; null: by itself, or by a key."
    )
    routing_version = serializers.IntegerField(source="routing_version.number", read_only=True, allow_null=True)

    class Meta:
        model = TicketChange
        fields = ("id", "kind", "words", "data", "routing_version", "by", "happened_at")
        read_only_fields = fields

    def to_representation(self, change: TicketChange) -> dict[str, Any]:
        # A source through an empty relation leaves its field out.
        return {"routing_version": None, **super().to_representation(change)}


class ChangeFilter(filters.FilterSet):
    kind = filters.MultipleChoiceFilter(choices=TicketChange.Kind.choices)

    class Meta:
        model = TicketChange
        fields = ()


@extend_schema(parameters=[OF_TICKET])
class ChangeViewSet(ReadViewSet):
    """What happened to a ticket beside its messages, in words, oldest first; with the trace of its routing."""

    thing = "ticket change"
    queryset = TicketChange.objects.select_related("by", "routing_version")
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilter
    ordering_fields = ("id",)

    def get_queryset(self) -> QuerySet[TicketChange]:
        found: QuerySet[TicketChange] = super().get_queryset()
        return found.filter(ticket=self.kwargs["ticket"]) if "ticket" in self.kwargs else found.none()

    def list(self, request: Request, **of: str) -> Response:
        """404 where there is no such ticket."""
        get_object_or_404(Ticket, pk=of["ticket"])
        return super().list(request)


@extend_schema_serializer(component_name="TicketLink")
class LinkSerializer(serializers.ModelSerializer):
    class Meta:
        model = TicketLink
        fields = ("id", "ticket", "other", "kind", "created_at")
        read_only_fields = fields


@extend_schema_serializer(component_name="TicketLinkToMake")
class LinkingSerializer(StrictSerializer):
    """The ticket it has to do with."""

    other = serializers.PrimaryKeyRelatedField(queryset=Ticket.objects.all())


@extend_schema(parameters=[OF_TICKET])
class LinkViewSet(GenericViewSet):
    """Tickets that have to do with a ticket; of two, `ticket` is the later."""

    thing = "ticket link"
    queryset = TicketLink.objects.all()
    serializer_class = LinkSerializer
    ordering_fields = ("id",)
    lookup_field = "other"
    lookup_value_regex = "[0-9]{1,18}"
    staff_permissions = {"create": "support.change_ticket", "destroy": "support.change_ticket"}

    def get_queryset(self) -> QuerySet[TicketLink]:
        found: QuerySet[TicketLink] = super().get_queryset()
        one = self.kwargs.get("ticket", 0)
        return found.filter(Q(ticket=one) | Q(other=one))

    def list(self, request: Request, **of: str) -> Response:
        """Either way round. 404 where there is no such ticket."""
        get_object_or_404(Ticket, pk=of["ticket"])
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(LinkSerializer(page, many=True).data)

    @extend_schema(summary="Link two tickets", request=LinkingSerializer, responses={201: LinkSerializer})
    def create(self, request: Request, **of: str) -> Response:
        """409 where they are linked already."""
        ticket, told = get_object_or_404(Ticket, pk=of["ticket"]), LinkingSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        made = linking.link(ticket, told.validated_data["other"], by=request.user, now=timezone.now())
        return Response(LinkSerializer(made).data, status=201)

    @extend_schema(summary="Unlink two tickets", responses={204: None})
    def destroy(self, request: Request, **of: str) -> Response:
        """By the id of the other ticket; 400 where the two are not linked."""
        ticket = get_object_or_404(Ticket, pk=of["ticket"])
        other = get_object_or_404(Ticket, pk=of["other"])
        linking.unlink(ticket, other, by=request.user, now=timezone.now())
        return Response(status=204)


router = SimpleRouter()
router.register("tickets/(?P<ticket>[0-9]{1,18})/changes", ChangeViewSet, "ticket-change")
router.register("tickets/(?P<ticket>[0-9]{1,18})/links", LinkViewSet, "ticket-link")
urlpatterns = router.urls
