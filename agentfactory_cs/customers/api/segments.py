"""segments/, and the customers of one: customers/?segment=ID."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError as Refusal
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from agentfactory_cs.filters import IdFilter

from ..conditions import BadCondition
from ..models import Customer, Segment
from ..segments import members
from ..services import remove_segment, save_segment
from .records import RecordSerializer, RecordViewSet, staff_field


class RowSerializer(serializers.Serializer):
    """One row of a condition, as docs/playbooks.md has it."""

    fact = serializers.CharField(help_text="Such as health.score.")
    operator = serializers.CharField(help_text="Such as below.")
    value = serializers.JSONField(required=False, allow_null=True)


class ConditionSerializer(serializers.Serializer):
    match = serializers.ChoiceField(choices=["all", "any"], default="all")
    rows = RowSerializer(many=True)


@extend_schema_field(ConditionSerializer)
class ConditionJSON(serializers.JSONField):
    """Taken as it is: the service says by place and reason what cannot be asked."""


@extend_schema_serializer(component_name="Segment")
class SegmentSerializer(RecordSerializer):
    owner = staff_field("User name of whose it is; null: everybody's.")
    condition = ConditionJSON()

    class Meta:
        model = Segment
        fields = ("id", "name", "owner", "condition", "order", "created_at", "updated_at")


def visible_to(user: Any) -> QuerySet[Segment]:
    """All of them for an API key, which is nobody; a person sees everybody's and their own."""
    return Segment.objects.seen_by(user) if isinstance(user, get_user_model()) else Segment.objects.all()


class SegmentViewSet(RecordViewSet):
    """Groups of customers kept under a name: who fits a condition, by then."""

    queryset = Segment.objects.select_related("owner")
    serializer_class = SegmentSerializer
    store = save_segment
    remove = remove_segment

    def get_queryset(self) -> QuerySet[Segment]:
        return super().get_queryset().filter(pk__in=visible_to(self.request.user))


class SegmentFilter(IdFilter):
    """The customers of a segment; who has left is in none that does not speak of the stage."""

    def filter(self, qs: QuerySet[Customer], value: int | None) -> QuerySet[Customer]:
        if value is None:
            return qs
        segment = visible_to(self.parent.request.user).filter(pk=value).first()
        if segment is None:
            raise Refusal({"segment": f"There is no segment {value}."})
        try:
            return members(segment, qs, timezone.now())
        except BadCondition as error:
            raise Refusal({"segment": f"{segment} cannot be asked: {error}"}) from None
