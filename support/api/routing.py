"""support/routing/: the rules by which tickets find their team: in force, draft, trying them, playing them back."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import (
    OpenApiResponse,
    OpenApiTypes,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import ReadViewSet, RecordSerializer
from agentfactory_cs.customers.models import Company, Customer
from agentfactory_cs.customers.models.fields import validate_language

from ..languages import detect
from ..models import Area, RoutingVersion, Ticket
from ..routing import replay, rules, trial, versions
from ..routing.deciding import Start

_RULES = "The rules, in order: docs/support.md tells what one holds."
_LARGEST = 2**31 - 1

NO_DRAFT = OpenApiResponse(description="There is no draft.")


@extend_schema_field(OpenApiTypes.OBJECT)
class DefinitionField(serializers.JSONField):
    """An object; what it says is judged by the rules."""


@extend_schema_serializer(component_name="SupportRoutingVersion")
class VersionSerializer(RecordSerializer):
    definition = DefinitionField(read_only=True, help_text=_RULES)

    class Meta:
        model = RoutingVersion
        fields = (
            "id",
            "number",
            "state",
            "revision",
            "definition",
            "is_shipped",
            "reason",
            "created_at",
            "published_at",
        )
        read_only_fields = fields


@extend_schema_serializer(component_name="SupportRouting")
class CurrentSerializer(serializers.Serializer[Any]):
    """What is in force, and the draft."""

    in_force = VersionSerializer(allow_null=True)
    draft = VersionSerializer(allow_null=True)


@extend_schema_serializer(component_name="SupportRoutingDraft")
class DraftSerializer(serializers.Serializer[Any]):
    """What the draft is to say, and which saving of it was read."""

    definition = DefinitionField(help_text=_RULES)
    revision = serializers.IntegerField(
        min_value=0, max_value=_LARGEST, help_text="The draft's that was read; 0 where there was none."
    )


@extend_schema_serializer(component_name="SupportRoutingPublication")
class PublicationSerializer(serializers.Serializer[Any]):
    """Why the draft is published, and which saving of it is meant."""

    reason = serializers.CharField(max_length=2_000, help_text="A sentence; it stands on the version.")
    revision = serializers.IntegerField(min_value=0, max_value=_LARGEST)


@extend_schema_serializer(component_name="SupportRoutingTest")
class AskedSerializer(serializers.Serializer[Any]):
    """A ticket there is, or what one would be like."""

    ticket = serializers.PrimaryKeyRelatedField(
        queryset=Ticket.objects.select_related("area", "customer", "team"), required=False, help_text="Its number."
    )
    area = serializers.SlugRelatedField(
        slug_field="key", queryset=Area.objects.all(), required=False, allow_null=True, help_text="The key of an area."
    )
    severity = serializers.ChoiceField(choices=Ticket.Severity.choices, default="normal")
    tier = serializers.ChoiceField(
        choices=Customer.Tier.choices, required=False, allow_null=True, help_text="null: a stranger."
    )
    language = serializers.CharField(
        required=False, max_length=8, validators=[validate_language], help_text="Left out, it is told by the text."
    )
    text = serializers.CharField(required=False, allow_blank=True, max_length=5_000)
    draft = serializers.BooleanField(default=False, help_text="By the draft; otherwise by what is in force.")


@extend_schema_serializer(component_name="SupportRoutingLine")
class LineSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField()
    name = serializers.CharField()
    verdict = serializers.ChoiceField(choices=("off", "missed", "matched"))
    words = serializers.CharField()


@extend_schema_serializer(component_name="SupportRoutingTrial")
class TrialSerializer(serializers.Serializer[Any]):
    """What would happen; nothing of it did."""

    words = serializers.CharField(help_text="The whole decision in sentences.")
    team = serializers.CharField(source="plan.team.key", allow_null=True, default=None)
    assignee = serializers.CharField(source="choice.candidate.name", allow_null=True, default=None)
    because = serializers.CharField(source="choice.why", help_text="Why somebody would get it, or nobody.")
    language = serializers.CharField(source="plan.subject.language")
    priority = serializers.CharField(source="plan.outcome.priority", allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), source="plan.outcome.tags")
    escalations = serializers.ListField(child=serializers.CharField())
    rules = LineSerializer(many=True, source="lines")


@extend_schema_serializer(component_name="SupportRoutingFlow")
class FlowSerializer(serializers.Serializer[Any]):
    was = serializers.CharField(help_text="The team by the rules in force.")
    becomes = serializers.CharField(help_text="The team by the draft.")
    tickets = serializers.IntegerField()


@extend_schema_serializer(component_name="SupportRoutingReplay")
class ReplaySerializer(serializers.Serializer[Any]):
    """The draft against what is in force, over the newest tickets."""

    tickets = serializers.IntegerField(help_text="How many it was played over; at most 1 000.")
    since = serializers.DateTimeField(allow_null=True, help_text="When the oldest of them came in.")
    elsewhere = serializers.IntegerField(help_text="How many would go to another team.")
    other_priority = serializers.IntegerField()
    escalated_before = serializers.IntegerField()
    escalated_after = serializers.IntegerField()
    flows = FlowSerializer(many=True)


class VersionFilter(filters.FilterSet):
    class Meta:
        model = RoutingVersion
        fields = ("state",)


class RoutingVersionViewSet(ReadViewSet):
    """The routing rules in versions; what is published never changes. They are changed by a draft."""

    thing = "routing version"
    queryset = RoutingVersion.objects.all()
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "put", "post", "delete", "head", "options"]
    admin_actions = ("publish",)
    staff_permissions = {
        "draft": "support.change_routingversion",
        "discard": "support.change_routingversion",
        "reset": "support.change_routingversion",
        "publish": "support.publish_routingversion",
        "test": "support.view_routingversion",
    }

    @extend_schema(summary="Routing now", responses=CurrentSerializer)
    @action(detail=False, pagination_class=None, filterset_class=None)
    def current(self, request: Request) -> Response:
        """The rules in force, and the draft."""
        told = {"in_force": versions.in_force(), "draft": versions.draft()}
        return Response(CurrentSerializer(told).data)

    @extend_schema(summary="Write the draft of routing", request=DraftSerializer, responses=VersionSerializer)
    @action(detail=False, methods=["put"])
    def draft(self, request: Request) -> Response:
        """Changes nothing for tickets. 409 where somebody saved it since the `revision` that was read."""
        asked = DraftSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = versions.save_draft(**asked.validated_data, by=request.user, now=timezone.now())
        return Response(VersionSerializer(saved).data)

    @extend_schema(summary="Discard the draft of routing", request=None, responses={204: None})
    @draft.mapping.delete
    def discard(self, request: Request) -> Response:
        """It cannot be brought back. 409 where there is none."""
        versions.drop_draft(by=request.user, now=timezone.now())
        return Response(status=204)

    @extend_schema(summary="Reset routing to what was shipped", request=None, responses=VersionSerializer)
    @action(detail=False, methods=["post"])
    def reset(self, request: Request) -> Response:
        """The draft says what came with the system; publishing it is another step."""
        return Response(VersionSerializer(versions.reset_to_shipped(by=request.user, now=timezone.now())).data)

    @extend_schema(summary="Publish the draft of routing", request=PublicationSerializer, responses=VersionSerializer)
    @action(detail=False, methods=["post"])
    def publish(self, request: Request) -> Response:
        """Tickets that arrive from now on go by it. 409 where there is no draft, it says nothing new, or somebody saved
        it since."""
        asked = PublicationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = versions.publish(**asked.validated_data, by=request.user, now=timezone.now())
        return Response(VersionSerializer(version).data)

    @extend_schema(summary="Try routing on a ticket", request=AskedSerializer, responses=TrialSerializer)
    @action(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """What would happen to it, and why; nothing is changed."""
        asked = AskedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        version = versions.draft() if given["draft"] else None
        version = version or versions.in_force()
        if ticket := given.get("ticket"):
            return Response(TrialSerializer(trial.of_ticket(ticket, version, now=timezone.now())).data)
        area, text = given.get("area"), given.get("text", "")
        subject = rules.Subject(
            area=area.key if area else None,
            severity=given["severity"],
            tier=given.get("tier"),
            language=given.get("language") or detect(text) or Company.get().default_language,
        )
        return Response(TrialSerializer(trial.of_subject(subject, Start(), version, now=timezone.now())).data)

    @extend_schema(summary="Play the draft of routing back", responses={200: ReplaySerializer, 404: NO_DRAFT})
    @action(detail=False, url_path="replay", pagination_class=None, filterset_class=None)
    def play_back(self, request: Request) -> Response:
        """The draft over the newest 1 000 tickets: how many would go elsewhere, and whence where. 404 without a
        draft."""
        draft = get_object_or_404(RoutingVersion, state=RoutingVersion.State.DRAFT)
        return Response(ReplaySerializer(replay.replay(versions.in_force(), draft)).data)


router = SimpleRouter()
router.register("support/routing", RoutingVersionViewSet, "support-routing")
urlpatterns = router.urls
