"""usage/ and features/: what customers do on the platform, thousands of days at a time."""

import re
from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.db import models
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..models import Feature, UsageDay
from ..services import RowError, UsageRow, ingest_usage
from .records import ReadViewSet, RecordSerializer

MAX_ROWS = 5_000


class _Body(msgspec.Struct):
    rows: list[UsageRow]


class _RawBody(msgspec.Struct):
    rows: list[msgspec.Raw]


_whole = msgspec.json.Decoder(_Body | list[UsageRow])
_pieces = msgspec.json.Decoder(_RawBody | list[msgspec.Raw])
_row = msgspec.json.Decoder(UsageRow)

# msgspec says where and what in one sentence: Expected `int` >= 0 - at `$.api_calls`
_PLACE = re.compile(r" - at `\$\.?(?P<field>\w*)[^`]*`$")
_NAMED = re.compile(r"(?P<problem>required|unknown) field `(?P<field>\w*)")


class UsageParser(BaseParser):
    """JSON straight into typed rows: some twenty times as fast as parsing and then checking with serializers."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = (parser_context or {})["request"].body
        try:
            return _rows_of(_whole.decode(body))
        except msgspec.ValidationError:
            return _read_one_by_one(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ParseError(f"JSON parse error: {error}") from None


def _rows_of(decoded: Any) -> Any:
    rows = decoded if isinstance(decoded, list) else decoded.rows
    if len(rows) > MAX_ROWS:
        detail = ErrorDetail(f"A request holds at most {MAX_ROWS} rows; this has {len(rows)}.", code="max_length")
        raise ValidationError({"rows": [detail]})
    return rows


def _read_one_by_one(body: bytes) -> list[UsageRow | RowError]:
    try:
        rows = _rows_of(_pieces.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _no_rows() from None
    return [_read(index, raw) for index, raw in enumerate(rows)]


def _no_rows() -> ValidationError:
    return ValidationError({"rows": ['Send a list of rows, bare or as {"rows": […]}.']})


def _read(index: int, raw: msgspec.Raw) -> UsageRow | RowError:
    try:
        return _row.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = str(error)
    named, place = _NAMED.search(message), _PLACE.search(message)
    field = named["field"] if named else place["field"] if place else ""
    code = named["problem"] if named else "invalid"
    return RowError(index, field, _PLACE.sub("", message) + ".", code)


class UsageRowSerializer(RecordSerializer):
    """One customer's use on one day. The row is the whole day: a count left out is zero."""

    customer = serializers.IntegerField(required=False, min_value=1, help_text="Our id; or customer_external_id.")
    customer_external_id = serializers.CharField(required=False, max_length=100, help_text="The platform's tenant id.")
    features = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=100, help_text="Names of the features used."
    )

    class Meta:
        model = UsageDay
        fields = (
            "customer",
            "customer_external_id",
            "day",
            "api_calls",
            "active_agents",
            "conversations",
            "logins",
            "active_users",
            "community_posts",
            "features",
        )


class UsageBodySerializer(serializers.Serializer):
    """The rows; a bare array of them will do, too."""

    rows = UsageRowSerializer(many=True, max_length=MAX_ROWS)  # type: ignore[call-arg]


class RejectedRowSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Of the row in the request, from 0.")
    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(help_text="Such as rows.17.day.")


class UsageAnswerSerializer(serializers.Serializer):
    accepted = serializers.IntegerField(help_text="Rows stored.")
    errors = RejectedRowSerializer(  # type: ignore[assignment]
        many=True, help_text="With partial=true: one for each row left out."
    )


class UsageView(APIView):
    """Daily usage, up to 5 000 rows a request.

    A row replaces what was stored for its customer and day; counts left out are zero. Where any row is wrong,
    nothing is stored and the answer names one error for each wrong row (`rows.17.day`); with `partial=true` the
    good rows are stored all the same.
    """

    queryset = UsageDay.objects.none()
    parser_classes = (UsageParser,)

    @extend_schema(
        summary="Send daily usage",
        operation_id="usage_create",
        tags=["usage"],
        request=UsageBodySerializer,
        responses={200: UsageAnswerSerializer},
        parameters=[OpenApiParameter("partial", bool, description="Store the good rows even if others are wrong.")],
    )
    def post(self, request: Request) -> Response:
        partial = _is_partial(request)
        rows: Any = request.data
        if not isinstance(rows, list):  # no body at all
            raise _no_rows()
        result = ingest_usage(rows, partial=partial, now=timezone.now())
        if result.errors and not partial:
            errors = {_place(error): [ErrorDetail(error.reason, code=error.code)] for error in result.errors}
            raise ValidationError(errors)
        return Response({"accepted": result.accepted, "errors": [_told(error) for error in result.errors]})


def _is_partial(request: Request) -> bool:
    unknown = set(request.query_params) - {"partial"}
    if unknown:
        raise ValidationError(dict.fromkeys(sorted(unknown), "There is no such parameter. Known: partial."))
    value = request.query_params.get("partial", "false")
    if value not in ("true", "false"):
        raise ValidationError({"partial": "true or false."})
    return value == "true"


def _place(error: RowError) -> str:
    return f"rows.{error.index}.{error.field}" if error.field else f"rows.{error.index}"


def _told(error: RowError) -> dict[str, Any]:
    return {"index": error.index, "code": error.code, "detail": error.reason, "attr": _place(error)}


@extend_schema_serializer(component_name="Feature")
class FeatureSerializer(RecordSerializer):
    class Meta:
        model = Feature
        fields = ("id", "name", "tier", "introduced_on", "retired_on")


class FeatureViewSet(ReadViewSet):
    """The features of the platform, by the lowest tier that has each; usage names them."""

    queryset: "models.QuerySet[Feature]" = Feature.objects.all()
    serializer_class = FeatureSerializer
    filterset_fields = ("name", "tier")
    ordering_fields = ("id", "name")
