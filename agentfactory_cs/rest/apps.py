from django.apps import AppConfig


class RestConfig(AppConfig):
    name = "agentfactory_cs.rest"
    verbose_name = "REST API"
