"""Health over REST."""

from . import alerts, explain, overrides, reports, runs, scorecards, scores

urlpatterns = [
    *scores.urlpatterns,
    *alerts.urlpatterns,
    *explain.urlpatterns,
    *overrides.urlpatterns,
    *reports.urlpatterns,
    *runs.urlpatterns,
    *scorecards.urlpatterns,
]
