from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agentfactory_cs.rest.models import ApiKey
from agentfactory_cs.rest.services import create_key


class Command(BaseCommand):
    help = "Create a key to the REST API and print it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Who or what uses it; the timeline names it.")
        parser.add_argument("--scope", choices=ApiKey.Scope.values, default=ApiKey.Scope.READ.value)
        parser.add_argument("--expires", type=int, metavar="DAYS", help="Days it lasts; without, until it is revoked.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        expires_at: datetime | None = now + timedelta(days=options["expires"]) if options["expires"] else None
        try:
            _, secret = create_key(name=options["name"], scope=options["scope"], expires_at=expires_at, now=now)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(secret)
