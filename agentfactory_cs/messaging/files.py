"""Mail as files, one each, where no mail server is configured: any mail program opens them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class MailFiles(BaseEmailBackend):
    """Django's mail backend that writes to EMAIL_FILE_PATH; a name tells when it was written, and to whom."""

    def __init__(self, *args: Any, file_path: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(file_path or settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        to = re.sub(r"[^A-Za-z0-9.@_-]", "-", ",".join(message.recipients()))[:100]
        path = self.folder / f"{timezone.now():%Y-%m-%d %H%M%S.%f} {to}.eml"
        # In one step, so that nobody reads half of it.
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(message.message().as_bytes())
        unfinished.rename(path)
