from django.apps import AppConfig


class RestConfig(AppConfig):
    name = "agentfactory_cs.rest"
    verbose_name = "REST API"

    def ready(self) -> None:
        from . import schema  # noqa: F401  (tells the OpenAPI generator of our authentication)
