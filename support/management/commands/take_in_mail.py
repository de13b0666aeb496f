import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from support.inbound.keeping import keep
from support.inbound.taking_in import read_waiting
from support.models import InboundMail


class Command(BaseCommand):
    help = "Take in mails from files, or from a mail system's pipe (-), each a whole message as it arrived."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="a message (.eml), or - for the standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = [(name, self._keep(name)) for name in options["files"]]
        read_waiting(now=timezone.now())
        for name, pk in kept:
            mail = InboundMail.objects.get(pk=pk)
            self.stdout.write(f"{name}: {mail.get_state_display()}. {mail.because}")

    def _keep(self, name: str) -> int:
        try:
            raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
            return keep(raw, now=timezone.now())[0].pk
        except OSError as error:
            raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            raise CommandError(f"{name}: {' '.join(error.messages)}") from error
