from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agentfactory_cs.rest.models import ApiKey
from agentfactory_cs.rest.services import revoke_key


class Command(BaseCommand):
    help = "Revoke a key to the REST API; what it is used for stops working at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        key = ApiKey.objects.filter(name=options["name"], revoked_at__isnull=True).first()
        if key is None:
            raise CommandError(f"No key named {options['name']} is in force.")
        revoke_key(key, now=now)
        self.stdout.write(f"Revoked {key.name}.")
