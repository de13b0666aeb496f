"""What the tests of the desk do with its pages."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from support.models import Agent, Ticket


def signed_in(agent: Agent) -> Client:
    client = Client()
    client.force_login(agent.user)
    return client


def page(desk: Client, ticket: Ticket, **query: str) -> str:
    response = desk.get(reverse("admin:support_ticket_change", args=[ticket.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def act(desk: Client, ticket: Ticket, name: str, **fields: Any) -> Any:
    return desk.post(reverse(f"admin:support_ticket_{name}", args=[ticket.pk]), fields)


def put(desk: Client, ticket: Ticket, field: str, value: Any) -> str:
    """Change a property as the page does that was loaded just now."""
    ticket.refresh_from_db()
    return act(desk, ticket, "set", field=field, value=value, seen=ticket.lock_version).content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def write(desk: Client, ticket: Ticket, text: str, **fields: Any) -> Any:
    ticket.refresh_from_db()
    told = {"kind": "answer", "then": "pending", "seen": ticket.lock_version, "text": text, **fields}
    return act(desk, ticket, "write", **told)
