"""Scoring runs, incidents and data watermarks over REST."""

from datetime import date
from typing import Any

from django.db import transaction
from django.urls import include, path
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from agentfactory_cs.customers.api.records import ReadViewSet

from .. import aftermath, feeds, incidents, runs, tasks
from ..models import Incident, ScoringRun
from ..services import last_complete_day
from ..watermarks import STATES, watermarks
from .scores import DayField


@extend_schema_serializer(component_name="ScoringRun")
class RunSerializer(serializers.ModelSerializer):
    """The scoring of everybody for one day."""

    requested_by: serializers.SlugRelatedField = serializers.SlugRelatedField(
        "username", read_only=True, allow_null=True
    )

    class Meta:
        model = ScoringRun
        fields = (
            "id",
            "day",
            "state",
            "customers_total",
            "customers_done",
            "error",
            "incident",
            "median_change",
            "alerts_at",
            "alerts_note",
            "requested_by",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class StartSerializer(serializers.Serializer[Any]):
    """Which day to score."""

    day = DayField(required=False, help_text="The day to score; the last complete day unless given.")

    def validate_day(self, day: date) -> date:
        newest = last_complete_day(timezone.now())
        if day > newest:
            raise serializers.ValidationError(f"{day} is not over yet; the newest day that can be scored is {newest}.")
        return day


class RunFilter(filters.FilterSet):
    day_since = filters.DateFilter(field_name="day", lookup_expr="gte", help_text="Of this day or later.")
    day_until = filters.DateFilter(field_name="day", lookup_expr="lte", help_text="Of this day or earlier.")

    class Meta:
        model = ScoringRun
        fields = ("state", "day")


class RunViewSet(ReadViewSet):
    """The runs that score everybody, with their progress, and what holds them."""

    queryset = ScoringRun.objects.select_related("requested_by")
    serializer_class = RunSerializer
    filterset_class = RunFilter
    ordering_fields = ("id", "day", "created_at")

    @extend_schema(
        summary="Score everybody", request=StartSerializer, responses={200: RunSerializer, 201: RunSerializer}
    )
    def create(self, request: Request) -> Response:
        """Starts the run of a day (201), or joins the one that is under way or held (200).

        Where the day's usage is late the run is `held` by an incident, and nothing is scored until the usage
        has come or the incident is released.
        """
        asked, now = StartSerializer(data=request.data), timezone.now()
        asked.is_valid(raise_exception=True)
        day = asked.validated_data.get("day") or last_complete_day(now)
        under_way = runs.under_way(day)
        run = feeds.start_unless_late(day, by=request.user, now=now)
        transaction.on_commit(lambda: tasks.ring(run))
        code = status.HTTP_200_OK if run == under_way else status.HTTP_201_CREATED
        return Response(self.get_serializer(run).data, status=code)


@extend_schema_serializer(component_name="Incident")
class IncidentSerializer(serializers.ModelSerializer):
    """What is the matter with the data, and what it holds."""

    figures = serializers.JSONField(read_only=True, help_text="What was measured, by day.")
    closed_by: serializers.SlugRelatedField = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = Incident
        fields = (
            "id",
            "kind",
            "source",
            "day",
            "summary",
            "figures",
            "opened_at",
            "closed_at",
            "closed_by",
            "outcome",
            "reason",
        )
        read_only_fields = fields


class ReleaseSerializer(serializers.Serializer[Any]):
    """Why it is released."""

    reason = serializers.CharField(max_length=2_000, help_text="Kept on the incident.")


class IncidentFilter(filters.FilterSet):
    is_open = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull", help_text="Not closed yet.")

    source = filters.ChoiceFilter(choices=[(name, name) for name in (feeds.SOURCE, aftermath.SOURCE)])

    class Meta:
        model = Incident
        fields = ("kind",)


class IncidentViewSet(ReadViewSet):
    """Days whose usage is late, and days on which everybody's score moved at once."""

    queryset = Incident.objects.select_related("closed_by")
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilter
    ordering_fields = ("id", "opened_at")
    staff_permissions = {"release": incidents.RELEASE}
    admin_actions = ("release",)

    @extend_schema(
        summary="Release what an incident holds", request=ReleaseSerializer, responses={200: IncidentSerializer}
    )
    @action(detail=True, methods=["post"])
    def release(self, request: Request, **lookup: str) -> Response:
        """Scores the held days with what has come, or lets the held alerts be judged. 409 where it is closed."""
        incident = self.get_object()
        asked = ReleaseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        released = incidents.release(incident, **asked.validated_data, by=request.user, now=timezone.now())
        transaction.on_commit(lambda: tasks.ring_after_release(released))
        return Response(self.get_serializer(incident).data)


class WatermarkSerializer(serializers.Serializer[Any]):
    """How far one source's data reaches."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the serializer's own label
    state = serializers.ChoiceField(choices=list(STATES.items()))
    newest = serializers.DateField(allow_null=True, help_text="Its newest day; null: none, or no usage in 28 days.")
    days = serializers.IntegerField(help_text="How many days `customers` and `usual` are about.")
    customers = serializers.IntegerField(help_text="Customers with data in the days up to the last complete one.")
    usual = serializers.FloatField(allow_null=True, help_text="How many there usually are; null: unknown.")
    sentence = serializers.CharField()


class WatermarksSerializer(serializers.Serializer[Any]):
    """How far each source's data reaches."""

    results = WatermarkSerializer(many=True)


class WatermarksView(APIView):
    """How far each source's data reaches."""

    queryset = ScoringRun.objects.all()

    @extend_schema(
        operation_id="watermarks_retrieve", tags=["health"], summary="Data freshness", responses=WatermarksSerializer
    )
    def get(self, request: Request) -> Response:
        """For each source its newest day, how many customers delivered against the usual, and whether that is late."""
        return Response(WatermarksSerializer({"results": watermarks(timezone.now())}).data)


router = SimpleRouter()
router.register("scoring-runs", RunViewSet)
router.register("incidents", IncidentViewSet)

urlpatterns = [path("", include(router.urls)), path("watermarks/", WatermarksView.as_view(), name="watermarks")]
