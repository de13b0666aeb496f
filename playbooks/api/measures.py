"""playbooks/{key}/preview/, effect/, review/: what one would have done, what it achieves, and who looked last."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from .. import preview, reviewing, tasks
from ..effect import Effect, Kept, means, of_playbook, verdict
from ..effect.words import headline, sentences
from ..models import Playbook, PlaybookVersion, Preview
from ..preview.result import Result
from ..preview.words import caveats
from ..preview.words import headline as preview_headline
from ..services import in_force


class ShareSerializer(serializers.Serializer[Any]):
    """What falls to one success manager; without an id: to nobody."""

    manager_id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField(allow_blank=True)
    entered = serializers.IntegerField()
    mails = serializers.IntegerField()
    tasks = serializers.IntegerField()


class EntrantSerializer(serializers.Serializer[Any]):
    """A customer that would have entered, the first time it would have."""

    customer_id = serializers.IntegerField()
    name = serializers.CharField()
    at = serializers.DateTimeField()
    because = serializers.CharField(allow_blank=True)
    mails = serializers.IntegerField()
    tasks = serializers.IntegerField()
    revenue = serializers.DictField(child=serializers.CharField(), help_text="A month, by currency.")
    is_held_out = serializers.BooleanField()


class TooMuchSerializer(serializers.Serializer[Any]):
    """A customer that would have got more mails within 7 days than the cap allows."""

    customer_id = serializers.IntegerField()
    name = serializers.CharField()
    mails = serializers.IntegerField()
    sent = serializers.IntegerField(help_text="Of these, really sent by others.")
    day = serializers.DateField()


@extend_schema_serializer(component_name="PlaybookPreviewResult")
class ResultSerializer(serializers.Serializer[Any]):
    """What a preview found; `entered`, `mails` and `tasks` by day from `since` on."""

    since = serializers.DateField()
    until = serializers.DateField()
    customers = serializers.IntegerField()
    entered = serializers.ListField(child=serializers.IntegerField())
    mails = serializers.ListField(child=serializers.IntegerField())
    tasks = serializers.ListField(child=serializers.IntegerField())
    held_out = serializers.IntegerField()
    left_early = serializers.IntegerField()
    refused = serializers.DictField(child=serializers.IntegerField(), help_text="Customers by the key of the reason.")
    managers = ShareSerializer(many=True)
    entrants = EntrantSerializer(many=True, help_text="The 50 with the most revenue.")
    over_cap = serializers.IntegerField()
    too_much = TooMuchSerializer(many=True)
    without_contact = serializers.IntegerField()
    late_events = serializers.IntegerField()
    today_only = serializers.ListField(child=serializers.CharField(), help_text="Facts that know no history.")
    starts_others = serializers.BooleanField()


@extend_schema_serializer(component_name="PlaybookPreview")
class PreviewSerializer(serializers.ModelSerializer):
    """A preview, or how far it is; `headline` and `caveats` say its result in words."""

    version = serializers.IntegerField(source="version.number", allow_null=True, help_text="Null: the draft.")
    is_stale = serializers.SerializerMethodField(help_text="Asked for now it would be made anew.")
    headline = serializers.SerializerMethodField()
    caveats = serializers.SerializerMethodField(help_text="What the past does not tell.")
    result = ResultSerializer(allow_null=True)

    class Meta:
        model = Preview
        fields = (
            "version",
            "state",
            "since",
            "until",
            "days_done",
            "error",
            "requested_at",
            "finished_at",
            "is_stale",
            "headline",
            "caveats",
            "result",
        )
        read_only_fields = fields

    def get_is_stale(self, row: Preview) -> bool:
        return not row.is_open and not preview.fresh(row, timezone.now())

    def get_headline(self, row: Preview) -> str:
        return preview_headline(Result.from_json(row.result)) if row.result else ""

    def get_caveats(self, row: Preview) -> list[str]:
        return list(caveats(Result.from_json(row.result))) if row.result else []


class ArmSerializer(serializers.Serializer[Any]):
    """So many of so many."""

    reached = serializers.IntegerField()
    size = serializers.IntegerField()


class EstimateSerializer(serializers.Serializer[Any]):
    """A share or difference of shares (1 is everybody) and its interval of 95 %."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


@extend_schema_serializer(component_name="PlaybookEffect")
class EffectSerializer(serializers.Serializer[Any]):
    """What became of a version's runs, held against those held out."""

    version = serializers.IntegerField()
    as_of = serializers.DateTimeField(
        allow_null=True, help_text="When it was counted; null: not yet, for nobody was in it by then."
    )
    entered = serializers.IntegerField()
    under_way = serializers.IntegerField()
    finished = serializers.IntegerField()
    exited = serializers.IntegerField(help_text="Left by the exit condition.")
    churned = serializers.IntegerField(help_text="Left because the customer churned.")
    stopped = serializers.IntegerField()
    held_out = serializers.IntegerField()
    goal_reached = serializers.IntegerField()
    days_to_goal = serializers.FloatField(allow_null=True, help_text="The median.")
    mails = serializers.IntegerField(help_text="Sent.")
    tasks = serializers.IntegerField()
    undecided = serializers.IntegerField(help_text="Those who still have time for the goal: compared later.")
    treated = ArmSerializer(help_text="Of those entered by the trigger whose days are over, who reached the goal.")
    control = ArmSerializer(help_text="The same of those held out.")
    stayed = ArmSerializer(help_text="Of those compared, who has not churned since.")
    stayed_held_out = ArmSerializer()
    revenue_retained = EstimateSerializer(
        allow_null=True,
        help_text="Of those compared who paid on entering, the mean of what each pays when its days for the goal are "
        "over ÷ what it paid on entering.",
    )
    revenue_retained_held_out = EstimateSerializer(allow_null=True, help_text="The same of those held out.")
    revenue_difference = EstimateSerializer(allow_null=True)
    verdict = serializers.ChoiceField(choices=("no_goal", "no_control", "too_few", "helps", "harms", "unclear"))
    treated_share = EstimateSerializer(allow_null=True)
    control_share = EstimateSerializer(allow_null=True)
    difference = EstimateSerializer(allow_null=True)
    more_held_out = serializers.IntegerField(help_text="How many more to hold out; 0: enough.")
    headline = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())


