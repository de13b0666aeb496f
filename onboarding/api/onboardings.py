"""onboardings/: where customers stand between signup and first value, ticking items off, and completing."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agentfactory_cs.customers.api.records import (
    OfCustomerFilter,
    OfCustomerSerializer,
    ReadViewSet,
    RecordSerializer,
    since_filter,
)
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.filters import UserFilter

from .. import by_hand, course
from ..models import Milestone, Onboarding
from ..standing import Check, Line, checks, lines


@extend_schema_serializer(component_name="OnboardingProgress")
class ProgressSerializer(serializers.Serializer[Any]):
    """Required items."""

    reached = serializers.IntegerField()
    required = serializers.IntegerField()  # type: ignore[assignment]


@extend_schema_serializer(component_name="OnboardingNextItem")
class NextSerializer(serializers.Serializer[Any]):
    """The first required item that is missing."""

    key = serializers.CharField()
    title = serializers.CharField()
    expected_at = serializers.DateTimeField(allow_null=True, help_text="null: it is not waited for.")
    is_late = serializers.BooleanField()


@extend_schema_serializer(component_name="OnboardingIntervention")
class InterventionSerializer(serializers.Serializer[Any]):
    """How far the playbook for stuck customers has come."""

    run = serializers.IntegerField(help_text="The playbook run.")
    step = serializers.IntegerField(
        help_text="Counted from 1; 0: none is reached yet, and title and state are of the next."
    )
    of = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.CharField()


@extend_schema_serializer(component_name="OnboardingStuck")
class StuckSerializer(serializers.Serializer[Any]):
    """What it is stuck at, and since when."""

    blocker = serializers.CharField(help_text="The key of the item.")
    because = serializers.CharField(help_text="In words.")
    since = serializers.DateTimeField()
    intervention = InterventionSerializer(allow_null=True)


@extend_schema_serializer(component_name="OnboardingItem")
class ItemSerializer(serializers.Serializer[Any]):
    """One item of the checklist."""

    key = serializers.CharField()
    title = serializers.CharField()
    is_required = serializers.BooleanField()
    expected_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    is_blocker = serializers.BooleanField()
    reached_at = serializers.DateTimeField(allow_null=True)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Milestone.Source.choices, allow_null=True
    )
    detail = serializers.CharField(help_text="The evidence, in words.")


@extend_schema_serializer(component_name="Onboarding")
class OnboardingSerializer(OfCustomerSerializer):
    checklist = serializers.CharField(source="version.checklist.tier", read_only=True, help_text="Whose: a tier.")
    version = serializers.IntegerField(source="version.number", read_only=True)
    day = serializers.SerializerMethodField(help_text="The day it is on, or ended on; the day of signup is 1.")
    progress = serializers.SerializerMethodField()
    next_item = serializers.SerializerMethodField()
    stuck = serializers.SerializerMethodField()

    class Meta:
        model = Onboarding
        fields: tuple[str, ...] = (
            "id",
            "customer",
            "customer_external_id",
            "checklist",
            "version",
            "state",
            "started_at",
            "ended_at",
            "ended_because",
            "day",
            "progress",
            "next_item",
            "stuck",
        )
        read_only_fields: tuple[str, ...] = fields

    def line(self, onboarding: Onboarding) -> Line:
        return self.context["lines"][onboarding.pk]

    def get_day(self, onboarding: Onboarding) -> int:
        return self.line(onboarding).day

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, onboarding: Onboarding) -> Any:
        reached, required = self.line(onboarding).progress
        return {"reached": reached, "required": required}

    @extend_schema_field(NextSerializer(allow_null=True))
    def get_next_item(self, onboarding: Onboarding) -> Any:
        line = self.line(onboarding)
        if line.next is None:
            return None
        told = {"key": line.next.key, "title": line.next.title, "expected_at": line.next_at, "is_late": line.is_late}
        return NextSerializer(told).data

    @extend_schema_field(StuckSerializer(allow_null=True))
    def get_stuck(self, onboarding: Onboarding) -> Any:
        line = self.line(onboarding)
        if line.stuck is None:
            return None
        told = {name: getattr(line.stuck, name) for name in ("blocker", "because", "since")}
        return StuckSerializer({**told, "intervention": _intervention(line)}).data


def _intervention(line: Line) -> dict[str, Any] | None:
    if line.rung is None:
        return None
    rung = line.rung
    return {"run": rung.run_id, "step": rung.place, "of": rung.of, "title": rung.title, "state": rung.state}


@extend_schema_serializer(component_name="OnboardingWithChecklist")
class WithChecklistSerializer(OnboardingSerializer):
    items = serializers.SerializerMethodField(help_text="The checklist, in its order.")

    class Meta(OnboardingSerializer.Meta):
        fields = (*OnboardingSerializer.Meta.fields, "items")
        read_only_fields = fields

    @extend_schema_field(ItemSerializer(many=True))
    def get_items(self, onboarding: Onboarding) -> Any:
        found = checks(self.line(onboarding))
        return ItemSerializer([_item(check) for check in found], many=True).data


def _item(check: Check) -> dict[str, Any]:
    milestone = check.milestone
    return {
        "key": check.item.key,
        "title": check.item.title,
        "is_required": check.item.is_required,
        "expected_at": check.expected_at,
        "is_late": check.is_late,
        "is_blocker": check.is_blocker,
        "reached_at": milestone.reached_at if milestone else None,
        "source": milestone.source if milestone else None,
        "detail": milestone.detail if milestone else "",
    }


@extend_schema_serializer(component_name="OnboardingToBegin")
class ToBeginSerializer(OfCustomerSerializer):
    """Whose onboarding begins."""

    class Meta:
        model = Onboarding
        fields = ("customer", "customer_external_id")


@extend_schema_serializer(component_name="OnboardingItemReached")
class ReachedSerializer(RecordSerializer):
    """What was reached, and since when; without `at` it is now."""

    at = serializers.DateTimeField(required=False, help_text="Between signup and now.")
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="How we know; it stands on the milestone."
    )

    class Meta:
        model = Milestone
        fields = ("key", "at", "note")


@extend_schema_serializer(component_name="OnboardingReview")
class ReviewSerializer(serializers.Serializer[Any]):
    """Why it is complete."""

    because = serializers.CharField(max_length=300, help_text="A sentence; it stands on the timeline.")


class OnboardingFilter(OfCustomerFilter):
    state = filters.MultipleChoiceFilter(choices=Onboarding.State.choices)
    stuck = filters.BooleanFilter(method="filter_stuck", help_text="Whether it is stuck now.")
    tier = filters.MultipleChoiceFilter(field_name="customer__tier", choices=Customer.Tier.choices)
    owner = UserFilter("customer__success_manager", "The success manager's user name.")
    started_since = since_filter("started_at", "Begun at this moment or later.")

    def filter_stuck(self, onboardings: Any, name: str, wanted: bool) -> Any:
        stuck = Onboarding.objects.stuck().values("pk")
        return onboardings.filter(pk__in=stuck) if wanted else onboardings.exclude(pk__in=stuck)

    class Meta:
        model = Onboarding
        fields = ()


class OnboardingViewSet(ReadViewSet):
    """Customers between signup and first value: how far they are, what comes next, where they are stuck.

    An onboarding begins by itself at signup, and is completed when everything required is reached.
    """

    thing = "onboarding"
    queryset = Onboarding.objects.select_related("customer", "version__checklist")
    serializer_class = OnboardingSerializer
    filterset_class = OnboardingFilter
    ordering_fields = ("id", "started_at")
    http_method_names = ["get", "post", "head", "options"]
    staff_permissions = {"create": "onboarding.change_onboarding"}

    def list(self, request: Request) -> Response:
        """Onboardings. The latest of a customer is the one with the greatest `id`."""
        page: Sequence[Onboarding] = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        context = {**self.get_serializer_context(), "lines": lines(page, timezone.now())}
        return self.get_paginated_response(OnboardingSerializer(page, many=True, context=context).data)

    @extend_schema(responses=WithChecklistSerializer)
    def retrieve(self, request: Request, **lookup: str) -> Response:
        """An onboarding with its checklist."""
        return self._with_checklist(self.get_object())

    @extend_schema(summary="Begin an onboarding", request=ToBeginSerializer, responses={201: WithChecklistSerializer})
    def create(self, request: Request) -> Response:
        """Begin one by hand, from now. 409 where the customer is beyond that stage, or in one already."""
        asked = ToBeginSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        begun = course.begin(asked.validated_data["customer"], by=request.user, now=timezone.now())
        response = self._with_checklist(self._again(begun))
        response.status_code = 201
        response["Location"] = self.reverse_action("detail", args=[begun.pk])
        return response

    @extend_schema(summary="Tick an item off", request=ReachedSerializer, responses=WithChecklistSerializer)
    @action(detail=True, methods=["post"])
    def reach(self, request: Request, **lookup: str) -> Response:
        """By its `key`. Said again it changes nothing, or moves the moment back; 409 where a `note` would be lost by
        that. Who reaches the last required item is through within seconds."""
        onboarding, asked = self.get_object(), ReachedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        by_hand.tick(onboarding.customer, **asked.validated_data, by=request.user, now=timezone.now())
        return self._with_checklist(onboarding)

    @extend_schema(summary="Complete an onboarding", request=ReviewSerializer, responses=WithChecklistSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, **lookup: str) -> Response:
        """The review is done, whatever is missing: the customer moves to adoption. 409 where it is over already."""
        onboarding, asked = self.get_object(), ReviewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        course.complete(onboarding, **asked.validated_data, by=request.user, now=timezone.now())
        return self._with_checklist(self._again(onboarding))

    def _again(self, onboarding: Onboarding) -> Onboarding:
        found: QuerySet[Onboarding] = self.queryset
        return found.get(pk=onboarding.pk)

    def _with_checklist(self, onboarding: Onboarding) -> Response:
        context = {**self.get_serializer_context(), "lines": lines([onboarding], timezone.now())}
        return Response(WithChecklistSerializer(onboarding, context=context).data)
