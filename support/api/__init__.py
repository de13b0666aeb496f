"""Support over REST."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .articles import ArticleVersionViewSet, ArticleViewSet

router = SimpleRouter()
router.register("support/articles", ArticleViewSet, "support-article")
router.register("support/article-versions", ArticleVersionViewSet, "support-article-version")

urlpatterns = [path("", include(router.urls))]
