"""The customers' part of /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .contacts import ContactViewSet, SubscriptionViewSet
from .customers import CustomerByExternalIdViewSet, CustomerViewSet
from .departures import ChurnViewSet
from .goals import GoalReadingViewSet, GoalViewSet, OutcomeReportViewSet
from .relationship import InteractionViewSet, RenewalEstimateViewSet, TrainingViewSet
from .segments import SegmentViewSet
from .tasks import TaskViewSet
from .usage import FeatureViewSet, UsageView

router = SimpleRouter()
router.register("customers/by-external-id", CustomerByExternalIdViewSet, "customer-by-external-id")
router.register("customers", CustomerViewSet)
router.register("contacts", ContactViewSet)
router.register("subscriptions", SubscriptionViewSet)
router.register("churns", ChurnViewSet)
router.register("goals", GoalViewSet)
router.register("goal-readings", GoalReadingViewSet)
router.register("outcome-reports", OutcomeReportViewSet)
router.register("interactions", InteractionViewSet)
router.register("trainings", TrainingViewSet)
router.register("renewal-estimates", RenewalEstimateViewSet)
router.register("tasks", TaskViewSet)
router.register("segments", SegmentViewSet)
router.register("features", FeatureViewSet)

urlpatterns = [path("", include(router.urls)), path("usage/", UsageView.as_view(), name="usage")]
