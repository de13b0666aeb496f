"""The Celery app: `celery -A agentfactory_cs worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentfactory_cs.settings")

app = Celery("agentfactory_cs")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
