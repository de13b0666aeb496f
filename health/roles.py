"""What the staff groups may do with health."""

from agentfactory_cs.console.shipping import grant

_READ = ("view_healthscore", "view_scorecard", "view_scorecardversion", "view_scoringrun")
_ALERTS = ("view_alert", "view_alertrule")
_WORKS_ALERTS = (*_ALERTS, "change_alert")
_SETS_ALERTS = (*_WORKS_ALERTS, "change_alertrule", "view_healthsettings", "change_healthsettings")

grant("Viewer", "health", *_READ, *_ALERTS)
grant("Support agent", "health", *_READ, *_ALERTS)
grant("CSM", "health", *_READ, "add_healthscore", *_WORKS_ALERTS)
grant("CS manager", "health", *_READ, "add_healthscore", "add_scoringrun", *_SETS_ALERTS)
