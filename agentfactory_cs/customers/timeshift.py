"""Which moments and days of customers' records move with the demo's clock. Usage stays on its days."""

from agentfactory_cs.timeshift import Shift, shifts

for shift in (
    Shift("customers.customer", ("signed_up_at",)),
    Shift("customers.customerchange", ("changed_at",)),
    Shift("customers.contact", ("left_on",)),
    Shift("customers.churn", ("churned_on", "reactivated_on", "recorded_at")),
    Shift("customers.subscription", ("starts_on", "renews_on", "ended_on")),
    Shift("customers.subscriptionchange", ("changed_at",)),
    Shift("customers.goal", ("set_on", "due_on", "achieved_on")),
    Shift("customers.goalreading", ("read_on",)),
    Shift("customers.outcomereport", ("period_start", "period_end")),
    Shift("customers.training", ("assigned_on", "completed_on")),
    Shift("customers.renewalestimate", ("estimated_on",)),
    Shift("customers.interaction", ("held_at",)),
    Shift("customers.task", ("due_at", "finished_at", "created_at")),
    Shift("customers.staffprofile", ("away_until",)),
):
    shifts.register(shift)
