"""support-metrics/: how support did over a period, altogether and by tier, success manager, team or month."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.messaging.models import SurveyKind
from agentfactory_cs.messaging.queries import mean_score

from .. import figures
from ..figures import By, Kept, Times
from ..models import Team, Ticket
from .requests import StrictSerializer

LONGEST_DAYS = 1_100
DEFAULT_DAYS = 28
# Nothing happened before, and days far ahead overflow the calendar.
_FIRST_DAY, _DAYS_AHEAD = date(2000, 1, 1), 366


class MetricsRequestSerializer(StrictSerializer):
    """Which period, of whom, and by what."""

    since = serializers.DateField(required=False, help_text="First day (UTC); 27 days before `until` unless given.")
    until = serializers.DateField(required=False, help_text="Last day (UTC); today unless given.")
    tier = serializers.ChoiceField(choices=Customer.Tier.choices, required=False)
    owner = serializers.SlugRelatedField(
        slug_field="username",
        queryset=get_user_model().objects.filter(is_staff=True),
        required=False,
        help_text="User name of a success manager.",
    )
    team = serializers.SlugRelatedField(
        slug_field="key", queryset=Team.objects.all(), required=False, help_text="Key of a team."
    )
    by = serializers.ChoiceField(
        choices=["tier", "owner", "team", "month"], required=False, help_text="Also by these, in `groups`."
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        until = values.setdefault("until", utc_day(timezone.now()))
        since = values.setdefault("since", until - timedelta(days=DEFAULT_DAYS - 1))
        latest = utc_day(timezone.now()) + timedelta(days=_DAYS_AHEAD)
        for name in ("until", "since"):
            if not _FIRST_DAY <= values[name] <= latest:
                raise serializers.ValidationError({name: f"It must lie between {_FIRST_DAY} and {latest}."})
        if not timedelta(0) <= until - since < timedelta(days=LONGEST_DAYS):
            raise serializers.ValidationError({"since": f"A period has 1 to {LONGEST_DAYS} days."})
        return values

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value({name: data[name] for name in data})


@extend_schema_serializer(component_name="SupportTimes")
class TimesSerializer(serializers.Serializer[Any]):
    """Hours: round the clock, and (`open_`) in business hours of the team."""

    number = serializers.IntegerField(help_text="Tickets.")
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    open_mean = serializers.FloatField(allow_null=True)
    open_median = serializers.FloatField(allow_null=True)


class FiguresSerializer(serializers.Serializer[Any]):
    opened = serializers.IntegerField(help_text="Tickets opened.")
    first_response = TimesSerializer(help_text="From creation to a person's first public answer, by when that was.")
    resolution = TimesSerializer(help_text="From creation to resolution without waiting for the customer, by its day.")
    within_service_level = serializers.FloatField(
        allow_null=True, help_text="Percent of the tickets resolved that had no first response or resolution overdue."
    )


@extend_schema_serializer(component_name="SupportGroup")
class GroupSerializer(FiguresSerializer):
    group = serializers.CharField(
        allow_null=True, help_text="Tier, user name, key of the team, or first day of the month; null: without one."
    )


@extend_schema_serializer(component_name="SupportMetrics")
class MetricsSerializer(FiguresSerializer):
    since = serializers.DateField()
    until = serializers.DateField()
    volume = serializers.FloatField(
        allow_null=True, help_text="Tickets by customer and month of 30.4 days; null with a team: customers have none."
    )
    satisfaction = serializers.FloatField(
        allow_null=True, help_text="Mean support CSAT, 1 to 5; null with a team: it is asked by customer."
    )
    groups = GroupSerializer(many=True, help_text="Empty without `by`.")


class MetricsViewSet(GenericViewSet):
    """How support did. docs/support.md tells exactly what is counted."""

    queryset = Ticket.objects.all()
    pagination_class = None

    @extend_schema(
        summary="Read the figures of support",
        operation_id="support_metrics_retrieve",
        parameters=[MetricsRequestSerializer],
        responses=MetricsSerializer,
        filters=False,
    )
    def retrieve(self, request: Request) -> Response:
        """Over a period, both days included. A fixed number of queries, whatever the number of tickets."""
        asked = MetricsRequestSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        since, until, filters = told["since"], told["until"], _filters(told)
        [whole] = _figures(since, until, filters, "", [0.0])
        answer = {**whole, "since": since, "until": until, **_of_customers(since, until, filters), "groups": []}
        if by := told.get("by"):
            answer["groups"] = _figures(since, until, filters, by)
        return Response(MetricsSerializer(answer).data)


def _filters(told: Mapping[str, Any]) -> dict[str, str]:
    filters = {"tier": told.get("tier", "")}
    filters["owner"] = str(told["owner"].pk) if told.get("owner") else ""
    filters["team"] = told["team"].key if told.get("team") else ""
    return {name: value for name, value in filters.items() if value}


def _of_customers(since: date, until: date, filters: Mapping[str, str]) -> dict[str, float | None]:
    if filters.get("team"):
        return {"volume": None, "satisfaction": None}
    mean = mean_score(SurveyKind.SUPPORT_CSAT, since, until, filters)
    return {"volume": figures.volume(since, until, filters), "satisfaction": mean}


def _figures(
    since: date, until: date, filters: Mapping[str, str], by: By, groups: list[Any] | None = None
) -> list[dict[str, Any]]:
    """Of each group that has anything to tell, or of these."""
    scope = (since, until, filters, by)
    opened, first = figures.opened(*scope), figures.first_responses(*scope)
    resolved, kept = figures.resolutions(*scope), figures.kept(*scope)
    found = groups or sorted({*opened, *first, *resolved, *kept}, key=_sorting)
    return [
        {
            "group": group.date() if by == "month" else group,
            "opened": opened.get(group, 0),
            "first_response": first.get(group, Times()),
            "resolution": resolved.get(group, Times()),
            "within_service_level": kept.get(group, Kept()).share,
        }
        for group in found
    ]


def _sorting(group: Any) -> tuple[bool, str]:
    return group is None, str(group)


urlpatterns = [path("support-metrics/", MetricsViewSet.as_view({"get": "retrieve"}), name="support-metrics")]
