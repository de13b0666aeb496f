"""Support over REST: tickets and threads, promises, opening hours, areas, who answers, routing, articles."""

from . import articles, courses, desk, files, messages, policy, routing, teams, tickets

urlpatterns = [
    *tickets.urlpatterns,
    *messages.urlpatterns,
    *courses.urlpatterns,
    *files.urlpatterns,
    *policy.urlpatterns,
    *desk.urlpatterns,
    *teams.urlpatterns,
    *routing.urlpatterns,
    *articles.urlpatterns,
]
