"""What the staff groups may do with health."""

from agentfactory_cs.console.shipping import grant

_READ = (
    "view_healthscore",
    "view_scorecard",
    "view_scorecardversion",
    "view_scoringrun",
    "view_healthoverride",
    "view_incident",
    "view_weeklyreport",
)
_OVERRIDE = ("add_healthoverride", "change_healthoverride")

grant("Viewer", "health", *_READ)
grant("Support agent", "health", *_READ)
grant("CSM", "health", *_READ, *_OVERRIDE, "add_healthscore")
grant(
    "CS manager",
    "health",
    *_READ,
    *_OVERRIDE,
    "add_healthscore",
    "add_scoringrun",
    "release_incident",
    "add_weeklyreport",
)
