"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentfactory_cs.settings")

from django.conf import settings

from agentfactory_cs import embedded

embedded.ensure_running(settings.VAR_DIR, settings.DATABASE_URL, settings.REDIS_URL)
application = get_wsgi_application()

# What is loaded by now stays for good. Without this the garbage collector looks through all of it again and again: up
# to 8 ms of each request that makes many objects, such as 5 000 usage rows.
gc.collect()
gc.freeze()
