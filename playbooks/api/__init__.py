"""REST of playbooks: themselves, their versions, their runs, and what a definition can be made of."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .catalogues import ActionsView, FactsView, TriggersView
from .measures import MeasuresViewSet
from .playbooks import PlaybookViewSet
from .runs import RunViewSet
from .versions import VersionViewSet

router = SimpleRouter()
router.register("playbooks", PlaybookViewSet, "playbook")
router.register("playbooks", MeasuresViewSet, "playbook-measure")
router.register("playbook-versions", VersionViewSet, "playbookversion")
router.register("playbook-runs", RunViewSet, "playbook-run")
router.register("facts", FactsView, "fact")
router.register("actions", ActionsView, "action")
router.register("triggers", TriggersView, "trigger")

urlpatterns = [path("", include(router.urls))]
