"""alerts/, alert-rules/: what somebody should look at, working it, and the rules it is raised by."""

from datetime import date, timedelta
from typing import Any

from django.urls import include, path
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import (
    ChangeViewSet,
    OfCustomerFilter,
    OfCustomerSerializer,
    ReadViewSet,
    RecordSerializer,
)
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.filters import UserFilter

from .. import alerts
from ..models import Alert, AlertRule
from ..precision import Precision, by_kind, by_month
from .scores import DayField

PRECISION_DAYS = 90


@extend_schema_serializer(component_name="HealthAlert")
class AlertSerializer(OfCustomerSerializer):
    owner: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="username", read_only=True, help_text="User name of the success manager it went to; null: nobody."
    )
    sentences = serializers.ListField(child=serializers.CharField(), help_text="Why, largest cause first.")
    mrr = serializers.DecimalField(
        max_digits=12, decimal_places=2, allow_null=True, help_text="Monthly revenue when it was raised."
    )

    class Meta:
        model = Alert
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "kind",
            "state",
            "owner",
            "day",
            "last_day",
            "repeats",
            "score",
            "score_before",
            "mrr",
            "currency",
            "rank",
            "sentences",
            "quiet",
            "quiet_reason",
            "told_at",
            "opened_at",
            "acknowledged_at",
            "snoozed_until",
            "closed_at",
            "closing",
            "rearmed_on",
            "label",
            "labelled_at",
        )
        read_only_fields = fields


class SnoozeSerializer(RecordSerializer):
    until = serializers.DateField(help_text="The day on which it is open again: from tomorrow to 90 days ahead.")

    class Meta:
        model = Alert
        fields = ("until",)


class CloseSerializer(RecordSerializer):
    reason = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Goes to the customer's timeline."
    )

    class Meta:
        model = Alert
        fields = ("reason",)


class LabelSerializer(RecordSerializer):
    label = serializers.ChoiceField(  # type: ignore[assignment]  # a field, not the serializer's own label
        choices=[("", "None"), *Alert.Label.choices], help_text="What it turned out to be; empty takes a label back."
    )

    class Meta:
        model = Alert
        fields = ("label",)


class PrecisionSerializer(serializers.Serializer[Any]):
    """What became of the alerts of a kind raised in a span, or in the month that begins with `month`."""

    kind = serializers.ChoiceField(choices=Alert.Kind.choices)
    month = serializers.DateField(allow_null=True)
    raised = serializers.IntegerField()
    useful = serializers.IntegerField()
    noise = serializers.IntegerField()
    known = serializers.IntegerField()
    precision = serializers.FloatField(
        source="share", allow_null=True, help_text="useful ÷ (useful + noise), 0 to 1; null below 10 of them."
    )
    acknowledged = serializers.IntegerField()
    median_seconds_to_acknowledge = serializers.SerializerMethodField()
    closed = serializers.IntegerField()
    recovered = serializers.IntegerField(help_text="Of the closed ones, those that recovery closed.")

    def get_median_seconds_to_acknowledge(self, row: Precision) -> float | None:
        return None if row.acknowledged_after is None else row.acknowledged_after.total_seconds()


class PrecisionsSerializer(serializers.Serializer[Any]):
    """How good the alerts of a span were, by kind, and by kind and month."""

    since = serializers.DateField()
    until = serializers.DateField()
    kinds = PrecisionSerializer(many=True)
    months = PrecisionSerializer(many=True)


class SpanSerializer(serializers.Serializer[Any]):
    """The span asked for."""

    since = DayField(required=False)
    until = DayField(required=False)

    def validate(self, values: dict[str, date]) -> dict[str, date]:
        until = values.get("until") or utc_day(timezone.now())
        since = values.get("since") or until - timedelta(days=PRECISION_DAYS)
        if since > until:
            raise serializers.ValidationError({"since": f"{since} lies after until, {until}."})
        return {"since": since, "until": until}


