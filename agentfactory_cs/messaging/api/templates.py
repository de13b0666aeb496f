"""mail-templates/ and mail-template-versions/: what our mails say."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.exceptions import ValidationError
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import CreateViewSet, ReadViewSet, RecordSerializer
from agentfactory_cs.customers.models import Contact
from agentfactory_cs.filters import NameFilter

from ..models import MailTemplate, MailTemplateVersion
from ..previewing import preview
from ..templates import save_version, version_in_force


@extend_schema_serializer(component_name="MailTemplate")
class MailTemplateSerializer(RecordSerializer):
    languages = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="There are words in.")

    class Meta:
        model = MailTemplate
        fields = ("id", "key", "name", "topic", "description", "is_active", "languages")


class MailToPreviewSerializer(serializers.Serializer[Any]):
    """Words to try, and on whom. Without words: those in force in the language, or the best there are instead."""

    language = serializers.CharField(default="en", max_length=8)
    subject = serializers.CharField(required=False, max_length=200)
    html = serializers.CharField(required=False)
    text = serializers.CharField(required=False, allow_blank=True)
    contact = serializers.PrimaryKeyRelatedField(
        queryset=Contact.objects.select_related("customer"), required=False, help_text="Left out: example values."
    )


class MailPreviewSerializer(serializers.Serializer[Any]):
    """The mail as the contact would get it now."""

    language = serializers.CharField()
    subject = serializers.CharField(allow_null=True)
    html = serializers.CharField(allow_null=True)
    text = serializers.CharField(allow_null=True)
    held_because = serializers.CharField(allow_blank=True, help_text="Why it would be held for a person instead.")
    gaps = serializers.ListField(child=serializers.CharField(), help_text="Variables whose lack would hold it.")


class MailTemplateFilter(filters.FilterSet):
    class Meta:
        model = MailTemplate
        fields = ("topic", "is_active")


class MailTemplateViewSet(ReadViewSet):
    """The mails we may send. Their words are in mail-template-versions/."""

    thing = "mail template"
    queryset = MailTemplate.objects.annotate(languages=ArrayAgg("versions__language", distinct=True, default=[]))
    serializer_class = MailTemplateSerializer
    filterset_class = MailTemplateFilter
    lookup_field = "key"
    lookup_value_regex = "[a-z][a-z0-9_]{0,59}"
    ordering_fields = ("id", "key", "name")
    staff_permissions = {"preview": "messaging.view_mailtemplate"}

    @extend_schema(summary="Preview a mail", request=MailToPreviewSerializer, responses={200: MailPreviewSerializer})
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, key: str) -> Response:
        """The mail as a contact would get it now; nothing is sent or stored. 400 names field and line of a fault."""
        template = self.get_object()
        asked = MailToPreviewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        words = _words(template, asked.validated_data)
        shown = preview(template, words, asked.validated_data.get("contact"), timezone.now())
        if shown.faults:
            raise ValidationError(shown.faults)
        mail = shown.rendered
        told = {name: getattr(mail, name) if mail else None for name in ("subject", "html", "text")}
        answer = {**told, "language": words.language, "held_because": shown.hole, "gaps": shown.gaps}
        return Response(MailPreviewSerializer(answer).data)


def _words(template: MailTemplate, asked: dict[str, Any]) -> MailTemplateVersion:
    """Those in force, with what was sent in their place; unsaved."""
    found = version_in_force(template, asked["language"]) or MailTemplateVersion(language=asked["language"])
    own = {name: asked[name] for name in ("subject", "html", "text") if name in asked}
    return MailTemplateVersion(
        template=template,
        language=asked["language"] if own else found.language,
        subject=own.get("subject", found.subject),
        html=own.get("html", found.html),
        # Another mail's text would not say what this HTML says: it is made from that.
        text=own.get("text", "" if "html" in own else found.text),
    )


@extend_schema_serializer(component_name="MailTemplateVersion")
class MailTemplateVersionSerializer(RecordSerializer):
    template = serializers.SlugRelatedField(
        slug_field="key", queryset=MailTemplate.objects.select_related("topic"), help_text="Key of the mail template."
    )
    language = serializers.CharField(max_length=8, help_text="Language code, such as en or pt-BR.")
    based_on = serializers.IntegerField(
        write_only=True,
        required=False,
        min_value=0,
        max_value=2_147_483_647,
        help_text="Number of the version yours was made from (0: none); 409 where a newer one is in force.",
    )

    class Meta:
        model = MailTemplateVersion
        fields = (
            "id",
            "template",
            "language",
            "number",
            "subject",
            "html",
            "text",
            "reason",
            "is_shipped",
            "created_at",
            "based_on",
        )
        read_only_fields = ("number", "is_shipped", "created_at")


class MailTemplateVersionFilter(filters.FilterSet):
    template = NameFilter(
        thing="mail template",
        exists=lambda key: MailTemplate.objects.filter(key=key).exists(),
        field_name="template__key",
        help_text="Key of the mail template.",
    )
    language = filters.CharFilter(help_text="Language code.")


class MailTemplateVersionViewSet(CreateViewSet, ReadViewSet):
    """What mails say, version by version; of each language the newest is in force. A version never changes.

    Sending the words that are in force makes no new version: the answer is the one that is there.
    """

    thing = "mail template version"
    queryset = MailTemplateVersion.objects.select_related("template")
    serializer_class = MailTemplateVersionSerializer
    filterset_class = MailTemplateVersionFilter
    ordering_fields = ("id", "created_at")
    http_method_names = ["get", "post", "head", "options"]
    staff_permissions = {
        "list": "messaging.view_mailtemplate",
        "retrieve": "messaging.view_mailtemplate",
        "create": "messaging.change_mailtemplate",
    }

    def write(self, record: MailTemplateVersion, values: dict[str, Any], now: datetime) -> MailTemplateVersion:
        template = values.pop("template")
        return save_version(template, by=self.request.user, now=now, **values)
