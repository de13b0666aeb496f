"""Mails as they come over the wire, made for tests."""

import itertools
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from agentfactory_cs.customers.tests.factories import NOW
from support.inbound.keeping import keep
from support.inbound.taking_in import read_waiting
from support.models import InboundMail

US = "success@agentfactory.com"
_number = itertools.count(1)


def mail(
    text: str = "It does not work.",
    *,
    sender: str = "Ada Byron <ada@customer.example>",
    to: str = US,
    subject: str = "Help",
    message_id: str = "",
    html: str = "",
    **headers: str,
) -> EmailMessage:
    """Headers are given with _ for -: In_Reply_To="<…>"."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = "Wed, 01 Jul 2026 11:59:00 +0000"
    message["Message-ID"] = message_id or f"<mail-{next(_number)}@customer.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def arrives(message: EmailMessage | bytes, *, minutes: float = 0) -> InboundMail:
    """It is kept and read, `minutes` after NOW."""
    raw = message if isinstance(message, bytes) else message.as_bytes()
    now = NOW + timedelta(minutes=minutes)
    row, _is_new = keep(raw, now=now)
    read_waiting(now=now)
    row.refresh_from_db()
    return row


def report(recipient: str, about: str, *, status: str = "5.1.1", action: str = "failed", **headers: Any) -> bytes:
    """A delivery report (RFC 3464) on a mail of ours with the Message-ID `about`."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    lines = f"""Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: {US}
Subject: Undelivered Mail Returned to Sender
Date: Wed, 01 Jul 2026 11:58:00 +0000
Message-ID: <report-{next(_number)}@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=b="

--=b=
Content-Type: text/plain

I am sorry.

--=b=
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{recipient}>: nobody here

--=b=
Content-Type: text/rfc822-headers

From: {US}
To: {recipient}
Message-ID: {about}
Subject: Welcome

--=b=--
"""
    return (more + lines.replace("\n", "\r\n")).encode()
