"""Support over REST: tickets and threads, promises, opening hours, areas, who answers, routing, articles."""

from . import articles, courses, desk, files, messages, metrics, policy, routing, teams, tickets

urlpatterns = [
    *tickets.urlpatterns,
    *messages.urlpatterns,
    *courses.urlpatterns,
    *files.urlpatterns,
    *policy.urlpatterns,
    *metrics.urlpatterns,
    *desk.urlpatterns,
    *teams.urlpatterns,
    *routing.urlpatterns,
    *articles.urlpatterns,
]
