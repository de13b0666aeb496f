"""Health over REST."""

from . import runs, scores

urlpatterns = [*scores.urlpatterns, *runs.urlpatterns]
