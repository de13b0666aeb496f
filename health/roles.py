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
    "view_alert",
    "view_alertrule",
    "view_backtest",
)
_WORK = (*_READ, "add_healthscore", "add_healthoverride", "change_healthoverride", "change_alert")
_LEAD = (
    *_WORK,
    "add_scoringrun",
    "release_incident",
    "add_scorecard",
    "change_scorecard",
    "add_scorecardversion",
    "change_scorecardversion",
    "publish_scorecardversion",
    "add_backtest",
    "add_weeklyreport",
    "change_alertrule",
    "view_healthsettings",
    "change_healthsettings",
)

grant("Viewer", "health", *_READ)
grant("Support agent", "health", *_READ)
grant("CSM", "health", *_WORK)
grant("CS manager", "health", *_LEAD)