class AlertFilter(OfCustomerFilter):
    owner = UserFilter("owner")
    state = filters.MultipleChoiceFilter(choices=Alert.State.choices)
    kind = filters.MultipleChoiceFilter(choices=Alert.Kind.choices)
    raised_since = filters.DateFilter(field_name="day", lookup_expr="gte", help_text="Raised for this scored day on.")

    class Meta:
        model = Alert
        fields = ("label", "quiet")


class AlertViewSet(ReadViewSet):
    """Alerts. They are raised by the daily scoring, and closed by recovery or by somebody."""

    thing = "alert"
    queryset = Alert.objects.select_related("customer", "owner")
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    ordering_fields = ("id", "rank", "day", "opened_at")
    staff_permissions = {"precision": "health.view_alert"}

    @extend_schema(summary="Acknowledge an alert", request=None, responses={200: AlertSerializer})
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, **lookup: str) -> Response:
        """Somebody is on it. 409 where it is acknowledged already, or closed."""
        alerts.acknowledge(self.get_object(), by=request.user, now=timezone.now())
        return self._as_it_is()

    @extend_schema(summary="Snooze an alert", request=SnoozeSerializer, responses={200: AlertSerializer})
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, **lookup: str) -> Response:
        """Out of the way until a day. 409 where it is snoozed already, or closed."""
        alerts.snooze(self.get_object(), **_checked(SnoozeSerializer, request), by=request.user, now=timezone.now())
        return self._as_it_is()

    @extend_schema(summary="Close an alert", request=CloseSerializer, responses={200: AlertSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, **lookup: str) -> Response:
        """It needs nobody any more, and stays quiet until the customer has recovered. 409 where it is closed."""
        alerts.close(self.get_object(), **_checked(CloseSerializer, request), by=request.user, now=timezone.now())
        return self._as_it_is()

    @extend_schema(summary="Label an alert", request=LabelSerializer, responses={200: AlertSerializer})
    @action(detail=True, methods=["post"])
    def label(self, request: Request, **lookup: str) -> Response:
        """What it turned out to be: the precision of the rules is measured by this."""
        alerts.label(self.get_object(), **_checked(LabelSerializer, request), by=request.user, now=timezone.now())
        return self._as_it_is()

    @extend_schema(
        summary="How good the alerts were",
        parameters=[
            OpenApiParameter(
                "since", date, description=f"First day; {PRECISION_DAYS} days before `until` unless given."
            ),
            OpenApiParameter("until", date, description="Last day; today unless given."),
        ],
        responses=PrecisionsSerializer,
        filters=False,
    )
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def precision(self, request: Request) -> Response:
        """Per rule, over the span and month by month: how many were useful, and how soon they were taken up."""
        if unknown := sorted(set(request.query_params) - {"since", "until"}):
            raise serializers.ValidationError(
                dict.fromkeys(unknown, "There is no such parameter. Known: since, until.")
            )
        asked = SpanSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        span = asked.validated_data
        body = {**span, "kinds": by_kind(**span), "months": by_month(**span)}
        return Response(PrecisionsSerializer(body).data)

    def _as_it_is(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


def _checked(serializer_class: type[RecordSerializer], request: Request) -> dict[str, Any]:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


@extend_schema_serializer(component_name="AlertRule")
class AlertRuleSerializer(RecordSerializer):
    class Meta:
        model = AlertRule
        fields = ("kind", "is_active", "threshold", "days", "recovery")
        read_only_fields = ("kind",)


class AlertRuleViewSet(ReadViewSet, ChangeViewSet):
    """The rules by which alerts are raised, one a kind. A change holds from the next scored day on."""

    thing = "alert rule"
    queryset = AlertRule.objects.all()
    serializer_class = AlertRuleSerializer
    ordering_fields = ("kind",)
    unique_field = "kind"
    lookup_field = "kind"
    admin_actions = ("partial_update",)
    lookup_value_regex = "[a-z_]{1,12}"
    store = staticmethod(alerts.save_rule)


router = SimpleRouter()
router.register("alerts", AlertViewSet, "alert")
router.register("alert-rules", AlertRuleViewSet, "alert-rule")

urlpatterns = [path("", include(router.urls))]