def _effect(number: int, found: Kept | None, *, has_goal: bool) -> dict[str, Any]:
    effect = found.effect if found else Effect()
    judged = verdict(effect, has_goal=has_goal)
    return {
        **vars(effect),
        "as_of": found.as_of if found else None,
        "version": number,
        "revenue_retained": means.estimate(effect.revenue),
        "revenue_retained_held_out": means.estimate(effect.revenue_held_out),
        "revenue_difference": means.gap(effect.revenue, effect.revenue_held_out),
        "verdict": judged.kind,
        "treated_share": judged.treated,
        "control_share": judged.control,
        "difference": judged.difference,
        "more_held_out": judged.more_held_out,
        "headline": headline(effect, judged),
        "sentences": sentences(effect, judged),
    }


@extend_schema_serializer(component_name="PlaybookReviewed")
class ReviewedSerializer(serializers.Serializer[Any]):
    """Who last looked whether it works."""

    note = serializers.CharField(
        source="review_note", max_length=300, required=False, allow_blank=True, default="", help_text="What was found."
    )
    reviewed_at = serializers.DateTimeField(read_only=True)
    is_overdue = serializers.SerializerMethodField(help_text="Active, and for 90 days nobody has looked.")

    def get_is_overdue(self, playbook: Playbook) -> bool:
        return reviewing.is_overdue(playbook, timezone.now())


OF_DRAFT = OpenApiParameter("draft", bool, description="Of the draft instead of the version in force.")


class MeasuresViewSet(GenericViewSet):
    """What a playbook would have done, and whether it works."""

    queryset = Playbook.objects.all()
    lookup_field = "key"
    lookup_value_regex = "[a-z][a-z0-9_]{0,59}"
    filter_backends = ()
    pagination_class = None
    # A preview changes nothing: whoever may read a playbook may ask for one.
    staff_permissions = {"ask": "playbooks.view_preview", "review": "playbooks.change_playbook"}

    @extend_schema(summary="Read a preview", parameters=[OF_DRAFT], responses=PreviewSerializer)
    @action(detail=True, methods=["get"], url_path="preview")
    def preview(self, request: Request, **lookup: str) -> Response:
        """The newest of the last 90 days. 404 where nobody asked for one."""
        rows = Preview.objects.select_related("version__playbook").filter(version=self._version(request))
        row = rows.first()
        if row is None:
            raise Http404("Nobody has asked for a preview of it yet.")
        return Response(PreviewSerializer(row).data)

    @extend_schema(
        summary="Preview the last 90 days", parameters=[OF_DRAFT], request=None, responses={202: PreviewSerializer}
    )
    @preview.mapping.post
    def ask(self, request: Request, **lookup: str) -> Response:
        """Nothing is sent or changed. Read it again until its `state` is done or failed; a fresh one is kept."""
        row = preview.request(self._version(request), by=request.user, now=timezone.now())
        tasks.begin_preview(row)
        row.refresh_from_db()
        return Response(PreviewSerializer(row).data, status=202)

    @extend_schema(summary="What a playbook achieves", responses=EffectSerializer(many=True))
    @action(detail=True, methods=["get"])
    def effect(self, request: Request, **lookup: str) -> Response:
        """By version, the newest first: what became of those who entered, against those held out; counted hourly."""
        playbook = self.get_object()
        goals = dict(playbook.versions.filter(state="published").values_list("number", "definition__goal"))
        found = of_playbook(playbook)
        rows = [_effect(number, one, has_goal=goals.get(number) is not None) for number, one in found]
        return Response(EffectSerializer(rows, many=True).data)

    @extend_schema(summary="Note a review", request=ReviewedSerializer, responses=ReviewedSerializer)
    @action(detail=True, methods=["post"])
    def review(self, request: Request, **lookup: str) -> Response:
        """Somebody has looked whether it still does what it is for."""
        given = ReviewedSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        note = given.validated_data["review_note"]
        playbook = reviewing.mark_reviewed(self.get_object(), note=note, by=request.user, now=timezone.now())
        return Response(ReviewedSerializer(playbook).data)

    def _version(self, request: Request) -> PlaybookVersion:
        playbook = self.get_object()
        is_draft = request.query_params.get("draft", "").lower() in ("1", "true")
        found = playbook.versions.filter(state="draft").first() if is_draft else in_force(playbook)
        if found is None:
            raise Http404("There is no draft." if is_draft else "No version is published: ask for the draft's.")
        found.playbook = playbook
        return found
