"""Health over REST."""

from . import explain, overrides, scores

urlpatterns = [*scores.urlpatterns, *explain.urlpatterns, *overrides.urlpatterns]
