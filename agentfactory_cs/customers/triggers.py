"""The events that customers' records announce."""

from agentfactory_cs.events.registry import Trigger, triggers

_CHANGE: dict[str, type | tuple[type, ...]] = {"old": str, "new": str}

for trigger in (
    Trigger("customers.signed_up", "Signed up", "Signed up on the {tier} tier", {"tier": str}, "person_add"),
    Trigger("customers.tier_changed", "Tier changed", "Tier changed from {old} to {new}", _CHANGE, "swap_vert"),
    Trigger("customers.stage_changed", "Stage changed", "Moved from {old} to {new}", _CHANGE, "flag"),
    Trigger(
        "customers.manager_changed",
        "Success manager changed",
        "Success manager changed from {old} to {new}",
        _CHANGE,
        "badge",
    ),
    Trigger("customers.churned", "Churned", "Left us: {reason}", {"reason": str, "on": str}, "logout"),
    Trigger("customers.reactivated", "Came back", "Came back on {on}", {"on": str}, "login"),
    Trigger("customers.contact_added", "Contact added", "{name} added as a contact", {"name": str}, "contact_mail"),
    Trigger(
        "customers.external_id_changed",
        "External ID changed",
        "External ID changed from {old} to {new}",
        _CHANGE,
        "fingerprint",
    ),
    Trigger(
        "customers.contact_identified",
        "Contact known on the platform",
        "{name} is known on the platform as {user}",
        {"name": str, "user": str},
        "fingerprint",
    ),
    Trigger(
        "customers.subscription_started",
        "Subscription started",
        "Subscribed to {plan} at {mrr} {currency} a month",
        {"plan": str, "mrr": str, "currency": str},
        "receipt_long",
    ),
    Trigger(
        "customers.subscription_changed",
        "Subscription changed",
        "{field} of {plan} changed from {old} to {new}",
        {"plan": str, "field": str, **_CHANGE},
        "receipt_long",
    ),
    Trigger("customers.goal_set", "Goal set", "Goal set: {title}", {"title": str}, "target"),
    Trigger("customers.goal_achieved", "Goal achieved", "Goal achieved: {title}", {"title": str}, "trophy"),
    Trigger("customers.outcome_reported", "Outcome reported", "Outcome reported for {period}", {"period": str}, "paid"),
    Trigger("customers.interaction", "Interaction", "{kind}: {subject}", {"kind": str, "subject": str}, "forum"),
    Trigger(
        "customers.task_finished",
        "Task finished",
        "{status}: {title}",
        {"status": str, "title": str, "task": int},
        "task_alt",
    ),
    Trigger(
        "customers.renewal_estimated",
        "Renewal estimated",
        "Renewal estimated at {likelihood} %",
        {"likelihood": int},
        "percent",
    ),
    Trigger("customers.record_deleted", "Record deleted", "A {kind} was deleted", {"kind": str, "id": int}, "delete"),
    Trigger("customers.training_completed", "Training completed", "Completed {course}", {"course": str}, "school"),
):
    triggers.register(trigger)
