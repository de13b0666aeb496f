"""scorecards/ and scorecard-versions/: how scores are made, drafts, their preview, publication."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import cached_property
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import ChangeViewSet, CreateViewSet, ReadViewSet, RecordSerializer
from agentfactory_cs.filters import IdFilter

from .. import scorecards
from ..catalogue import changes, serving
from ..models import Scorecard, ScorecardVersion
from ..preview import preview


@extend_schema_serializer(component_name="Scorecard")
class ScorecardSerializer(RecordSerializer):
    scores_tiers = serializers.SerializerMethodField(help_text="The tiers whose customers it scores today.")

    class Meta:
        model = Scorecard
        fields = ("id", "name", "tier", "priority", "retired_at", "scores_tiers")

    @cached_property
    def serving(self) -> Mapping[str, ScorecardVersion]:
        """Asked once for a whole page."""
        return serving()

    def get_scores_tiers(self, card: Scorecard) -> list[str]:
        return [tier for tier, version in self.serving.items() if version.scorecard_id == card.pk]


class ScorecardFilter(filters.FilterSet):
    in_use = filters.BooleanFilter(field_name="retired_at", lookup_expr="isnull", help_text="false: the retired ones.")

    class Meta:
        model = Scorecard
        fields = ("tier",)


class ScorecardViewSet(CreateViewSet, ReadViewSet):
    """Ways of scoring. A new one scores nobody until a version of it is published."""

    queryset = Scorecard.objects.all()
    serializer_class = ScorecardSerializer
    filterset_class = ScorecardFilter
    ordering_fields = ("id", "name", "priority")
    http_method_names = ["get", "post", "patch", "head", "options"]
    store = staticmethod(scorecards.save_scorecard)


class DefinitionField(serializers.JSONField):
    """An object; what belongs into it is checked by the services."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError("It must be an object.")
        return value


@extend_schema_serializer(component_name="ScorecardVersion")
class VersionSerializer(RecordSerializer):
    """A draft (`number` null) or a published version, which never changes."""

    name = serializers.CharField(source="__str__", read_only=True)
    definition = DefinitionField(
        required=False, help_text="components, metrics, bands, provisional_below, limits (docs/health.md)."
    )
    based_on = serializers.PrimaryKeyRelatedField(
        queryset=ScorecardVersion.objects.all(),
        required=False,
        allow_null=True,
        help_text="Whose definition to start from.",
    )
    revision = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=2**31 - 1,
        help_text="Counts the savings; a PATCH names the one it has read.",
    )

    class Meta:
        model = ScorecardVersion
        fields = (
            "id",
            "scorecard",
            "name",
            "number",
            "title",
            "state",
            "based_on",
            "definition",
            "content_hash",
            "revision",
            "saved_at",
            "saved_by_label",
            "reason",
            "published_at",
            "published_by_label",
        )
        read_only_fields = (
            "number",
            "state",
            "content_hash",
            "saved_at",
            "saved_by_label",
            "reason",
            "published_at",
            "published_by_label",
        )


class PublishSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2_000, help_text="In a sentence; it stands beside the version for ever.")
    revision = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="Refused where the draft was saved since this one."
    )


class PreviewRequestSerializer(serializers.Serializer[Any]):
    """What to preview."""

    definition = DefinitionField(required=False, help_text="The version's own unless given; nothing is stored.")


_A_BAND = "at_risk, steady or healthy."


class DistributionSerializer(serializers.Serializer[Any]):
    """Scores by tenth (100 counts in the last) and by band, and their mean."""

    tenths = serializers.ListField(child=serializers.IntegerField())
    bands = serializers.DictField(child=serializers.IntegerField())
    average = serializers.FloatField(allow_null=True)


class MoveSerializer(serializers.Serializer[Any]):
    """So many customers would go from one band to another."""

    before = serializers.CharField(help_text=_A_BAND)
    after = serializers.CharField(help_text=_A_BAND)
    customers = serializers.IntegerField()


class ChangedSerializer(serializers.Serializer[Any]):
    """A customer that would change band."""

    customer = serializers.IntegerField(source="customer.pk")
    customer_external_id = serializers.CharField(source="customer.external_id")
    name = serializers.CharField(source="customer.name")
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    band_before = serializers.CharField(help_text=_A_BAND)
    band_after = serializers.CharField(help_text=_A_BAND)
    revenue = serializers.DictField(
        child=serializers.DecimalField(max_digits=12, decimal_places=2), help_text="Monthly, by currency."
    )


@extend_schema_serializer(component_name="ScorecardPreview")
class PreviewSerializer(serializers.Serializer[Any]):
    """What the customers it would score have now and would have, on the newest scored day."""

    day = serializers.DateField(allow_null=True, help_text="null before the first score; the rest is then empty.")
    tiers = serializers.ListField(child=serializers.CharField(), help_text="Whose customers it would score.")
    customers = serializers.IntegerField(help_text="With a score.")
    without_data = serializers.IntegerField()
    elsewhere = serializers.IntegerField(help_text="Scored by other scorecards.")
    before = DistributionSerializer(allow_null=True)
    after = DistributionSerializer(allow_null=True)
    moves = MoveSerializer(many=True)
    changed = ChangedSerializer(many=True, help_text="At most 50, by revenue.")


