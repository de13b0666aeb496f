"""playbook-versions/: drafts, what is wrong with them, what they change, publication."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import ChangeViewSet, ReadViewSet, RecordSerializer
from agentfactory_cs.filters import NameFilter

from .. import authoring, services
from ..checking import problems
from ..differences import differences
from ..models import Playbook, PlaybookVersion
from ..rules import BadDefinition

MOST_REVISIONS = 2**31 - 1


class DefinitionField(serializers.JSONField):
    """An object; what belongs into it is checked by the services."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError("It must be an object.")
        return value


@extend_schema_serializer(component_name="PlaybookProblem")
class ProblemSerializer(serializers.Serializer[Any]):
    """Why a definition cannot be run here."""

    place = serializers.CharField(help_text="In the definition, such as steps.3.params.template.")
    reason = serializers.CharField()


@extend_schema_serializer(component_name="PlaybookVersion")
class VersionSerializer(RecordSerializer):
    """A draft (`number` null), of which a playbook has at most one, or a published version, which never changes."""

    playbook: Any = serializers.SlugRelatedField(
        slug_field="key", queryset=Playbook.objects.all(), help_text="The playbook's key."
    )
    definition = DefinitionField(
        required=False,
        help_text="trigger, entry, exit, goal, steps (docs/playbooks.md). On creation it may be left out.",
    )
    revision = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_REVISIONS,
        help_text="Counts the savings; a PATCH names the one it has read.",
    )

    class Meta:
        model = PlaybookVersion
        fields: tuple[str, ...] = (
            "id",
            "playbook",
            "number",
            "state",
            "definition",
            "content_hash",
            "revision",
            "is_shipped",
            "reason",
            "created_at",
            "published_at",
        )
        read_only_fields = (
            "number",
            "state",
            "content_hash",
            "is_shipped",
            "reason",
            "created_at",
            "published_at",
        )


@extend_schema_serializer(component_name="PlaybookVersionWithProblems")
class VersionWithProblemsSerializer(VersionSerializer):
    """A version, and why it could not be published as it is."""

    problems = serializers.SerializerMethodField(help_text="None where it can be run here.")

    class Meta(VersionSerializer.Meta):
        fields = (*VersionSerializer.Meta.fields, "problems")

    @extend_schema_field(ProblemSerializer(many=True))
    def get_problems(self, version: PlaybookVersion) -> list[dict[str, str]]:
        found = problems(version.definition, is_sequence=version.playbook.is_sequence)
        return [{"place": problem.place, "reason": problem.reason} for problem in found]


@extend_schema_serializer(component_name="PlaybookPublication")
class PublishSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2_000, help_text="In a sentence; it stands beside the version for ever.")
    revision = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_REVISIONS,
        help_text="Refused where the draft was saved since this one.",
    )


@extend_schema_serializer(component_name="PlaybookDifferences")
class DifferencesSerializer(serializers.Serializer[Any]):
    """What differs, in sentences."""

    before = serializers.CharField()
    after = serializers.CharField()
    differences = serializers.ListField(child=serializers.CharField())


class VersionFilter(filters.FilterSet):
    playbook = NameFilter(
        thing="playbook",
        exists=lambda key: Playbook.objects.filter(key=key).exists(),
        field_name="playbook__key",
        help_text="The playbook's key.",
    )
    state = filters.ChoiceFilter(choices=PlaybookVersion.State.choices)

    class Meta:
        model = PlaybookVersion
        fields = ()


class VersionViewSet(ChangeViewSet, ReadViewSet):
    """Versions of playbooks. Drafts are made, changed and discarded; what is published never changes."""

    thing = "playbook version"
    queryset = PlaybookVersion.objects.select_related("playbook")
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    admin_actions = ("publish",)
    staff_permissions = {
        "publish": "playbooks.publish_playbookversion",
        "destroy": "playbooks.change_playbookversion",
    }

    def get_serializer_class(self) -> type[VersionSerializer]:
        return VersionSerializer if self.action == "list" else VersionWithProblemsSerializer

    def create(self, request: Request) -> Response:
        """A draft: of `definition`, else of the version in force. 409 where the playbook has one."""
        values = self.checked(request)
        draft = authoring.start_draft(values["playbook"], values.get("definition"), by=request.user, now=timezone.now())
        headers = {"Location": self.reverse_action("detail", args=[draft.pk])}
        return Response(self.get_serializer(draft).data, status=201, headers=headers)

    def write(self, record: PlaybookVersion, values: dict[str, Any], now: datetime) -> PlaybookVersion:
        """Needs the `revision` that was read: 409 where somebody saved since. It may be half done."""
        if "revision" not in values:
            raise ValidationError({"revision": "Send the revision you have read."})
        if values.get("playbook", record.playbook) != record.playbook:
            raise ValidationError({"playbook": "A draft keeps it; start another draft."})
        _refuse_published(record)
        definition = values.get("definition", record.definition)
        return services.save_draft(
            record.playbook, definition, revision=values["revision"], by=self.request.user, now=now
        )

    def destroy(self, request: Request, **lookup: str) -> Response:
        """Discards a draft."""
        version = self.get_object()
        _refuse_published(version)
        authoring.discard_draft(version.playbook, by=request.user, now=timezone.now())
        return Response(status=204)

    @extend_schema(
        request=PublishSerializer, responses=VersionWithProblemsSerializer, summary="Publish a draft of a playbook"
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **lookup: str) -> Response:
        """Makes a draft the version in force: who enters from now on goes by it, who is under way finishes on
        theirs. 400 with the first problem where it has any, 409 where it is published already."""
        version = self.get_object()
        asked = PublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        _refuse_published(version)
        published = services.publish(version.playbook, **asked.validated_data, by=request.user, now=timezone.now())
        return Response(self.get_serializer(published).data)

    @extend_schema(
        parameters=[OpenApiParameter("against", int, description="Another version; the one in force unless given.")],
        responses=DifferencesSerializer,
        summary="Compare two versions of playbooks",
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def diff(self, request: Request, **lookup: str) -> Response:
        """What this version does differently, in words."""
        version = self.get_object()
        before = self._against(request, version)
        try:
            told = differences(before.definition, version.definition)
        except BadDefinition as error:
            raise ValidationError({"definition": str(error)}) from None
        return Response({"before": str(before), "after": str(version), "differences": told})

    def _against(self, request: Request, version: PlaybookVersion) -> PlaybookVersion:
        named = request.query_params.get("against")
        if named is None:
            current = services.in_force(version.playbook)
            if current is None:
                raise ValidationError({"against": "The playbook has no version in force: name a version."})
            return current
        if not (named.isascii() and named.isdigit() and len(named) < 19):
            raise ValidationError({"against": "It must be the id of a version."})
        return get_object_or_404(self.queryset, pk=named)


def _refuse_published(version: PlaybookVersion) -> None:
    if version.state != PlaybookVersion.State.DRAFT:
        raise ValidationError(f"{version} is published, which never changes.", code="conflict")
