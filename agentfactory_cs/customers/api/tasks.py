"""tasks/: what our people must do for a customer."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.filters import MomentFilter, UserFilter

from ..models import Task
from ..services import finish_task, remove_record, reopen_task, save_task
from .records import OfCustomerFilter, OfCustomerSerializer, RecordSerializer, RecordViewSet, staff_field, updated_since


@extend_schema_serializer(component_name="Task")
class TaskSerializer(OfCustomerSerializer):
    owner = staff_field("User name of who has to do it.")

    class Meta:
        model = Task
        fields = (
            "id",
            "customer",
            "customer_external_id",
            "kind",
            "title",
            "description",
            "owner",
            "due_at",
            "status",
            "outcome",
            "finished_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("status", "outcome", "finished_at")


class FinishSerializer(RecordSerializer):
    status = serializers.ChoiceField(choices=[Task.Status.DONE.value, Task.Status.SKIPPED.value], default="done")

    class Meta:
        model = Task
        fields = ("status", "outcome")


class TaskFilter(OfCustomerFilter):
    owner = UserFilter("owner")
    due_before = MomentFilter(field_name="due_at", lookup_expr="lt")
    updated_since = updated_since()

    class Meta:
        model = Task
        fields = ("kind", "status")


class TaskViewSet(RecordViewSet):
    """Things our people must do for a customer; a call to hold is a task of kind `call`."""

    queryset = Task.objects.select_related("customer", "owner")
    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    ordering_fields = ("id", "due_at", "created_at", "updated_at")
    store = staticmethod(save_task)
    remove = staticmethod(remove_record)

    @extend_schema(summary="Finish a task", request=FinishSerializer, responses={200: TaskSerializer})
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, **lookup: str) -> Response:
        """The task is done, or skipped; say what came of it. 409 where it is finished already."""
        task = self.get_object()
        serializer = FinishSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        finish_task(task, by=request.user, now=timezone.now(), **serializer.validated_data)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(summary="Reopen a task", request=None, responses={200: TaskSerializer})
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, **lookup: str) -> Response:
        """The task was not finished after all. Does nothing to an open one."""
        reopen_task(self.get_object(), by=request.user, now=timezone.now())
        return Response(self.get_serializer(self.get_object()).data)