_NOTHING_YET: Mapping[str, Any] = {
    "day": None,
    "tiers": [],
    "customers": 0,
    "without_data": 0,
    "elsewhere": 0,
    "before": None,
    "after": None,
    "moves": [],
    "changed": [],
}


@extend_schema_serializer(component_name="ScorecardDifferences")
class DifferencesSerializer(serializers.Serializer[Any]):
    """What differs, in sentences."""

    before = serializers.CharField()
    after = serializers.CharField()
    differences = serializers.ListField(child=serializers.CharField())


class VersionFilter(filters.FilterSet):
    scorecard = IdFilter(field_name="scorecard_id")

    class Meta:
        model = ScorecardVersion
        fields = ("state",)


class VersionViewSet(ChangeViewSet, ReadViewSet):
    """Versions of scorecards. Drafts are made, changed and discarded; what is published never changes."""

    queryset = ScorecardVersion.objects.select_related("scorecard")
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    ordering_fields = ("id", "published_at")
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    thing = "scorecard version"
    staff_permissions = {
        "publish": "health.publish_scorecardversion",
        "preview": "health.view_scorecardversion",
        "destroy": "health.change_scorecardversion",
    }

    def create(self, request: Request) -> Response:
        """A draft: of `definition`, else of the version it is `based_on`, else of the one in force."""
        values = self.checked(request)
        values.pop("revision", None)
        draft = scorecards.start_draft(values.pop("scorecard"), **values, by=request.user, now=timezone.now())
        headers = {"Location": self.reverse_action("detail", args=[draft.pk])}
        return Response(self.get_serializer(draft).data, status=201, headers=headers)

    def write(self, record: ScorecardVersion, values: dict[str, Any], now: datetime) -> ScorecardVersion:
        """Needs the `revision` that was read: 409 where somebody saved since, saying who and when."""
        if "revision" not in values:
            raise ValidationError({"revision": "Send the revision you have read."})
        for name in ("scorecard", "based_on"):
            if name in values and values[name] != getattr(record, name):
                raise ValidationError({name: "A draft keeps it; start another draft."})
        told = {name: values.get(name, getattr(record, name)) for name in ("definition", "title", "revision")}
        return scorecards.save_draft(record, **told, by=self.request.user, now=now)

    def destroy(self, request: Request, **lookup: str) -> Response:
        """Discards a draft."""
        scorecards.discard_draft(self.get_object(), by=request.user, now=timezone.now())
        return Response(status=204)

    @extend_schema(request=PublishSerializer, responses=VersionSerializer, summary="Publish a draft")
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, **lookup: str) -> Response:
        """Makes a draft the version in force of its scorecard, from the next scoring on. 409 where it says what is
        in force already, or is published."""
        version = self.get_object()
        asked = PublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        published = scorecards.publish(version, **asked.validated_data, by=request.user, now=timezone.now())
        return Response(self.get_serializer(published).data)

    @extend_schema(request=PreviewRequestSerializer, responses=PreviewSerializer, summary="Preview a scorecard version")
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, **lookup: str) -> Response:
        """What the version, or another definition in its place, would make of today's customers; changes nothing."""
        version = self.get_object()
        asked = PreviewRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        definition = asked.validated_data.get("definition", version.definition)
        shown = preview(version.scorecard, scorecards.checked_definition(definition))
        return Response(PreviewSerializer(shown or _NOTHING_YET).data)

    @extend_schema(
        parameters=[OpenApiParameter("against", int, description="Another version; the one in force unless given.")],
        responses=DifferencesSerializer,
        summary="Compare two scorecard versions",
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def diff(self, request: Request, **lookup: str) -> Response:
        """What this version says differently, in words."""
        version = self.get_object()
        before = self._against(request, version)
        return Response({"before": str(before), "after": str(version), "differences": changes(before, version)})

    def _against(self, request: Request, version: ScorecardVersion) -> ScorecardVersion:
        named = request.query_params.get("against")
        if named is None:
            current = scorecards.in_force(version.scorecard)
            if current is None:
                raise ValidationError({"against": "The scorecard has no version in force: name a version."})
            return current
        if not (named.isascii() and named.isdigit() and len(named) < 19):
            raise ValidationError({"against": "It must be the id of a version."})
        return get_object_or_404(self.queryset, pk=named)


router = SimpleRouter()
router.register("scorecards", ScorecardViewSet, basename="scorecard")
router.register("scorecard-versions", VersionViewSet, basename="scorecardversion")
urlpatterns = router.urls
