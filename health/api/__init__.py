"""Health over REST."""

from . import scorecards, scores

urlpatterns = [*scores.urlpatterns, *scorecards.urlpatterns]
