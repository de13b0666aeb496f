"""Which moments of events move with the demo's clock."""

from agentfactory_cs.timeshift import Shift, shifts

shifts.register(Shift("events.event", ("happened_at", "recorded_at"), frozen_by="events_are_append_only"))
shifts.register(Shift("events.webhookdelivery", ("created_at", "not_before", "delivered_at")))
shifts.register(Shift("events.webhookendpoint", ("failing_since", "previous_until")))
