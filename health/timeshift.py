"""What of health waits for a day that comes nearer. Scores, and overrides of them, stay on the days they are about."""

from agentfactory_cs.timeshift import Shift, shifts

shifts.register(Shift("health.alert", ("snoozed_until",)))
