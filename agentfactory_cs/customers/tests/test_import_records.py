"""Kinds whose rows are records: what is created, changed, left alone, rejected."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import (
    Churn,
    Contact,
    Customer,
    Goal,
    Interaction,
    OutcomeReport,
    Subscription,
    Training,
)
from agentfactory_cs.events.models import Event

from .importing import NOW, a_customer, a_subscription, fates, load, reasons

pytestmark = pytest.mark.django_db

CUSTOMERS = (
    "external_id,name,tier,signed_up_at,country,language,time_zone,industry,success_manager,tags,lifecycle_stage\n"
    "acme,Acme,pro,2025-01-01,us,en,Europe/Berlin,Tools,ann,vip; west,growth\n"
    "bolt,Bolt,free,2025-02-01T10:00:00Z,GB,pt-BR,UTC,,ANN@EXAMPLE.COM,,\n"
)

# Every record kind with a file of two good rows about customers acme and bolt.
GOOD = {
    "customers": CUSTOMERS,
    "contacts": "customer,email,name,role,is_primary,platform_user_id,left_on\n"
    "acme,ann@acme.test,Ann,CTO,yes,u-1,\nacme,bob@acme.test,Bob,,no,,2026-01-01\n",
    "subscriptions": "external_id,customer,plan,seats,mrr,currency,starts_on,renews_on,ended_on,payment_status\n"
    "S-7,acme,Pro,5,99.50,eur,2025-01-01,2026-01-01,2026-02-01,past_due\n"
    "S-8,bolt,Free,1,0,USD,2025-02-01,,,\n",
    "churn_dates": "customer,churned_on,reason,note,reactivated_on\n"
    "acme,2025-06-01,price,Too dear,2025-07-01\nbolt,2025-08-01,,,\n",
    "goals": "customer,title,kind,unit,start_value,target_value,set_on,due_on,reading,read_on\n"
    "acme,Fewer mails,goal,mails,100,10,2025-02-01,2026-02-01,60,2025-03-01\n"
    "acme,Fewer mails,goal,mails,100,10,2025-02-01,2026-02-01,9.5,2025-04-01\n",
    "outcome_reports": "customer,period_start,period_end,cost,value_delivered,value_expected,currency,note\n"
    "acme,2025-01-01,2025-03-31,100,250.25,300,EUR,Good\nbolt,2025-01-01,2025-03-31,0,0,,,\n",
    "interactions": "customer,external_id,kind,direction,held_at,subject,body,contact,staff\n"
    "acme,I-1,call,out,2026-01-05T10:00:00Z,Kickoff,Went well,,ann\nbolt,,email,in,2026-01-06,Question,,,\n",
    "training": "customer,course,assigned_on,completed_on\nacme,Basics,2025-02-01,2025-02-10\n"
    "bolt,Basics,2025-03-01,\n",
}


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@example.com", is_staff=True)


@pytest.fixture
def two_customers(ann: User) -> None:
    a_customer("acme")
    a_customer("bolt")


def fill(kind: str) -> None:
    if kind != "customers":
        a_customer("acme")
        a_customer("bolt")


def state_of(model: type[Model]) -> list[dict[str, object]]:
    return list(model._default_manager.order_by("pk").values())


@pytest.mark.parametrize("kind", GOOD)
def test_good_rows_of_every_kind_are_taken_and_a_second_import_writes_nothing(kind: str, ann: User) -> None:
    fill(kind)
    model = {
        "customers": Customer,
        "contacts": Contact,
        "subscriptions": Subscription,
        "churn_dates": Churn,
        "goals": Goal,
        "outcome_reports": OutcomeReport,
        "interactions": Interaction,
        "training": Training,
    }[kind]

    first = load(kind, GOOD[kind])
    stored, events = state_of(model), Event.objects.count()
    with CaptureQueriesContext(connection) as queries:
        second = load(kind, GOOD[kind], now=datetime(2026, 3, 2, tzinfo=UTC))

    assert reasons(first) == []
    assert sum(fates(first)) == 2
    assert fates(second) == (0, 0, 2, 0)
    assert (state_of(model), Event.objects.count()) == (stored, events)
    assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_customers_arrive_with_everything_the_file_says(ann: User) -> None:
    load("customers", CUSTOMERS)

    acme, bolt = Customer.objects.order_by("external_id")
    assert (acme.tier, acme.country, acme.industry, acme.success_manager) == ("pro", "US", "Tools", ann)
    assert acme.signed_up_at == datetime(2025, 1, 1, tzinfo=UTC)
    assert sorted(tag.name for tag in acme.tags.all()) == ["vip", "west"]
    assert (bolt.success_manager, bolt.language, bolt.lifecycle_stage) == (ann, "pt-BR", "onboarding")


def test_a_different_value_is_an_update_with_its_history(two_customers: None, ann: User) -> None:
    report = load("customers", "external_id,tier\nacme,pro\nbolt,free\n", by=ann)

    acme = Customer.objects.get(external_id="acme")
    assert fates(report) == (0, 1, 1, 0)
    assert [(change.field, change.old, change.new) for change in acme.changes.all()] == [("tier", "free", "pro")]
    assert acme.changes.get().changed_by == ann


def test_an_empty_cell_leaves_what_is_stored_unless_the_mapping_says_clear_empty() -> None:
    a_customer("acme", industry="Tools")
    file = "external_id,industry\nacme,\n"

    left = load("customers", file)
    cleared = load("customers", file, "clear_empty: true")

    assert (fates(left), fates(cleared)) == ((0, 0, 1, 0), (0, 1, 0, 0))
    assert Customer.objects.get().industry == ""


def test_a_default_is_for_new_records_only() -> None:
    a_customer("acme", lifecycle_stage="growth")
    file = "external_id,name,signed_up_at\nacme,Acme,2025-01-01\nbolt,Bolt,2025-01-01\n"

    report = load("customers", file, "defaults: {lifecycle_stage: adoption}")

    assert fates(report) == (1, 0, 1, 0)
    assert dict(Customer.objects.values_list("external_id", "lifecycle_stage")) == {
        "acme": "growth",
        "bolt": "adoption",
    }


@pytest.mark.parametrize(
    ("kind", "file", "column", "reason"),
    [
        ("customers", "external_id,name,signed_up_at\nnew,,2025-01-01\n", "name", "a new record needs name"),
        ("customers", "external_id,tier\n,pro\n", "external_id", "must not be empty"),
        ("customers", "external_id,name,signed_up_at\na b,A,2025-01-01\n", "external_id", "letters, digits"),
        ("customers", "external_id,country\nacme,USA\n", "country", "2 characters"),
        ("customers", "external_id,language\nacme,English\n", "language", "not a language code"),
        ("customers", "external_id,time_zone\nacme,Berlin\n", "time_zone", "not a time zone"),
        ("customers", "external_id,success_manager\nacme,zoe\n", "success_manager", "none of our people"),
        ("customers", "external_id,lifecycle_stage\nacme,churned\n", "lifecycle_stage", "Record the departure"),
        ("contacts", "customer,email,name\nnobody,a@b.test,A\n", "customer", "no customer 'nobody'"),
        ("contacts", "customer,email,name\n,a@b.test,A\n", "", "names no customer"),
        ("contacts", "customer,email,name\nacme,a at b,A\n", "email", "not an e-mail"),
        ("contacts", "subscription,email,name\nS-0,a@b.test,A\n", "subscription", "no subscription 'S-0'"),
        (
            "subscriptions",
            "external_id,customer,plan,starts_on,ended_on\nS-1,acme,P,2025-02-01,2025-01-01\n",
            "",
            "ended_on must not lie before starts_on",
        ),
        ("subscriptions", "external_id,customer,plan,starts_on,mrr\nS-1,acme,P,2025-02-01,-1\n", "", "not be negative"),
        (
            "subscriptions",
            "external_id,customer,plan,starts_on,currency\nS-1,acme,P,2025-02-01,EURO\n",
            "currency",
            "3 characters",
        ),
        ("churn_dates", "customer,churned_on\nacme,2024-12-31\n", "churned_on", "before the signup"),
        ("churn_dates", "customer,churned_on\nacme,2026-03-02\n", "churned_on", "in the future"),
        ("churn_dates", "customer,churned_on,reason\nacme,2025-12-31,bored\n", "reason", "is none of price"),
        (
            "churn_dates",
            "customer,churned_on,reactivated_on\nacme,2025-12-31,2025-12-31\n",
            "",
            "comes back after it left",
        ),
        ("goals", "customer,title,target_value,set_on\nacme,G,0,2025-02-01\n", "", "must differ from start_value"),
        ("goals", "customer,title,target_value,set_on,reading\nacme,G,1,2025-02-01,5\n", "reading", "needs its day"),
        (
            "goals",
            "customer,title,target_value,set_on,reading,read_on\nacme,G,1,2025-02-01,5,2027-01-01\n",
            "read_on",
            "in the future",
        ),
        (
            "outcome_reports",
            "customer,period_start,period_end,cost,value_delivered\nacme,2025-02-01,2025-01-01,1,1\n",
            "",
            "period_end must not lie",
        ),
        ("interactions", "customer,kind,held_at,subject\nacme,call,2026-04-01,X\n", "held_at", "after it took place"),
        (
            "interactions",
            "customer,kind,held_at,subject,contact\nacme,call,2026-01-01,X,z@z.test\n",
            "contact",
            "no contact 'z@z.test'",
        ),
        (
            "training",
            "customer,course,assigned_on,completed_on\nacme,C,2025-02-01,2025-01-01\n",
            "",
            "completed_on must not lie",
        ),
    ],
)
def test_a_bad_row_is_rejected_with_column_and_reason(
    kind: str, file: str, column: str, reason: str, two_customers: None
) -> None:
    events = Event.objects.count()

    report = load(kind, file)

    found = [(problem.column, problem.severity) for _, problem in report.kept]
    assert found == [(column, "error")]
    assert reason in reasons(report)[0]
    assert fates(report) == (0, 0, 0, 1)
    assert Event.objects.count() == events


def test_good_rows_beside_bad_ones_are_kept(two_customers: None) -> None:
    file = "customer,course,assigned_on\nacme,A,2025-02-01\nnobody,B,2025-02-01\nbolt,C,soon\nbolt,D,2025-02-01\n"

    report = load("training", file)

    assert fates(report) == (2, 0, 0, 2)
    assert [line for line, _ in report.kept] == [3, 4]
    assert sorted(Training.objects.values_list("course", flat=True)) == ["A", "D"]


def test_two_rows_that_contradict_each_other_do_not_overwrite_each_other(two_customers: None) -> None:
    file = "external_id,name\nacme,First\nacme,Second\nbolt,Bolt\nbolt,Bolt\n"

    first, second = load("customers", file), load("customers", file)

    assert (fates(first), fates(second)) == ((0, 1, 2, 1), (0, 0, 3, 1))
    assert reasons(first) == ["Line 2 says otherwise of the same record; that line was taken."]
    assert Customer.objects.get(external_id="acme").name == "First"


def test_a_row_may_name_its_customer_by_a_subscription(two_customers: None) -> None:
    a_subscription(Customer.objects.get(external_id="bolt"), "S-1")
    file = "customer,subscription,course,assigned_on\n,S-1,A,2025-02-01\nbolt,S-1,B,2025-02-01\nacme,S-1,C,2025-02-01\n"

    report = load("training", file)

    assert fates(report) == (2, 0, 0, 1)
    assert reasons(report) == ["subscription 'S-1' belongs to another customer than 'acme'"]
    assert {training.customer.external_id for training in Training.objects.all()} == {"bolt"}


def test_a_subscription_does_not_move_to_another_customer(two_customers: None) -> None:
    a_subscription(Customer.objects.get(external_id="bolt"), "S-1")

    report = load("subscriptions", "external_id,customer\nS-1,acme\n")

    assert reasons(report) == ["the subscription belongs to another customer"]


def test_an_import_never_makes_an_address_ok_again(two_customers: None) -> None:
    acme = Customer.objects.get(external_id="acme")
    services.save_contact(Contact(customer=acme, name="A", email="a@b.test", mail_status="unsubscribed"), now=NOW)

    report = load("contacts", "customer,email,name,mail_status\nacme,A@B.test,A,ok\n")

    assert fates(report) == (0, 0, 0, 1)
    assert Contact.objects.get().mail_status == "unsubscribed"


def test_a_new_primary_contact_takes_over_and_the_old_one_is_not_brought_back(two_customers: None) -> None:
    acme = Customer.objects.get(external_id="acme")
    services.save_contact(Contact(customer=acme, name="A", email="a@b.test", is_primary=True), now=NOW)
    file = "customer,email,name,role,is_primary\nacme,b@b.test,B,,yes\nacme,a@b.test,A,CTO,\n"

    load("contacts", file)
    second = load("contacts", file)

    assert fates(second) == (0, 0, 2, 0)
    assert dict(Contact.objects.values_list("name", "is_primary")) == {"A": False, "B": True}


def test_two_primary_contacts_in_one_file_are_a_contradiction(two_customers: None) -> None:
    report = load("contacts", "customer,email,name,is_primary\nacme,a@b.test,A,yes\nacme,b@b.test,B,yes\n")

    assert fates(report) == (1, 0, 0, 1)


def test_departures_without_a_return_between_are_kept_with_a_warning(two_customers: None) -> None:
    file = (
        "customer,churned_on,reactivated_on\n"
        "acme,2025-02-01,2025-03-01\nacme,2025-04-01,\nacme,2025-06-01,\nbolt,2025-02-01,\n"
    )

    report = load("churn_dates", file)

    assert fates(report) == (4, 0, 0, 0)
    assert [(line, problem.severity) for line, problem in report.kept] == [(4, "warning")]
    assert "2025-04-01" in reasons(report)[0]


def test_a_return_is_told_on_the_timeline_and_ends_the_departure(two_customers: None) -> None:
    load("churn_dates", "customer,churned_on\nacme,2025-02-01\n")

    load("churn_dates", "customer,churned_on,reactivated_on\nacme,2025-02-01,2025-03-01\n")

    acme = Customer.objects.get(external_id="acme")
    assert acme.lifecycle_stage == "adoption"
    assert Event.objects.filter(customer=acme, trigger="customers.reactivated").count() == 1


def test_readings_move_a_goal_and_reaching_the_target_achieves_it(two_customers: None, ann: User) -> None:
    load("goals", GOOD["goals"])

    goal = Goal.objects.get()
    assert [reading.value for reading in goal.readings.order_by("read_on")] == [60, 9.5]
    assert goal.achieved_on == date(2025, 4, 1)


def test_whoever_imports_an_interaction_has_not_held_it(two_customers: None, ann: User) -> None:
    load("interactions", "customer,kind,held_at,subject\nacme,call,2026-01-05,Kickoff\n", by=ann)

    assert Interaction.objects.get().staff is None


def test_a_dry_run_tells_the_same_and_writes_nothing(ann: User) -> None:
    rehearsal = load("customers", CUSTOMERS, dry_run=True)

    assert fates(rehearsal) == (2, 0, 0, 0)
    assert rehearsal.outcome.sentence().startswith("Nothing was written")
    assert not Customer.objects.exists()
    assert not Event.objects.exists()


def test_the_queries_for_unchanged_rows_do_not_grow_with_the_rows() -> None:
    def queries_for(count: int) -> int:
        file = "external_id,name,signed_up_at\n" + "".join(f"c{n},C{n},2025-01-01\n" for n in range(count))
        load("customers", file)
        with CaptureQueriesContext(connection) as queries:
            load("customers", file)
        return len(queries)

    assert queries_for(3) == queries_for(40)
