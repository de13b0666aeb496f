from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "agentfactory_cs.console"
    verbose_name = "Console"
