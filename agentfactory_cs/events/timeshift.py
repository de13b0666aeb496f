"""Which moments of events move with the demo's clock."""

from agentfactory_cs.timeshift import Shift, shifts

shifts.register(Shift("events.event", ("happened_at", "recorded_at"), frozen_by="events_are_append_only"))
