"""Every address. Apps bring their REST resources in `api.py` and the webhooks they receive in `hooks.py`, found the way
the admin finds `admin.py`.
"""

from importlib import import_module

from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule
from django.views.generic import RedirectView

from .healthz import healthz


def of_apps(name: str) -> list[URLPattern | URLResolver]:
    """What the apps list in `urlpatterns` of a module (or package) of that name."""
    found: list[URLPattern | URLResolver] = []
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, name):
            found += getattr(import_module(f"{config.name}.{name}"), "urlpatterns", [])
    return found


handler404 = "agentfactory_cs.rest.views.not_found"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("mail/", include("agentfactory_cs.messaging.urls")),
    path("support/", include("support.following.urls")),
    path("help/", include("support.urls")),
    path("hooks/", include(of_apps("hooks"))),
    path("api/", include("agentfactory_cs.rest.urls")),
    path("api/v1/", include(of_apps("api"))),
]
