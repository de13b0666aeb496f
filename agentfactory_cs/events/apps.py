from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "agentfactory_cs.events"
    verbose_name = "Events"
