"""Messaging's part of /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .emails import EmailViewSet
from .suppressions import SuppressionViewSet
from .survey_requests import SurveyRequestViewSet
from .surveys import SurveyResponseViewSet
from .templates import MailTemplateVersionViewSet, MailTemplateViewSet

router = SimpleRouter()
router.register("survey-responses", SurveyResponseViewSet, "survey-response")
router.register("survey-requests", SurveyRequestViewSet, "survey-request")
router.register("emails", EmailViewSet, "email")
router.register("suppressions", SuppressionViewSet, "suppression")
router.register("mail-templates", MailTemplateViewSet, "mail-template")
router.register("mail-template-versions", MailTemplateVersionViewSet, "mail-template-version")

urlpatterns = [path("", include(router.urls))]
