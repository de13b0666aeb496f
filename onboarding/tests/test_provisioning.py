"""Account set-up against a real server in another process that follows the platform's contract, with its faults."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from agentfactory_cs.customers import services
from agentfactory_cs.customers.models import Churn, Contact, Customer, Task
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_member
from agentfactory_cs.events.models import Event
from agentfactory_cs.messaging.models import Notice
from onboarding import rules
from onboarding.models import Milestone, PlatformDelivery, PlatformPace, ProvisioningStep
from onboarding.platform import pace
from onboarding.provisioning import mark_done, mark_not_needed, on_events, prepare, try_again, work_off, working
from onboarding.provisioning.agents import agent_id

from .platforms import KEY, LocalPlatform, hear, new_customer, states, step_of, stopped_at

pytestmark = pytest.mark.django_db
ALL_DONE = {"account": "done", "configuration": "done", "agent": "done", "knowledge_base": "done"}
SOON = timedelta(minutes=1)


def run(now: datetime = NOW) -> working.Worked:
    return work_off(clock=stopped_at(now), pause=lambda _seconds: pytest.fail("It waited."))


def run_until_nothing_is_due(hours: int = 12) -> None:
    """As the ticks of so many hours would: at each moment at which something is due."""
    now = NOW
    while now < NOW + timedelta(hours=hours):
        run(now)
        waiting = ProvisioningStep.objects.filter(state="waiting", not_before__gt=now)
        closed = PlatformPace.objects.filter(closed_until__gt=now).values_list("closed_until", flat=True)
        later = [moment for moment in (*waiting.values_list("not_before", flat=True), *closed) if moment]
        if not later:
            break
        now = min(later)


def milestones(customer: Customer) -> set[str]:
    return set(Milestone.objects.filter(customer=customer).values_list("key", flat=True))


class TestTheWayItGoes:
    def test_four_steps_are_done_in_order_and_ids_are_kept(self, platform: LocalPlatform) -> None:
        customer = new_customer()

        worked = run()

        customer.refresh_from_db()
        contact = customer.contacts.get()
        assert worked.done == 4
        assert states(customer) == ALL_DONE
        assert (customer.external_id, contact.platform_user_id) == ("tenant-1", "user-1")
        assert platform.state()["created"] == {"starter-kit-tenant-1-0": 1, agent_id("tenant-1"): 1}
        assert platform.state()["installs"] == {"tenant-1": ["starter-kit", "knowledge"]}

    def test_provisioned_and_knowledge_base_are_reached_and_our_agent_is_not_the_first(
        self, platform: LocalPlatform
    ) -> None:
        customer = new_customer()

        run()

        assert milestones(customer) == {rules.PROVISIONED, rules.KNOWLEDGE_BASE}

    def test_who_has_a_platform_id_gets_no_second_account(self, platform: LocalPlatform) -> None:
        known = new_customer(external_id="tenant-of-old")

        run()

        assert platform.state()["accounts"] == {}
        assert step_of(known, "account").state == "done"
        assert "tenant-of-old" in step_of(known, "account").because

    def test_nothing_is_made_for_who_signed_up_long_ago_or_has_left(self, platform: LocalPlatform) -> None:
        old = new_customer(signed_up_at=NOW - timedelta(days=3))
        gone = make_customer(external_id=None, signed_up_at=NOW)
        services.record_churn(Churn(customer=gone, churned_on=NOW.date()), now=NOW)
        prepare([Customer.objects.get(pk=gone.pk)], now=NOW)

        run()

        assert set(states(old).values()) == set(states(gone).values()) == {"not_needed"}
        assert "2026-06-28" in step_of(old, "agent").because
        assert platform.calls() == 0

    def test_preparing_twice_makes_no_second_set(self, platform: LocalPlatform) -> None:
        customer = new_customer()

        assert prepare([customer], now=NOW) == 0
        assert ProvisioningStep.objects.count() == 4

    def test_it_takes_a_fixed_number_of_queries_to_prepare_many(
        self, platform: LocalPlatform, django_assert_num_queries: Any
    ) -> None:
        customers = [make_customer(external_id=None, signed_up_at=NOW) for _ in range(20)]

        with django_assert_num_queries(6):  # known?, make, and the milestones; in a transaction
            prepare(customers, now=NOW)

    def test_it_waits_a_day_for_a_contact_and_then_asks_a_person(self, platform: LocalPlatform) -> None:
        customer = make_customer(external_id=None, signed_up_at=NOW)
        prepare([customer], now=NOW)

        run()
        early = step_of(customer, "account")
        run(NOW + timedelta(days=1, minutes=1))

        assert (early.state, early.attempts, early.because[:17]) == ("waiting", 0, "It has no contact")
        assert step_of(customer, "account").state == "with_person"

    def test_a_contact_that_is_added_is_not_waited_for_any_longer(self, platform: LocalPlatform) -> None:
        customer = make_customer(external_id=None, signed_up_at=NOW)
        prepare([customer], now=NOW)
        run()

        make_contact(customer)
        hear(on_events, NOW + SOON)
        run(NOW + SOON)

        assert states(customer) == ALL_DONE


class TestFaults:
    @pytest.mark.parametrize("kind", ["broken", "made", "cut", "made_cut"])
    def test_an_agent_whose_creation_broke_off_is_created_once(self, platform: LocalPlatform, kind: str) -> None:
        customer = new_customer()
        platform.fail("POST", "/agents/", kind, times=2)

        run_until_nothing_is_due()

        assert states(customer) == ALL_DONE
        assert platform.state()["created"][agent_id("tenant-1")] == 1

    @pytest.mark.parametrize("kind", ["broken", "made", "cut", "made_cut"])
    def test_a_blueprint_whose_installation_broke_off_is_installed_once(
        self, platform: LocalPlatform, kind: str
    ) -> None:
        customer = new_customer()
        platform.fail("POST", "/blueprints/starter-kit", kind)

        run_until_nothing_is_due()

        assert states(customer) == ALL_DONE
        assert platform.state()["installs"]["tenant-1"] == ["starter-kit", "knowledge"]

    @pytest.mark.parametrize("kind", ["broken", "cut"])
    def test_an_account_that_was_not_made_is_made_the_next_time(self, platform: LocalPlatform, kind: str) -> None:
        customer = new_customer()
        platform.fail("POST", "/auth/signup", kind)

        run()
        broken = step_of(customer, "account")
        run_until_nothing_is_due()

        assert (broken.state, broken.attempts) == ("waiting", 1)
        assert broken.last_error
        assert NOW + timedelta(seconds=24) <= broken.not_before <= NOW + timedelta(seconds=36)
        assert states(customer) == ALL_DONE

    @pytest.mark.parametrize("kind", ["made", "made_cut"])
    def test_an_account_made_without_an_answer_is_asked_of_a_person(self, platform: LocalPlatform, kind: str) -> None:
        customer = new_customer()
        platform.fail("POST", "/auth/signup", kind)

        run_until_nothing_is_due()

        step = step_of(customer, "account")
        assert step.state == "with_person"
        assert step.task
        assert "tenant id" in step.task.description
        assert "already registered" in step.task.description
        assert len(platform.state()["accounts"]) == 1
        assert states(customer)["agent"] == "waiting"

    def test_an_address_already_registered_is_looked_up_in_what_the_platform_told_us(
        self, platform: LocalPlatform
    ) -> None:
        customer = new_customer()
        platform.fail("POST", "/auth/signup", "made")
        stranger("tenant-1", "user-1", email=customer.contacts.get().email)

        run_until_nothing_is_due()

        customer.refresh_from_db()
        assert (customer.external_id, states(customer)) == ("tenant-1", ALL_DONE)
        assert customer.contacts.get().platform_user_id == "user-1"

    def test_a_contact_s_user_id_leads_to_the_tenant(self, platform: LocalPlatform) -> None:
        customer = new_customer()
        Contact.objects.filter(customer=customer).update(platform_user_id="user-1")
        platform.fail("POST", "/auth/signup", "made")
        stranger("tenant-1", "user-1")

        run_until_nothing_is_due()

        customer.refresh_from_db()
        assert customer.external_id == "tenant-1"

    def test_a_tenant_that_is_another_customer_s_is_for_a_person(self, platform: LocalPlatform) -> None:
        make_customer(external_id="tenant-1")
        customer = new_customer()

        run()

        customer.refresh_from_db()
        assert customer.external_id is None
        assert step_of(customer, "account").state == "with_person"
        assert "tenant-1" in step_of(customer, "account").because

    def test_a_refusal_of_the_limit_is_obeyed_and_blames_nobody(self, platform: LocalPlatform) -> None:
        customer = new_customer()
        platform.fail("POST", "/auth/signup", "limit", seconds=3)

        worked = work_off(pause=lambda _seconds: pytest.fail("It waited."))

        step, row = step_of(customer, "account"), PlatformPace.objects.get()
        assert "limit of calls" in worked.stopped
        assert (step.state, step.attempts) == ("waiting", 0)
        assert step.not_before == row.closed_until

    def test_a_slow_platform_is_given_up_and_asked_what_it_had_made(
        self, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("onboarding.platform.client.TIMEOUT_SECONDS", 0.3)
        customer = new_customer()
        platform.fail("POST", "/agents/", "slow", seconds=1)

        run()
        slow = step_of(customer, "agent")
        run_until_nothing_is_due()

        assert "did not answer" in slow.last_error
        assert states(customer) == ALL_DONE
        assert platform.state()["created"][agent_id("tenant-1")] == 1

    def test_what_fails_for_good_is_handed_to_a_person_in_words(self, platform: LocalPlatform, settings: Any) -> None:
        settings.AGENTFACTORY_BLUEPRINTS = {"starter": "no-such-kit"}
        owner = make_member("CSM", "clara")
        customer = new_customer(success_manager=owner)

        run()

        step = step_of(customer, "configuration")
        assert step.state == "with_person"
        assert step.last_error == "The platform answered 404: NOT_FOUND Blueprint no-such-kit not found"
        assert step.task
        assert (step.task.owner, step.task.status) == (owner, "open")
        assert "no-such-kit" in step.task.description
        assert states(customer)["agent"] == "done"

    def test_errors_in_the_other_shape_are_understood(self, platform: LocalPlatform) -> None:
        customer = new_customer()
        platform.fail("POST", "/agents/", "detail")

        run()

        assert step_of(customer, "agent").because == "The platform answered 422: This is not what was expected"

    def test_after_ten_attempts_a_person_is_asked(self, platform: LocalPlatform) -> None:
        customer = new_customer()
        platform.fail("POST", "/agents/", "broken", times=50)

        run_until_nothing_is_due(hours=24)

        step = step_of(customer, "agent")
        assert (step.state, step.attempts) == ("with_person", 10)
        assert "tried 10 times" in step.because

    def test_a_platform_that_is_away_is_not_asked_by_everybody(self, platform: LocalPlatform, settings: Any) -> None:
        settings.AGENTFACTORY_API_URL = "http://127.0.0.1:9/api/v1"
        first, second = new_customer(), new_customer()

        worked = run()

        assert "could not be reached" in worked.stopped
        assert (step_of(first, "account").attempts, step_of(second, "account").attempts) == (1, 0)


class TestTheKey:
    def test_a_refused_key_stops_everything_and_is_told_to_managers_once(
        self, platform: LocalPlatform, settings: Any
    ) -> None:
        settings.AGENTFACTORY_API_KEY = "wrong-key-of-ours"
        make_member("CS manager", "mia", email="mia@example.com")
        customer = new_customer()

        worked = run()
        run(NOW + timedelta(minutes=16))

        step = step_of(customer, "account")
        assert "refuses AGENTFACTORY_API_KEY" in worked.stopped
        assert (step.state, step.attempts) == ("waiting", 0)
        assert platform.state()["answers"] == {"POST 401": 2}
        assert Notice.objects.get().kind == "onboarding.platform_refuses"

    def test_it_is_nowhere_to_be_read(
        self, platform: LocalPlatform, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The local platform repeats a wrong key in its refusal."""
        caplog.set_level(logging.DEBUG)
        settings.AGENTFACTORY_API_KEY = "wrong-key-of-ours"
        make_member("CS manager", "mia", email="mia@example.com")
        new_customer()
        run()
        settings.AGENTFACTORY_API_KEY = KEY
        pace.open_again()
        for kind in ("broken", "cut", "detail"):
            new_customer()
            platform.fail("POST", "/auth/signup", kind)
            run(NOW + timedelta(hours=1))

        kept = [
            *caplog.messages,
            *map(str, ProvisioningStep.objects.values()),
            *map(str, PlatformPace.objects.values()),
        ]
        kept += [str(row) for model in (Task, Event, Notice) for row in model.objects.values()]

        assert len(kept) > 20
        assert not [line for line in kept if KEY in line or "wrong-key-of-ours" in line or "access_token" in line]

    @pytest.mark.parametrize("key", ["two\nlines", "schlüssel"])
    def test_one_that_cannot_be_sent_is_not_repeated_either(
        self, platform: LocalPlatform, settings: Any, key: str
    ) -> None:
        settings.AGENTFACTORY_API_KEY = key
        customer = new_customer()

        worked = run()

        assert worked.stopped == "AGENTFACTORY_API_URL or AGENTFACTORY_API_KEY is not what can be sent."
        assert step_of(customer, "account").attempts == 0


