from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "agentfactory_cs.messaging"
    verbose_name = "Messaging"
