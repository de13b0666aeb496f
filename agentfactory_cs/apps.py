from importlib import import_module

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

# What an app may offer, by the name of the file it offers it in (docs/concepts.md).
PLUG_INS = (
    "triggers",
    "facts",
    "actions",
    "kpis",
    "console",
    "roles",
    "shipped",
    "benchmarks",
    "demo",
    "variables",
    "imports",
    "timeshift",
)


class GroundConfig(AppConfig):
    name = "agentfactory_cs"
    verbose_name = "AgentFactory CS"

    def ready(self) -> None:
        import_module("agentfactory_cs.celery")  # so that every process queues its tasks on our broker
        autodiscover_modules(*PLUG_INS)
        self._ship_after_migrating()

    def _ship_after_migrating(self) -> None:
        from agentfactory_cs.console.shipping import put_in_place

        # The signal is sent once an app that has tables; at the last one's turn every permission is there.
        with_tables = [config for config in apps.get_app_configs() if config.models_module]
        post_migrate.connect(put_in_place, sender=with_tables[-1])
