"""Every filter of every list: a value that cannot be meant is refused by name, rather than answered with everything."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from agentfactory_cs.customers.tests.clients import ApiClient

pytestmark = pytest.mark.django_db

# What may hold any words: parts of names, addresses, and ids that other systems give out.
FREE = {
    "address",
    "course",
    "cursor",
    "customer_external_id",
    "email",
    "event",  # of the platform, which may send kinds we do not know yet
    "external_id",
    "language",
    "name",
    "plan",
    "slug",
    "tag",
    "platform_user_id",
    "tenant_id",
    "user_id",
}


def list_filters() -> list[tuple[str, str]]:
    """(address, parameter) of every list that can be asked for without naming a row."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return [
        (path, parameter["name"])
        for path, methods in sorted(document["paths"].items())
        if "{" not in path and "get" in methods
        for parameter in methods["get"].get("parameters", ())
        if parameter["in"] == "query" and parameter["name"] not in FREE
    ]


FILTERS = list_filters()


@pytest.mark.parametrize("path", sorted({path for path, _name in FILTERS}))
def test_a_value_that_is_nonsense_is_refused_by_name(path: str) -> None:
    api = ApiClient()
    names = [name for where, name in FILTERS if where == path]

    answers = {name: api.get(f"{path}?{name}=zz") for name in names}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(names, 400)
    blamed = {name: {error["attr"].split(".")[0] for error in answers[name].json()["errors"]} for name in names}
    assert blamed == {name: {name} for name in names}


def test_the_sweep_meets_lists_of_every_app() -> None:
    assert len(FILTERS) > 100
    assert {("/api/v1/onboardings/", "stuck"), ("/api/v1/customers/", "tier")} <= set(FILTERS)
