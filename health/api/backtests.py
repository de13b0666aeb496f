"""Backtests over REST: start one, watch it, read what it found."""

from typing import Any

from django.db import transaction
from django.urls import include, path
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.customers.models import Customer

from .. import backtesting, tasks
from ..backtesting.span import HORIZON_DAYS, MAX_HORIZON_DAYS
from ..backtesting.words import headline, sentences, suggestion_words
from ..metrics import KEYS
from ..models import Backtest, ScorecardVersion
from .scores import DayField

VERDICTS = ("signal", "no_signal", "only_age", "wrong_way", "too_few")


class MeasureSerializer(serializers.Serializer[Any]):
    """An estimate and its bootstrap interval of 95 %."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class DiscriminationSerializer(serializers.Serializer[Any]):
    """How well one predictor tells who leaves, as areas under the ROC curve."""

    key = serializers.ChoiceField(choices=("score", "reliable", *KEYS))
    share = serializers.FloatField(help_text="Share of the looks at which it had data.")
    area = MeasureSerializer(allow_null=True)
    net = MeasureSerializer(allow_null=True, help_text="Compared only within one month end and one band of age.")


class RivalSerializer(serializers.Serializer[Any]):
    """A trivial rule the score has to beat."""

    key = serializers.ChoiceField(choices=("fell", "fall", "age"))
    area = MeasureSerializer(allow_null=True)
    net = MeasureSerializer(allow_null=True)
    margin = MeasureSerializer(allow_null=True, help_text="The score's area less this one's.")


class CaughtSerializer(serializers.Serializer[Any]):
    """Of those who left, how many stood among the worst of their month end."""

    share = serializers.FloatField(help_text="0.1: the worst tenth.")
    caught = serializers.FloatField(help_text="With parts where scores tie at the edge.")
    of = serializers.IntegerField()


class LeadSerializer(serializers.Serializer[Any]):
    """How long before departures the customer stood in the worst fifth until it left."""

    seen = serializers.IntegerField()
    of = serializers.IntegerField()
    median_days = serializers.FloatField(allow_null=True)


class TenthSerializer(serializers.Serializer[Any]):
    """One tenth of the looks by score."""

    lowest = serializers.FloatField()
    highest = serializers.FloatField()
    looks = serializers.IntegerField()
    left = serializers.IntegerField()


class TierFiguresSerializer(serializers.Serializer[Any]):
    """The score within one tier."""

    tier = serializers.ChoiceField(choices=Customer.Tier.choices)
    looks = serializers.IntegerField()
    churners = serializers.IntegerField()
    area = MeasureSerializer(allow_null=True)


class MonthSerializer(serializers.Serializer[Any]):
    """One month end."""

    day = serializers.DateField()
    customers = serializers.IntegerField()
    left = serializers.IntegerField()
    caught = serializers.FloatField(help_text="Of these, from the worst fifth.")


class SuggestionSerializer(serializers.Serializer[Any]):
    """Weights that a model fitted to the same months would choose."""

    reason = serializers.CharField(help_text="Why there are none; empty where there are.")
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True, help_text="On customers that the model had not seen.")
    gain = MeasureSerializer(allow_null=True)
    definition = serializers.DictField(allow_null=True, help_text="A scorecard's definition.")
    version_id = serializers.IntegerField(allow_null=True, help_text="The version it would change.")


class ResultSerializer(serializers.Serializer[Any]):
    """What a backtest found. A look is one customer at one month end."""

    scorecard = serializers.CharField()
    since = serializers.DateField()
    until = serializers.DateField()
    horizon_days = serializers.IntegerField()
    looks = serializers.IntegerField()
    scored = serializers.IntegerField()
    reliable = serializers.IntegerField(help_text="Looks whose score was not provisional.")
    coverage = serializers.FloatField()
    customers = serializers.IntegerField()
    churners = serializers.IntegerField(help_text="Customers that left within the horizon of a month end.")
    score = DiscriminationSerializer()
    score_reliable = DiscriminationSerializer()
    rivals = RivalSerializer(many=True)
    caught = CaughtSerializer(many=True)
    lead = LeadSerializer()
    tenths = TenthSerializer(many=True)
    tiers = TierFiguresSerializer(many=True)
    metrics = DiscriminationSerializer(many=True)
    months = MonthSerializer(many=True)
    suggestion = SuggestionSerializer()


class FoundSerializer(serializers.Serializer[Any]):
    """The answer in words."""

    verdict = serializers.ChoiceField(choices=VERDICTS)
    headline = serializers.CharField()
    sentences = serializers.ListField(child=serializers.CharField())


@extend_schema_serializer(component_name="Backtest")
class BacktestSerializer(serializers.ModelSerializer):
    """A backtest; `found` once it is done."""

    version = serializers.PrimaryKeyRelatedField(
        queryset=ScorecardVersion.objects.select_related("scorecard"),
        allow_null=True,
        default=None,
        help_text="Id of a scorecard version, published or draft; null: those in force.",
    )
    since = DayField(required=False, help_text="First day for a month end; as far as the data goes.")
    until = DayField(required=False, help_text="Last day for a month end; the latest that is known.")
    horizon_days = serializers.IntegerField(
        min_value=1, max_value=MAX_HORIZON_DAYS, default=HORIZON_DAYS, help_text="Days within which a customer leaves."
    )
    found = serializers.SerializerMethodField()

    class Meta:
        model = Backtest
        fields = (
            "id",
            "version",
            "since",
            "until",
            "horizon_days",
            "state",
            "days_total",
            "days_done",
            "error",
            "created_at",
            "finished_at",
            "found",
        )
        read_only_fields = ("state", "days_total", "days_done", "error", "created_at", "finished_at")

    @extend_schema_field(FoundSerializer(allow_null=True))
    def get_found(self, backtest: Backtest) -> dict[str, Any] | None:
        if not backtest.result:
            return None
        result = backtesting.Result.from_json(backtest.result)
        said = [*sentences(result), suggestion_words(result.suggestion)]
        return {"verdict": result.verdict, "headline": headline(result), "sentences": said}


@extend_schema_serializer(component_name="BacktestDetail")
class BacktestDetailSerializer(BacktestSerializer):
    """A backtest with all its figures."""

    result = ResultSerializer(read_only=True, allow_null=True)

    class Meta(BacktestSerializer.Meta):
        fields = (*BacktestSerializer.Meta.fields, "result")  # type: ignore[assignment]


class BacktestFilter(filters.FilterSet):
    class Meta:
        model = Backtest
        fields = ("state",)


class BacktestViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Replays of the past that say whether the score saw coming who left."""

    queryset = Backtest.objects.all()
    filterset_class = BacktestFilter
    lookup_value_regex = "[0-9]{1,18}"

    def get_serializer_class(self) -> type[BacktestSerializer]:
        return BacktestDetailSerializer if self.action == "retrieve" else BacktestSerializer

    @extend_schema(summary="Start a backtest", responses={201: BacktestSerializer})
    def create(self, request: Request) -> Response:
        """A worker takes it up at once; read it again until its `state` is done or failed."""
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        backtest = backtesting.start(**asked.validated_data, by=request.user, now=timezone.now())
        transaction.on_commit(lambda: tasks.work_off_backtest.delay(backtest.pk))
        return Response(self.get_serializer(backtest).data, status=status.HTTP_201_CREATED)


router = SimpleRouter()
router.register("backtests", BacktestViewSet)

urlpatterns = [path("", include(router.urls))]
