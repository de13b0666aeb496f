from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from support.inbound.fetching import fetch
from support.inbound.taking_in import read_waiting


class Command(BaseCommand):
    help = "Fetch mail from the mailbox of IMAP_URL and take it in."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IMAP is None:
            raise CommandError("IMAP_URL names no mailbox: set it to imaps://user:password@imap.example.com/INBOX.")
        fetched = fetch(settings.IMAP, done_folder=settings.IMAP_DONE_FOLDER, clock=timezone.now)
        read = read_waiting(now=timezone.now())
        self.stdout.write(f"Fetched {fetched.new} new, {fetched.known} known before; read {read}.")
        if fetched.trouble:
            raise CommandError(f"Not everything was fetched. {fetched.trouble}")
