"""The frame's own lines of the sidebar."""

from django.utils.translation import gettext_lazy as _

from .registry import Entry, entries

for entry in (
    Entry("console.dashboard", _("Dashboard"), "dashboard", "index", order=0),
    Entry("console.users", _("Users"), "person", "auth_user_changelist", "settings", 70, "auth.view_user"),
    Entry("console.groups", _("Groups"), "group", "auth_group_changelist", "settings", 71, "auth.view_group"),
    Entry(
        "console.schedules",
        _("Schedules"),
        "schedule",
        "django_celery_beat_periodictask_changelist",
        "settings",
        80,
        "django_celery_beat.view_periodictask",
    ),
    Entry("console.api_keys", _("API keys"), "key", "rest_apikey_changelist", "integrations", 75, "rest.view_apikey"),
    Entry(
        "console.lockouts",
        _("Failed log-ins"),
        "lock",
        "axes_accessattempt_changelist",
        "settings",
        90,
        "axes.view_accessattempt",
    ),
):
    entries.register(entry)
