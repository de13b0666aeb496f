"""Onboarding over REST: onboardings, milestones, checklists, account set-up, and what the platform told us."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .checklists import ChecklistVersionViewSet, ChecklistViewSet
from .milestones import MilestoneViewSet
from .onboardings import OnboardingViewSet
from .set_up import DeliveryViewSet, StepViewSet

router = SimpleRouter()
router.register("onboardings", OnboardingViewSet, "onboarding")
router.register("milestones", MilestoneViewSet, "milestone")
router.register("provisioning-steps", StepViewSet, "provisioning-step")
router.register("platform-deliveries", DeliveryViewSet, "platform-delivery")
router.register("onboarding-checklists", ChecklistViewSet, "onboarding-checklist")
router.register("onboarding-checklist-versions", ChecklistVersionViewSet, "onboarding-checklist-version")

urlpatterns = [path("", include(router.urls))]