class TestCrashes:
    def test_a_step_left_in_the_middle_is_due_again_after_its_lease(self, platform: LocalPlatform) -> None:
        customer = new_customer()
        claimed = working.claim(now=NOW)
        assert claimed

        run(NOW + SOON)
        early = states(customer)
        run(NOW + working.LEASE + SOON)

        assert early["account"] == "calling"
        assert states(customer) == ALL_DONE

    def test_an_agent_that_a_dead_worker_had_created_is_found(self, platform: LocalPlatform) -> None:
        customer = new_customer()
        platform.fail("POST", "/agents/", "made_cut")
        run()
        ProvisioningStep.objects.filter(kind="agent").update(state="calling", claimed_at=NOW)

        run(NOW + working.LEASE + SOON)

        assert states(customer) == ALL_DONE
        assert platform.state()["created"][agent_id("tenant-1")] == 1

    def test_who_wakes_up_after_its_lease_writes_nothing(
        self, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        customer = new_customer()
        original = working.call

        def slept(step: ProvisioningStep, *args: Any, **kwargs: Any) -> Any:
            came = original(step, *args, **kwargs)
            ProvisioningStep.objects.filter(pk=step.pk).update(claimed_at=NOW + SOON)  # another worker has it now
            return came

        monkeypatch.setattr(working, "call", slept)
        worked = run()

        assert worked.done == 0
        assert states(customer)["account"] == "calling"

    def test_nothing_is_saved_where_the_last_write_fails(
        self, platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        customer = new_customer()

        def broken(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("The line is cut.")

        monkeypatch.setattr("onboarding.provisioning.settling.reach_milestones", broken)
        with pytest.raises(RuntimeError):
            run()

        customer.refresh_from_db()
        assert customer.external_id is None
        assert states(customer)["account"] == "calling"


class TestWithoutAPlatform:
    def test_every_step_is_a_task_at_once_and_says_so(self) -> None:
        customer = new_customer()

        worked = run()

        assert worked.stopped == "No platform is configured."
        assert set(states(customer).values()) == {"with_person"}
        assert Task.objects.filter(customer=customer, status="open").count() == 4
        assert "No platform is configured" in step_of(customer, "agent").because
        assert Event.objects.filter(trigger="onboarding.setup_with_person").count() == 4

    def test_finishing_its_task_settles_a_step_and_skipping_it_makes_it_not_needed(self) -> None:
        customer, person = new_customer(), make_member("CSM", "clara")
        for kind, status in (("account", "done"), ("configuration", "done"), ("agent", "skipped")):
            task = step_of(customer, kind).task
            assert task
            services.finish_task(task, status=status, by=person, now=NOW)

        hear(on_events, NOW + SOON)

        assert states(customer) == {**ALL_DONE, "agent": "not_needed", "knowledge_base": "with_person"}
        assert step_of(customer, "account").settled_by == person
        assert milestones(customer) == {rules.PROVISIONED}

    def test_whoever_enters_the_platform_id_settles_the_account(self) -> None:
        customer = new_customer()
        task = step_of(customer, "account").task
        customer.external_id = "tenant-9"
        services.save_customer(customer, changed={"external_id"}, now=NOW)

        hear(on_events, NOW + SOON)

        assert step_of(customer, "account").state == "done"
        assert task
        task.refresh_from_db()
        assert (task.status, task.outcome) == ("done", "It is known on the platform as tenant-9.")

    def test_a_departure_ends_it_with_its_tasks(self) -> None:
        customer = new_customer()
        services.record_churn(Churn(customer=customer, churned_on=NOW.date()), now=NOW)

        hear(on_events, NOW + SOON)

        assert set(states(customer).values()) == {"not_needed"}
        assert not Task.objects.filter(status="open").exists()


class TestWhatAPersonDecides:
    def test_trying_again_takes_the_task_back(self, platform: LocalPlatform, settings: Any) -> None:
        settings.AGENTFACTORY_BLUEPRINTS = {}
        customer, person = new_customer(), make_member("CSM", "clara", first_name="Clara")
        run()
        task = step_of(customer, "configuration").task
        settings.AGENTFACTORY_BLUEPRINTS = {"starter": "starter-kit"}

        try_again(step_of(customer, "configuration"), by=person, now=NOW + SOON)
        run(NOW + SOON)

        assert states(customer) == ALL_DONE
        assert task
        task.refresh_from_db()
        assert (task.status, task.outcome) == ("skipped", "Tried again by Clara.")

    def test_what_was_done_by_hand_is_done(self) -> None:
        customer, person = new_customer(), make_member("CSM", "clara")

        mark_done(step_of(customer, "knowledge_base"), by=person, now=NOW)

        assert step_of(customer, "knowledge_base").settled_by == person
        assert milestones(customer) == {rules.KNOWLEDGE_BASE}
        assert Task.objects.filter(status="done").count() == 1

    def test_without_an_account_nothing_behind_it_is_needed(self, platform: LocalPlatform) -> None:
        customer = new_customer()

        mark_not_needed(step_of(customer, "account"), because="They have their own.", now=NOW)

        assert set(states(customer).values()) == {"not_needed"}
        assert step_of(customer, "agent").because == "No account is set up for it."

    @pytest.mark.parametrize("state", ["calling", "done", "not_needed"])
    @pytest.mark.parametrize("decide", [try_again, mark_done, mark_not_needed])
    def test_nothing_is_decided_about_what_is_under_way_or_settled(
        self, platform: LocalPlatform, state: str, decide: Any
    ) -> None:
        customer = new_customer()
        moments = {"claimed_at": NOW if state == "calling" else None, "settled_at": None if state == "calling" else NOW}
        ProvisioningStep.objects.update(state=state, **moments)

        with pytest.raises(Exception, match="nothing to decide"):
            decide(step_of(customer, "agent"), now=NOW)

        assert set(states(customer).values()) == {state}


def stranger(tenant: str, user: str, **data: str) -> PlatformDelivery:
    return PlatformDelivery.objects.create(
        body_hash=f"{tenant}{user}",
        event="account.created",
        happened_at=NOW,
        received_at=NOW,
        tenant_id=tenant,
        user_id=user,
        data=data,
        state="stranger",
    )
