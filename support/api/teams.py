"""support/teams/, support/agents/: who answers tickets."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from agentfactory_cs.customers.api.records import ReadViewSet, RecordSerializer
from agentfactory_cs.filters import NameFilter

from .. import staffing
from ..models import Agent, Team
from ..tasks import ring_for_tickets

_OPEN = ("new", "open")
_LOAD = Count("user__assigned_tickets", filter=Q(user__assigned_tickets__status__in=_OPEN), distinct=True)


@extend_schema_serializer(component_name="SupportTeam")
class TeamSerializer(RecordSerializer):
    agents = serializers.SerializerMethodField(help_text="User names of its people.")

    class Meta:
        model = Team
        fields = ("id", "key", "name", "description", "address", "is_senior", "takes_the_rest", "is_active", "agents")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_agents(self, team: Team) -> Sequence[str]:
        return sorted(agent.user.get_username() for agent in team.agents.all())


class TeamFilter(filters.FilterSet):
    class Meta:
        model = Team
        fields = ("is_active",)


class TeamViewSet(ReadViewSet):
    """The teams that tickets go to."""

    thing = "support team"
    queryset = Team.objects.prefetch_related("agents__user")
    serializer_class = TeamSerializer
    filterset_class = TeamFilter
    ordering_fields = ("id",)


@extend_schema_serializer(component_name="SupportAgent")
class AgentSerializer(RecordSerializer):
    username = serializers.CharField(source="user.username", read_only=True)
    teams = serializers.SerializerMethodField(help_text="Keys of their teams.")
    languages = serializers.SerializerMethodField(help_text="Which they speak; empty: the company's language.")
    away_until = serializers.SerializerMethodField(help_text="Gets nothing new before this day.")
    open_tickets = serializers.IntegerField(read_only=True, help_text="Those that are new or open, not waiting.")

    class Meta:
        model = Agent
        fields = (
            "id",
            "username",
            "teams",
            "languages",
            "is_present",
            "away_until",
            "capacity",
            "open_tickets",
            "last_assigned_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_teams(self, agent: Agent) -> Sequence[str]:
        return sorted(team.key for team in agent.teams.all())

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_languages(self, agent: Agent) -> Sequence[str]:
        profile = getattr(agent.user, "staff_profile", None)
        return profile.languages if profile else []

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_away_until(self, agent: Agent) -> Any:
        profile = getattr(agent.user, "staff_profile", None)
        return profile.away_until if profile else None


class AgentFilter(filters.FilterSet):
    team = NameFilter(
        thing="team",
        exists=lambda key: Team.objects.filter(key=key).exists(),
        field_name="teams__key",
        help_text="The key of one of their teams.",
    )

    class Meta:
        model = Agent
        fields = ("is_present",)


class AgentViewSet(ReadViewSet):
    """Who answers tickets, and how many they have."""

    thing = "support agent"
    queryset = (
        Agent.objects.select_related("user__staff_profile").prefetch_related("teams").annotate(open_tickets=_LOAD)
    )
    serializer_class = AgentSerializer
    filterset_class = AgentFilter
    ordering_fields = ("id",)
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(summary="Take tickets", request=None, responses=AgentSerializer)
    @action(detail=True, methods=["post"])
    def present(self, request: Request, **lookup: str) -> Response:
        """From now on routing gives them tickets; what waits for somebody is handed out at once."""
        return self._set(request, True)

    @extend_schema(summary="Take no tickets for now", request=None, responses=AgentSerializer)
    @action(detail=True, methods=["post"])
    def absent(self, request: Request, **lookup: str) -> Response:
        """Routing gives them nothing more; what they have, they keep."""
        return self._set(request, False)

    def _set(self, request: Request, is_present: bool) -> Response:
        agent = self.get_object()
        staffing.set_present([agent.pk], is_present, by=request.user, now=timezone.now())
        if is_present:
            ring_for_tickets()
        return Response(self.get_serializer(self.get_object()).data)


router = SimpleRouter()
router.register("support/teams", TeamViewSet, "support-team")
router.register("support/agents", AgentViewSet, "support-agent")
urlpatterns = router.urls
