"""Which moments of onboarding move with the demo's clock, and noticing what shows as the days pass."""

from datetime import datetime

from agentfactory_cs.timeshift import Passing, Shift, passings, shifts

from . import course, evidence, stuck

for shift in (
    Shift("onboarding.onboarding", ("started_at", "ended_at")),
    Shift("onboarding.milestone", ("reached_at", "noted_at")),
    Shift("onboarding.stuckperiod", ("since", "noticed_at", "ended_at")),
    Shift("onboarding.provisioningstep", ("not_before", "claimed_at", "created_at", "settled_at")),
    Shift("onboarding.platformpace", ("minute_began_at", "hour_began_at", "closed_until")),
    Shift("onboarding.platformdelivery", ("happened_at", "received_at", "applied_at")),
):
    shifts.register(shift)


def pass_an_hour(now: datetime) -> None:
    evidence.look(now=now)
    course.complete_reached(now=now)
    stuck.look(now=now)


# Before the steps of playbooks, which ask how somebody stands.
passings.register(Passing("onboarding.course", pass_an_hour, order=90))
