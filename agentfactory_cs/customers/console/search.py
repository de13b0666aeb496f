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
    return [*_customers(words), *(_contacts(words) if request.user.has_perm("customers.view_contact") else ())]


def _customers(words: str) -> Iterator[SearchResult]:
    found = Customer.objects.filter(Q(name__icontains=words) | Q(external_id__icontains=words))
    for customer in found.order_by("name", "pk")[:MOST]:
        description = f"{customer.get_tier_display()} · {customer.get_lifecycle_stage_display()}"
        yield SearchResult(customer.name, description, _page(customer.pk), "apartment")


def _contacts(words: str) -> Iterator[SearchResult]:
    found = Contact.objects.filter(Q(name__icontains=words) | Q(email__icontains=words)).select_related("customer")
    for contact in found.order_by("name", "pk")[:MOST]:
        yield SearchResult(contact.name, f"{contact.email} · {contact.customer}", _page(contact.customer_id), "person")


def _page(customer_id: int) -> str:
    return reverse("admin:customers_customer_overview", args=(customer_id,))
