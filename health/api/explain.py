"""health/explain/: the change of a score between two days, by metric and cause."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from .. import queries
from ..explaining import CAUSES, Explanation
from .scores import CustomerView, LimitSerializer, OverrideInForceSerializer, day_parameter


class EndSerializer(serializers.Serializer[Any]):
    """One end of the comparison."""

    day = serializers.DateField(help_text="The scored day (UTC).")
    total = serializers.FloatField(allow_null=True, help_text="As computed.")
    effective = serializers.FloatField(allow_null=True, help_text="What counted: the override, else the total.")
    override = OverrideInForceSerializer(allow_null=True)


class CauseSerializer(serializers.Serializer[Any]):
    """What one cause did to the score, what the limits gave and took included."""

    key = serializers.ChoiceField(choices=CAUSES)
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the serializer's own label
    change = serializers.FloatField(help_text="Points.")
    limits = serializers.FloatField(help_text="The limits' part of it, in points.")


class MetricChangeSerializer(serializers.Serializer[Any]):
    """What one metric did to the score, in points by cause; the three sum to `change`."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the serializer's own label
    component = serializers.CharField()
    reading_before = serializers.FloatField(allow_null=True)
    reading = serializers.FloatField(allow_null=True)
    points_before = serializers.FloatField(allow_null=True, help_text="0 to 100.")
    points = serializers.FloatField(allow_null=True, help_text="0 to 100.")
    change = serializers.FloatField(allow_null=True)
    behaviour = serializers.FloatField(allow_null=True)
    missing = serializers.FloatField(allow_null=True)
    scorecard = serializers.FloatField(allow_null=True)
    newest_on = serializers.DateField(allow_null=True, help_text="Day of the newest row behind the reading.")
    sentence = serializers.CharField()


class ChangeSerializer(serializers.Serializer[Any]):
    """The change of a score between two days. The causes sum to `change`, and so do the metrics with
    `limits_change` and `override_change`; null where one of the days has no score to count."""

    customer_id = serializers.IntegerField()
    change = serializers.FloatField(allow_null=True, help_text="Of the effective score, in points.")
    headline = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField(), help_text="Largest cause first, at most three.")
    causes = CauseSerializer(many=True)
    limits_change = serializers.FloatField(allow_null=True)
    override_change = serializers.FloatField(allow_null=True)
    limits = LimitSerializer(many=True, help_text="Those whose condition is met on the later day.")
    metrics = MetricChangeSerializer(many=True)

    # "from" is no name that Python takes for an attribute.
    def get_fields(self) -> dict[str, serializers.Field]:
        return {**{name: EndSerializer() for name in ("from", "to")}, **super().get_fields()}


class ExplainView(CustomerView):
    """Why a customer's score changed."""

    parameters = ("from", "to")

    @extend_schema(
        operation_id="customers_health_explain",
        tags=["health"],
        summary="Why a customer's score changed",
        parameters=[
            day_parameter("from", "The earlier day; a week before `to` unless given."),
            day_parameter("to", "The later day; the latest scored one unless given."),
        ],
        responses=ChangeSerializer,
    )
    def get(self, request: Request, **named: Any) -> Response:
        """The change between two scored days, split by metric into behaviour, missing data, scorecard change and
        override, and in sentences.

        404 where one of the days has no score.
        """
        since, until = self.day(request, "from"), self.day(request, "to")
        if since and until and since >= until:
            raise ValidationError({"from": f"{since} must lie before to, {until}."})
        explanation = queries.explain(self.customer().pk, until, since=since)
        if explanation is None:
            raise NotFound(f"There is no score of this customer {f'on {until}' if until else 'yet'}.")
        if since and since >= explanation.day:
            raise ValidationError({"from": f"{since} must lie before the latest score, of {explanation.day}."})
        if explanation.compared_with is None:
            earlier = since or explanation.day - timedelta(days=queries.COMPARED_DAYS)
            raise NotFound(f"There is no score of this customer on {earlier} to compare with.")
        return Response(ChangeSerializer(dict(_body(explanation))).data)


def _body(explanation: Explanation) -> Iterator[tuple[str, Any]]:
    yield from vars(explanation).items()
    yield "metrics", explanation.metrics
    yield (
        "from",
        {
            "day": explanation.compared_with,
            "total": explanation.total_before,
            "effective": explanation.effective_before,
            "override": explanation.override_before,
        },
    )
    yield "to", explanation


@extend_schema_view(get=extend_schema(operation_id="customers_by_external_id_health_explain"))
class ByExternalIdExplainView(ExplainView):
    """Why a customer's score changed."""


urlpatterns = [
    path("customers/<int:customer_id>/health/explain/", ExplainView.as_view(), name="customer-health-explain"),
    path("customers/by-external-id/<str:external_id>/health/explain/", ByExternalIdExplainView.as_view()),
]
