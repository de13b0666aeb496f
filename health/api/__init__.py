"""Health over REST."""

from . import alerts, scores

urlpatterns = [*scores.urlpatterns, *alerts.urlpatterns]
