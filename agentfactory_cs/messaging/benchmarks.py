"""`manage.py benchmark mail`: the outbox against a bare loop that renders and sends the same mails."""

import os
import smtplib
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.template import Context, Template
from django.utils import timezone

from agentfactory_cs.benchmarks import Benchmark, Report, address_of, benchmarks
from agentfactory_cs.customers.models import Contact, Customer

from .models import Email, MailTemplate, MailTemplateVersion, SendingPace, Topic
from .sending import deliver_due

# A server that takes everything and forgets it, in a process of its own: it must not share our interpreter.
_SINK = """
import asyncio, os
from aiosmtpd.smtp import SMTP
class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
async def serve():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Sink()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(serve())
"""
# Two workers are two interpreters: a process each, as Celery's are.
_WORKER = """
import sys
import django
django.setup()
from agentfactory_cs.messaging.sending import deliver_due
print("ready", flush=True)
sys.stdin.readline()
print(deliver_due().sent, flush=True)
"""

SUBJECT = "{{ contact.name }}, your first week with {{ company.name }}"
HTML = """<html><body><h1>Hello {{ contact.name }}</h1>
{% for number in numbers %}<p>{{ customer.name }} has had {{ number }} conversations on this day of its first week.</p>
{% endfor %}<p>{{ company.name }}</p><p><a href="{{ links.unsubscribe }}">Unsubscribe</a></p></body></html>"""
TEXT = """Hello {{ contact.name }},
{% for number in numbers %}{{ customer.name }} has had {{ number }} conversations on this day.
{% endfor %}{{ company.name }}
{{ links.unsubscribe }}"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--mails", type=int, default=10_000, help="How many mails (10 000).")


def run(options: dict[str, Any], report: Report) -> dict[str, Any]:
    mails = options["mails"]
    report(f"Generating {mails:,} contacts …")
    _grow(mails)
    with _sink():
        baseline = _rate(mails, _bare_loop, report, "bare loop")
        ours = _rate(mails, _one_worker, report, "one worker")
        two = mails / _by_processes(2, mails)
        report(f"two workers: {two:,.0f} mails/s")
    return {
        "name": "mail",
        "n": mails,
        "unit": "mails/s",
        "ours": ours,
        "baseline": baseline,
        "ratio": ours / baseline,
        "two_workers": two,
        "ratio_two_workers": two / baseline,
    }


def _rate(mails: int, work: Any, report: Report, what: str) -> float:
    """Mails a second of the faster of two rounds: what disturbs a measurement only ever adds to it."""
    rate = mails / min(work(mails) for _ in range(2))
    report(f"{what}: {rate:,.0f} mails/s")
    return rate


def _grow(mails: int) -> None:
    now = timezone.now()
    topic = Topic.objects.get_or_create(key="benchmark", defaults={"name": "Benchmark"})[0]
    template = MailTemplate.objects.create(key="benchmark", name="Benchmark", topic=topic)
    words = {"subject": SUBJECT, "html": HTML, "text": TEXT, "content_hash": "0" * 64, "created_at": now}
    MailTemplateVersion.objects.create(template=template, language="en", number=1, **words)
    customers = Customer.objects.bulk_create(
        [Customer(name=f"Customer {number}", signed_up_at=now) for number in range(mails)], batch_size=1_000
    )
    Contact.objects.bulk_create(
        [
            Contact(customer=customer, name=f"Person {number}", email=f"person{number}@example.com", is_primary=True)
            for number, customer in enumerate(customers)
        ],
        batch_size=1_000,
    )
    SendingPace.objects.create(provider="smtp", per_second=0, refilled_at=now)


def _fill_outbox() -> None:
    """As due as they were before the first round."""
    Email.objects.all().delete()
    now = timezone.now()
    template = MailTemplate.objects.get(key="benchmark")
    common: dict[str, Any] = {"template": template, "topic_id": template.topic_id, "is_automatic": False}
    moments: dict[str, Any] = {"created_at": now, "due_at": now, "not_before": now}
    contacts = Contact.objects.filter(email__startswith="person").order_by("pk").values_list("pk", "customer")
    Email.objects.bulk_create(
        [
            Email(
                contact_id=pk, customer_id=customer, dedupe_key=f"benchmark:{pk}", context=_NUMBERS, **common, **moments
            )
            for pk, customer in contacts
        ],
        batch_size=1_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE messaging_email")


_NUMBERS = {"numbers": list(range(10, 80, 10))}


def _bare_loop(mails: int) -> float:
    """What one would write who needs to remember nothing: render, send, next, over one kept connection."""
    subject, html, text = Template(SUBJECT), Template(HTML), Template(TEXT)
    contacts = list(Contact.objects.filter(email__startswith="person").select_related("customer").order_by("pk"))
    start = time.perf_counter()
    mail_server = get_connection()
    mail_server.open()
    for contact in contacts:
        data = Context({**_NUMBERS, **_bare_context(contact)})
        message = EmailMultiAlternatives(
            subject.render(data), text.render(data), "success@agentfactory.com", [contact.email]
        )
        message.attach_alternative(html.render(data), "text/html")
        mail_server.send_messages([message])
    mail_server.close()
    return time.perf_counter() - start


def _bare_context(contact: Contact) -> dict[str, Any]:
    return {
        "contact": {"name": contact.name},
        "customer": {"name": contact.customer.name},
        "company": {"name": "AgentFactory"},
        "links": {"unsubscribe": f"https://example.com/unsubscribe/{contact.pk}"},
    }


def _one_worker(mails: int) -> float:
    _fill_outbox()
    start = time.perf_counter()
    _expect(deliver_due(at_most=timedelta(hours=1)).sent, mails)
    return time.perf_counter() - start


def _expect(sent: int, mails: int) -> None:
    if sent != mails:
        raise RuntimeError(f"{sent} of {mails} mails were sent.")


def _by_processes(count: int, mails: int) -> float:
    _fill_outbox()
    server = f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    ours = {"DATABASE_URL": address_of(connection.settings_dict), "EMAIL_URL": server}
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "agentfactory_cs.settings", **ours}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", _WORKER]
    workers = [subprocess.Popen(command, env=environment, **pipes) for _ in range(count)]
    for worker in workers:
        worker.stdout.readline()  # type: ignore[union-attr]
    start = time.perf_counter()
    for worker in workers:
        worker.stdin.write("go\n")  # type: ignore[union-attr]
        worker.stdin.flush()  # type: ignore[union-attr]
    sent = sum(int(worker.communicate()[0]) for worker in workers)
    seconds = time.perf_counter() - start
    _expect(sent, mails)
    return seconds


@contextmanager
def _sink() -> Iterator[None]:
    """A mail server in a process of its own, that mail is configured to go to while this lasts."""
    before = settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT
    server = subprocess.Popen([sys.executable, "-c", _SINK], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())  # type: ignore[union-attr]
        _configure("django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", port)
        smtplib.SMTP("127.0.0.1", port).quit()
        yield
    finally:
        _configure(*before)
        server.terminate()
        server.wait()


def _configure(backend: str, host: str, port: int) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = backend, host, port


benchmarks.register(
    Benchmark("messaging.mail", "Sending mail against a bare loop over one connection.", run, add_arguments)
)
