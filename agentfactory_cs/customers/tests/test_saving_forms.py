"""The console's forms write through the services: history and timeline are kept, a refusal is shown."""

from typing import Any

import pytest
from django.test import Client

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import (
    Churn,
    Company,
    Contact,
    Customer,
    CustomerChange,
    Feature,
    Goal,
    GoalReading,
    Interaction,
    RenewalEstimate,
    Subscription,
    SubscriptionChange,
    Task,
)
from agentfactory_cs.events.models import Event

from .factories import NOW, YESTERDAY, make_contact, make_customer, make_goal, make_member, make_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def _inline(prefix: str, *rows: dict[str, Any], existing: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": existing,
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for place, row in enumerate(rows):
        data |= {f"{prefix}-{place}-{name}": value for name, value in row.items()}
    return data


def _customer_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Northwind",
        "tier": "pro",
        "lifecycle_stage": "adoption",
        "language": "en",
        "time_zone": "UTC",
        "signed_up_at_0": "2026-03-01",
        "signed_up_at_1": "09:00:00",
        **_inline("contacts"),
        **_inline("subscriptions"),
        **_inline("changes"),
        **_inline("churns"),
        **changes,
    }


def _events(customer: Customer) -> list[str]:
    return list(Event.objects.filter(customer=customer).order_by("id").values_list("trigger", flat=True))


