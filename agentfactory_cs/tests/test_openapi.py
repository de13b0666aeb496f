"""The OpenAPI document: complete, true, and readable without any other host."""

import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from agentfactory_cs.customers.tests.clients import new_key
from agentfactory_cs.customers.tests.factories import make_contact, make_customer, make_goal


@pytest.fixture
def operations() -> list[tuple[str, dict[str, Any]]]:
    schema = Client().get("/api/schema/", {"format": "json"}, headers={"Accept": "application/json"}).json()
    return [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_valid_and_made_without_a_warning() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_every_operation_has_a_summary_a_key_and_its_errors(operations: list[tuple[str, dict[str, Any]]]) -> None:
    assert len(operations) > 50
    for name, operation in operations:
        assert operation.get("summary"), name
        assert operation.get("description"), name
        assert {"ApiKey": []} in operation["security"], name
        assert {"401", "403", "429"} <= set(operation["responses"]), name


@pytest.mark.parametrize("address", ["/api/docs/", "/api/redoc/"])
def test_the_pages_that_show_it_load_nothing_from_elsewhere(client: Client, address: str) -> None:
    response = client.get(address)

    loaded = re.findall(r'(?:src|href)="([^"]+)"', response.content.decode())
    assert response.status_code == 200
    assert any("sidecar" in source for source in loaded)
    assert [source for source in loaded if not source.startswith(("/", "data:"))] == []


contract = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
contract.app = get_wsgi_application()  # the one that gunicorn serves


@pytest.fixture
def key(db: None) -> Iterator[str]:
    """With something behind the ids that are guessed most. Requests must leave the test's connection open."""
    customer = make_customer(external_id="0")
    make_contact(customer)
    make_goal(customer)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield new_key("admin")
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# Not: that whatever fits the document is accepted. What several fields decide together cannot be said in it.
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
)


OPERATIONS = {result.ok().label: result.ok() for result in contract.get_all_operations()}  # type: ignore[union-attr]


# Not contract.parametrize(): its tests all have one id, and of those pytest-xdist runs only the first.
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_whatever_is_sent_the_answer_is_one_that_is_documented(label: str, key: str) -> None:
    @settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy())
    def assert_documented(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Api-Key {key}"})
        case.validate_response(response, checks=CHECKS)

    assert_documented()


def test_every_operation_of_the_document_is_tried() -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)

    assert len(OPERATIONS) == sum(len(methods) for methods in document["paths"].values())
