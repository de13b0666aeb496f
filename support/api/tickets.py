"""tickets/: opening, reading, changing them, and every verb of theirs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import ReadViewSet
from agentfactory_cs.customers.models import Contact
from agentfactory_cs.events.tasks import ring

from .. import assigning, editing, escalating, linking, moving
from ..models import Escalation, Ticket
from ..opening import Asked, open_ticket
from ..tasks import ring_for_answers
from ..writing import Written
from .requests import (
    IF_MATCH,
    AssignSerializer,
    EscalateSerializer,
    MergeSerializer,
    MoveSerializer,
    SplitSerializer,
    seen_in,
)
from .shapes import TicketFilter, TicketSerializer, ToOpenSerializer

_SHOWN = ("customer", "area", "team", "assignee", "service_version")
_OPENING = OpenApiExample(
    "A ticket of a customer",
    {
        "subject": "Agents stop answering at night",
        "text": "Since Monday our agents stop answering at about 02:00 UTC. The log says “quota”.",
        "customer_external_id": "tenant-17",
        "requester_address": "ada@northwind.example",
        "area": "agents",
        "severity": "high",
        "external_id": "zd-4711",
    },
    request_only=True,
)


class TicketViewSet(ReadViewSet):
    """What customers ask of us. Opening one finds its language, team and person, and starts its clocks.

    An answer carries its state as ETag; a change that names it (If-Match, or `lock_version`) never overwrites
    somebody else's.
    """

    queryset = Ticket.objects.select_related(*_SHOWN)
    serializer_class = TicketSerializer
    filterset_class = TicketFilter
    ordering_fields = ("id", "created_at", "updated_at")
    http_method_names = ["get", "post", "patch", "head", "options"]

    def retrieve(self, request: Request, **lookup: str) -> Response:
        return self._shown(self.get_object())

    @extend_schema(request=ToOpenSerializer, responses={201: TicketSerializer}, examples=[_OPENING])
    def create(self, request: Request) -> Response:
        """Opens a ticket: customer, contact, or the requester's address must be named. An address that one of our
        contacts alone has makes the ticket that customer's."""
        asked, now = ToOpenSerializer(data=request.data), timezone.now()
        asked.is_valid(raise_exception=True)
        ticket = open_ticket(_asked(asked.validated_data), by=request.user, now=now)
        ring()
        ring_for_answers()
        response = self._again(ticket)
        response.status_code = 201
        response["Location"] = self.reverse_action("detail", args=[ticket.pk])
        return response

    @extend_schema(parameters=[IF_MATCH], responses=TicketSerializer)
    def partial_update(self, request: Request, **lookup: str) -> Response:
        """Its due times follow. 409 where somebody changed it since the state that is named."""
        ticket = self.get_object()
        serializer = TicketSerializer(ticket, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        changes = dict(serializer.validated_data)
        seen = seen_in(request, changes.pop("lock_version", None))
        editing.edit(ticket, changes, by=request.user, seen=seen, now=timezone.now())
        return self._again(ticket)

    @extend_schema(
        summary="Resolve a ticket", parameters=[IF_MATCH], request=MoveSerializer, responses=TicketSerializer
    )
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, **lookup: str) -> Response:
        """409 where it is resolved or closed already."""
        return self._move(request, Ticket.Status.RESOLVED)

    @extend_schema(
        summary="Have a ticket wait", parameters=[IF_MATCH], request=MoveSerializer, responses=TicketSerializer
    )
    @action(detail=True, methods=["post"])
    def pending(self, request: Request, **lookup: str) -> Response:
        """It waits for the customer: the resolution clock stands until they write, or it is opened again."""
        return self._move(request, Ticket.Status.PENDING)

    @extend_schema(
        summary="Open a ticket again", parameters=[IF_MATCH], request=MoveSerializer, responses=TicketSerializer
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, **lookup: str) -> Response:
        """From waiting, resolved or closed; what was solved counts as reopened."""
        return self._move(request, Ticket.Status.OPEN)

    @extend_schema(summary="Close a ticket", parameters=[IF_MATCH], request=MoveSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, **lookup: str) -> Response:
        """Without waiting for the week after which what is resolved closes by itself."""
        return self._move(request, Ticket.Status.CLOSED)

    @extend_schema(summary="Assign a ticket", request=AssignSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, **lookup: str) -> Response:
        """To a team, and there to somebody. An assignee that is named may be given more than they take."""
        ticket, told = self.get_object(), self._told(AssignSerializer, request)
        _assign(ticket, told, by=request.user, now=timezone.now())
        return self._again(ticket)

    @extend_schema(summary="Escalate a ticket", request=EscalateSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, **lookup: str) -> Response:
        """Brings it before the senior team, once by hand: 409 the second time, and where it is solved."""
        ticket, told = self.get_object(), self._told(EscalateSerializer, request)
        team, detail = told.get("team"), told["detail"]
        escalation = escalating.escalate_to(
            ticket, team, reason=Escalation.Reason.HAND, detail=detail, by=request.user, now=timezone.now()
        )
        if escalation is None:
            raise ValidationError(
                "It was escalated by hand before, is solved, or has nobody to go to.", code="conflict"
            )
        ring()
        return self._again(ticket)

    @extend_schema(summary="Merge a ticket into another", request=MergeSerializer, responses=TicketSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, **lookup: str) -> Response:
        """Its messages go to the other, which is answered with; this one is closed. Both must be of one customer."""
        ticket, told = self.get_object(), self._told(MergeSerializer, request)
        return self._again(linking.merge(ticket, told["into"], by=request.user, now=timezone.now()))

    @extend_schema(summary="Split a ticket", request=SplitSerializer, responses={201: TicketSerializer})
    @action(detail=True, methods=["post"])
    def split(self, request: Request, **lookup: str) -> Response:
        """Some of its messages become a ticket of their own, which is answered with, linked to this one."""
        ticket, told = self.get_object(), self._told(SplitSerializer, request)
        new = linking.split_off(ticket, told["messages"], subject=told["subject"], by=request.user, now=timezone.now())
        ring()
        response = self._again(new)
        response.status_code = 201
        response["Location"] = self.reverse_action("detail", args=[new.pk])
        return response

    def _move(self, request: Request, to: str) -> Response:
        ticket, told = self.get_object(), self._told(MoveSerializer, request)
        seen = seen_in(request, told.get("lock_version"))
        moving.move(ticket, to, by=request.user, reason=told.get("reason", ""), seen=seen, now=timezone.now())
        ring()
        return self._again(ticket)

    def _told(self, form: Any, request: Request) -> Mapping[str, Any]:
        serializer = form(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def _again(self, ticket: Ticket) -> Response:
        return self._shown(self.get_queryset().get(pk=ticket.pk))

    def _shown(self, ticket: Ticket) -> Response:
        response = Response(self.get_serializer(ticket).data)
        response["ETag"] = f'"{ticket.lock_version}"'
        return response


def _asked(told: Mapping[str, Any]) -> Asked:
    values = {name: value for name, value in told.items() if name not in ("text", "files", "language")}
    values |= _asker(values)
    address = values.get("requester_address", "")
    written = Written(told["text"], address=address, files=tuple(told.get("files", ())))
    return Asked(written=written, channel=Ticket.Channel.API, language=told.get("language", ""), **values)


def _asker(values: Mapping[str, Any]) -> dict[str, Any]:
    """Who asks, as far as it can be told from what is named."""
    contact, customer = values.get("contact"), values.get("customer")
    address = values.get("requester_address", "")
    if contact is None and address:
        known = Contact.objects.filter(email__iexact=address).select_related("customer")
        found = list(known.filter(customer=customer) if customer else known[:2])
        contact = found[0] if len(found) == 1 else None
    return {"contact": contact, "customer": customer or (contact.customer if contact else None)}


@transaction.atomic
def _assign(ticket: Ticket, told: Mapping[str, Any], *, by: Any, now: datetime) -> None:
    team, assignee = told.get("team") or ticket.team, told.get("assignee")
    is_to_nobody = "assignee" in told and assignee is None
    if team is None:
        raise ValidationError({"team": "It has no team yet: name one."})
    if not is_to_nobody:
        agent = assignee.support_agent if assignee else None
        assigning.assign_to(ticket, team, agent=agent, by=by, reason=told.get("reason", ""), now=now)
        return
    if "team" in told:
        raise ValidationError({"assignee": "Leave it out to have the team find somebody; null takes it from them."})
    assigning.release(ticket, by=by, reason=told.get("reason", ""), now=now)


router = SimpleRouter()
router.register("tickets", TicketViewSet, "ticket")
urlpatterns = router.urls
