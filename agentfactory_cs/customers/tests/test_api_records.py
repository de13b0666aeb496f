"""The resources of a customer's records, each with one example that is created, read, changed and deleted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Contact, Customer, Task
from agentfactory_cs.events.models import Event

from .clients import ApiClient, errors_of
from .factories import make_contact, make_customer, make_goal, make_user


@dataclass(frozen=True)
class Resource:
    """`body` makes a valid record that differs by number; `change` is what a PATCH of it may say."""

    path: str
    body: Callable[[int], dict[str, Any]]
    change: dict[str, Any] = field(default_factory=dict)
    is_deletable: bool = True


RESOURCES = [
    Resource("contacts/", lambda n: {"name": f"P {n}", "email": f"p{n}@example.com"}, {"role": "CTO"}),
    Resource("subscriptions/", lambda n: {"plan": f"p{n}", "starts_on": "2026-01-01", "mrr": "49.00"}, {"seats": 7}),
    Resource("goals/", lambda n: {"title": f"Goal {n}", "target_value": 10.0}, {"unit": "tickets"}),
    Resource(
        "outcome-reports/",
        lambda n: {
            "period_start": "2026-01-01",
            "period_end": f"2026-02-{n:02}",
            "cost": "1.00",
            "value_delivered": "2.00",
        },
        {"note": "audited"},
    ),
    Resource("interactions/", lambda n: {"kind": "call", "subject": f"Call {n}"}, {"body": "notes"}),
    Resource("trainings/", lambda n: {"course": f"Course {n}"}, {"completed_on": "2026-07-01"}),
    Resource("renewal-estimates/", lambda n: {"likelihood": 50 + n, "estimated_on": f"2026-06-{n:02}"}),
    Resource("tasks/", lambda n: {"title": f"Task {n}"}, {"kind": "call"}),
    Resource("survey-responses/", lambda n: {"kind": "nps", "score": n}, is_deletable=False),
]
every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path)
changeable = pytest.mark.parametrize(
    "resource", [resource for resource in RESOURCES if resource.change], ids=lambda resource: resource.path
)


def create(api: ApiClient, resource: Resource, customer: Customer, number: int = 1) -> Any:
    response = api.post(resource.path, {"customer": customer.pk, **resource.body(number)})
    assert response.status_code == 201, response.content
    return response.json()


@every_resource
class TestEveryResource:
    def test_a_record_is_created_by_either_name_of_the_customer(self, api: ApiClient, resource: Resource) -> None:
        customer = make_customer()

        ours = create(api, resource, customer, 1)
        theirs = api.post(resource.path, {"customer_external_id": customer.external_id, **resource.body(2)}).json()

        assert ours["customer"] == theirs["customer"] == customer.pk
        assert ours["customer_external_id"] == theirs["customer_external_id"] == customer.external_id
        assert {name: ours[name] for name in resource.body(1)} == resource.body(1)

    def test_the_location_of_a_new_record_leads_to_it(self, api: ApiClient, resource: Resource) -> None:
        response = api.post(resource.path, {"customer": make_customer().pk, **resource.body(1)})

        found = api.get(response["Location"])

        assert found.json() == response.json()

    def test_a_record_needs_a_customer(self, api: ApiClient, resource: Resource) -> None:
        missing = api.post(resource.path, resource.body(1))
        unknown = api.post(resource.path, {"customer_external_id": "nobody", **resource.body(1)})
        torn = api.post(
            resource.path,
            {"customer": make_customer().pk, "customer_external_id": make_customer().external_id, **resource.body(1)},
        )

        assert (missing.status_code, list(errors_of(missing))) == (400, ["customer"])
        assert (unknown.status_code, list(errors_of(unknown))) == (400, ["customer_external_id"])
        assert (torn.status_code, list(errors_of(torn))) == (400, ["customer"])

    def test_lists_are_narrowed_to_a_customer_by_either_name(self, api: ApiClient, resource: Resource) -> None:
        one, other = make_customer(), make_customer()
        record = create(api, resource, one)
        create(api, resource, other)

        ours = api.get(resource.path, customer=one.pk).json()["results"]
        theirs = api.get(resource.path, customer_external_id=one.external_id).json()["results"]

        assert ours == theirs == [record]

    def test_a_list_takes_as_many_queries_for_many_as_for_one(self, api: ApiClient, resource: Resource) -> None:
        create(api, resource, make_customer())
        with CaptureQueriesContext(connection) as for_one:
            api.get(resource.path)
        for number in range(2, 5):
            create(api, resource, make_customer(), number)

        with CaptureQueriesContext(connection) as for_many:
            rows = api.get(resource.path).json()["results"]

        assert len(rows) == 4
        assert len(for_one) == len(for_many) == 2  # the key, the rows

    def test_each_way_of_sorting_works_in_both_directions(self, api: ApiClient, resource: Resource) -> None:
        customer = make_customer()
        ids = [create(api, resource, customer, number)["id"] for number in (1, 2, 3)]
        refusal = api.get(resource.path, ordering="nonsense").json()["errors"][0]["detail"]
        columns = refusal.removeprefix("Lists are sorted by ").split(";")[0].split(", ")

        for column in columns:
            rising = [row["id"] for row in api.get(resource.path, ordering=column).json()["results"]]
            falling = [row["id"] for row in api.get(resource.path, ordering=f"-{column}").json()["results"]]
            assert sorted(rising) == ids, column
            assert sorted(falling) == ids, column
        assert [row["id"] for row in api.get(resource.path, ordering="-id").json()["results"]] == ids[::-1]

    def test_only_an_admin_key_deletes(self, api: ApiClient, resource: Resource) -> None:
        record = create(api, resource, make_customer())
        address = f"{resource.path}{record['id']}/"

        by_writer = ApiClient("write").delete(address)
        by_admin = api.delete(address)

        assert by_writer.status_code == 403
        assert by_admin.status_code == (204 if resource.is_deletable else 405)
        assert api.get(address).status_code == (404 if resource.is_deletable else 200)
        deletions = Event.objects.filter(trigger="customers.record_deleted")
        assert deletions.count() == int(resource.is_deletable)

    def test_a_key_that_reads_does_not_write(self, api: ApiClient, resource: Resource) -> None:
        reader = ApiClient("read")

        assert reader.get(resource.path).status_code == 200
        assert reader.post(resource.path, {}).status_code == 403

    def test_nothing_answers_without_a_key(self, api: ApiClient, resource: Resource) -> None:
        response = ApiClient(None).get(resource.path)

        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Api-Key")


@changeable
class TestChangeableResources:
    def test_patch_changes_what_is_sent(self, api: ApiClient, resource: Resource) -> None:
        record = create(api, resource, make_customer())

        response = api.patch(f"{resource.path}{record['id']}/", resource.change)

        changed = {name: value for name, value in response.json().items() if name != "updated_at"}
        record.pop("updated_at", None)
        assert changed == {**record, **resource.change}

    def test_a_record_stays_with_its_customer(self, api: ApiClient, resource: Resource) -> None:
        record = create(api, resource, make_customer())

        response = api.patch(f"{resource.path}{record['id']}/", {"customer": make_customer().pk})

        assert (response.status_code, errors_of(response)) == (400, {"customer": "invalid"})

    def test_what_was_read_can_be_sent_back(self, api: ApiClient, resource: Resource) -> None:
        record = create(api, resource, make_customer())

        response = api.patch(f"{resource.path}{record['id']}/", record)

        assert response.status_code == 200, response.content


class TestContacts:
    def test_the_same_address_at_a_customer_is_a_conflict_whatever_its_capitals(self, api: ApiClient) -> None:
        contact = make_contact(make_customer(), email="ada@example.com")

        response = api.post("contacts/", {"customer": contact.customer_id, "name": "A", "email": "Ada@Example.com"})

        assert (response.status_code, errors_of(response)) == (409, {"non_field_errors": "unique"})

    def test_a_new_primary_contact_takes_over_and_both_count_as_changed(self, api: ApiClient) -> None:
        former = make_contact(make_customer(), is_primary=True)
        Contact.objects.update(updated_at="2026-01-01T00:00:00Z")

        api.post(
            "contacts/", {"customer": former.customer_id, "name": "B", "email": "b@example.com", "is_primary": True}
        )

        changed = api.get("contacts/", updated_since="2026-06-01T00:00:00Z", ordering="id").json()["results"]
        assert [row["is_primary"] for row in changed] == [False, True]


class TestInteractions:
    def test_a_contact_of_another_customer_is_refused(self, api: ApiClient) -> None:
        stranger = make_contact(make_customer())
        body = {"customer": make_customer().pk, "kind": "call", "subject": "Hello", "contact": stranger.pk}

        response = api.post("interactions/", body)

        assert (response.status_code, errors_of(response)) == (400, {"contact": "invalid"})

    def test_what_has_not_taken_place_is_refused(self, api: ApiClient) -> None:
        body = {"customer": make_customer().pk, "kind": "call", "subject": "Hi", "held_at": "2026-07-02T00:00:00Z"}

        response = api.post("interactions/", body)

        assert (response.status_code, errors_of(response)) == (400, {"held_at": "invalid"})


class TestTasks:
    def test_a_task_is_finished_once_and_can_be_reopened(self, api: ApiClient) -> None:
        task = create(api, RESOURCES[7], make_customer())

        done = api.post(f"tasks/{task['id']}/finish/", {"outcome": "They renew."})
        again = api.post(f"tasks/{task['id']}/finish/", {"status": "skipped"})
        reopened = api.post(f"tasks/{task['id']}/reopen/")

        assert (done.json()["status"], done.json()["outcome"]) == ("done", "They renew.")
        assert (again.status_code, errors_of(again)) == (409, {"status": "conflict"})
        assert reopened.json()["status"] == "open"

    def test_tasks_without_a_due_time_come_last_whichever_way_one_pages(self, api: ApiClient) -> None:
        customer = make_customer()
        for due in ("2026-07-03T00:00:00Z", None, "2026-07-01T00:00:00Z", None, "2026-07-02T00:00:00Z"):
            api.post("tasks/", {"customer": customer.pk, "title": str(due), "due_at": due})

        pages, url = [], "tasks/?ordering=due_at&page_size=2"
        while url:
            page = api.get(url).json()
            pages.append([row["title"][8:10] for row in page["results"]])
            last, url = page, page["next"]
        before = api.get(last["previous"]).json()

        assert pages == [["01", "02"], ["03", ""], [""]]
        assert [row["title"][8:10] for row in before["results"]] == ["03", ""]

    def test_a_task_is_given_to_somebody_by_user_name(self, api: ApiClient) -> None:
        make_user("ada")

        response = api.post("tasks/", {"customer": make_customer().pk, "title": "Call", "owner": "ada"})

        assert response.json()["owner"] == "ada"
        assert Task.objects.get(owner__username="ada").title == "Call"


class TestGoalReadings:
    def test_a_second_reading_of_a_day_replaces_the_first_and_reaching_the_target_is_noted(
        self, api: ApiClient
    ) -> None:
        goal = make_goal(make_customer(), target_value=100)

        first = api.post("goal-readings/", {"goal": goal.pk, "value": 40.0, "read_on": "2026-06-30"})
        second = api.post("goal-readings/", {"goal": goal.pk, "value": 120.0, "read_on": "2026-06-30"})

        assert first.json()["id"] == second.json()["id"]
        assert api.get("goal-readings/", customer=goal.customer_id).json()["results"][0]["value"] == 120.0
        assert api.get(f"goals/{goal.pk}/").json()["achieved_on"] == "2026-06-30"

    @pytest.mark.parametrize("value", ["1e999", "NaN", "1" + "0" * 400, '"ten"'])
    def test_a_value_must_be_a_finite_number(self, api: ApiClient, value: str) -> None:
        goal = make_goal(make_customer())

        response = api.post("goal-readings/", f'{{"goal": {goal.pk}, "value": {value}}}')

        assert response.status_code == 400


class TestSurveyResponses:
    @pytest.mark.parametrize(("kind", "score"), [("nps", 11), ("nps", -1), ("support_csat", 0), ("support_csat", 6)])
    def test_a_score_off_its_scale_is_refused(self, api: ApiClient, kind: str, score: int) -> None:
        response = api.post("survey-responses/", {"customer": make_customer().pk, "kind": kind, "score": score})

        assert response.status_code == 400
        assert set(errors_of(response)) == {"score"}


class TestEvents:
    def test_the_timeline_can_be_read_along_page_by_page(self, api: ApiClient) -> None:
        customer = make_customer()
        for number in range(3):
            make_contact(customer, name=f"Person {number}")

        first = api.get("events/", customer=customer.pk, page_size=3).json()
        second = api.get(first["next"]).json()

        triggers = [row["trigger"] for row in first["results"] + second["results"]]
        assert triggers == ["customers.signed_up"] + ["customers.contact_added"] * 3
        assert second["next"] is None

    @pytest.mark.parametrize("resource", ["events/", "contacts/"])
    @pytest.mark.parametrize("customer", ["1.5", "0", "x", str(2**63)])
    def test_a_customer_is_a_whole_number(self, api: ApiClient, resource: str, customer: str) -> None:
        response = api.get(resource, customer=customer)

        assert response.status_code == 400
        assert set(errors_of(response)) == {"customer"}

    def test_events_are_not_written_from_outside(self, api: ApiClient) -> None:
        assert api.post("events/", {}).status_code == 405


class TestStaffSession:
    def test_a_viewer_reads_and_does_not_write(self, client: Any, db: None) -> None:
        viewer = make_user("viewer")
        viewer.groups.add(Group.objects.get(name="Viewer"))
        client.force_login(viewer)
        body = {"customer": make_customer().pk, "title": "x"}

        read = client.get("/api/v1/tasks/")
        written = client.post("/api/v1/tasks/", body, content_type="application/json")

        assert (read.status_code, written.status_code) == (200, 403)

    def test_a_support_agent_finishes_a_task_in_its_own_name(self, client: Any, db: None) -> None:
        agent = make_user("agent")
        agent.groups.add(Group.objects.get(name="Support agent"))
        client.force_login(agent)
        task = Task.objects.create(customer=make_customer(), title="Call")

        response = client.post(f"/api/v1/tasks/{task.pk}/finish/", {}, content_type="application/json")

        assert response.status_code == 200
        assert Task.objects.get().finished_by == agent

    def test_somebody_who_is_not_staff_sees_nothing(self, client: Any, db: None) -> None:
        outsider = make_user("outsider")
        outsider.is_staff = False
        outsider.save()
        client.force_login(outsider)

        assert client.get("/api/v1/customers/").status_code == 403
