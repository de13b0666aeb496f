"""survey-responses/: what customers answered when asked."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from agentfactory_cs.customers.api.records import OfCustomerFilter, OfCustomerSerializer, RecordViewSet, since_filter

from ..models import Response, Survey, SurveyKind
from ..services import record_response


@extend_schema_serializer(component_name="SurveyResponse")
class SurveyResponseSerializer(OfCustomerSerializer):
    kind = serializers.ChoiceField(choices=SurveyKind.choices)
    score = serializers.IntegerField(min_value=0, max_value=10, help_text="NPS 0 to 10, satisfaction 1 to 5.")
    answered_at = serializers.DateTimeField(required=False, help_text="Left out: now.")

    class Meta:
        model = Response
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "external_id",
            "kind",
            "contact",
            "score",
            "comment",
            "answered_at",
        )


class SurveyResponseFilter(OfCustomerFilter):
    answered_since = since_filter("answered_at", "Answered at this moment or later.")

    class Meta:
        model = Response
        fields = ("kind", "external_id")


class SurveyResponseViewSet(RecordViewSet):
    """Answers to our surveys. An answer is what somebody said: it is neither changed nor deleted."""

    thing = "survey response"
    queryset = Response.objects.select_related("customer")
    serializer_class = SurveyResponseSerializer
    filterset_class = SurveyResponseFilter
    ordering_fields = ("id", "answered_at")
    http_method_names = ["get", "post", "head", "options"]
    store = staticmethod(record_response)

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {"answered_at": now}

    def write(self, record: Response, values: dict[str, Any], now: datetime) -> Response:
        record.survey = Survey.objects.get(kind=values["kind"])
        return super().write(record, values, now)
