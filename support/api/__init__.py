"""Support over REST."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .routing import RoutingVersionViewSet
from .teams import AgentViewSet, AreaViewSet, TeamViewSet

router = SimpleRouter()
router.register("support/teams", TeamViewSet, "support-team")
router.register("support/agents", AgentViewSet, "support-agent")
router.register("support/areas", AreaViewSet, "support-area")
router.register("support/routing", RoutingVersionViewSet, "support-routing")

urlpatterns = [path("", include(router.urls))]
