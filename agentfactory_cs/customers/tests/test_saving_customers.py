"""Two people who change the same customer do not undo one another."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Churn, Customer, CustomerChange

from .clients import ApiClient
from .factories import NOW, YESTERDAY, make_customer, make_member, make_user
from .test_saving_forms import _customer_form

pytestmark = pytest.mark.django_db


def _twice(customer: Customer) -> tuple[Customer, Customer]:
    return Customer.objects.get(pk=customer.pk), Customer.objects.get(pk=customer.pk)


def test_what_somebody_else_changed_in_between_stays() -> None:
    mine, theirs = _twice(make_customer(tier="starter", name="Before"))
    theirs.tier, theirs.success_manager = "pro", make_user("ben")
    services.save_customer(theirs, changed={"tier", "success_manager"}, now=NOW)
    mine.name = "After"

    services.save_customer(mine, changed={"name"}, now=NOW)

    stored = Customer.objects.get()
    assert (stored.name, stored.tier, stored.success_manager) == ("After", "pro", theirs.success_manager)
    assert (mine.tier, mine.success_manager) == ("pro", theirs.success_manager)
    assert CustomerChange.objects.count() == 2


def test_a_changed_tier_is_compared_with_what_is_stored_now() -> None:
    mine, theirs = _twice(make_customer(tier="starter"))
    theirs.tier = "pro"
    services.save_customer(theirs, changed={"tier"}, now=NOW)
    mine.tier = "enterprise"

    services.save_customer(mine, changed={"tier"}, now=NOW)

    kept = CustomerChange.objects.order_by("id").values_list("old", "new")
    assert list(kept) == [("starter", "pro"), ("pro", "enterprise")]


def test_a_departure_in_between_is_not_taken_back_by_a_new_name() -> None:
    mine, theirs = _twice(make_customer())
    services.record_churn(Churn(customer=theirs, churned_on=YESTERDAY), now=NOW)
    mine.name = "After"

    services.save_customer(mine, changed={"name"}, now=NOW)

    assert Customer.objects.get().lifecycle_stage == Customer.Stage.CHURNED


def test_who_does_not_say_what_changed_means_all() -> None:
    customer = make_customer(tier="starter")
    customer.tier, customer.name = "pro", "After"

    services.save_customer(customer, now=NOW)

    stored = Customer.objects.get()
    assert (stored.tier, stored.name) == ("pro", "After")


def test_a_change_that_is_refused_leaves_nothing() -> None:
    customer = make_customer(name="Before")
    customer.name = ""

    with pytest.raises(ValidationError):
        services.save_customer(customer, changed={"name"}, now=NOW)

    assert Customer.objects.get().name == "Before"


def test_a_form_opened_before_somebody_elses_change_does_not_undo_it(at_now: None) -> None:
    customer = make_customer(name="Before", tier="starter", lifecycle_stage="adoption")
    client = Client()
    client.force_login(make_member("CS manager"))
    address = f"/admin/customers/customer/{customer.pk}/change/"
    form = client.get(address).context["adminform"].form
    seen: dict[str, Any] = {
        form[name].html_initial_name: form[name].value()
        for name in ("name", "tier", "lifecycle_stage", "language", "time_zone")
    }
    Customer.objects.filter(pk=customer.pk).update(tier="pro", language="de")

    client.post(address, {**_customer_form(name="After", tier="starter"), **seen})

    stored = Customer.objects.get()
    assert (stored.name, stored.tier, stored.language) == ("After", "pro", "de")
    assert not CustomerChange.objects.exists()


def test_the_form_sends_along_what_it_showed(at_now: None) -> None:
    customer, client = make_customer(tier="starter"), Client()
    client.force_login(make_member("CS manager"))

    html = client.get(f"/admin/customers/customer/{customer.pk}/change/").content.decode()

    assert '<input type="hidden" name="initial-tier" value="starter"' in html


def test_a_patch_writes_what_it_names(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[set[str]] = []
    save = services.save_customer

    def listen(customer: Customer, **options: Any) -> Customer:
        told.append(set(options["changed"]))
        return save(customer, **options)

    monkeypatch.setattr("agentfactory_cs.customers.api.customers.save_customer", listen)
    customer = make_customer()

    api.patch(f"customers/{customer.pk}/", {"tier": "pro", "tags": ["beta"]})

    assert told == [{"tier"}]


def test_saying_again_what_is_stored_changes_nothing() -> None:
    customer = make_customer()
    before = Customer.objects.values().get(pk=customer.pk)

    services.save_customer(Customer.objects.get(pk=customer.pk), now=NOW + timedelta(days=1))

    assert Customer.objects.values().get(pk=customer.pk) == before


def test_a_change_is_seen_by_those_who_follow_changes() -> None:
    customer = make_customer()
    before = Customer.objects.values_list("updated_at", flat=True).get(pk=customer.pk)

    customer.industry = "Banking"
    services.save_customer(customer, now=NOW)

    assert Customer.objects.values_list("updated_at", flat=True).get(pk=customer.pk) > before


def test_nobody_signs_up_in_the_future() -> None:
    with pytest.raises(ValidationError, match="once it has signed up"):
        services.save_customer(Customer(name="Early", signed_up_at=NOW + timedelta(days=2)), now=NOW)
