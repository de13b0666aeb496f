"""Finding tickets by what people remember of them: number, subject, customer, who asked."""

import re

from django.db.models import Q

from agentfactory_cs.customers.console.search import matching
from agentfactory_cs.customers.models import Customer

from .models.ticket import TicketQuerySet

# So many customers of a name are enough: whoever types more of it finds the rest.
MOST_CUSTOMERS = 200
_NUMBER = re.compile(r"#?(\d{1,18})")


def search(tickets: TicketQuerySet, words: str) -> TicketQuerySet:
    """Those that the words name; a number finds that ticket and whatever else says it. One query of its own.

    The customers are found first: an index then serves each way of matching, which a join would keep it from.
    """
    words = words.strip()
    if not words:
        return tickets
    named = Customer.objects.filter(matching(words, "name", "external_id")).order_by()
    found = matching(words, "subject", "requester_address", "requester_name")
    found |= Q(customer__in=list(named.values_list("pk", flat=True)[:MOST_CUSTOMERS]))
    if number := _NUMBER.fullmatch(words):
        found |= Q(pk=int(number[1]))
    return tickets.filter(found)
