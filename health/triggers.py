"""The events that health announces."""

from agentfactory_cs.events.registry import Trigger, triggers

_NUMBER = (int, float)

for trigger in (
    Trigger(
        "health.override_set",
        "Score set by hand",
        "Score set to {value} until {until}: {reason}",
        {"value": _NUMBER, "computed": (int, float, type(None)), "until": str, "reason": str},
        "edit",
    ),
    Trigger(
        "health.override_ended",
        "Score no longer set by hand",
        "The score set by hand ({value}) ended: {reason}",
        {"value": _NUMBER, "reason": str},
        "edit_off",
    ),
    Trigger(
        "health.alert_raised",
        "Health alert",
        "{title}: {why}",
        {"alert": int, "kind": str, "title": str, "score": _NUMBER, "before": _NUMBER, "why": str},
        "notification_important",
    ),
    Trigger(
        "health.alert_closed",
        "Health alert closed",
        "{title}: {closing}",
        {"alert": int, "kind": str, "title": str, "closing": str},
        "notifications_off",
    ),
):
    triggers.register(trigger)
