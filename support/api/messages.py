"""tickets/{id}/messages/: the thread, and writing in it as the customer, as us, or to each other."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import ReadViewSet
from agentfactory_cs.events.tasks import ring
from agentfactory_cs.messaging.tasks import ring_for_mail

from .. import threads
from ..models import Message, Ticket
from ..writing import Written
from .files import AttachmentSerializer, files_field
from .requests import IF_MATCH, StrictSerializer, lock_version_field, seen_in

OF_TICKET = OpenApiParameter("ticket", int, OpenApiParameter.PATH, description="The ticket's id.")


@extend_schema_serializer(component_name="TicketMessage")
class MessageSerializer(serializers.ModelSerializer):
    author: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField("username", read_only=True)
    attachments = AttachmentSerializer(many=True, read_only=True)

    class Meta:
        model = Message
        fields = (
            "id",
            "ticket",
            "kind",
            "author",
            "author_name",
            "address",
            "text",
            "quoted",
            "html",
            "message_id",
            "written_at",
            "attachments",
        )
        read_only_fields = fields
        extra_kwargs = {"html": {"help_text": "Cleaned; its remote images are blocked."}}


@extend_schema_serializer(component_name="TicketMessageToWrite")
class WriteSerializer(StrictSerializer):
    """What is written. `to_status` and `lock_version` are for answers, `address` and `author_name` for customers."""

    kind = serializers.ChoiceField(
        choices=[(kind.value, kind.label) for kind in (Message.Kind.CUSTOMER, Message.Kind.ANSWER, Message.Kind.NOTE)],
        help_text="customer: they wrote; answer: we answer them; note: among ourselves.",
    )
    text = serializers.CharField(max_length=100_000)
    to_status = serializers.ChoiceField(
        choices=[(one.value, one.label) for one in (Ticket.Status.OPEN, Ticket.Status.PENDING, Ticket.Status.RESOLVED)],
        required=False,
        help_text="Where the ticket goes with the answer; left out: a new one is open from then on.",
    )
    lock_version = lock_version_field()
    address = serializers.EmailField(required=False, allow_blank=True, help_text="Who wrote.")
    author_name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    files = files_field()

    _OF_KIND = {
        Message.Kind.CUSTOMER: ("address", "author_name"),
        Message.Kind.ANSWER: ("to_status", "lock_version"),
        Message.Kind.NOTE: (),
    }

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        kind = Message.Kind(values["kind"])
        foreign = {name for names in self._OF_KIND.values() for name in names} - set(self._OF_KIND[kind])
        if wrong := sorted(foreign & set(values)):
            raise serializers.ValidationError(dict.fromkeys(wrong, f"This says nothing of a message of kind {kind}."))
        return values


_ANSWER = OpenApiExample(
    "An answer that waits for the customer",
    {"kind": "answer", "text": "Which region do your agents run in?", "to_status": "pending", "lock_version": 3},
    request_only=True,
)


class MessageFilter(filters.FilterSet):
    kind = filters.MultipleChoiceFilter(choices=Message.Kind.choices)

    class Meta:
        model = Message
        fields = ()


@extend_schema(parameters=[OF_TICKET])
class MessageViewSet(ReadViewSet):
    """A ticket's thread, oldest first. What was written is never changed."""

    thing = "message"
    queryset = Message.objects.select_related("author").prefetch_related("attachments")
    serializer_class = MessageSerializer
    filterset_class = MessageFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "post", "head", "options"]

    def get_queryset(self) -> QuerySet[Message]:
        found: QuerySet[Message] = super().get_queryset()
        return found.filter(ticket=self.kwargs["ticket"]) if "ticket" in self.kwargs else found.none()

    def list(self, request: Request, **of: str) -> Response:
        """404 where there is no such ticket."""
        get_object_or_404(Ticket, pk=of["ticket"])
        return super().list(request)

    @extend_schema(
        summary="Write in a ticket",
        parameters=[IF_MATCH],
        request=WriteSerializer,
        responses={201: MessageSerializer},
        examples=[_ANSWER],
    )
    def create(self, request: Request, **of: str) -> Response:
        """A customer's message opens again what waited or was resolved; where that is long ago, it begins a ticket of
        its own, which the answer names. 409 where somebody changed the ticket since the state that is named."""
        ticket = get_object_or_404(Ticket, pk=of["ticket"])
        told = WriteSerializer(data=request.data)
        told.is_valid(raise_exception=True)
        message = _write(ticket, told.validated_data, request)
        ring()
        ring_for_mail()
        address = reverse("ticket-message-detail", args=[message.ticket_id, message.pk])
        headers = {"Location": request.build_absolute_uri(address)}
        return Response(MessageSerializer(message).data, status=201, headers=headers)


def _write(ticket: Ticket, told: Mapping[str, Any], request: Request) -> Message:
    by, now = request.user, timezone.now()
    who = {name: told.get(name, "") for name in ("address", "author_name")}
    written = Written(told["text"], files=tuple(told.get("files", ())), **who)
    match told["kind"]:
        case Message.Kind.ANSWER:
            seen = seen_in(request, told.get("lock_version"))
            return threads.answer(ticket, written, to_status=told.get("to_status"), by=by, seen=seen, now=now)
        case Message.Kind.NOTE:
            return threads.note(ticket, written, by=by, now=now)
        case _:
            return threads.customer_wrote(ticket, written, by=by, now=now)


router = SimpleRouter()
router.register("tickets/(?P<ticket>[0-9]{1,18})/messages", MessageViewSet, "ticket-message")
urlpatterns = router.urls
