#!/usr/bin/env python
"""Every command of the system starts here."""

import os
import sys

# These ask neither the database nor the broker, and `up` starts the servers itself.
WITHOUT_SERVERS = {
    "up",
    "help",
    "version",
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "makemessages",
    "spectacular",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentfactory_cs.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError
    except ImportError:
        sys.exit("Django is not installed for this Python: run `make install`, then `.venv/bin/python manage.py …`.")
    from agentfactory_cs import addresses, embedded

    try:
        if _needs_servers(sys.argv[1:]):
            from django.conf import settings

            embedded.ensure_running(settings.VAR_DIR, settings.DATABASE_URL, settings.REDIS_URL)
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, embedded.Unavailable) as problem:
        sys.exit(str(problem))
    except OperationalError:
        sentence = addresses.find_fault_with_database()
        if sentence is None:  # the database is there, so it is something else
            raise
        sys.exit(sentence)


def _needs_servers(arguments: list[str]) -> bool:
    asks_for_help = {"-h", "--help", "--version"} & set(arguments)
    return bool(arguments) and not asks_for_help and arguments[0] not in WITHOUT_SERVERS


if __name__ == "__main__":
    main()
