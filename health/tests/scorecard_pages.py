"""What the tests of the scorecards' pages share: who looks, where, and what the editor sends."""

from typing import Any

from django.test import Client
from django.urls import reverse

from agentfactory_cs.customers import services as customers
from agentfactory_cs.customers.tests.factories import NOW, YESTERDAY, make_customer, make_member
from health import services
from health.admin.definition_form import DefinitionForm
from health.models import ScorecardVersion

from .definitions import changed

LIST = "/admin/health/scorecard/"
STRICTER = changed(bands__at_risk_below=60)


def signed_in(group: str) -> Client:
    client = Client()
    client.force_login(make_member(group, first_name="Mia", last_name="Berg"))
    return client


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response
    return response.content.decode()


def address(version: ScorecardVersion, what: str = "edit") -> str:
    return reverse(f"admin:health_scorecardversion_{what}", args=(version.pk,))


def filled(version: ScorecardVersion, **changes: Any) -> dict[str, Any]:
    """What the editor's page sends when nothing but `changes` was touched."""
    form = DefinitionForm(version)
    data = {name: form[name].value() for name in form.fields}
    for field in [*form.limits.management_form, *(field for each in form.limits for field in each)]:
        data[field.html_name] = field.value()
    named = {name.replace("__", "-"): value for name, value in changes.items()}
    return {name: "" if value is None else value for name, value in {**data, **named}.items() if value is not False}


def score_all_at(likelihood: float, **fields: Any) -> Any:
    customer = make_customer(**fields)
    customers.estimate_renewal(customer, likelihood=round(likelihood), on=YESTERDAY, now=NOW)
    services.score_customer(customer.pk, now=NOW)
    return customer
