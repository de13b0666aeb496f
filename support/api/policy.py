"""service-policy/: what is promised by tier and severity, its draft, and publishing it."""

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiTypes,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.customers.api.records import ReadViewSet, RecordSerializer

from ..levels import policy
from ..models import ServiceVersion
from .requests import StrictSerializer

_FORM = 'Minutes of business time or null: {"targets": {tier: {severity: {"first_response": 60, …}}}}.'


@extend_schema_field(OpenApiTypes.OBJECT)
class DefinitionField(serializers.JSONField):
    """An object; what it says is judged by the rules."""


@extend_schema_serializer(component_name="ServicePolicyVersion")
class VersionSerializer(RecordSerializer):
    definition = DefinitionField(read_only=True, help_text=_FORM)

    class Meta:
        model = ServiceVersion
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


@extend_schema_serializer(component_name="ServicePolicy")
class PolicySerializer(serializers.Serializer[Any]):
    in_force = VersionSerializer()
    draft = VersionSerializer(allow_null=True)


@extend_schema_serializer(component_name="ServicePolicyDraft")
class DraftSerializer(StrictSerializer):
    """What the draft is to say, and which saving of it was read."""

    definition = DefinitionField(help_text=_FORM)
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The draft's that was read; 0 where there was none."
    )


@extend_schema_serializer(component_name="ServicePolicyPublication")
class PublicationSerializer(StrictSerializer):
    """Why the draft is published, and which saving of it is meant."""

    reason = serializers.CharField(max_length=2_000, help_text="A sentence; it stands on the version.")
    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


_PUBLICATION = OpenApiExample(
    "Publishing", {"reason": "Nights are staffed from December on.", "revision": 1}, request_only=True
)


class PolicyViewSet(GenericViewSet):
    """What customers are promised. It is changed by a draft, which is published as the next version: tickets keep the
    one they began with."""

    queryset = ServiceVersion.objects.all()
    serializer_class = PolicySerializer
    pagination_class = None
    admin_actions = ("publish",)
    staff_permissions = dict.fromkeys(("draft", "discard", "reset", "publish"), "support.change_serviceversion")

    @extend_schema(summary="Read the service policy", operation_id="service_policy_retrieve")
    def retrieve(self, request: Request) -> Response:
        """The version in force, and the draft where there is one."""
        try:
            in_force = policy.in_force()
        except ServiceVersion.DoesNotExist:
            raise Http404 from None
        draft = ServiceVersion.objects.filter(state=ServiceVersion.State.DRAFT).first()
        return Response(PolicySerializer({"in_force": in_force, "draft": draft}).data)

    @extend_schema(summary="Write the policy's draft", request=DraftSerializer, responses=VersionSerializer)
    def draft(self, request: Request) -> Response:
        """Promises nobody anything. 409 where somebody saved it since the `revision` that was read."""
        asked = DraftSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = policy.save_draft(**asked.validated_data, by=request.user, now=timezone.now())
        return Response(VersionSerializer(saved).data)

    @extend_schema(summary="Discard the policy's draft", request=None, responses={204: None})
    def discard(self, request: Request) -> Response:
        """It cannot be brought back. 409 where there is none."""
        policy.drop_draft()
        return Response(status=204)

    @extend_schema(summary="Reset the policy to what was shipped", request=None, responses=VersionSerializer)
    def reset(self, request: Request) -> Response:
        """The draft says what came with the system; publishing it is another step."""
        return Response(VersionSerializer(policy.reset_to_shipped(by=request.user, now=timezone.now())).data)

    @extend_schema(
        summary="Publish the policy's draft",
        request=PublicationSerializer,
        responses=VersionSerializer,
        examples=[_PUBLICATION],
    )
    def publish(self, request: Request) -> Response:
        """Tickets that are opened from now on go by it. 409 where there is no draft, it says nothing new, or somebody
        saved it since."""
        asked = PublicationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = policy.publish(**asked.validated_data, by=request.user, now=timezone.now())
        return Response(VersionSerializer(version).data)


class VersionViewSet(ReadViewSet):
    """Every version of the service policy. What is published never changes."""

    thing = "service policy version"
    queryset = ServiceVersion.objects.all()
    serializer_class = VersionSerializer
    filterset_fields = ("state",)
    ordering_fields = ("id",)


router = SimpleRouter()
router.register("service-policy-versions", VersionViewSet, "service-policy-version")
urlpatterns = [
    path("service-policy/", PolicyViewSet.as_view({"get": "retrieve"}), name="service-policy"),
    path("service-policy/draft/", PolicyViewSet.as_view({"put": "draft", "delete": "discard"})),
    path("service-policy/reset/", PolicyViewSet.as_view({"post": "reset"})),
    path("service-policy/publish/", PolicyViewSet.as_view({"post": "publish"})),
    *router.urls,
]
