"""Health over REST."""

from . import explain, overrides, reports, runs, scores

urlpatterns = [
    *scores.urlpatterns,
    *explain.urlpatterns,
    *overrides.urlpatterns,
    *reports.urlpatterns,
    *runs.urlpatterns,
]
