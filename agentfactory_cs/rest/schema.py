"""What the OpenAPI document says of every operation: its key, its errors, its name."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from .idempotency import HEADER, MAX_LENGTH


class ErrorSerializer(serializers.Serializer[Any]):
    """One thing that is wrong."""

    code = serializers.CharField(help_text="For programs: required, unique, not_found …")
    detail = serializers.CharField(help_text="For people.")
    attr = serializers.CharField(allow_null=True, help_text="The field, as rows.17.day; null where it is about none.")


class ErrorsSerializer(serializers.Serializer[Any]):
    """The body of every answer from 400 on."""

    type = serializers.ChoiceField(choices=["validation_error", "client_error", "server_error"])
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "agentfactory_cs.rest.authentication.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: SpectacularSchema) -> dict[str, str]:
        description = "`Authorization: Api-Key afcs_…` — scopes: read, write (and read), admin (and delete)."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": description}


_VERBS = {
    "list": "List {many}",
    "retrieve": "Read {one}",
    "create": "Create {one}",
    "partial_update": "Change {one}",
    "destroy": "Delete {one}",
}


class AutoSchema(SpectacularSchema):
    """Adds the errors an operation can answer with, the Idempotency-Key header, and a summary for the usual verbs."""

    def get_summary(self) -> str | None:
        action = getattr(self.view, "action", "")
        if action in _VERBS and hasattr(self.view, "queryset"):
            thing = getattr(self.view, "thing", None) or str(self.view.queryset.model._meta.verbose_name)
            article = "an" if thing[0].lower() in "aeio" else "a"
            return _VERBS[action].format(one=f"{article} {thing}", many=f"{thing}s")
        return super().get_summary() or action.replace("_", " ").capitalize() or None

    def get_override_parameters(self) -> list[Any]:
        if self.method != "POST":
            return []
        description = "Any text of yours; the same request sent again with it acts once (kept 24 hours)."
        schema = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[ -~]+$"}
        return [OpenApiParameter(HEADER, schema, OpenApiParameter.HEADER, description=description)]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction=direction)
        if direction == "response":
            for status, description in self._error_statuses().items():
                responses.setdefault(status, self._error_response(description))
        return responses

    def _error_statuses(self) -> dict[str, str]:
        has_body = self.method in ("POST", "PUT", "PATCH")
        wanted = {
            "400": has_body or any(parameter["in"] == "query" for parameter in self._get_parameters()),
            "401": True,
            "403": True,
            "404": "{" in self.path,
            "409": has_body or self.method == "DELETE",
            "413": has_body,
            "415": has_body,
            "422": self.method == "POST",
            "429": True,
        }
        return {status: _ERRORS[status] for status, is_wanted in wanted.items() if is_wanted}

    def _error_response(self, description: str) -> dict[str, Any]:
        component: ResolvedComponent = self.resolve_serializer(ErrorsSerializer, "response")
        return {"description": description, "content": {"application/json": {"schema": component.ref}}}


_ERRORS = {
    "400": "The request is wrong; `attr` names the field.",
    "401": "No API key, or one that is unknown, expired or revoked.",
    "403": "The key's scope does not reach so far.",
    "404": "There is no such thing.",
    "409": "It clashes with what is stored, or the same request is still being worked on.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The Idempotency-Key came with another request.",
    "429": "Too many requests; wait as long as Retry-After says.",
}
