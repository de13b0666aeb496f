"""playbook-runs/: what is done for customers; starting, pausing and stopping it, and passing over steps."""

from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import (
    ChangeViewSet,
    OfCustomerFilter,
    OfCustomerSerializer,
    ReadViewSet,
    RecordSerializer,
    since_filter,
)
from agentfactory_cs.filters import NameFilter

from .. import services
from ..models import Playbook, Run, RunStep


@extend_schema_serializer(component_name="PlaybookRunStep")
class RunStepSerializer(RecordSerializer):
    class Meta:
        model = RunStep
        fields = (
            "key",
            "position",
            "state",
            "due_at",
            "not_before",
            "attempts",
            "settled_at",
            "outcome",
            "because",
            "task",
        )
        read_only_fields = fields


@extend_schema_serializer(component_name="PlaybookRun")
class RunSerializer(OfCustomerSerializer):
    playbook: Any = serializers.SlugRelatedField(slug_field="key", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)

    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            "id",
            "customer",
            "customer_external_id",
            "playbook",
            "version",
            "state",
            "entered_at",
            "entered_because",
            "paused_at",
            "pause_reason",
            "ended_at",
            "ended_because",
            "goal_until",
            "goal_reached_at",
        )
        read_only_fields = fields


@extend_schema_serializer(component_name="PlaybookRunWithSteps")
class RunWithStepsSerializer(RunSerializer):
    steps = RunStepSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "steps")
        read_only_fields = fields


@extend_schema_serializer(component_name="PlaybookRunToStart")
class RunToStartSerializer(OfCustomerSerializer):
    """Whom to let in where, and why; the entry conditions are not asked."""

    playbook = serializers.SlugRelatedField(
        slug_field="key", queryset=Playbook.objects.all(), help_text="The playbook's key."
    )
    why = serializers.CharField(max_length=300, help_text="A sentence; it stands on the run and on the timeline.")

    class Meta:
        model = Run
        fields = ("customer", "customer_external_id", "playbook", "why")


@extend_schema_serializer(component_name="PlaybookReason")
class ReasonSerializer(serializers.Serializer[Any]):
    """Why it is done."""

    reason = serializers.CharField(max_length=300, help_text="A sentence; it stands on the run.")


class RunFilter(OfCustomerFilter):
    playbook = NameFilter(
        thing="playbook",
        exists=lambda key: Playbook.objects.filter(key=key).exists(),
        field_name="playbook__key",
        help_text="The playbook's key.",
    )
    state = filters.MultipleChoiceFilter(choices=Run.State.choices)
    entered_since = since_filter("entered_at", "Entered at this moment or later.")

    class Meta:
        model = Run
        fields = ()


class RunViewSet(ChangeViewSet, ReadViewSet):
    """Customers in playbooks: what was done for them, what comes, and why not."""

    thing = "playbook run"
    queryset = Run.objects.select_related("customer", "playbook", "version")
    serializer_class = RunSerializer
    filterset_class = RunFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "post", "head", "options"]
    staff_permissions = {"skip": "playbooks.change_runstep", "retry": "playbooks.change_runstep"}

    @extend_schema(responses=RunWithStepsSerializer)
    def retrieve(self, request: Request, **lookup: str) -> Response:
        """A run with its steps."""
        return self._with_steps(self.get_object())

    @extend_schema(summary="Start a playbook", request=RunToStartSerializer, responses={201: RunWithStepsSerializer})
    def create(self, request: Request) -> Response:
        """Let a customer in by hand. Refused where it is in it, was not long ago, or the playbook is not active."""
        asked = RunToStartSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        run = services.start_run(
            values["customer"], values["playbook"], by=request.user, now=timezone.now(), why=values["why"]
        )
        response = self._with_steps(run)
        response.status_code = 201
        response["Location"] = self.reverse_action("detail", args=[run.pk])
        return response

    @extend_schema(summary="Pause a run", request=ReasonSerializer, responses=RunWithStepsSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, **lookup: str) -> Response:
        """Nothing is done until it is resumed."""
        run = services.pause_run(self.get_object(), **_reason(request), by=request.user, now=timezone.now())
        return self._with_steps(run)

    @extend_schema(summary="Resume a run", request=None, responses=RunWithStepsSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **lookup: str) -> Response:
        """What came due meanwhile is done at once."""
        return self._with_steps(services.resume_run(self.get_object(), now=timezone.now()))

    @extend_schema(summary="Stop a run", request=ReasonSerializer, responses=RunWithStepsSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, **lookup: str) -> Response:
        """For good: what is left is not done, and its open tasks are skipped."""
        run = services.stop_run(self.get_object(), **_reason(request), by=request.user, now=timezone.now())
        return self._with_steps(run)

    @extend_schema(summary="Skip a step", request=ReasonSerializer, responses=RunWithStepsSerializer)
    @action(detail=True, methods=["post"], url_path="steps/(?P<step>[a-z0-9_]{1,60})/skip")
    def skip(self, request: Request, step: str, **lookup: str) -> Response:
        """Pass a step over, by its key; what stands behind it goes on."""
        row = self._step(step)
        services.skip_step(row, **_reason(request), by=request.user, now=timezone.now())
        return self._with_steps(self.get_object())

    @extend_schema(summary="Try a failed step again", request=None, responses=RunWithStepsSerializer)
    @action(detail=True, methods=["post"], url_path="steps/(?P<step>[a-z0-9_]{1,60})/retry")
    def retry(self, request: Request, step: str, **lookup: str) -> Response:
        services.retry_step(self._step(step), now=timezone.now())
        return self._with_steps(self.get_object())

    def _step(self, key: str) -> RunStep:
        return get_object_or_404(RunStep.objects.select_related("run"), run=self.get_object(), key=key)

    def _with_steps(self, run: Run) -> Response:
        return Response(RunWithStepsSerializer(run, context=self.get_serializer_context()).data)


def _reason(request: Request) -> dict[str, Any]:
    given = ReasonSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data
