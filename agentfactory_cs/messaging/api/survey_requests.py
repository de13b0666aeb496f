"""survey-requests/: surveys put to people, what came of it, asking and cancelling."""

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import (
    ChangeViewSet,
    OfCustomerFilter,
    OfCustomerSerializer,
    ReadViewSet,
    since_filter,
)
from agentfactory_cs.customers.models import Contact
from agentfactory_cs.events.tasks import ring

from ..asking import ask_survey, cancel_request
from ..models import SurveyKind, SurveyRequest
from ..tasks import ring_for_mail


@extend_schema_serializer(component_name="SurveyRequest")
class SurveyRequestSerializer(OfCustomerSerializer):
    kind = serializers.CharField(source="survey.kind", help_text="Which survey: nps, support_csat or onboarding_csat.")
    score = serializers.IntegerField(
        source="response.score", allow_null=True, help_text="What was answered; null: nothing yet."
    )

    class Meta:
        model = SurveyRequest
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "kind",
            "contact",
            "about",
            "state",
            "reason",
            "response",
            "score",
            "mail",
            "reminder",
            "source",
            "source_id",
            "asked_at",
            "remind_at",
            "expires_at",
            "closed_at",
        )
        read_only_fields = fields

    def to_representation(self, instance: SurveyRequest) -> dict[str, Any]:
        # REST framework leaves out what lies behind an empty relation.
        return {"score": None, **super().to_representation(instance)}


@extend_schema_serializer(component_name="SurveyToAsk")
class SurveyToAskSerializer(OfCustomerSerializer):
    """Which survey, and whom to ask."""

    kind = serializers.ChoiceField(choices=SurveyKind.choices)
    contact = serializers.PrimaryKeyRelatedField(
        queryset=Contact.objects.all(), required=False, help_text="Left out: the primary contact."
    )

    class Meta:
        model = SurveyRequest
        fields = ("customer", "customer_external_id", "kind", "contact", "about")


class WhyCancelSerializer(serializers.Serializer[Any]):
    """Why no answer is waited for any more."""

    reason = serializers.CharField(max_length=300, help_text="A sentence; it stands on the customer's timeline.")


class SurveyRequestFilter(OfCustomerFilter):
    state = filters.MultipleChoiceFilter(choices=SurveyRequest.State.choices)
    kind = filters.ChoiceFilter(field_name="survey__kind", choices=SurveyKind.choices, help_text="Which survey.")
    asked_since = since_filter("asked_at", "Asked at this moment or later.")

    class Meta:
        model = SurveyRequest
        fields = ("contact",)


class SurveyRequestViewSet(ChangeViewSet, ReadViewSet):
    """Surveys put to people: waiting for the answer, answered, not answered, cancelled, or not asked and why."""

    queryset = SurveyRequest.objects.select_related("customer", "survey", "response")
    serializer_class = SurveyRequestSerializer
    filterset_class = SurveyRequestFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(summary="Ask a survey", request=SurveyToAskSerializer, responses={201: SurveyRequestSerializer})
    def create(self, request: Request) -> Response:
        """Put a survey to somebody by mail. Where they may not be asked (asked not long ago, unsubscribed, no contact
        …), the request is there all the same, with the state `not_asked` and the reason."""
        wanted = SurveyToAskSerializer(data=request.data, context=self.get_serializer_context())
        wanted.is_valid(raise_exception=True)
        asked = ask_survey(**wanted.validated_data, source="rest", by=request.user, now=timezone.now())
        ring()
        ring_for_mail()
        headers = {"Location": self.reverse_action("detail", args=[asked.pk])}
        return Response(SurveyRequestSerializer(asked).data, status=201, headers=headers)

    @extend_schema(summary="Cancel a survey", request=WhyCancelSerializer, responses=SurveyRequestSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **lookup: str) -> Response:
        """Its link answers nothing any more, and what has not gone out is not sent; 409 where it waits no more."""
        why = WhyCancelSerializer(data=request.data)
        why.is_valid(raise_exception=True)
        asked = cancel_request(
            self.get_object(), reason=why.validated_data["reason"], by=request.user, now=timezone.now()
        )
        ring()
        return Response(SurveyRequestSerializer(asked).data)
