"""Support over REST: tickets and their threads, what was promised, opening hours, areas."""

from . import courses, desk, files, messages, policy, tickets

urlpatterns = [
    *tickets.urlpatterns,
    *messages.urlpatterns,
    *courses.urlpatterns,
    *files.urlpatterns,
    *policy.urlpatterns,
    *desk.urlpatterns,
]
