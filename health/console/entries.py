"""The lines of the sidebar for how scores come about."""

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

for entry in (
    Entry(
        "health.scorecards",
        _("Scorecards"),
        "tune",
        "health_scorecard_changelist",
        "settings",
        50,
        "health.view_scorecard",
    ),
    Entry(
        "health.runs",
        _("Scoring runs"),
        "published_with_changes",
        "health_scoringrun_changelist",
        "settings",
        51,
        "health.view_scoringrun",
    ),
):
    entries.register(entry)
