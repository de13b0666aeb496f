"""Account set-up: four steps a customer on the platform, done by calls or by people (docs/onboarding.md).

`prepare` makes the steps; `work_off` does what is due; `try_again`, `mark_done` and `mark_not_needed` are what a person
decides; `on_events` follows tasks, departures and platform ids.
"""

from .deciding import mark_done, mark_not_needed, try_again
from .following import on_events
from .preparing import prepare
from .working import Worked, work_off

__all__ = ["Worked", "mark_done", "mark_not_needed", "on_events", "prepare", "try_again", "work_off"]
