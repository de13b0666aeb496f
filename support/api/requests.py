"""What verbs on a ticket are told."""

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from ..models import Ticket
from .shapes import Team, by_key

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag that was read, instead of lock_version: refused (409) where somebody changed it since.",
)
_LARGEST = 2**31 - 1


def seen_in(request: Request, told: Any) -> int | None:
    """The state that the caller has seen: `lock_version` of the body, else If-Match; None where neither is sent."""
    if told is not None:
        return int(told)
    tag = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if tag in ("", "*"):
        return None
    if not (tag.isascii() and tag.isdigit() and int(tag) <= _LARGEST):
        raise serializers.ValidationError({"If-Match": "This is no ETag of a ticket of ours."})
    return int(tag)


def lock_version_field() -> serializers.IntegerField:
    return serializers.IntegerField(
        required=False, min_value=0, max_value=_LARGEST, help_text="The state that was read; 409 where it moved on."
    )


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses names it does not know, which are mostly typing errors."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "There is no such field."))
        return super().to_internal_value(data)


@extend_schema_serializer(component_name="TicketTransition")
class MoveSerializer(StrictSerializer):
    """Why it moves."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="Stands in its history.")
    lock_version = lock_version_field()


@extend_schema_serializer(component_name="TicketAssignment")
class AssignSerializer(StrictSerializer):
    """To whom it goes."""

    team = by_key(Team, "Key of the team; left out: the one that has it.", allow_null=False)
    assignee = serializers.SlugRelatedField(
        slug_field="username",
        queryset=get_user_model().objects.filter(is_active=True, support_agent__isnull=False),
        required=False,
        allow_null=True,
        help_text="User name of one of our people who answer tickets; null: taken from whoever has it. Left out:"
        " whoever of the team speaks the language and has room.",
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)


@extend_schema_serializer(component_name="TicketEscalation")
class EscalateSerializer(StrictSerializer):
    """Before whom it is brought, and why."""

    team = by_key(Team, "Key of the team; left out: the senior team.")
    detail = serializers.CharField(max_length=300, help_text="Why, in a sentence.")


@extend_schema_serializer(component_name="TicketMerge")
class MergeSerializer(StrictSerializer):
    """The ticket it goes into."""

    into = serializers.PrimaryKeyRelatedField(queryset=Ticket.objects.all())


@extend_schema_serializer(component_name="TicketSplit")
class SplitSerializer(StrictSerializer):
    """What becomes a ticket of its own."""

    messages = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=500,
        help_text="Ids of messages; the first must be the customer's.",
    )
    subject = serializers.CharField(max_length=250)
