"""What is known of a mail's reader, for many mails at once."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers.models import Feature, StaffProfile
from agentfactory_cs.customers.tests.factories import (
    NOW,
    YESTERDAY,
    make_contact,
    make_customer,
    make_member,
    make_usage,
)
from agentfactory_cs.messaging.catalogue import Group, Groups, Variable, groups, plain
from agentfactory_cs.messaging.context import contexts
from agentfactory_cs.messaging.models import Email, MailTemplate
from agentfactory_cs.messaging.names import first_name

pytestmark = pytest.mark.django_db


def _email(
    pk: int = 1, template: str = "getting_started", context: dict[str, Any] | None = None, **customer: Any
) -> Email:
    """Not stored: what a mail says does not depend on that."""
    found = make_customer(**customer)
    mail = MailTemplate.objects.get(key=template)
    contact = make_contact(found, is_primary=True, name="Ada Lovelace")
    return Email(pk=pk, customer=found, contact=contact, template=mail, topic_id=mail.topic_id, context=context or {})


def _use(email: Email, **usage: Any) -> None:
    assert email.customer
    make_usage(email.customer, **usage)


def _said(email: Email) -> Any:
    return contexts([email], NOW)[email.pk]


def test_every_variable_declared_is_filled_and_nothing_else() -> None:
    manager = make_member("CSM", "clara", first_name="Clara", last_name="Fischer", email="clara@example.com")
    StaffProfile.objects.create(user=manager, booking_link="https://meet.example.com/clara")
    email = _email(success_manager=manager, industry="Logistics", country="DE")
    _use(email, active_agents=2, conversations=10, logins=1)

    said = _said(email)

    declared = {group.name: {variable.name for variable in group.variables} for group in groups if not group.given}
    assert {name: set(values) for name, values in said.items()} == declared
    assert plain(said) == said


def test_a_customer_without_success_manager_or_use_leaves_those_out() -> None:
    said = _said(_email(signed_up_at=NOW))

    assert said["success_manager"] == {}
    assert said["progress"]["days_since_signup"] == 0
    assert said["progress"]["first_agent_created"] is False
    assert said["progress"]["last_login_on"] is None


def test_progress_tells_what_was_done_and_what_not_yet() -> None:
    email = _email(tier="starter")
    used = {feature.name: feature.bit for feature in Feature.objects.filter(tier__in=("free", "starter"))}
    features = sum(1 << bit for name, bit in used.items() if name not in ("request logs", "CLI"))
    _use(email, until=YESTERDAY - timedelta(days=20), days=3, active_agents=5, conversations=4)
    _use(email, days=5, active_agents=2, conversations=10, logins=1, features=features)

    said = _said(email)["progress"]

    assert said["first_agent_on"] == YESTERDAY - timedelta(days=22)
    assert (said["agents"], said["conversations"]) == (2, 62)
    assert said["last_login_on"] == YESTERDAY
    assert said["features_to_try"] == ["request logs", "CLI"]


def test_features_of_higher_tiers_and_retired_ones_are_not_told_of() -> None:
    Feature.objects.filter(name="file tools").update(retired_on=date(2026, 1, 1))
    Feature.objects.filter(name="calculator").update(introduced_on=date(2030, 1, 1))

    assert set(_said(_email(tier="free"))["progress"]["features_to_try"]) == {"web search tool", "CLI"}


def test_a_mail_of_a_transactional_topic_has_no_way_to_unsubscribe() -> None:
    assert _said(_email(template="welcome_email"))["links"]["unsubscribe"] is None
    assert _said(_email(template="getting_started"))["links"]["unsubscribe"].startswith("http")


def test_the_way_to_unsubscribe_is_each_reader_s_own() -> None:
    links = {_said(_email(pk))["links"]["unsubscribe"] for pk in (1, 2)}

    assert len(links) == 2


def test_what_the_mail_carries_is_laid_over_the_usual() -> None:
    said = _said(_email(context={"offer": {"plan": "Pro"}, "links": {"platform": "https://example.com"}}))

    assert said["offer"] == {"plan": "Pro"}
    assert said["links"]["platform"] == "https://example.com"
    assert said["links"]["documentation"]


def _queries(emails: list[Email]) -> int:
    with CaptureQueriesContext(connection) as queries:
        contexts(emails, NOW)
    return len(queries)


def test_a_batch_takes_as_many_queries_as_one_mail() -> None:
    emails = [_email(pk) for pk in range(1, 8)]

    assert _queries(emails) == _queries(emails[:1]) == 7


def test_an_app_adds_variables_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Groups("group of mail variables")
    monkeypatch.setattr("agentfactory_cs.messaging.context.groups", known)
    email = _email()
    known.register(
        Group(
            "test.weather",
            "weather",
            "Weather",
            (Variable("sky", "text", "Blue or not.", "blue"),),
            lambda ids, now: {pk: {"sky": f"grey on {now:%d %B}"} for pk in ids},
        )
    )

    assert _said(email)["weather"] == {"sky": "grey on 01 July"}


def test_objects_from_an_app_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Groups("group of mail variables")
    monkeypatch.setattr("agentfactory_cs.messaging.context.groups", known)
    email = _email()
    known.register(Group("test.all", "all", "All", (), lambda ids, now: {pk: {"it": email.customer} for pk in ids}))

    with pytest.raises(TypeError, match="not Customer"):
        _said(email)


def test_two_groups_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="named 'customer'"):
        groups.register(Group("test.customer", "customer", "Customer", ()))


@pytest.mark.parametrize(
    ("name", "language", "first"),
    [
        ("Ada Lovelace", "en", "Ada"),
        ("Ada", "en", "Ada"),
        ("Lovelace, Ada", "en", "Ada"),
        ("Dr. Ada Lovelace", "en", "Ada"),
        ("Prof. Dr. Ada Lovelace", "de", "Ada"),
        ("Herr Müller", "de", "Müller"),
        ("A. Lovelace", "en", "A. Lovelace"),
        ("Jean-Luc Picard", "fr", "Jean-Luc"),
        ("山田 太郎", "ja", "山田 太郎"),
        ("Nagy Anna", "hu", "Nagy Anna"),
        ("ada@example.com", "en", ""),
        ("", "en", ""),
        ("  ", "en", ""),
    ],
)
def test_people_are_greeted_by_what_is_surely_their_name(name: str, language: str, first: str) -> None:
    assert first_name(name, language) == first
