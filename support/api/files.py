"""Files in requests and answers: base64 within JSON; attachments/{id}/content/ to fetch one."""

import base64
import binascii
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiTypes, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from ..models import Attachment
from ..writing import File

MOST_FILES = 20


@extend_schema_field(OpenApiTypes.BYTE)
class Base64Field(serializers.Field[Any, Any, Any, Any]):
    """Bytes, written in base64."""

    default_error_messages = {"invalid": "This is not base64."}

    def to_internal_value(self, data: Any) -> bytes:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self.fail("invalid")

    def to_representation(self, value: bytes) -> str:
        return base64.b64encode(value).decode()


@extend_schema_serializer(component_name="TicketFile")
class FileSerializer(serializers.Serializer[Any]):
    """A file that comes with it. What is too large or could run is refused; its name and the reason are kept."""

    name = serializers.CharField(max_length=200)
    content_type = serializers.CharField(max_length=100, default="application/octet-stream")
    content = Base64Field(help_text="In base64.")

    def to_internal_value(self, data: Any) -> File:
        return File(**super().to_internal_value(data))


def files_field() -> serializers.ListField:
    return serializers.ListField(child=FileSerializer(), required=False, max_length=MOST_FILES)


@extend_schema_serializer(component_name="TicketAttachment")
class AttachmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ("id", "name", "content_type", "size_bytes", "sha256", "refused_because")
        read_only_fields = fields


@extend_schema_serializer(component_name="TicketAttachmentContent")
class ContentSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    content_type = serializers.CharField()
    content = Base64Field(help_text="In base64.")


class AttachmentViewSet(GenericViewSet):
    """Files that came with messages."""

    queryset = Attachment.objects.all()
    serializer_class = ContentSerializer
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(summary="Read an attachment", responses=ContentSerializer)
    @action(detail=True)
    def content(self, request: Request, **lookup: str) -> Response:
        """What is in it. 404 where it was refused: nothing of it was kept."""
        attachment = self.get_object()
        if not attachment.file:
            raise Http404
        with attachment.file.open("rb") as stored:
            told = {"name": attachment.name, "content_type": attachment.content_type, "content": stored.read()}
        return Response(ContentSerializer(told).data)


router = SimpleRouter()
router.register("attachments", AttachmentViewSet, "ticket-attachment")
urlpatterns = router.urls
