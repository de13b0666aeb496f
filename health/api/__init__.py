"""Health over REST."""

from . import reports, scores

urlpatterns = [*scores.urlpatterns, *reports.urlpatterns]
