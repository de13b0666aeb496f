"""Segments: whom they hold, whose they are, their tabs, their form, and REST."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlparse

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agentfactory_cs.customers import services
from agentfactory_cs.customers.conditions import BadCondition
from agentfactory_cs.customers.models import Churn, Customer, Segment
from agentfactory_cs.customers.segments import members

from .browsing import changed, sent_by
from .clients import ApiClient, errors_of
from .factories import NOW, YESTERDAY, make_customer, make_member, make_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
LIST = "/admin/customers/customer/"
SEGMENTS = "/admin/customers/segment/"


def rows(*asked: tuple[Any, ...]) -> dict[str, Any]:
    keys = ("fact", "operator", "value")
    return {"match": "all", "rows": [dict(zip(keys, row, strict=False)) for row in asked]}


PRO = rows(("customers.tier", "in", ["pro"]))


def make_segment(name: str = "Pro ones", condition: Any = PRO, **fields: Any) -> Segment:
    return services.save_segment(Segment(name=name, condition=condition, **fields), now=NOW)


def listed(client: Client, query: str) -> list[str]:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return [customer.name for customer in response.context["cl"].result_list]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestMembers:
    def test_it_holds_whoever_fits_by_then(self) -> None:
        customer, segment = make_customer(tier="starter"), make_segment()

        before = list(members(segment, Customer.objects.all(), NOW))
        customer.tier = "pro"
        services.save_customer(customer, now=NOW)

        assert before == []
        assert list(members(segment, Customer.objects.all(), NOW)) == [customer]

    def test_who_has_left_is_in_none_that_does_not_speak_of_the_stage(self) -> None:
        gone = make_customer(tier="pro")
        services.record_churn(Churn(customer=gone, churned_on=YESTERDAY), now=NOW)
        those_gone = make_segment("Gone", rows(("customers.stage", "in", ["churned"])))

        assert list(members(make_segment(), Customer.objects.all(), NOW)) == []
        assert list(members(those_gone, Customer.objects.all(), NOW)) == [gone]


class TestSaving:
    @pytest.mark.parametrize(
        ("fields", "field", "said"),
        [
            ({"condition": rows()}, "condition", "at least one row"),
            ({"condition": None}, "condition", "at least one row"),
            ({"condition": rows(("customers.luck", "yes"))}, "condition", "rows.0.fact: there is no fact"),
            ({"name": ""}, "name", "blank"),
        ],
    )
    def test_what_says_nothing_or_cannot_be_asked_is_refused(
        self, fields: dict[str, Any], field: str, said: str
    ) -> None:
        with pytest.raises(ValidationError) as refusal:
            services.save_segment(Segment(**{"name": "X", "condition": PRO, **fields}), now=NOW)

        assert said in refusal.value.message_dict[field][0]
        assert not Segment.objects.exists()

    def test_a_person_makes_none_for_somebody_else(self) -> None:
        clara, mia = make_member("CSM"), make_member("CSM")

        with pytest.raises(ValidationError, match="your own, or everybody's"):
            services.save_segment(Segment(name="X", condition=PRO, owner=clara), by=mia, now=NOW)

    @pytest.mark.parametrize("is_shared", [True, False])
    def test_a_name_is_taken_once_whatever_its_capitals(self, is_shared: bool) -> None:
        owner = None if is_shared else make_member("CSM")
        make_segment("Pro ones", owner=owner)

        with pytest.raises(ValidationError, match="segment of this name already"):
            make_segment("PRO ones", owner=owner)
        with pytest.raises(IntegrityError), transaction.atomic():
            Segment.objects.create(name="pro ONES", condition=PRO, owner=owner)

        make_segment("Pro ones", owner=make_member("CSM"))

    def test_the_database_refuses_one_without_a_name(self) -> None:
        with pytest.raises(IntegrityError, match="segment_has_a_name"), transaction.atomic():
            Segment.objects.create(name="", condition=PRO)


class TestTabs:
    def test_after_mine_and_all_stand_everybodys_segments_and_ones_own(self) -> None:
        clara, mia = make_member("CSM"), make_member("CSM")
        make_segment("Second", order=2)
        make_segment("First", order=1, owner=clara)
        make_segment("Mia's", owner=mia)

        tabs = signed_in(clara).get(LIST).context["cl"].tabs

        assert [str(tab["display"]) for tab in tabs] == ["Mine", "All", "Nobody's", "Churned", "First", "Second"]

    def test_a_tab_shows_whom_the_condition_fits_and_says_so(self, console: Client) -> None:
        make_customer(name="Pro", tier="pro")
        make_customer(name="Free", tier="free")
        segment = make_segment()

        response = console.get(f"{LIST}?whose=segment-{segment.pk}")

        assert [customer.name for customer in response.context["cl"].result_list] == ["Pro"]
        assert "“Tier is Pro”" in response.content.decode()

    def test_filters_and_search_narrow_it_further(self, console: Client) -> None:
        for name, stage in (("Pro one", "growth"), ("Pro two", "adoption")):
            make_customer(name=name, tier="pro", lifecycle_stage=stage)
        tab = f"?whose=segment-{make_segment().pk}"

        assert listed(console, f"{tab}&lifecycle_stage__exact=growth") == ["Pro one"]
        assert listed(console, f"{tab}&q=two") == ["Pro two"]

    def test_somebody_elses_is_no_tab_and_opens_nothing_of_it(self, console: Client) -> None:
        make_customer(name="Pro", tier="pro")
        make_customer(name="Free", tier="free")
        theirs = make_segment(owner=make_member("CSM"))

        assert set(listed(console, f"?whose=segment-{theirs.pk}")) == {"Pro", "Free"}

    def test_a_condition_that_no_app_offers_any_more_says_so_and_shows_nobody(self, console: Client) -> None:
        make_customer()
        segment = make_segment()
        Segment.objects.update(condition=rows(("gone.fact", "yes")))

        response = console.get(f"{LIST}?whose=segment-{segment.pk}")

        assert list(response.context["cl"].result_list) == []
        assert "cannot be asked any more" in response.content.decode()
        with pytest.raises(BadCondition):
            members(Segment.objects.get(), Customer.objects.all(), NOW)
        assert console.get(f"{SEGMENTS}{segment.pk}/change/").status_code == 200
        assert console.get(SEGMENTS).status_code == 200

    def test_it_costs_as_many_queries_as_the_list_of_all(self, console: Client) -> None:
        for _ in range(4):
            make_subscription(make_customer(tier="pro"))
        segment = make_segment(
            "Many facts",
            rows(("customers.tier", "in", ["pro"]), ("customers.mrr", "above", 1), ("usage.api_calls_7d", "below", 5)),
        )

        def queries(tab: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                assert len(listed(console, f"?whose={tab}")) == 4
            return len(captured)

        queries("all")

        assert queries(f"segment-{segment.pk}") == queries("all")

    @pytest.mark.parametrize("across", ["0", "1"])
    def test_bulk_actions_reach_the_segment_and_no_further(self, console: Client, across: str) -> None:
        clara = make_member("CSM", first_name="Clara")
        inside, outside = make_customer(tier="pro"), make_customer(tier="free")
        tab = f"{LIST}?whose=segment-{make_segment().pk}"
        chosen = {"action": "assign", "_selected_action": [inside.pk, outside.pk], "select_across": across}

        console.post(tab, {**chosen, "apply": "1", "manager": clara.pk})

        assert list(Customer.objects.filter(success_manager=clara)) == [inside]


class TestForm:
    def test_what_is_chosen_above_the_list_becomes_the_rows_of_a_new_segment(self, console: Client) -> None:
        clara = make_member("CSM", "clara")
        fits = make_customer(tier="pro", success_manager=clara)
        make_subscription(fits, renews_on=NOW.date() + timedelta(days=9), payment_status="past_due")
        services.set_tags(fits, {"beta"}, now=NOW)
        make_customer(tier="pro", success_manager=clara)
        tag = fits.tags.get()
        chosen = (
            f"?whose=all&tier__exact=pro&lifecycle_stage__exact=onboarding&manager={clara.pk}"
            f"&renews=30&payment=past_due&tag={tag.pk}&band=none"
        )
        expected = listed(console, chosen)
        link = next(
            one for one in console.get(LIST + chosen).context["cl"].links if str(one.title) == "Save as segment"
        )
        form = console.get(link.address).content.decode()

        answer = console.post(SEGMENTS + "add/", changed(sent_by(form, "segment_form"), name="As chosen"))

        assert answer.status_code == 302
        segment = Segment.objects.get(name="As chosen")
        assert len(segment.condition["rows"]) == 7
        assert listed(console, f"?whose=segment-{segment.pk}") == expected == [fits.name]

    @pytest.mark.parametrize(
        ("tab", "fact"),
        [
            ("mine", "customers.success_manager"),
            ("nobody", "customers.has_success_manager"),
            ("churned", "customers.stage"),
        ],
    )
    def test_a_tab_becomes_a_row_too(self, console: Client, tab: str, fact: str) -> None:
        link = console.get(f"{LIST}?whose={tab}").context["cl"].links[0]

        asked = parse_qs(urlparse(link.address).query)["condition"][0]

        assert f'"fact": "{fact}"' in asked

    def test_it_is_ones_own_until_it_is_shared(self, console: Client, manager: Any) -> None:
        form = sent_by(console.get(f"{SEGMENTS}add/?{_query(PRO)}").content.decode(), "segment_form")

        console.post(SEGMENTS + "add/", changed(form, name="Mine"))
        console.post(SEGMENTS + "add/", changed(form, name="Ours", is_shared="on"))

        assert {one.name: one.owner for one in Segment.objects.all()} == {"Mine": manager, "Ours": None}

    def test_its_page_shows_the_first_customers_in_it(self, console: Client) -> None:
        for number in range(21):
            make_customer(name=f"Pro {number:02}", tier="pro")
        make_customer(name="Another", tier="free")
        segment = make_segment()

        response = console.get(f"{SEGMENTS}{segment.pk}/change/")

        shown = [customer.name for _address, customer, _cells in response.context["members"]]
        assert shown == [f"Pro {number:02}" for number in range(20)]
        assert "These are the first 20" in response.content.decode()

    def test_a_refusal_stands_on_the_form_and_nothing_is_saved(self, console: Client) -> None:
        make_segment("Taken")
        form = sent_by(console.get(f"{SEGMENTS}add/?{_query(PRO)}").content.decode(), "segment_form")

        answer = console.post(SEGMENTS + "add/", changed(form, name="taken", is_shared="on"))

        assert "There is a segment of this name already." in answer.content.decode()
        assert Segment.objects.count() == 1

    @pytest.mark.parametrize("condition", ["{", "[1]", '"x"', '{"rows": 3}'])
    def test_an_address_somebody_typed_opens_an_empty_form(self, console: Client, condition: str) -> None:
        assert console.get(f"{SEGMENTS}add/", {"condition": condition}).status_code == 200

    def test_a_viewer_looks_and_changes_nothing(self) -> None:
        client, segment = signed_in(make_member("Viewer")), make_segment()

        assert client.get(f"{SEGMENTS}{segment.pk}/change/").status_code == 200
        assert [link.title for link in client.get(LIST).context["cl"].links] == ["Export"]
        assert client.post(f"{SEGMENTS}{segment.pk}/change/", {"name": "Other"}).status_code == 403
        assert client.get(f"{SEGMENTS}add/").status_code == 403


def _query(condition: Any) -> str:
    return urlencode({"condition": json.dumps(condition)})


class TestRest:
    def test_one_is_made_changed_read_and_deleted(self, api: ApiClient) -> None:
        made = api.post("segments/", {"name": "Pro ones", "condition": PRO})
        address = f"segments/{made.json()['id']}/"
        changed_ = api.patch(address, {"name": "Pros", "order": 5})

        assert (made.status_code, changed_.status_code) == (201, 200)
        assert api.get(address).json() == changed_.json()
        assert (changed_.json()["owner"], changed_.json()["condition"]) == (None, PRO)
        assert [one["name"] for one in api.get("segments/").json()["results"]] == ["Pros"]
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404

    def test_a_condition_that_cannot_be_asked_is_refused_by_place(self, api: ApiClient) -> None:
        answer = api.post("segments/", {"name": "X", "condition": rows(("customers.mrr", "has", 1))})

        assert answer.status_code == 400
        assert errors_of(answer) == {"condition": "invalid"}
        assert "condition.rows.0.operator: must be one of" in answer.json()["errors"][0]["detail"]

    def test_a_word_that_no_text_can_hold_is_refused_by_place(self, api: ApiClient) -> None:
        answer = api.post("segments/", {"name": "X", "condition": rows(("customers.tags", "has", ["a\0b"]))})

        assert answer.status_code == 400
        assert errors_of(answer) == {"condition": "invalid"}
        assert "condition.rows.0.value: must not hold null characters" in answer.json()["errors"][0]["detail"]

    @pytest.mark.parametrize("of_somebody", [True, False], ids=["a person's", "everybody's"])
    def test_a_name_that_is_taken_clashes_by_field(self, api: ApiClient, of_somebody: bool) -> None:
        owner = make_member("CSM") if of_somebody else None
        make_segment("Pro ones", owner=owner)

        answer = api.post("segments/", {"name": "pro ONES", "condition": PRO, "owner": owner and owner.username})

        assert answer.status_code == 409
        assert errors_of(answer) == {"name": "unique"}

    def test_the_customers_of_one_are_listed(self, api: ApiClient) -> None:
        pro = make_customer(tier="pro")
        make_customer(tier="free")
        segment = make_segment()

        answer = api.get("customers/", segment=segment.pk)

        assert [one["id"] for one in answer.json()["results"]] == [pro.pk]
        assert [one["id"] for one in api.get("customers/", segment=segment.pk, tier="free").json()["results"]] == []

    def test_an_unknown_one_is_named(self, api: ApiClient) -> None:
        answer = api.get("customers/", segment=77)

        assert answer.status_code == 400
        assert errors_of(answer) == {"segment": "invalid"}

    def test_a_person_sees_everybodys_and_their_own(self) -> None:
        clara = make_member("CSM")
        make_segment("Ours")
        make_segment("Hers", owner=clara)
        hidden = make_segment("Mia's", owner=make_member("CSM"))
        client = signed_in(clara)

        names = [one["name"] for one in client.get("/api/v1/segments/").json()["results"]]

        assert sorted(names) == ["Hers", "Ours"]
        assert client.get(f"/api/v1/segments/{hidden.pk}/").status_code == 404
        assert client.get("/api/v1/customers/", {"segment": hidden.pk}).status_code == 400
