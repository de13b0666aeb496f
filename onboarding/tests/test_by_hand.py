"""People tick off what they know, and take back what they ticked by mistake."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agentfactory_cs.customers.tests.factories import NOW, make_customer
from agentfactory_cs.events.models import Event
from onboarding.by_hand import take_back, tick
from onboarding.milestones import reach
from onboarding.models import Milestone
from onboarding.models.onboarding import MilestoneSource

from .living import after, sign_up

pytestmark = pytest.mark.django_db


def test_a_person_ticks_off_an_item_of_the_checklist_with_a_word_on_how_they_know(manager: Any) -> None:
    customer = sign_up("enterprise").customer

    milestone = tick(customer, "kickoff", at=after(1), note=" Held in Berlin. ", by=manager, now=after(2))

    assert (milestone.reached_at, milestone.detail, milestone.noted_by) == (after(1), "Held in Berlin.", manager)
    event = Event.objects.get(trigger="onboarding.milestone_reached")
    assert (event.data["title"], event.by) == ("Kickoff held", manager)


def test_a_second_note_is_refused_naming_who_said_so_before(manager: Any) -> None:
    customer = sign_up("enterprise").customer
    tick(customer, "kickoff", at=after(1), note="Held in Berlin.", by=manager, now=after(2))

    with pytest.raises(ValidationError, match=r"reached before, on .* UTC \(By hand, mia: Held in Berlin\.\)"):
        tick(customer, "kickoff", note="Held in Paris.", now=after(3))

    assert Milestone.objects.get().detail == "Held in Berlin."


def test_what_is_known_can_be_ticked_off_without_an_onboarding() -> None:
    assert tick(make_customer(), "first_agent", now=NOW).source == "hand"


@pytest.mark.parametrize(
    ("key", "at", "field"),
    [("kickoff", after(1), "key"), ("first_agent", after(-1), "at"), ("first_agent", after(3), "at")],
)
def test_what_does_not_fit_is_refused_with_the_field(key: str, at: Any, field: str) -> None:
    customer = sign_up("free").customer

    with pytest.raises(ValidationError) as refusal:
        tick(customer, key, at=at, now=after(2))

    assert list(refusal.value.message_dict) == [field]
    assert not Milestone.objects.exists()


def test_a_mistake_is_taken_back_with_its_reason_on_the_timeline(manager: Any) -> None:
    customer = sign_up("enterprise").customer
    milestone = tick(customer, "kickoff", now=after(1))

    take_back(milestone, reason="It was another customer.", by=manager, now=after(2))

    assert not Milestone.objects.exists()
    told = Event.objects.get(trigger="onboarding.milestone_taken_back")
    assert told.data == {"milestone": "kickoff", "title": "Kickoff held", "why": "It was another customer."}
    assert told.by == manager


@pytest.mark.parametrize("source", [source for source in MilestoneSource if source != MilestoneSource.HAND])
def test_what_rests_on_evidence_is_not_taken_back(source: MilestoneSource) -> None:
    customer = sign_up().customer
    milestone = reach(customer, "first_agent", at=NOW, source=source, now=NOW + timedelta(hours=1))

    with pytest.raises(ValidationError, match="Only what was ticked by hand"):
        take_back(milestone, reason="No.", now=after(1))

    assert Milestone.objects.exists()


def test_taking_back_takes_a_reason_and_happens_once() -> None:
    milestone = tick(sign_up().customer, "first_agent", now=after(1))

    with pytest.raises(ValidationError, match="Say in a sentence why"):
        take_back(milestone, reason=" ", now=after(1))
    take_back(milestone, reason="Mistaken.", now=after(1))
    with pytest.raises(ValidationError, match="taken back already"):
        take_back(milestone, reason="Mistaken.", now=after(1))
