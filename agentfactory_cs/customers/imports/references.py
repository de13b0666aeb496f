"""The records that rows name: looked up for a batch of rows at a time, never one by one."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Lower

from ..models import Contact, Customer, Subscription
from .fields import Field
from .rows import Row


def resolve(rows: Sequence[Row], fields: Iterable[Field]) -> None:
    """Replace what rows say by the records they mean, and reject rows that mean nothing we have.

    The customers are locked for the batch: what is compared now is still so when it is written.
    """
    refers = {field.refers: field.name for field in fields if field.refers}
    if "customer" in refers:
        _resolve_customers(rows)
    if "staff" in refers:
        _resolve_staff(rows, refers["staff"])
    if "contact" in refers:
        _resolve_contacts([row for row in rows if not row.rejected], refers["contact"])


def _resolve_customers(rows: Sequence[Row]) -> None:
    """By external id, or by the external id of one of its subscriptions; both must mean the same customer."""
    subscriptions = _found(_said(rows, "subscription"), _owners_by_subscription)
    by_id = _found(_said(rows, "customer"), _customers_by_external_id)
    by_pk = _locked({customer.pk for customer in by_id.values()} | set(subscriptions.values()))
    for row in rows:
        _resolve_customer(row, by_id, subscriptions, by_pk)


def _resolve_customer(
    row: Row, by_id: dict[str, Customer], subscriptions: dict[str, int], by_pk: dict[int, Customer]
) -> None:
    named, contract = row.get("customer"), row.get("subscription")
    row.values.pop("subscription", None)
    row.fallbacks.pop("customer", None)
    owner = subscriptions.get(contract) if contract else None
    if named and named not in by_id:
        row.reject("customer", f"there is no customer {named!r}")
    elif contract and owner is None:
        row.reject("subscription", f"there is no subscription {contract!r}")
    elif named and owner not in (None, by_id[named].pk):
        row.reject("subscription", f"subscription {contract!r} belongs to another customer than {named!r}")
    elif named or contract:
        row.values["customer"] = by_pk[by_id[named].pk if named else subscriptions[contract]]
    else:
        row.reject("", "The row names no customer.")


def _said(rows: Sequence[Row], name: str) -> set[str]:
    return {said for row in rows if isinstance(said := row.get(name), str)}


def _found(names: set[str], look_up: Callable[[set[str]], dict[str, Any]]) -> dict[str, Any]:
    return look_up(names) if names else {}


def _customers_by_external_id(names: set[str]) -> dict[str, Customer]:
    return {str(customer.external_id): customer for customer in Customer.objects.filter(external_id__in=names)}


def _owners_by_subscription(names: set[str]) -> dict[str, int]:
    found = Subscription.objects.filter(external_id__in=names).values_list("external_id", "customer_id")
    return {str(external_id): customer for external_id, customer in found}


def _locked(pks: set[int]) -> dict[int, Customer]:
    # In one order, and without shutting out the events of others, so that two imports cannot wait for each other.
    customers = Customer.objects.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True)
    return {customer.pk: customer for customer in customers}


def _resolve_staff(rows: Sequence[Row], name: str) -> None:
    """By user name, or by an e-mail address that only one of our people has."""
    said = {word.lower() for word in _said(rows, name)}
    if not said:
        return
    people = _staff_by_name(said)
    for row in rows:
        for values in (row.values, row.fallbacks):
            if isinstance(word := values.get(name), str):
                _take_person(row, values, name, word, people)


def _staff_by_name(said: set[str]) -> dict[str, list[Any]]:
    users = get_user_model()._default_manager.filter(is_staff=True, is_active=True)
    users = users.annotate(_name=Lower("username"), _mail=Lower("email"))
    people: dict[str, list[Any]] = {}
    for user in users.filter(Q(_name__in=said) | Q(_mail__in=said)):
        for word in {user._name, user._mail} & said:
            people.setdefault(word, []).append(user)
    return people


def _take_person(row: Row, values: dict[str, Any], name: str, word: str, people: dict[str, list[Any]]) -> None:
    found = people.get(word.lower(), [])
    if len(found) == 1:
        values[name] = found[0]
    else:
        del values[name]
        row.reject(name, f"{'several' if found else 'none'} of our people are called {word!r}")


def _resolve_contacts(rows: Sequence[Row], name: str) -> None:
    """By e-mail address among the contacts of the row's customer."""
    wanted = [row for row in rows if isinstance(row.values.get(name), str)]
    contacts = Contact.objects.filter(customer__in={row.values["customer"] for row in wanted}) if wanted else ()
    found = {(contact.customer_id, contact.email.lower()): contact for contact in contacts}
    for row in wanted:
        address = row.values[name]
        contact = found.get((row.values["customer"].pk, address.lower()))
        if contact is None:
            row.reject(name, f"the customer has no contact {address!r}")
        else:
            row.values[name] = contact
