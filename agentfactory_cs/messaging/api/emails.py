"""emails/: mail to customers, what became of it, and asking for one."""

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
from agentfactory_cs.filters import NameFilter

from .. import outbox
from ..models import Email, MailTemplate
from ..services import schedule_email
from ..tasks import ring_for_mail


@extend_schema_serializer(component_name="Email")
class EmailSerializer(OfCustomerSerializer):
    customer: Any = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text="Our id; null: a stranger, who wrote to support."
    )
    customer_external_id: Any = serializers.SlugRelatedField(
        slug_field="external_id",
        source="customer",
        read_only=True,
        allow_null=True,
        help_text="The platform's tenant id.",
    )
    template: Any = serializers.SlugRelatedField(slug_field="key", read_only=True)

    class Meta:
        model = Email
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "contact",
            "to_address",
            "language",
            "template",
            "topic",
            "state",
            "reason",
            "address",
            "subject",
            "is_automatic",
            "attempts",
            "message_id",
            "created_at",
            "due_at",
            "not_before",
            "expires_at",
            "sent_at",
            "delivered_at",
            "opened_at",
            "clicked_at",
            "bounced_at",
            "complained_at",
        )
        read_only_fields = fields


@extend_schema_serializer(component_name="EmailToSchedule")
class EmailToScheduleSerializer(OfCustomerSerializer):
    """Which mail, to whom, and when."""

    template = serializers.SlugRelatedField(
        slug_field="key", queryset=MailTemplate.objects.all(), help_text="The template's key."
    )
    contact = serializers.PrimaryKeyRelatedField(
        queryset=Contact.objects.all(), required=False, help_text="Left out: the primary contact."
    )
    day = serializers.IntegerField(
        min_value=0, max_value=366, required=False, help_text="Days from today: at 09:00 in the contact's zone; 0: now."
    )
    on = serializers.DateField(required=False, help_text="Or the day itself, on the contact's calendar.")
    context: Any = serializers.DictField(required=False, help_text="Plain data for the template, beside the usual.")

    class Meta:
        model = Email
        fields = ("customer", "customer_external_id", "template", "contact", "day", "on", "context", "is_automatic")

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        if "day" in values and "on" in values:
            raise serializers.ValidationError({"on": "Give day or on, not both."})
        return values


class WhySerializer(serializers.Serializer[Any]):
    """Why it is not to go out."""

    reason = serializers.CharField(max_length=300, help_text="A sentence; it stands on the customer's timeline.")


class EmailFilter(OfCustomerFilter):
    state = filters.MultipleChoiceFilter(choices=Email.State.choices)
    template = NameFilter(
        thing="mail template",
        exists=lambda key: MailTemplate.objects.filter(key=key).exists(),
        field_name="template__key",
        help_text="The template's key.",
    )
    sent_since = since_filter("sent_at", "Sent at this moment or later.")

    class Meta:
        model = Email
        fields = ("contact", "topic")


class EmailViewSet(ChangeViewSet, ReadViewSet):
    """Mail to customers: asked for, waiting, held, sent or not sent, with the reason."""

    queryset = Email.objects.select_related("customer", "template").defer("html", "text", "context")
    serializer_class = EmailSerializer
    filterset_class = EmailFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(summary="Schedule a mail", request=EmailToScheduleSerializer, responses={201: EmailSerializer})
    def create(self, request: Request) -> Response:
        """Ask for one mail. Repeated for the same contact, template and day it answers with the mail that is there.

        Whether it may go out (unsubscribed, cap, quiet hours …) is asked when it is due; `reason` then says what
        kept it back.
        """
        asked = EmailToScheduleSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        email = schedule_email(
            values["customer"].pk,
            values["template"].key,
            values.get("on", values.get("day", 0)),
            contact=values.get("contact"),
            context=values.get("context"),
            is_automatic=values.get("is_automatic", True),
            by=request.user,
            now=timezone.now(),
        )
        ring_for_mail()
        headers = {"Location": self.reverse_action("detail", args=[email.pk])}
        return Response(EmailSerializer(email).data, status=201, headers=headers)

    @extend_schema(summary="Do not send a mail", request=WhySerializer, responses=EmailSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **lookup: str) -> Response:
        """What waits or is held is not sent; what went out already answers 409."""
        why = WhySerializer(data=request.data)
        why.is_valid(raise_exception=True)
        email = outbox.cancel(
            self.get_object(), reason=why.validated_data["reason"], by=request.user, now=timezone.now()
        )
        return Response(EmailSerializer(email).data)
