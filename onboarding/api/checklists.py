"""onboarding-checklists/, onboarding-checklist-versions/: what is to be reached, by tier, and every change of it."""

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiTypes, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import ReadViewSet, RecordSerializer
from agentfactory_cs.customers.models import Customer

from .. import checklists
from ..models import Checklist, ChecklistVersion

_ITEMS = "The items, in order: docs/onboarding.md tells what one holds."


@extend_schema_field(OpenApiTypes.OBJECT)
class DefinitionField(serializers.JSONField):
    """An object; what it says is judged by the rules."""


@extend_schema_serializer(component_name="OnboardingChecklistVersion")
class VersionSerializer(RecordSerializer):
    checklist = serializers.CharField(source="checklist.tier", read_only=True, help_text="Whose: a tier.")
    definition = DefinitionField(read_only=True, help_text=_ITEMS)

    class Meta:
        model = ChecklistVersion
        fields = (
            "id",
            "checklist",
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


@extend_schema_serializer(component_name="OnboardingChecklist")
class ChecklistSerializer(RecordSerializer):
    in_force = serializers.SerializerMethodField()
    draft = serializers.SerializerMethodField()

    class Meta:
        model = Checklist
        fields = ("tier", "name", "description", "in_force", "draft")
        read_only_fields = fields

    @extend_schema_field(VersionSerializer(allow_null=True))
    def get_in_force(self, checklist: Checklist) -> Any:
        published = [version for version in checklist.versions.all() if version.number]
        return self._told(checklist, max(published, key=lambda one: one.number or 0, default=None))

    @extend_schema_field(VersionSerializer(allow_null=True))
    def get_draft(self, checklist: Checklist) -> Any:
        return self._told(checklist, next((one for one in checklist.versions.all() if not one.number), None))

    def _told(self, checklist: Checklist, version: ChecklistVersion | None) -> Any:
        if version is None:
            return None
        version.checklist = checklist
        return VersionSerializer(version).data


@extend_schema_serializer(component_name="OnboardingChecklistDraft")
class DraftSerializer(serializers.Serializer[Any]):
    """What the draft is to say, and which saving of it was read."""

    definition = DefinitionField(help_text=_ITEMS)
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="The draft's that was read; 0 where there was none."
    )


@extend_schema_serializer(component_name="OnboardingChecklistPublication")
class PublicationSerializer(serializers.Serializer[Any]):
    """Why the draft is published, and which saving of it is meant."""

    reason = serializers.CharField(max_length=2_000, help_text="A sentence; it stands on the version.")
    revision = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class ChecklistViewSet(ReadViewSet):
    """The checklist of each tier. It is changed by a draft, which is published as its next version: customers under way
    finish on the version they began with."""

    thing = "onboarding checklist"
    queryset = Checklist.objects.prefetch_related("versions")
    serializer_class = ChecklistSerializer
    lookup_field = "tier"
    lookup_value_regex = "[a-z]{1,12}"
    ordering_fields = ("id",)
    http_method_names = ["get", "put", "post", "delete", "head", "options"]
    admin_actions = ("publish",)
    staff_permissions = {
        "draft": "onboarding.change_checklistversion",
        "discard": "onboarding.change_checklistversion",
        "reset": "onboarding.change_checklistversion",
        "publish": "onboarding.publish_checklistversion",
    }

    @extend_schema(summary="Write a checklist's draft", request=DraftSerializer, responses=VersionSerializer)
    @action(detail=True, methods=["put"])
    def draft(self, request: Request, **lookup: str) -> Response:
        """Changes nothing for customers. 409 where somebody saved it since the `revision` that was read."""
        asked = DraftSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saved = checklists.save_draft(self.get_object(), **asked.validated_data, by=request.user, now=timezone.now())
        return Response(VersionSerializer(saved).data)

    @extend_schema(summary="Discard a checklist's draft", request=None, responses={204: None})
    @draft.mapping.delete
    def discard(self, request: Request, **lookup: str) -> Response:
        """It cannot be brought back. 409 where there is none."""
        checklists.drop_draft(self.get_object())
        return Response(status=204)

    @extend_schema(summary="Reset a checklist to what was shipped", request=None, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def reset(self, request: Request, **lookup: str) -> Response:
        """The draft says what came with the system; publishing it is another step."""
        draft = checklists.reset_to_shipped(self.get_object(), by=request.user, now=timezone.now())
        return Response(VersionSerializer(draft).data)

    @extend_schema(summary="Publish a checklist's draft", request=PublicationSerializer, responses=VersionSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **lookup: str) -> Response:
        """Whoever signs up from now on goes by it. 409 where there is no draft, it says nothing new, or somebody
        saved it since."""
        asked = PublicationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = checklists.publish(self.get_object(), **asked.validated_data, by=request.user, now=timezone.now())
        return Response(VersionSerializer(version).data)


class VersionFilter(filters.FilterSet):
    checklist = filters.ChoiceFilter(
        field_name="checklist__tier", choices=Customer.Tier.choices, help_text="Whose: a tier."
    )

    class Meta:
        model = ChecklistVersion
        fields = ("state",)


class ChecklistVersionViewSet(ReadViewSet):
    """Every version of the checklists. What is published never changes."""

    thing = "onboarding checklist version"
    queryset = ChecklistVersion.objects.select_related("checklist")
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    ordering_fields = ("id",)
