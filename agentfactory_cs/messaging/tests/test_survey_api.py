"""Surveys put to people over REST."""

from typing import Any

import pytest

from agentfactory_cs.customers.tests.clients import ApiClient, errors_of
from agentfactory_cs.messaging.answering import answer
from agentfactory_cs.messaging.models import Email, SurveyRequest

from .mails import NOW, make_reader
from .surveying import ask

State = SurveyRequest.State


def test_somebody_is_asked_answers_and_the_answer_is_read_back(api: ApiClient) -> None:
    reader = make_reader()

    created = api.post("survey-requests/", {"customer_external_id": reader.customer.external_id, "kind": "nps"})
    before = created.json()
    answer(SurveyRequest.objects.get(), score=9, comment="", now=NOW)
    after = api.get(created["Location"]).json()

    assert created.status_code == 201
    assert (before["state"], before["score"], before["contact"]) == ("open", None, reader.pk)
    assert (before["kind"], before["mail"]) == ("nps", Email.objects.get().pk)
    assert (after["state"], after["score"]) == ("answered", 9)


def test_whoever_may_not_be_asked_has_the_reason(api: ApiClient) -> None:
    reader = make_reader()
    ask(reader)

    refused = api.post("survey-requests/", {"customer": reader.customer_id, "kind": "nps"}).json()

    assert (refused["state"], refused["reason"]) == (
        "not_asked",
        "They were asked on 2026-07-01 and can still answer.",
    )
    assert refused["mail"] is None


BAD: list[tuple[dict[str, Any], dict[str | None, str]]] = [
    ({"kind": "mood"}, {"kind": "invalid_choice"}),
    ({"contact": 999999}, {"contact": "does_not_exist"}),
    ({"about": "x" * 201}, {"about": "max_length"}),
    ({"score": 9}, {"score": "invalid"}),
]


@pytest.mark.parametrize(("wrong", "errors"), BAD)
def test_what_is_wrong_is_named_and_nobody_is_asked(
    api: ApiClient, wrong: dict[str, Any], errors: dict[str | None, str]
) -> None:
    reader = make_reader()

    refused = api.post("survey-requests/", {"customer": reader.customer_id, "kind": "nps", **wrong})

    assert refused.status_code == 400
    assert errors_of(refused) == errors
    assert not SurveyRequest.objects.exists()


def test_another_customers_contact_is_refused(api: ApiClient) -> None:
    reader, other = make_reader(), make_reader()

    body = {"customer": reader.customer_id, "contact": other.pk, "kind": "nps"}
    refused = api.post("survey-requests/", body)

    assert errors_of(refused) == {"contact": "invalid"}


def test_a_request_is_cancelled_once(api: ApiClient) -> None:
    request = ask()

    done = api.post(f"survey-requests/{request.pk}/cancel/", {"reason": "They moved."})
    again = api.post(f"survey-requests/{request.pk}/cancel/", {"reason": "They moved."})

    assert (done.json()["state"], done.json()["reason"]) == ("cancelled", "They moved.")
    assert again.status_code == 409


def test_the_list_is_filtered_and_costs_the_same_however_long(
    api: ApiClient, django_assert_max_num_queries: Any
) -> None:
    answer(ask(), score=9, comment="", now=NOW)
    csat = ask(kind="support_csat")
    with django_assert_max_num_queries(100) as few:
        listed = api.get("survey-requests/").json()["results"]
    for _ in range(5):
        answer(ask(), score=9, comment="", now=NOW)

    with django_assert_max_num_queries(len(few)):
        api.get("survey-requests/")
    open_ones = api.get("survey-requests/", state="open").json()["results"]
    of_kind = api.get("survey-requests/", kind="support_csat").json()["results"]

    assert len(listed) == 2
    assert [row["id"] for row in open_ones] == [row["id"] for row in of_kind] == [csat.pk]


def test_a_key_that_only_reads_asks_nobody(api: ApiClient) -> None:
    reader = make_reader()

    refused = ApiClient("read").post("survey-requests/", {"customer": reader.customer_id, "kind": "nps"})

    assert refused.status_code == 403
    assert not SurveyRequest.objects.exists()
