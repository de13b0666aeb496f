"""Health over REST: the latest score explained, its history, and scoring one customer anew."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.models import Customer

from .. import queries
from ..explaining import Explanation
from ..models import HealthScore
from ..rules import AT_RISK, HEALTHY, STEADY
from ..services import NotScorable, score_customer

HISTORY_DAYS = 90
MAX_HISTORY_DAYS = 730
FIRST_DAY = date(2000, 1, 1)
DAYS_AHEAD = 366


class CustomerHasNoScore(APIException):
    """409: the customer was not yet, or no longer, a customer on that day."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "not_scorable"


class MetricSerializer(serializers.Serializer[Any]):
    """One metric of a score. `weight` is effective; contributions sum to the total."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the serializer's own label
    definition = serializers.CharField()
    window = serializers.CharField(help_text="How far back it reads.")
    reading = serializers.FloatField(allow_null=True, help_text="null where there is no data.")
    reading_text = serializers.CharField()
    worst = serializers.FloatField(allow_null=True, help_text="The reading worth 0 points.")
    best = serializers.FloatField(allow_null=True, help_text="The reading worth 100 points; null: not counted.")
    points = serializers.FloatField(allow_null=True, help_text="0 to 100.")
    weight = serializers.FloatField(help_text="Share of the total after missing data was shared out, 0 to 1.")
    contribution = serializers.FloatField(help_text="Points of the total: weight × points.")
    change = serializers.FloatField(allow_null=True, help_text="Change of the contribution.")
    newest_on = serializers.DateField(allow_null=True, help_text="Day of the newest row behind the reading.")
    source_rows = serializers.IntegerField(allow_null=True, help_text="Rows in the window behind the reading.")
    sentence = serializers.CharField()


class LimitSerializer(serializers.Serializer[Any]):
    """A limit of the scorecard whose condition is met on the day."""

    at_most = serializers.FloatField(help_text="The total is never above this while the condition is met.")
    contribution = serializers.FloatField(help_text="Points it takes, 0 or below.")
    sentence = serializers.CharField()


class OverrideInForceSerializer(serializers.Serializer[Any]):
    """The score set by hand that is in force on the day."""

    id = serializers.IntegerField()
    value = serializers.FloatField()
    contribution = serializers.FloatField(help_text="effective − total.")
    reason = serializers.CharField()
    by = serializers.CharField(help_text="Who set it.")
    first_day = serializers.DateField(help_text="The first scored day it counts for.")
    expires_on = serializers.DateField()
    sentence = serializers.CharField()


class ComponentSerializer(serializers.Serializer[Any]):
    """One of the four components."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the serializer's own label
    score = serializers.FloatField(allow_null=True)
    weight = serializers.FloatField()
    contribution = serializers.FloatField()
    change = serializers.FloatField(allow_null=True)
    metrics = MetricSerializer(many=True)


class HealthSerializer(serializers.Serializer[Any]):
    """A score taken apart, and its change since the day it is compared with."""

    customer_id = serializers.IntegerField()
    day = serializers.DateField(help_text="The scored day (UTC).")
    total = serializers.FloatField(allow_null=True, help_text="As computed, 0 to 100; null where no metric had data.")
    effective = serializers.FloatField(allow_null=True, help_text="What counts: the override, else the total.")
    override = OverrideInForceSerializer(allow_null=True)
    limits = LimitSerializer(many=True)
    band = serializers.ChoiceField(choices=(AT_RISK, STEADY, HEALTHY), allow_null=True)
    provisional = serializers.BooleanField(help_text="Too little data: shown, but it raises no alert.")
    coverage = serializers.FloatField(help_text="Share of the full weight that had data, 0 to 1.")
    version = serializers.CharField(help_text="The scorecard version it was made with.")
    version_id = serializers.IntegerField()
    tier = serializers.ChoiceField(choices=Customer.Tier.choices, help_text="The tier on that day.")
    compared_with = serializers.DateField(allow_null=True)
    total_before = serializers.FloatField(allow_null=True)
    effective_before = serializers.FloatField(allow_null=True)
    change = serializers.FloatField(allow_null=True, help_text="Of the effective score.")
    headline = serializers.CharField(help_text="The change and its causes in a sentence; empty without a comparison.")
    sentences = serializers.ListField(child=serializers.CharField(), help_text="Why, largest cause first.")
    components = ComponentSerializer(many=True)


class HistoryRowSerializer(serializers.Serializer[Any]):
    """One day's score."""

    day = serializers.DateField()
    total = serializers.FloatField(allow_null=True, help_text="As computed.")
    effective = serializers.FloatField(allow_null=True, help_text="What counted: the override, else the total.")
    usage = serializers.FloatField(allow_null=True)
    engagement = serializers.FloatField(allow_null=True)
    outcomes = serializers.FloatField(allow_null=True)
    relationship = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField()
    version_id = serializers.IntegerField()


class HistorySerializer(serializers.Serializer[Any]):
    """A customer's scores over a span, oldest first."""

    customer_id = serializers.IntegerField()
    since = serializers.DateField()
    until = serializers.DateField()
    results = HistoryRowSerializer(many=True)


class DayField(serializers.DateField):
    """A day that can be meant: arithmetic with one at the end of the calendar leads out of it."""

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        last = utc_day(timezone.now()) + timedelta(days=DAYS_AHEAD)
        if not FIRST_DAY <= day <= last:
            raise ValidationError(f"A day lies between {FIRST_DAY} and {last}.")
        return day


