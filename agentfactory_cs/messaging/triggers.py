"""The events of messaging."""

from agentfactory_cs.events.registry import Trigger, triggers

triggers.register(
    Trigger(
        "messaging.survey_answered",
        "Survey answered",
        "Answered {survey} with {score}",
        {"survey": str, "score": int, "comment": str},
        "rate_review",
    )
)