class TestCustomer:
    def test_a_new_customer_with_its_first_contact_is_on_the_timeline(self, console: Client, manager: Any) -> None:
        row = {"name": "Robin", "email": "robin@example.com", "is_primary": "on", "mail_status": "ok"}

        response = console.post("/admin/customers/customer/add/", _customer_form(**_inline("contacts", row)))

        customer = Customer.objects.get(name="Northwind")
        assert response["Location"] == f"/admin/customers/customer/{customer.pk}/overview/"
        assert _events(customer) == ["customers.signed_up", "customers.contact_added"]
        assert {event.by for event in customer.events.all()} == {manager}

    def test_a_changed_tier_keeps_what_it_was(self, console: Client, manager: Any) -> None:
        customer = make_customer(lifecycle_stage="adoption")

        console.post(f"/admin/customers/customer/{customer.pk}/change/", _customer_form())

        change = CustomerChange.objects.get(customer=customer)
        assert (change.old, change.new, change.changed_by) == ("starter", "pro", manager)
        assert "customers.tier_changed" in _events(customer)

    def test_a_refusal_stands_beside_its_field_and_nothing_is_written(self, console: Client) -> None:
        customer = make_customer(name="Before")
        services.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

        response = console.post(f"/admin/customers/customer/{customer.pk}/change/", _customer_form())

        assert response.status_code == 200
        assert "lifecycle_stage" in response.context["adminform"].form.errors
        assert Customer.objects.get(pk=customer.pk).name == "Before"

    def test_a_refused_row_takes_the_whole_form_back(self, console: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        customer = make_customer(name="Before", lifecycle_stage="adoption")
        taken = {"name": "Twin", "email": "twin@example.com", "mail_status": "ok"}
        rows = _inline("contacts", taken, {**taken, "email": "TWIN@example.com"})

        response = console.post(f"/admin/customers/customer/{customer.pk}/change/", _customer_form(**rows))

        formset = response.context["inline_admin_formsets"][0].formset
        assert "already has a contact" in str(formset.errors) + str(formset.non_form_errors())
        assert Customer.objects.get(pk=customer.pk).name == "Before"
        assert not Contact.objects.filter(customer=customer).exists()

    def test_the_form_does_not_offer_the_stage_churned(self, console: Client) -> None:
        customer = make_customer()

        html = console.get(f"/admin/customers/customer/{customer.pk}/change/").content.decode()

        assert 'value="churned"' not in html

    def test_a_deleted_customer_takes_its_belongings_along(self, console: Client) -> None:
        customer = make_customer()
        make_contact(customer)
        make_subscription(customer)

        console.post(f"/admin/customers/customer/{customer.pk}/delete/", {"post": "yes"})

        assert not Customer.objects.exists()
        assert not Event.objects.exists()


class TestDepartures:
    def test_a_departure_is_recorded_with_its_date_and_reason(self, console: Client, manager: Any) -> None:
        customer = make_customer()

        console.post(
            f"/admin/customers/customer/{customer.pk}/departure/",
            {"churned_on": str(YESTERDAY), "reason": "price", "note": "Too dear"},
        )

        churn = Churn.objects.get()
        assert (churn.churned_on, churn.reason, churn.recorded_by) == (YESTERDAY, "price", manager)
        assert Customer.objects.get().lifecycle_stage == Customer.Stage.CHURNED

    def test_a_departure_in_the_future_is_refused_beside_its_date(self, console: Client) -> None:
        customer = make_customer()

        response = console.post(
            f"/admin/customers/customer/{customer.pk}/departure/", {"churned_on": "2026-08-01", "reason": "price"}
        )

        assert "lies in the future" in str(response.context["form"].errors["churned_on"])
        assert not Churn.objects.exists()

    def test_a_return_ends_the_departure(self, console: Client) -> None:
        customer = make_customer()
        services.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

        console.post(f"/admin/customers/customer/{customer.pk}/return/", {"reactivated_on": "2026-07-01"})

        assert Customer.objects.get().lifecycle_stage == Customer.Stage.ADOPTION
        assert "customers.reactivated" in _events(customer)

    def test_a_return_in_the_future_is_refused_beside_its_date(self, console: Client) -> None:
        customer = make_customer()
        services.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

        response = console.post(f"/admin/customers/customer/{customer.pk}/return/", {"reactivated_on": "2026-08-01"})

        assert "lies in the future" in str(response.context["form"].errors["reactivated_on"])

    def test_a_return_of_somebody_who_never_left_is_refused(self, console: Client) -> None:
        customer = make_customer()

        response = console.post(f"/admin/customers/customer/{customer.pk}/return/", {"reactivated_on": "2026-07-01"})

        assert "has not churned" in str(response.context["form"].errors)

    def test_a_departure_deleted_as_a_mistake_brings_the_customer_back(self, console: Client) -> None:
        customer = make_customer()
        churn = services.record_churn(Churn(customer=customer, churned_on=YESTERDAY), now=NOW)

        console.post(f"/admin/customers/churn/{churn.pk}/delete/", {"post": "yes"})

        assert Customer.objects.get().lifecycle_stage == Customer.Stage.ADOPTION

    def test_who_may_only_look_records_nothing(self) -> None:
        customer, client = make_customer(), Client()
        client.force_login(make_member("Viewer"))

        response = client.post(
            f"/admin/customers/customer/{customer.pk}/departure/", {"churned_on": str(YESTERDAY), "reason": "price"}
        )

        assert response.status_code == 403
        assert not Churn.objects.exists()


class TestBelongings:
    def test_a_subscriptions_new_price_keeps_the_old_one(self, console: Client, manager: Any) -> None:
        subscription = make_subscription(make_customer())
        form = {
            "plan": "pro",
            "seats": 1,
            "mrr": "199",
            "currency": "USD",
            "starts_on": str(subscription.starts_on),
            "payment_status": "current",
            **_inline("changes"),
        }

        console.post(f"/admin/customers/subscription/{subscription.pk}/change/", form)

        assert Subscription.objects.get().mrr == 199
        kept = dict(SubscriptionChange.objects.values_list("field", "old"))
        assert kept.keys() == {"plan", "mrr"}

    def test_a_logged_call_leads_back_to_the_customer(self, console: Client, manager: Any) -> None:
        customer = make_customer()
        form = {
            "customer": customer.pk,
            "kind": "call",
            "direction": "out",
            "subject": "Kick-off",
            "held_at_0": "2026-06-30",
            "held_at_1": "10:00:00",
        }

        response = console.post(f"/admin/customers/interaction/add/?customer={customer.pk}&overview=1", form)

        assert response["Location"] == f"/admin/customers/customer/{customer.pk}/overview/"
        assert Interaction.objects.get().staff == manager
        assert "customers.interaction" in _events(customer)

    def test_a_call_in_the_future_is_refused_beside_its_moment(self, console: Client) -> None:
        customer = make_customer()
        form = {
            "customer": customer.pk,
            "kind": "call",
            "direction": "out",
            "subject": "Too early",
            "held_at_0": "2026-08-01",
            "held_at_1": "10:00:00",
        }

        response = console.post("/admin/customers/interaction/add/", form)

        assert "plan a task instead" in str(response.context["adminform"].form.errors["held_at"])
        assert not Interaction.objects.exists()

    def test_a_reading_that_reaches_the_target_achieves_the_goal(self, console: Client) -> None:
        goal = make_goal(make_customer())
        form = {
            "kind": "goal",
            "title": goal.title,
            "start_value": "0",
            "target_value": "100",
            "set_on": str(goal.set_on),
            **_inline("readings", {"read_on": str(YESTERDAY), "value": "120"}),
        }

        console.post(f"/admin/customers/goal/{goal.pk}/change/", form)

        assert Goal.objects.get().achieved_on == YESTERDAY
        assert "customers.goal_achieved" in _events(goal.customer)

    def test_a_reading_moved_to_another_day_leaves_the_old_day(self, console: Client) -> None:
        goal = make_goal(make_customer())
        reading = services.record_reading(goal, value=10, on=YESTERDAY, now=NOW)
        row = {"id": reading.pk, "goal": goal.pk, "read_on": "2026-06-15", "value": "10"}
        form = {
            "kind": "goal",
            "title": goal.title,
            "start_value": "0",
            "target_value": "100",
            "set_on": str(goal.set_on),
            **_inline("readings", row, existing=1),
        }

        console.post(f"/admin/customers/goal/{goal.pk}/change/", form)

        assert [str(row.read_on) for row in GoalReading.objects.all()] == ["2026-06-15"]

    def test_a_reading_from_the_future_is_refused_in_its_row(self, console: Client) -> None:
        goal = make_goal(make_customer(), title="Before")
        form = {
            "kind": "goal",
            "title": "After",
            "start_value": "0",
            "target_value": "100",
            "set_on": str(goal.set_on),
            **_inline("readings", {"read_on": "2026-08-01", "value": "10"}),
        }

        response = console.post(f"/admin/customers/goal/{goal.pk}/change/", form)

        formset = response.context["inline_admin_formsets"][0].formset
        assert "lies in the future" in str(formset.forms[0].errors["read_on"])
        assert Goal.objects.get().title == "Before"

    def test_a_renewal_estimate_says_who_made_it(self, console: Client, manager: Any) -> None:
        customer = make_customer()

        console.post(
            "/admin/customers/renewalestimate/add/",
            {"customer": customer.pk, "likelihood": 70, "estimated_on": str(YESTERDAY)},
        )

        assert RenewalEstimate.objects.get().estimated_by == manager
        assert "customers.renewal_estimated" in _events(customer)

    def test_a_feature_gets_the_next_bit_and_keeps_it(self, console: Client) -> None:
        last = max(Feature.objects.values_list("bit", flat=True))

        console.post("/admin/customers/feature/add/", {"name": "Time travel", "tier": "pro"})
        added = Feature.objects.get(name="Time travel")
        console.post(f"/admin/customers/feature/{added.pk}/change/", {"name": "Time travel 2", "tier": "pro"})

        assert Feature.objects.get(name="Time travel 2").bit == last + 1

    def test_the_company_has_one_form_and_no_list(self, console: Client) -> None:
        response = console.get("/admin/customers/company/")

        assert response["Location"] == f"/admin/customers/company/{Company.get().pk}/change/"


class TestTasks:
    def test_a_task_is_finished_in_place(self, console: Client, manager: Any) -> None:
        task = services.save_task(Task(customer=make_customer(), title="Ring them", owner=manager), now=NOW)

        response = console.post(f"/admin/customers/task/{task.pk}/finish/", {"status": "done"})

        assert Task.objects.get().status == Task.Status.DONE
        assert Task.objects.get().finished_by == manager
        assert "Undo" in response.content.decode()
        assert "customers.task_finished" in _events(task.customer)

    def test_a_finished_task_can_be_taken_back(self, console: Client) -> None:
        task = services.save_task(Task(customer=make_customer(), title="Ring them"), now=NOW)
        services.finish_task(task, now=NOW)

        console.post(f"/admin/customers/task/{task.pk}/finish/", {"status": "open"})

        assert Task.objects.get().status == Task.Status.OPEN

    def test_who_comes_second_is_told(self, console: Client) -> None:
        task = services.save_task(Task(customer=make_customer(), title="Ring them"), now=NOW)
        services.finish_task(task, now=NOW)

        response = console.post(f"/admin/customers/task/{task.pk}/finish/", {"status": "done"})

        assert "cannot become done" in response.content.decode()

    @pytest.mark.parametrize("status", ["", "nonsense"])
    def test_a_status_that_is_none_changes_nothing(self, console: Client, status: str) -> None:
        task = services.save_task(Task(customer=make_customer(), title="Ring them"), now=NOW)

        console.post(f"/admin/customers/task/{task.pk}/finish/", {"status": status})

        assert Task.objects.get().status == Task.Status.OPEN

    def test_who_may_only_look_finishes_nothing(self) -> None:
        task = services.save_task(Task(customer=make_customer(), title="Ring them"), now=NOW)
        client = Client()
        client.force_login(make_member("Viewer"))

        assert client.post(f"/admin/customers/task/{task.pk}/finish/", {"status": "done"}).status_code == 403

    def test_finishing_is_never_a_link(self, console: Client) -> None:
        task = services.save_task(Task(customer=make_customer(), title="Ring them"), now=NOW)

        assert console.get(f"/admin/customers/task/{task.pk}/finish/").status_code == 405

    def test_finishing_many_reports_how_many_already_were(self, console: Client, manager: Any) -> None:
        customer = make_customer()
        here, there = (
            services.save_task(Task(customer=customer, title=title, owner=manager), now=NOW) for title in ("A", "B")
        )
        services.finish_task(there, now=NOW)
        chosen = {"action": "mark_done", "_selected_action": [here.pk, there.pk]}

        finished = console.post("/admin/customers/task/?which=finished", chosen, follow=True)
        still_open = console.post("/admin/customers/task/?which=open", chosen, follow=True)

        assert "0 tasks finished, 1 already was." in finished.content.decode()
        assert "1 task finished." in still_open.content.decode()
