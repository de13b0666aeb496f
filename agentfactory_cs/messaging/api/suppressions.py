"""suppressions/: addresses that get no mail."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import ChangeViewSet, ReadViewSet, RecordSerializer, since_filter

from .. import suppression
from ..models import Suppression


@extend_schema_serializer(component_name="Suppression")
class SuppressionSerializer(RecordSerializer):
    address = serializers.EmailField(help_text="Capitals do not matter.")

    class Meta:
        model = Suppression
        fields = ("id", "address", "topic", "reason", "detail", "created_at", "lifted_at", "lift_reason")
        read_only_fields = ("id", "reason", "created_at", "lifted_at", "lift_reason")


class LiftSerializer(serializers.Serializer[Any]):
    """Why the address may get mail again."""

    reason = serializers.CharField(max_length=200)


class SuppressionFilter(filters.FilterSet):
    address = filters.CharFilter(lookup_expr="iexact", help_text="The whole address; capitals do not matter.")
    in_force = filters.BooleanFilter(field_name="lifted_at", lookup_expr="isnull", help_text="Not lifted.")
    created_since = since_filter("created_at", "Put on the list at this moment or later.")

    class Meta:
        model = Suppression
        fields = ("topic", "reason")


class SuppressionViewSet(ChangeViewSet, ReadViewSet):
    """The never-again list. Lifting an entry keeps it, with who did it and why."""

    queryset = Suppression.objects.all()
    serializer_class = SuppressionSerializer
    filterset_class = SuppressionFilter
    ordering_fields = ("id", "created_at")
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(summary="Put an address on the list", responses={201: SuppressionSerializer})
    def create(self, request: Request) -> Response:
        """Of one topic, or without one of all mail. 409 where it stands there already."""
        values = self.checked(request)
        entry = suppression.suppress(
            values["address"],
            topic=values.get("topic"),
            detail=values.get("detail", ""),
            reason=Suppression.Reason.BY_HAND,
            by=request.user,
            now=timezone.now(),
        )
        if entry is None:
            raise ValidationError("This address is on the list already.", code="conflict")
        headers = {"Location": self.reverse_action("detail", args=[entry.pk])}
        return Response(self.get_serializer(entry).data, status=201, headers=headers)

    @extend_schema(summary="Take an address off the list", request=LiftSerializer, responses=SuppressionSerializer)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, **lookup: str) -> Response:
        """It gets mail again. 409 where it was lifted before."""
        why = LiftSerializer(data=request.data)
        why.is_valid(raise_exception=True)
        entry = suppression.lift(
            self.get_object(), reason=why.validated_data["reason"], by=request.user, now=timezone.now()
        )
        return Response(self.get_serializer(entry).data)
