"""customers/ and customers/by-external-id/."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.events.tasks import ring
from agentfactory_cs.filters import NameFilter, UserFilter

from ..days import utc_day
from ..models import Churn, Customer, Tag
from ..services import reactivate, record_churn, save_customer, set_tags
from .departures import ChurnSerializer, DepartureSerializer, ReturnSerializer
from .records import (
    ChangeViewSet,
    CreateViewSet,
    ReadOneViewSet,
    ReadViewSet,
    RecordSerializer,
    staff_field,
    updated_since,
)
from .segments import SegmentFilter


class TagNames(serializers.ListField):
    """A customer's tags as their names; a name nobody used before becomes a tag."""

    child = serializers.CharField(max_length=Tag._meta.get_field("name").max_length)

    def get_attribute(self, instance: Customer) -> list[str]:
        return [tag.name for tag in instance.tags.all()]


@extend_schema_serializer(component_name="Customer")
class CustomerSerializer(RecordSerializer):
    success_manager = staff_field("User name of the success manager.")
    tags = TagNames(required=False, max_length=50, help_text="The whole set; names not listed are taken off.")
    signed_up_at = serializers.DateTimeField(required=False, help_text="Left out: now.")

    class Meta:
        model = Customer
        fields = (
            "id",
            "external_id",
            "name",
            "tier",
            "industry",
            "country",
            "language",
            "time_zone",
            "tags",
            "lifecycle_stage",
            "success_manager",
            "signed_up_at",
            "created_at",
            "updated_at",
        )


class CustomerFilter(filters.FilterSet):
    external_id = filters.CharFilter(help_text="The platform's tenant id.")
    name = filters.CharFilter(lookup_expr="icontains", help_text="Part of the name.")
    tier = filters.MultipleChoiceFilter(choices=Customer.Tier.choices)
    lifecycle_stage = filters.MultipleChoiceFilter(choices=Customer.Stage.choices)
    success_manager = UserFilter("success_manager")
    tag = NameFilter(
        thing="tag",
        exists=lambda name: Tag.objects.filter(name=name).exists(),
        field_name="tags__name",
        help_text="Name of a tag.",
    )
    segment = SegmentFilter(help_text="Id of a segment: those who are in it now.")
    updated_since = updated_since()


class _CustomerDetail(ChangeViewSet, ReadOneViewSet):
    """What can be asked of and done to one customer, however it is addressed."""

    queryset = Customer.objects.select_related("success_manager").prefetch_related("tags")
    serializer_class = CustomerSerializer
    staff_permissions = {"churn": "customers.add_churn", "reactivate": "customers.change_churn"}

    @transaction.atomic
    def write(self, record: Customer, values: dict[str, Any], now: datetime) -> Customer:
        tags = values.pop("tags", None)
        for name, value in values.items():
            setattr(record, name, value)
        save_customer(record, changed=values.keys(), by=self.request.user, now=now)
        if tags is not None:
            set_tags(record, tags, now=now)
        return record

    @extend_schema(
        summary="Record a departure", request=DepartureSerializer, responses={201: ChurnSerializer}, filters=False
    )
    @action(detail=True, methods=["post"])
    def churn(self, request: Request, **lookup: str) -> Response:
        """The customer left, today or on a past day. Its lifecycle stage becomes `churned`."""
        customer, now = self.get_object(), timezone.now()
        serializer = DepartureSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = {"churned_on": utc_day(now), **serializer.validated_data}
        churn = record_churn(Churn(customer=customer, **values), by=request.user, now=now)
        return Response(ChurnSerializer(churn).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="Record a return", request=ReturnSerializer, responses={200: CustomerSerializer})
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, **lookup: str) -> Response:
        """A churned customer came back. Its lifecycle stage becomes `adoption`; 409 where it had not churned."""
        customer, now = self.get_object(), timezone.now()
        serializer = ReturnSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        day = serializer.validated_data.get("reactivated_on", utc_day(now))
        reactivate(customer, on=day, by=request.user, now=now)
        return Response(self.get_serializer(self.get_object()).data)


class CustomerViewSet(CreateViewSet, _CustomerDetail, ReadViewSet):
    """The companies that use the platform.

    A customer is never deleted here: one that leaves is recorded as churned, and its history stays.
    """

    filterset_class = CustomerFilter
    ordering_fields = ("created_at", "id", "updated_at", "name", "signed_up_at")

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {"signed_up_at": now}


class CustomerByExternalIdViewSet(_CustomerDetail):
    """The same customers, addressed by the platform's tenant id."""

    lookup_field = "external_id"
    lookup_value_regex = r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}"

    @extend_schema(
        summary="Create or replace a customer",
        responses={
            200: OpenApiResponse(CustomerSerializer, description="Replaced."),
            201: OpenApiResponse(CustomerSerializer, description="Created."),
        },
    )
    def update(self, request: Request, external_id: str) -> Response:
        """Create the customer, or replace what the platform knows of it.

        Fields left out return to their defaults, except success_manager, lifecycle_stage, tags and signed_up_at,
        which belong to the success team and change only when sent.
        """
        try:
            return self._put(request, external_id)
        except (IntegrityError, ValidationError):
            # Perhaps somebody created it in this very moment: then it can be replaced now.
            return self._put(request, external_id)

    @transaction.atomic
    def _put(self, request: Request, external_id: str) -> Response:
        values, now = self.checked(request), timezone.now()
        if values.setdefault("external_id", external_id) != external_id:
            raise serializers.ValidationError({"external_id": "This differs from the external id in the address."})
        record = self.get_queryset().select_for_update(of=("self",)).filter(external_id=external_id).first()
        code = status.HTTP_200_OK if record else status.HTTP_201_CREATED
        if record is None:
            record = Customer(signed_up_at=now)
            ring()
        record = self.write(record, {**_platform_defaults(), **values}, now)
        return Response(self.get_serializer(record).data, status=code)


# What the platform knows of a customer. The rest is for the success team to keep: a platform that repeats what it
# knows must not undo their work.
_PLATFORM_FIELDS = ("tier", "industry", "country", "language", "time_zone")


def _platform_defaults() -> dict[str, Any]:
    fresh = Customer()
    return {name: getattr(fresh, name) for name in _PLATFORM_FIELDS}
