"""The Celery app. Its settings are those of Django that begin with CELERY_."""

import os
import sys
import warnings

from celery import Celery
from celery.signals import beat_init, celeryd_init

from agentfactory_cs import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentfactory_cs.settings")
# Celery's advice to root is about pickled messages; ours are JSON.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("agentfactory_cs")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def ensure_servers(**kwargs: object) -> None:
    """Only where something runs: importing this module, as every web process does, must start nothing."""
    from django.conf import settings

    try:
        embedded.ensure_running(settings.VAR_DIR, settings.DATABASE_URL, settings.REDIS_URL)
    except embedded.Unavailable as problem:
        sys.exit(str(problem))
