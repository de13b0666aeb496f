"""Health over REST."""

from . import alerts, backtests, explain, overrides, reports, runs, scorecards, scores

urlpatterns = [
    *scores.urlpatterns,
    *alerts.urlpatterns,
    *backtests.urlpatterns,
    *explain.urlpatterns,
    *overrides.urlpatterns,
    *reports.urlpatterns,
    *runs.urlpatterns,
    *scorecards.urlpatterns,
]
