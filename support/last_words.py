"""What was said last in each of many tickets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Left

from .models import Message, Ticket

_LETTERS = 160


@dataclass(frozen=True)
class LastWords:
    """The newest message: who wrote, how it begins."""

    kind: str
    author: str
    beginning: str
    written_at: datetime


def last_words(ticket_ids: Collection[int]) -> Mapping[int, LastWords]:
    """Of each ticket that has a message; one query, a look into the index for each."""
    newest = Message.objects.filter(ticket=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    of_them = Ticket.objects.filter(pk__in=ticket_ids).order_by().values_list(Subquery(newest), flat=True)
    rows = Message.objects.filter(pk__in=of_them).order_by().annotate(beginning=Left("text", _LETTERS))
    found = rows.values_list("ticket", "kind", "author_name", "beginning", "written_at")
    return {ticket: LastWords(kind, author, " ".join(text.split()), at) for ticket, kind, author, text, at in found}
