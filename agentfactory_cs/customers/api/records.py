"""What the resources of a customer's records share: how they are checked, filtered, read and written."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.events.tasks import ring
from agentfactory_cs.filters import IdFilter, MomentFilter

from ..models import Customer


class FiniteFloatField(serializers.FloatField):
    """Refuses the infinities that JSON numbers such as 1e999 become."""

    def to_internal_value(self, data: Any) -> float:
        try:
            value = super().to_internal_value(data)
        except OverflowError:
            self.fail("invalid")
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class RecordSerializer(serializers.ModelSerializer):
    """Checks each field by itself, and refuses names it does not know, which are mostly typing errors.

    What several fields or rows decide is left to the services, so that every way in gets the same answer.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.FloatField: FiniteFloatField,
    }

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        for field in fields.values():
            field.validators = [item for item in field.validators if not isinstance(item, UniqueValidator)]
        return fields

    def get_validators(self) -> list[Any]:
        return []

    def get_uniqueness_extra_kwargs(
        self, field_names: Any, declared_fields: Any, extra_kwargs: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return extra_kwargs, {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "There is no such field."))
        return super().to_internal_value(data)


class OfCustomerSerializer(RecordSerializer):
    """A record of one customer, named by our id or by the platform's."""

    customer = serializers.PrimaryKeyRelatedField(
        queryset=Customer.objects.all(), required=False, help_text="Our id. On creation this or customer_external_id."
    )
    customer_external_id = serializers.SlugRelatedField(
        slug_field="external_id",
        source="customer",
        queryset=Customer.objects.all(),
        required=False,
        help_text="The platform's tenant id.",
    )

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        customer = values.get("customer")
        if customer is None and self.instance is None:
            raise serializers.ValidationError({"customer": "Name the customer: customer or customer_external_id."})
        if customer and "customer" in data and str(data["customer"]) != str(customer.pk):
            raise serializers.ValidationError({"customer": "customer and customer_external_id name different ones."})
        return values


def staff_field(help_text: str) -> serializers.SlugRelatedField:
    """One of our people, by user name."""
    people = get_user_model().objects.filter(is_active=True, is_staff=True)
    return serializers.SlugRelatedField(
        slug_field="username", queryset=people, required=False, allow_null=True, help_text=help_text
    )


class OfCustomerFilter(filters.FilterSet):
    customer = IdFilter(field_name="customer_id", help_text="Our id of the customer.")
    customer_external_id = filters.CharFilter(
        field_name="customer__external_id", help_text="The platform's tenant id of the customer."
    )


def since_filter(field: str, help_text: str) -> MomentFilter:
    return MomentFilter(field_name=field, lookup_expr="gte", help_text=help_text)


def updated_since() -> MomentFilter:
    return since_filter("updated_at", "Changed at this moment or later, such as 2026-11-22T09:00:00Z.")


class ReadOneViewSet(GenericViewSet):
    """Single records."""

    lookup_value_regex = "[0-9]{1,18}"

    def retrieve(self, request: Request, **lookup: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class ReadViewSet(ReadOneViewSet):
    """Single records, and lists by cursor, both with a fixed number of queries."""

    ordering_fields: tuple[str, ...] = ("id",)

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ChangeViewSet(GenericViewSet):
    """Changes one record at a time; every write is one call of a service, which a subclass names in `store`."""

    store: ClassVar[Callable[..., Any]]

    def get_queryset(self) -> "models.QuerySet[Any]":
        queryset: models.QuerySet[Any] = super().get_queryset()
        # Two PATCHes of different fields, each writing the whole row, would undo one another.
        return queryset.select_for_update(of=("self",)) if self.action == "partial_update" else queryset

    @transaction.atomic
    def partial_update(self, request: Request, **lookup: str) -> Response:
        record = self.get_object()
        values = self.checked(request, record)
        _refuse_move(record, values)
        record = self.write(record, values, timezone.now())
        return Response(self.get_serializer(record).data)

    def checked(self, request: Request, record: models.Model | None = None) -> dict[str, Any]:
        serializer = self.get_serializer(record, data=request.data, partial=record is not None)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def write(self, record: Any, values: dict[str, Any], now: datetime) -> Any:
        for name, value in values.items():
            setattr(record, name, value)
        return type(self).store(record, by=self.request.user, now=now)


class CreateViewSet(ChangeViewSet):
    """Also creates; `defaults` gives what a new record leaves out."""

    def defaults(self, now: datetime) -> dict[str, Any]:
        return {}

    def create(self, request: Request) -> Response:
        values = self.checked(request)
        now = timezone.now()
        record = self.get_queryset().model()
        response = self.created(self.write(record, {**self.defaults(now), **values}, now))
        ring()
        return response

    def created(self, record: Any) -> Response:
        headers = {"Location": self.reverse_action("detail", args=[getattr(record, self.lookup_field)])}
        return Response(self.get_serializer(record).data, status=status.HTTP_201_CREATED, headers=headers)


class RecordViewSet(CreateViewSet, ReadViewSet):
    """Also deletes, by the service in `remove`: that is for what was entered by mistake."""

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    remove: ClassVar[Callable[..., None]]

    def destroy(self, request: Request, **lookup: str) -> Response:
        type(self).remove(self.get_object(), by=request.user, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _refuse_move(record: Any, values: dict[str, Any]) -> None:
    customer = values.get("customer")
    if customer is not None and customer.pk != record.customer_id:
        raise serializers.ValidationError({"customer": "A record stays with its customer."})
