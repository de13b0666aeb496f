"""Health over REST."""

from . import explain, overrides, reports, runs, scorecards, scores

urlpatterns = [
    *scores.urlpatterns,
    *explain.urlpatterns,
    *overrides.urlpatterns,
    *reports.urlpatterns,
    *runs.urlpatterns,
    *scorecards.urlpatterns,
]
