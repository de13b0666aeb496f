"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentfactory_cs.settings")

from django.conf import settings

from agentfactory_cs import embedded

embedded.ensure_running(settings.VAR_DIR, settings.DATABASE_URL, settings.REDIS_URL)
application = get_wsgi_application()