class RecalculateSerializer(serializers.Serializer[Any]):
    """What to score."""

    as_of = DayField(required=False, help_text="The day to score; the last complete day unless given.")


def day_parameter(name: str, what: str) -> OpenApiParameter:
    return OpenApiParameter(name, date, description=what)


class CustomerView(APIView):
    """Views of one customer's health, in the address by our id or the platform's."""

    queryset = HealthScore.objects.all()
    parameters: tuple[str, ...] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if unknown := sorted(set(request.query_params) - set(self.parameters)):
            known = ", ".join(self.parameters) or "none"
            raise ValidationError(dict.fromkeys(unknown, f"There is no such parameter. Known: {known}."))

    def customer(self) -> Customer:
        if "external_id" in self.kwargs:
            return get_object_or_404(Customer, external_id=self.kwargs["external_id"])
        return get_object_or_404(Customer, pk=self.kwargs["customer_id"])

    def day(self, request: Request, name: str) -> date | None:
        field = DayField()
        try:
            return field.run_validation(request.query_params[name]) if name in request.query_params else None
        except serializers.ValidationError as error:
            raise ValidationError({name: error.detail}) from None


class HealthView(CustomerView):
    """A customer's health."""

    parameters = ("day", "since")

    @extend_schema(
        operation_id="customers_health_retrieve",
        tags=["health"],
        summary="A customer's score, explained",
        parameters=[
            day_parameter("day", "The scored day; the latest unless given."),
            day_parameter("since", "The day to compare with; a week before unless given."),
        ],
        responses=HealthSerializer,
    )
    def get(self, request: Request, **named: Any) -> Response:
        """The latest score with every metric's reading, points, weight and contribution, and what changed."""
        customer = self.customer()
        explanation = queries.explain(customer.pk, self.day(request, "day"), since=self.day(request, "since"))
        if explanation is None:
            when = "on that day" if "day" in request.query_params else "yet"
            raise NotFound(f"There is no score of this customer {when}; POST to health/recalculate/ makes one.")
        return Response(_json(explanation))


class HistoryView(CustomerView):
    """A customer's scores over time."""

    parameters = ("since", "until")

    @extend_schema(
        operation_id="customers_health_history",
        tags=["health"],
        summary="A customer's scores over time",
        parameters=[
            day_parameter("since", f"First day; {HISTORY_DAYS} days before `until` unless given."),
            day_parameter("until", "Last day; today unless given."),
        ],
        responses=HistorySerializer,
    )
    def get(self, request: Request, **named: Any) -> Response:
        """Total, components and coverage of each scored day, oldest first, of at most two years."""
        customer = self.customer()
        until = self.day(request, "until") or utc_day(timezone.now())
        since = self.day(request, "since") or until - timedelta(days=HISTORY_DAYS - 1)
        if since > until:
            raise ValidationError({"since": f"{since} lies after until, {until}."})
        if (until - since).days >= MAX_HISTORY_DAYS:
            raise ValidationError({"since": f"Ask for at most {MAX_HISTORY_DAYS} days at a time."})
        rows = queries.history(customer.pk, since, until)
        body = {"customer_id": customer.pk, "since": since, "until": until, "results": rows}
        return Response(HistorySerializer(body).data)


class RecalculateView(CustomerView):
    """Scoring one customer anew."""

    @extend_schema(
        operation_id="customers_health_recalculate",
        tags=["health"],
        summary="Score a customer anew",
        request=RecalculateSerializer,
        responses=HealthSerializer,
    )
    def post(self, request: Request, **named: Any) -> Response:
        """Scores the customer for a day as the daily run does, stores the score, and returns it explained.

        409 where the customer was not yet, or no longer, one on that day.
        """
        customer, now = self.customer(), timezone.now()
        asked = RecalculateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        as_of = asked.validated_data.get("as_of")
        if as_of and as_of > utc_day(now):
            raise ValidationError({"as_of": f"{as_of} lies in the future."})
        try:
            row = score_customer(customer.pk, as_of=as_of, now=now)
        except NotScorable as error:
            raise CustomerHasNoScore(str(error)) from None
        explanation = queries.explain(customer.pk, row.day)
        assert explanation is not None
        return Response(_json(explanation))


def _json(explanation: Explanation) -> dict[str, Any]:
    return HealthSerializer(asdict(explanation)).data


@extend_schema_view(get=extend_schema(operation_id="customers_by_external_id_health_retrieve"))
class ByExternalIdHealthView(HealthView):
    """A customer's health."""


@extend_schema_view(get=extend_schema(operation_id="customers_by_external_id_health_history"))
class ByExternalIdHistoryView(HistoryView):
    """A customer's scores over time."""


@extend_schema_view(post=extend_schema(operation_id="customers_by_external_id_health_recalculate"))
class ByExternalIdRecalculateView(RecalculateView):
    """Scoring one customer anew."""


_OURS, _THEIRS = "customers/<int:customer_id>/health/", "customers/by-external-id/<str:external_id>/health/"
urlpatterns = [
    path(_OURS, HealthView.as_view(), name="customer-health"),
    path(f"{_OURS}history/", HistoryView.as_view(), name="customer-health-history"),
    path(f"{_OURS}recalculate/", RecalculateView.as_view(), name="customer-recalculate"),
    path(_THEIRS, ByExternalIdHealthView.as_view()),
    path(f"{_THEIRS}history/", ByExternalIdHistoryView.as_view()),
    path(f"{_THEIRS}recalculate/", ByExternalIdRecalculateView.as_view()),
]
