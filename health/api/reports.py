"""weekly-reports/: the weekly reports, as they were made."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.urls import include, path
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.filters import UserFilter

from ..models import WeeklyReport
from ..reports import Content


def _content_schema() -> dict[str, Any]:
    """The shape of a report for the OpenAPI document, from the very classes that are stored."""
    (_reference,), shapes = msgspec.json.schema_components([Content], ref_template="{name}")
    return _inlined({"$ref": "Content"}, shapes)


def _inlined(node: Any, shapes: Mapping[str, Any]) -> Any:
    """With each named shape in its place, and "may be null" the way OpenAPI 3.0 says it."""
    if isinstance(node, list):
        return [_inlined(item, shapes) for item in node]
    if not isinstance(node, Mapping):
        return node
    if "$ref" in node:
        return _inlined(shapes[node["$ref"]], shapes)
    if "anyOf" in node:
        options = [_inlined(option, shapes) for option in node["anyOf"] if option != {"type": "null"}]
        return {**options[0], "nullable": True} if len(options) == 1 else {"anyOf": options}
    return {key: _inlined(value, shapes) for key, value in node.items() if key not in ("default", "title")}


@extend_schema_field(_content_schema())
class ContentField(serializers.JSONField):
    """What the report says."""


class _ReportSerializer(serializers.ModelSerializer):
    owner: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="username", read_only=True, allow_null=True, help_text="User name; null: the whole book."
    )


@extend_schema_serializer(component_name="WeeklyReportLine")
class LineSerializer(_ReportSerializer):
    class Meta:
        model = WeeklyReport
        fields = ("id", "week", "owner", "made_at")
        read_only_fields = fields


@extend_schema_serializer(component_name="WeeklyReport")
class ReportSerializer(_ReportSerializer):
    content = ContentField(read_only=True, help_text="What it says; `schema` counts the changes of its shape.")

    class Meta:
        model = WeeklyReport
        fields = ("id", "week", "owner", "made_at", "content")
        read_only_fields = fields


class ReportFilter(filters.FilterSet):
    week = filters.DateFilter(help_text="The Monday the week began on.")
    week_since = filters.DateFilter(field_name="week", lookup_expr="gte")
    owner = UserFilter("owner", "User name of a success manager.")
    whole_book = filters.BooleanFilter(
        field_name="owner", lookup_expr="isnull", help_text="true: only the whole book's; false: only the managers'."
    )


class WeeklyReportViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """The weekly reports of the whole book and of every success manager; made once, never changed."""

    queryset = WeeklyReport.objects.select_related("owner")
    filterset_class = ReportFilter
    lookup_value_regex = "[0-9]{1,18}"
    ordering_fields = ("week", "id")

    def get_serializer_class(self) -> type[_ReportSerializer]:
        return LineSerializer if self.action == "list" else ReportSerializer

    def get_queryset(self) -> Any:
        reports = super().get_queryset()
        return reports.defer("content") if self.action == "list" else reports


router = SimpleRouter()
router.register("weekly-reports", WeeklyReportViewSet)

urlpatterns = [path("", include(router.urls))]
