"""Giving many customers to a success manager."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Customer, CustomerChange
from agentfactory_cs.customers.services import assignment
from agentfactory_cs.events.models import Event

from .factories import NOW, make_customer, make_member, make_user

pytestmark = pytest.mark.django_db


def test_a_tier_changed_in_between_stays() -> None:
    customer, manager = make_customer(tier="starter"), make_member("CSM")
    chosen = [customer.pk]
    Customer.objects.filter(pk=customer.pk).update(tier="pro")

    services.assign_manager(chosen, manager, now=NOW)

    customer.refresh_from_db()
    assert (customer.tier, customer.success_manager) == ("pro", manager)
    assert [change.field for change in CustomerChange.objects.all()] == ["success_manager"]


def test_history_and_timeline_tell_who_gave_whom_to_whom() -> None:
    clara = make_member("CSM", "clara", first_name="Clara", last_name="Fischer")
    before, boss = make_user("ben"), make_user("boss")
    customer = make_customer(success_manager=before)

    changed = services.assign_manager([customer.pk], clara, by=boss, now=NOW)

    change = CustomerChange.objects.get()
    event = Event.objects.get(trigger="customers.manager_changed")
    assert changed == 1
    assert (change.old, change.new, change.changed_by) == (str(before.pk), str(clara.pk), boss)
    assert change.changed_at == event.happened_at == NOW
    assert (event.customer, event.by, event.by_label) == (customer, boss, "boss")
    assert event.data == {"old": "ben", "new": "Clara Fischer"}


def test_who_already_has_that_manager_is_left_alone() -> None:
    clara = make_member("CSM")
    hers, lonely = make_customer(success_manager=clara), make_customer()
    updated_at = hers.updated_at

    assert services.assign_manager([hers.pk, lonely.pk], clara, now=NOW) == 1
    assert services.assign_manager([hers.pk, lonely.pk], clara, now=NOW) == 0

    assert CustomerChange.objects.get().customer == lonely
    assert Customer.objects.get(pk=hers.pk).updated_at == updated_at


def test_customers_can_be_given_to_nobody() -> None:
    customer = make_customer(success_manager=make_user("ben"))

    assert services.assign_manager([customer.pk], None, now=NOW) == 1

    assert Customer.objects.get().success_manager is None
    assert Event.objects.get(trigger="customers.manager_changed").data == {"old": "ben", "new": "nobody"}


def test_the_number_of_queries_does_not_grow_with_a_chunk() -> None:
    clara = make_member("CSM")

    def queries(count: int) -> int:
        chosen = [make_customer(success_manager=make_user()).pk for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            services.assign_manager(chosen, clara, now=NOW)
        return len(captured)

    assert queries(2) == queries(20) <= 7  # five, and a savepoint


def test_each_chunk_is_stored_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "CHUNK", 2)
    chosen = [make_customer().pk for _ in range(5)]
    clara, calls = make_member("CSM"), iter(range(3))
    record_all = assignment.record_all

    def fail_in_the_second(*args: object, **options: object) -> None:
        if next(calls) == 1:
            raise RuntimeError("The machine stopped.")
        record_all(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(assignment, "record_all", fail_in_the_second)

    with pytest.raises(RuntimeError):
        services.assign_manager(chosen, clara, now=NOW)

    assert Customer.objects.filter(success_manager=clara).count() == 2
    assert CustomerChange.objects.count() == 2
