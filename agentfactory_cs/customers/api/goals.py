"""goals/, goal-readings/, outcome-reports/: what the customer wants, and what it got."""

from datetime import datetime
from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from ..days import utc_day
from ..models import Goal, GoalReading, OutcomeReport
from ..services import record_reading, remove_record, save_goal, save_outcome_report
from .records import IdFilter, OfCustomerFilter, OfCustomerSerializer, RecordSerializer, RecordViewSet


@extend_schema_serializer(component_name="Goal")
class GoalSerializer(OfCustomerSerializer):
    set_on = serializers.DateField(required=False, help_text="Left out: today (UTC).")

    class Meta:
        model = Goal
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "kind",
            "title",
            "unit",
            "start_value",
            "target_value",
            "set_on",
            "due_on",
            "achieved_on",
            "created_at",
        )


class GoalFilter(OfCustomerFilter):
    achieved = filters.BooleanFilter(field_name="achieved_on", lookup_expr="isnull", exclude=True)
    due_until = filters.DateFilter(field_name="due_on", lookup_expr="lte")

    class Meta:
        model = Goal
        fields = ("kind",)


class GoalViewSet(RecordViewSet):
    """What customers want to achieve: goals, and success metrics to hold. Progress is in goal-readings/."""

    queryset = Goal.objects.select_related("customer")
    serializer_class = GoalSerializer
    filterset_class = GoalFilter
    ordering_fields = ("id", "created_at", "set_on", "due_on")
    store = staticmethod(save_goal)
    remove = staticmethod(remove_record)

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {"set_on": utc_day(now)}


@extend_schema_serializer(component_name="GoalReading")
class GoalReadingSerializer(RecordSerializer):
    read_on = serializers.DateField(required=False, help_text="Left out: today (UTC).")

    class Meta:
        model = GoalReading
        fields = ("id", "goal", "value", "read_on")


class GoalReadingFilter(filters.FilterSet):
    goal = IdFilter(field_name="goal_id")
    customer = IdFilter(field_name="goal__customer_id")
    customer_external_id = filters.CharFilter(field_name="goal__customer__external_id")
    read_since = filters.DateFilter(field_name="read_on", lookup_expr="gte")
    read_until = filters.DateFilter(field_name="read_on", lookup_expr="lte")


class GoalReadingViewSet(RecordViewSet):
    """Where goals stood on a day. A second reading of a day replaces the first.

    The first reading at or beyond the target sets the day the goal was achieved.
    """

    queryset = GoalReading.objects.all()
    serializer_class = GoalReadingSerializer
    filterset_class = GoalReadingFilter
    ordering_fields = ("id", "read_on")
    http_method_names = ["get", "post", "delete", "head", "options"]
    remove = staticmethod(remove_record)

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {"read_on": utc_day(now)}

    def write(self, record: GoalReading, values: dict[str, Any], now: datetime) -> GoalReading:
        goal, value, day = values["goal"], values["value"], values["read_on"]
        return record_reading(goal, value=value, on=day, by=self.request.user, now=now)


@extend_schema_serializer(component_name="OutcomeReport")
class OutcomeReportSerializer(OfCustomerSerializer):
    class Meta:
        model = OutcomeReport
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "period_start",
            "period_end",
            "cost",
            "value_delivered",
            "value_expected",
            "currency",
            "note",
            "created_at",
        )


class OutcomeReportFilter(OfCustomerFilter):
    ended_since = filters.DateFilter(field_name="period_end", lookup_expr="gte")
    ended_until = filters.DateFilter(field_name="period_end", lookup_expr="lte")


class OutcomeReportViewSet(RecordViewSet):
    """What a period cost the customer, what it got, and what it had expected."""

    queryset = OutcomeReport.objects.select_related("customer")
    serializer_class = OutcomeReportSerializer
    filterset_class = OutcomeReportFilter
    ordering_fields = ("id", "created_at", "period_end")
    store = staticmethod(save_outcome_report)
    remove = staticmethod(remove_record)
