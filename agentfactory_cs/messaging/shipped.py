"""The three surveys every installation has."""

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.console.shipping import Loader, loaders

from .models import Survey, SurveyKind

SURVEYS = {
    SurveyKind.NPS: ("NPS", "How likely are you to recommend AgentFactory to a colleague?"),
    SurveyKind.SUPPORT_CSAT: ("Support satisfaction", "How satisfied are you with the help you received?"),
    SurveyKind.ONBOARDING_CSAT: ("Onboarding satisfaction", "How satisfied are you with your start on AgentFactory?"),
}


def load_surveys() -> None:
    new = Shipped.first_time([f"survey:{kind}" for kind in SURVEYS])
    for kind, (name, question) in SURVEYS.items():
        if f"survey:{kind}" in new:
            Survey.objects.get_or_create(kind=kind, defaults={"name": name, "question": question})


loaders.register(Loader("messaging.surveys", load_surveys))
