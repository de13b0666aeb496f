"""The import pages: columns, preview, confirmation, report, and who may."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agentfactory_cs.customers.models import Customer, UsageDay

from .importing import a_customer

pytestmark = pytest.mark.django_db

CUSTOMERS = (
    b"account id,company,signup-date,colour\nacme,Acme Inc,2025-01-01,red\nbolt,Bolt,2025-01-01,blue\nbad,Bad,soon,x\n"
)
PAGE = "/admin/customers/customer/import/"


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def person(*permissions: str) -> Client:
    user = User.objects.create_user("ann", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ann() -> Client:
    return person("view_customer", "add_customer", "change_customer", "add_usageday", "change_usageday")


def upload(client: Client, content: bytes, url: str = PAGE, **fields: object) -> Any:
    file = SimpleUploadedFile("customers.csv", content)
    return client.post(url, {"resource": "0", "format": "0", "import_file": file, **fields})


def confirm(client: Client, preview: Any) -> Any:
    form = preview.context_data["confirm_form"]
    data = {name: form[name].value() for name in form.fields}
    response = client.post("/admin/customers/customer/process_import/", data)
    return client.get(response["Location"])


def test_columns_are_matched_by_likeness_and_rows_previewed_without_writing(ann: Client) -> None:
    a_customer("acme")

    page = upload(ann, CUSTOMERS)

    result = page.context_data["result"]
    assert [(column.name, column.field) for column in result.columns] == [
        ("account id", "external_id"),
        ("company", "name"),
        ("signup-date", "signed_up_at"),
        ("colour", ""),
    ]
    assert [row["fate"] for row in result.preview()] == ["updated", "created", "rejected"]
    assert b"Import the good rows" in page.content
    assert b"is not a moment" in page.content
    assert Customer.objects.get().name == "Acme"


def test_confirming_imports_the_good_rows_and_offers_the_report(ann: Client) -> None:
    page = confirm(ann, upload(ann, CUSTOMERS))

    report, rejected = (ann.get(f"{page.request['PATH_INFO']}{name}.csv").content for name in ("report", "rejected"))
    assert set(Customer.objects.values_list("external_id", flat=True)) == {"acme", "bolt"}
    assert Customer.objects.get(external_id="bolt").events.get().by == User.objects.get(username="ann")
    assert b"4,error,signup-date,soon," in report
    assert rejected == b"account id,company,signup-date,colour\nbad,Bad,soon,x\n"


def test_columns_matched_by_hand_are_previewed_and_imported(ann: Client) -> None:
    first = upload(ann, CUSTOMERS)
    stored = first.context_data["confirm_form"].initial["import_file_name"]
    fields = ["external_id", "name", "signed_up_at", "industry"]
    matched = {f"field_{number}": field for number, field in enumerate(fields)}
    matched |= {
        f"column_{number}": name for number, name in enumerate(["account id", "company", "signup-date", "colour"])
    }

    again = ann.post(PAGE, {"resource": "0", "format": "0", "stored_name": stored, "stored_as": "c.csv", **matched})
    confirm(ann, again)

    assert Customer.objects.get(external_id="bolt").industry == "blue"


def test_what_cannot_be_read_is_said_with_the_columns_to_match_and_nothing_to_confirm(ann: Client) -> None:
    page = upload(ann, b"colour,taste\nred,sweet\n")

    assert "No column gives external_id" in page.context_data["result"].refused
    assert [column.name for column in page.context_data["result"].columns] == ["colour", "taste"]
    assert "confirm_form" not in page.context_data
    assert b"process_import" not in page.content


@pytest.mark.parametrize("content", [b"\x00\x01", b"\n\n", b"a" * 200_000])
def test_a_file_that_is_no_csv_gets_a_sentence(ann: Client, content: bytes) -> None:
    page = upload(ann, content)

    assert page.status_code == 200
    assert page.context_data["result"].refused


def test_a_file_too_long_for_the_page_is_sent_to_the_command(ann: Client) -> None:
    page = upload(ann, b"external_id\n" + b"a\n" * 3_000)

    assert "manage.py import_csv customers" in page.context_data["result"].refused


def test_usage_comes_in_on_the_customers_page_with_a_mapping_file(ann: Client) -> None:
    a_customer("acme")
    mapping = SimpleUploadedFile("usage.yaml", b"map: {who: customer, used: api_calls}\ndefaults: {day: '2025-03-01'}")

    page = confirm(ann, upload(ann, b"who,used\nacme,3\nacme,4\n", resource="1", mapping_file=mapping))

    assert page.status_code == 200
    assert UsageDay.objects.get().api_calls == 7


def test_a_wrong_mapping_file_is_an_error_of_its_field(ann: Client) -> None:
    page = upload(ann, CUSTOMERS, mapping_file=SimpleUploadedFile("m.yaml", b"mapp: {}"))

    assert "did you mean" in page.context_data["form"].errors["mapping_file"][0]


def test_an_upload_that_is_gone_is_said(ann: Client) -> None:
    data = {
        "import_file_name": "gone",
        "original_file_name": "c.csv",
        "format": "0",
        "resource": "0",
        "columns": "null",
    }

    response = ann.post("/admin/customers/customer/process_import/", data)

    assert b"upload it again" in ann.get(response["Location"]).content


@pytest.mark.parametrize("columns", ['"text"', "[1]", '[["a"]]', '[["a", 1]]', "no json"])
def test_a_confirmation_nobody_was_shown_is_refused(ann: Client, columns: str) -> None:
    data = {
        "import_file_name": "gone",
        "original_file_name": "c.csv",
        "format": "0",
        "resource": "0",
        "columns": columns,
    }

    page = ann.post("/admin/customers/customer/process_import/", data)

    assert b"choose the file again" in page.content


@pytest.mark.parametrize("permissions", [(), ("add_customer",), ("change_customer", "view_customer")])
def test_whoever_may_not_add_and_change_may_not_import(permissions: tuple[str, ...]) -> None:
    client = person("view_customer", *permissions)

    answers = [client.get(PAGE), upload(client, CUSTOMERS), client.post("/admin/customers/customer/process_import/")]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert b"/import/" not in client.get("/admin/customers/customer/").content


def test_only_the_kinds_a_person_may_import_are_offered() -> None:
    client = person("view_customer", "add_customer", "change_customer")

    page: Any = client.get(PAGE)

    assert [label for _, label in page.context_data["form"].fields["resource"].choices] == ["Customers"]


def test_a_report_is_for_the_person_who_imported(ann: Client) -> None:
    page = confirm(ann, upload(ann, CUSTOMERS))
    other = Client()
    other.force_login(User.objects.create_superuser("bob"))

    answers = [other.get(page.request["PATH_INFO"]), other.get(f"{page.request['PATH_INFO']}report.csv")]

    assert [answer.status_code for answer in answers] == [403, 403]


@pytest.mark.parametrize("address", ["nonsense/", "nonsense/report.csv"])
def test_a_report_that_is_not_there_is_not_found(ann: Client, address: str) -> None:
    assert ann.get(PAGE + address).status_code == 404


def test_every_list_says_import_to_whoever_may() -> None:
    client = person("view_training", "add_training", "change_training")

    assert b"/admin/customers/training/import/" in client.get("/admin/customers/training/").content
