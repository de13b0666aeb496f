from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    default = True
    name = "agentfactory_cs.console"
    verbose_name = "Console"


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """The admin with our site as the default one; stands for `django.contrib.admin` in INSTALLED_APPS."""

    default = False
    default_site = "agentfactory_cs.console.site.ConsoleSite"
