"""`manage.py import_csv tickets`: the tickets of another desk (docs/imports.md)."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agentfactory_cs.customers.imports import fields, kinds
from agentfactory_cs.customers.imports.account_kinds import NAMES_OWNER, OWNER
from agentfactory_cs.customers.imports.fields import Field
from agentfactory_cs.customers.imports.records import RecordKind
from agentfactory_cs.customers.imports.rows import Row
from agentfactory_cs.events.services import Actor

from .importing import save_imported
from .models import Area, Team, Ticket

Status = Ticket.Status
# What a row says that is no attribute of a ticket by itself.
_DERIVED = ("text", "first_response_minutes", "resolution_hours")
_NAMED: Mapping[str, type[Area] | type[Team]] = {"area": Area, "team": Team}


class TicketKind(RecordKind[Ticket]):
    """Tickets, by the other desk's id. Nothing is routed, sent or escalated for them."""

    key = "support.tickets"
    label = "tickets"
    thing = "tickets"
    model = Ticket
    one_of = NAMES_OWNER
    fields = (
        *OWNER,
        Field(
            "external_id", fields.text, "The other desk's id of it.", key=True, aliases=("id", "ticket_id", "number")
        ),
        Field("subject", fields.text, "What it is about.", needed=True, aliases=("title", "summary")),
        Field(
            "text", fields.text, "The first message; the subject where it is empty.", aliases=("body", "description")
        ),
        Field(
            "created_at",
            fields.moment,
            "When it was opened.",
            needed=True,
            aliases=("submitted_at", "opened_at", "created"),
        ),
        Field(
            "status",
            fields.one_of(Status),
            "new, open, pending, resolved or closed; left out: closed where it has an end, else open.",
            aliases=("state",),
        ),
        Field("severity", fields.one_of(Ticket.Severity), "low, normal, high or critical.", aliases=("priority",)),
        Field("first_response_at", fields.moment, "A person's first answer.", aliases=("first_reply_at",)),
        Field(
            "first_response_minutes",
            fields.number,
            "Minutes from opening to that answer, instead of its moment.",
            aliases=("first_response_time_minutes",),
        ),
        Field("resolved_at", fields.moment, "When it was resolved.", aliases=("solved_at",)),
        Field(
            "resolution_hours",
            fields.number,
            "Hours from opening to the resolution, instead of its moment.",
            aliases=("resolution_time_hours",),
        ),
        Field("closed_at", fields.moment, "When it was closed; left out: when it was resolved.", aliases=("closed",)),
        Field("area", fields.text, "Key of the product area.", empty=None, aliases=("category",)),
        Field("team", fields.text, "Key of the team.", empty=None, aliases=("group",)),
        Field("assignee", fields.text, "User name or e-mail of our person.", refers="staff", empty=None),
        Field("language", fields.text, "Language code; left out: the customer's.", aliases=("lang", "locale")),
        Field("tags", fields.words, "Separated by semicolons.", empty=(), aliases=("labels",)),
        Field("requester_address", fields.email, "Who asked.", empty="", aliases=("requester_email", "email")),
        Field("requester_name", fields.text, "Their name.", empty="", aliases=("requester",)),
    )

    def identify(self, row: Row) -> Hashable:
        return row.values["external_id"]

    def stored(self, rows: Sequence[Row]) -> dict[Hashable, Ticket]:
        """Also puts areas and teams in the place of their keys, and moments in that of durations."""
        for name, model in _NAMED.items():
            _name(rows, name, {row.key: row for row in model.objects.all()})
        for row in rows:
            _settle_times(row)
        found = Ticket.objects.filter(external_id__in=[row.identity for row in rows]).order_by("pk")
        return {one.external_id: one for one in found.select_for_update()}

    def check(self, row: Row, record: Ticket | None) -> None:
        if record and record.channel != Ticket.Channel.IMPORT:
            row.reject("external_id", "this ticket was not imported: change it in the console or over REST")
        elif record and record.customer_id != row.values["customer"].pk:
            row.reject("customer", "the ticket is another customer's")
        elif not row.rejected and (opened := row.get("created_at")) and opened < row.values["customer"].signed_up_at:
            row.warn("created_at", "is before the customer's signup: health does not look at it")

    def attributes(self, row: Row) -> dict[str, Any]:
        said = {name: value for name, value in row.values.items() if name not in _DERIVED}
        return said | ({"tags": list(said["tags"])} if "tags" in said else {})

    def create(self, row: Row) -> Ticket:
        told = {name: value for name, value in row.fallbacks.items() if name not in _DERIVED} | self.attributes(row)
        told.setdefault("language", told["customer"].language)
        told.setdefault("status", Status.CLOSED if told.get("closed_at") else Status.OPEN)
        return Ticket(**told)

    def save(self, record: Ticket, row: Row, *, by: Actor, now: datetime) -> None:
        save_imported(record, text=row.get("text") or "", by=by, now=now)


def _name(rows: Iterable[Row], name: str, known: Mapping[str, Any]) -> None:
    for row in rows:
        for said in (row.values, row.fallbacks):
            if not isinstance(key := said.get(name), str):
                continue
            if key in known:
                said[name] = known[key]
            else:
                row.reject(name, f"there is no {name} {key!r}; there are {', '.join(sorted(known))}")


def _settle_times(row: Row) -> None:
    """Durations count from the opening; what is resolved and says no more of its end is closed then."""
    opened, values = row.get("created_at"), row.values
    for name, duration, unit in (
        ("first_response_at", "first_response_minutes", "minutes"),
        ("resolved_at", "resolution_hours", "hours"),
    ):
        length = values.get(duration)
        if length is not None and opened and name not in values:
            if not 0 <= length < 1_000_000:
                row.reject(duration, f"{length:g} is no number of {unit} that a ticket takes")
            else:
                values[name] = opened + timedelta(**{unit: length})
    status = row.get("status")
    if "closed_at" not in values and "resolved_at" in values and status in (None, Status.CLOSED):
        values["closed_at"] = values["resolved_at"]
    if status is None and values.get("closed_at"):
        values["status"] = Status.CLOSED


kinds.register(TicketKind())
