"""What the staff groups may do with health."""

from agentfactory_cs.console.shipping import grant

_READ = ("view_healthscore", "view_scorecard", "view_scorecardversion", "view_scoringrun")
_SCORECARDS = (
    "add_scorecard",
    "change_scorecard",
    "add_scorecardversion",
    "change_scorecardversion",
    "publish_scorecardversion",
)

grant("Viewer", "health", *_READ)
grant("Support agent", "health", *_READ)
grant("CSM", "health", *_READ, "add_healthscore")
grant("CS manager", "health", *_READ, *_SCORECARDS, "add_healthscore", "add_scoringrun")
