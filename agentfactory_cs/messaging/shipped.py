"""The three surveys and the mails every installation has."""

from django.utils import timezone

from agentfactory_cs.console.models import Shipped
from agentfactory_cs.console.shipping import Loader, loaders

from .models import MailTemplate, Survey, SurveyKind, SurveyWording, Topic
from .shipped_mails import ShippedMail, ShippedWords, catalogue, shipped_mails
from .templates import content_hash, reset_to_shipped, versions_in_force

# Name, days before somebody is asked again, the question, and the question in German.
SURVEYS = {
    SurveyKind.NPS: (
        "NPS",
        90,
        "How likely are you to recommend AgentFactory to a colleague?",
        "Wie wahrscheinlich ist es, dass Sie AgentFactory weiterempfehlen?",
    ),
    SurveyKind.SUPPORT_CSAT: (
        "Support satisfaction",
        14,
        "How satisfied are you with the help you received?",
        "Wie zufrieden sind Sie mit unserer Hilfe?",
    ),
    SurveyKind.ONBOARDING_CSAT: (
        "Onboarding satisfaction",
        14,
        "How satisfied are you with your start on AgentFactory?",
        "Wie zufrieden sind Sie mit Ihrem Start bei AgentFactory?",
    ),
}


def load_surveys() -> None:
    new = Shipped.first_time([key for kind in SURVEYS for key in (f"survey:{kind}", f"survey:{kind}:de")])
    for kind, (name, days, question, german) in SURVEYS.items():
        if f"survey:{kind}" in new:
            told = {"name": name, "question": question, "again_after_days": days}
            Survey.objects.get_or_create(kind=kind, defaults=told)
        if f"survey:{kind}:de" in new and (survey := Survey.objects.filter(kind=kind, question=question).first()):
            SurveyWording.objects.get_or_create(survey=survey, language="de", defaults={"question": german})


loaders.register(Loader("messaging.surveys", load_surveys))


def load_mails() -> None:
    """Topics and mails once each; a file's words once, unless a manager's own are in force in its language."""
    topics, mails = catalogue()["topics"], shipped_mails()
    words = {_key(mail, said): (mail, said) for mail in mails.values() for said in mail.words.values()}
    new = Shipped.first_time([*(f"topic:{key}" for key in topics), *(f"mail:{key}" for key in mails), *words])
    for key, told in topics.items():
        if f"topic:{key}" in new:
            Topic.objects.get_or_create(key=key, defaults=told)
    for mail in mails.values():
        if f"mail:{mail.key}" in new:
            told = {"name": mail.name, "description": mail.description, "topic_id": mail.topic}
            MailTemplate.objects.get_or_create(key=mail.key, defaults=told)
    _load_words([words[key] for key in sorted(new & words.keys())])


def _key(mail: ShippedMail, said: ShippedWords) -> str:
    return f"words:{mail.key}:{said.language}:{content_hash(said.subject, said.html, said.text)[:16]}"


def _load_words(new: list[tuple[ShippedMail, ShippedWords]]) -> None:
    templates = {
        template.key: template for template in MailTemplate.objects.filter(key__in={mail.key for mail, _ in new})
    }
    in_force = versions_in_force([template.pk for template in templates.values()])
    for mail, said in new:
        template = templates[mail.key]
        before = in_force.get(template.pk, {}).get(said.language)
        if before is None or before.is_shipped:
            reset_to_shipped(template, language=said.language, reason="", now=timezone.now())


loaders.register(Loader("messaging.mails", load_mails))
