"""send_onboarding_sequence: once, by the playbook that is active, or with the reason why not."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer
from agentfactory_cs.messaging.models import Email
from onboarding.services import send_onboarding_sequence
from playbooks import services
from playbooks.models import Playbook, Run
from playbooks.models.playbook import PlaybookState
from playbooks.working import work_off_due

pytestmark = pytest.mark.django_db


def activate(key: str = "welcome") -> Playbook:
    playbook = Playbook.objects.get(key=key)
    services.publish(playbook, reason="It fits.", now=NOW)
    return services.set_state(playbook, PlaybookState.ACTIVE, now=NOW)


def with_a_contact() -> Customer:
    customer = make_customer()
    make_contact(customer, is_primary=True)
    return customer


def test_the_welcome_sequence_begins_with_the_welcome_mail() -> None:
    activate()

    run = send_onboarding_sequence(with_a_contact().pk, "welcome", why="They signed up by phone.", now=NOW)
    work_off_due(now=NOW)

    assert (run.playbook.key, run.entered_because) == ("welcome", "They signed up by phone.")
    assert Email.objects.get().template.key == "welcome_email"


def test_asking_again_gives_the_run_that_is_under_way() -> None:
    activate()
    customer = with_a_contact()
    first = send_onboarding_sequence(customer.pk, "welcome", now=NOW)

    again = send_onboarding_sequence(customer.pk, "welcome", now=NOW + timedelta(days=1))

    assert again == first
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ("farewell", r"There is no sequence “farewell”. Known: welcome, at_risk."),
        ("welcome", "Welcome is not active."),
        ("at_risk", "At risk is not active."),
    ],
)
def test_what_cannot_be_begun_says_why(sequence: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        send_onboarding_sequence(with_a_contact().pk, sequence, now=NOW)

    assert not Run.objects.exists()


def test_who_was_in_it_not_long_ago_does_not_get_the_mails_again() -> None:
    activate()
    customer = with_a_contact()
    run = send_onboarding_sequence(customer.pk, "welcome", now=NOW)
    services.stop_run(run, reason="They asked us to.", now=NOW)

    with pytest.raises(ValidationError, match="It was in it until 2026-07-01"):
        send_onboarding_sequence(customer.pk, "welcome", now=NOW + timedelta(days=30))


def test_a_customer_there_is_not_is_said_so() -> None:
    with pytest.raises(Customer.DoesNotExist):
        send_onboarding_sequence(0, "welcome", now=NOW)
