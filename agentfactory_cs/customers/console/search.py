"""Finding a customer from any page: the theme's command search asks here."""

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from ..models import Contact, Customer

MOST = 10


def find(request: HttpRequest, words: str) -> list[SearchResult]:
    """The first customers by name or tenant id, then those whose contact it is."""
    if not request.user.has_perm("customers.view_customer"):
        return []
    words = words.strip()
    if not words:
        return []
    return [*_customers(words), *(_contacts(words) if request.user.has_perm("customers.view_contact") else ())]


def matching(words: str, *fields: str) -> Q:
    """Any of the fields contains the words; one or two letters must stand at the beginning.

    The trigram indexes find what contains three letters or begins with one; fewer in the middle means reading all.
    """
    lookup = "icontains" if len(words) >= 3 else "istartswith"
    return Q(*((f"{field}__{lookup}", words) for field in fields), _connector=Q.OR)


def _customers(words: str) -> Iterator[SearchResult]:
    found = Customer.objects.filter(matching(words, "name", "external_id"))
    for customer in found.order_by("name", "pk")[:MOST]:
        description = f"{customer.get_tier_display()} · {customer.get_lifecycle_stage_display()}"
        yield SearchResult(customer.name, description, _page(customer.pk), "apartment")


def _contacts(words: str) -> Iterator[SearchResult]:
    found = Contact.objects.filter(matching(words, "name", "email")).select_related("customer")
    for contact in found.order_by("name", "pk")[:MOST]:
        yield SearchResult(contact.name, f"{contact.email} · {contact.customer}", _page(contact.customer_id), "person")


def _page(customer_id: int) -> str:
    return reverse("admin:customers_customer_overview", args=(customer_id,))
