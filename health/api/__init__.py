"""Health over REST."""

from . import explain, overrides, runs, scores

urlpatterns = [
    *scores.urlpatterns,
    *explain.urlpatterns,
    *overrides.urlpatterns,
    *runs.urlpatterns,
]
