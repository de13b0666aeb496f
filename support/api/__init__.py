"""Support over REST: tickets and their threads, what was promised, opening hours, areas, who answers, routing."""

from . import courses, desk, files, messages, policy, routing, teams, tickets

urlpatterns = [
    *tickets.urlpatterns,
    *messages.urlpatterns,
    *courses.urlpatterns,
    *files.urlpatterns,
    *policy.urlpatterns,
    *desk.urlpatterns,
    *teams.urlpatterns,
    *routing.urlpatterns,
]
