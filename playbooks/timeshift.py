"""Which moments of runs move with the demo's clock, and doing their steps as the days pass."""

from datetime import datetime

from agentfactory_cs.timeshift import Passing, Shift, passings, shifts

from .effect import refresh
from .entering import look_at_everybody
from .watching import let_out, note_goals
from .working import work_off_due

# When the daily look is made (UTC), as in the schedule.
LOOK_HOUR = 4
# Exits and goals hang on scores and records of people, which stand still while the clock is moved.
WATCH_HOURS = 6

for shift in (
    Shift("playbooks.playbook", ("created_at", "activated_at", "reviewed_at")),
    Shift("playbooks.run", ("entered_at", "paused_at", "ended_at", "goal_until", "goal_reached_at", "goal_closed_at")),
    Shift("playbooks.runstep", ("due_at", "not_before", "settled_at")),
    Shift("playbooks.refusal", ("on", "refused_at")),
    Shift("playbooks.fault", ("noticed_at", "mended_at")),
    Shift("playbooks.measurement", ("as_of",)),
    Shift("playbooks.preview", ("since", "until", "requested_at", "claimed_at", "finished_at")),
):
    shifts.register(shift)


def pass_an_hour(now: datetime) -> None:
    if now.hour == LOOK_HOUR:
        look_at_everybody(now)
    work_off_due(now=now)
    if now.hour % WATCH_HOURS == 0:
        let_out(now=now)
        note_goals(now=now)
        refresh(now=now)


passings.register(Passing("playbooks.runs", pass_an_hour))
