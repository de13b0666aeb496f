"""playbooks/: what is done for customers, its settings and its state."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import CreateViewSet, ReadViewSet, RecordSerializer

from .. import authoring, services
from ..models import Playbook
from ..models.playbook import PlaybookState


@extend_schema_serializer(component_name="Playbook")
class PlaybookSerializer(RecordSerializer):
    """Its settings hold for all its versions and count at once; what it does is in its versions."""

    version = serializers.SerializerMethodField(help_text="Number of the version in force; null before the first.")
    definition = serializers.SerializerMethodField(help_text="Of the version in force: docs/playbooks.md tells it.")

    class Meta:
        model = Playbook
        fields = (
            "key",
            "name",
            "description",
            "state",
            "is_sequence",
            "priority",
            "is_exclusive",
            "cool_down_days",
            "holdout_percent",
            "version",
            "definition",
            "activated_at",
            "reviewed_at",
        )
        read_only_fields = ("state", "activated_at", "reviewed_at")
        extra_kwargs = {
            "key": {"required": False, "help_text": "Made from the name unless given; it never changes."},
            "holdout_percent": {"max_value": 50},
        }

    def get_version(self, playbook: Playbook) -> int | None:
        return max((version.number for version in playbook.versions.all() if version.number), default=None)

    @extend_schema_field({"type": "object", "additionalProperties": True, "nullable": True})
    def get_definition(self, playbook: Playbook) -> Any:
        number = self.get_version(playbook)
        return next((one.definition for one in playbook.versions.all() if number and one.number == number), None)


class PlaybookFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(choices=Playbook.State.choices)

    class Meta:
        model = Playbook
        fields = ("is_sequence",)


class PlaybookViewSet(CreateViewSet, ReadViewSet):
    """Playbooks and mail sequences. A new one does nothing until a version is published and it is activated."""

    thing = "playbook"
    queryset = Playbook.objects.prefetch_related("versions")
    serializer_class = PlaybookSerializer
    filterset_class = PlaybookFilter
    lookup_field = "key"
    lookup_value_regex = "[a-z][a-z0-9_]{0,59}"
    ordering_fields = ("key",)
    unique_field = "key"
    http_method_names = ["get", "post", "patch", "head", "options"]
    admin_actions = ("activate", "pause", "retire")
    staff_permissions = dict.fromkeys(admin_actions, "playbooks.publish_playbookversion")

    def write(self, record: Playbook, values: dict[str, Any], now: datetime) -> Playbook:
        if record.pk and values.get("key", record.key) != record.key:
            raise serializers.ValidationError({"key": "A playbook keeps its key."})
        for name, value in values.items():
            setattr(record, name, value)
        return authoring.save_playbook(record, by=self.request.user, now=now)

    @extend_schema(summary="Activate a playbook", request=None, responses=PlaybookSerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, **lookup: str) -> Response:
        """Customers enter from now on, by events from now on. 409 where nothing is published, or it is active."""
        return self._become(PlaybookState.ACTIVE)

    @extend_schema(summary="Pause a playbook", request=None, responses=PlaybookSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, **lookup: str) -> Response:
        """Nobody enters, and all its runs stand still. A retired one is taken up again by this."""
        return self._become(PlaybookState.PAUSED)

    @extend_schema(summary="Retire a playbook", request=None, responses=PlaybookSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, **lookup: str) -> Response:
        """Nobody enters any more; runs under way finish."""
        return self._become(PlaybookState.RETIRED)

    def _become(self, state: PlaybookState) -> Response:
        playbook = self.get_object()
        services.set_state(playbook, state, now=timezone.now())
        return Response(self.get_serializer(self.get_object()).data)
