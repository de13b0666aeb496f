"""The editor of conditions: what its rows show, what they send, what is refused at which row, and the count."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.db.models import F, FloatField, Func, Value
from django.test import Client
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from hypothesis import given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers import services
from agentfactory_cs.customers.conditions import Condition, Fact, FactType, facts
from agentfactory_cs.customers.conditions.counting import count_fitting
from agentfactory_cs.customers.conditions.form import ConditionField
from agentfactory_cs.customers.models import Churn

from .browsing import sent_by
from .factories import NOW, YESTERDAY, make_customer, make_user

KNOWN = (
    Fact("tests.number", "Number", FactType.NUMBER, lambda now: Value(7.0), unit="points"),
    Fact(
        "tests.colour", "Colour", FactType.CHOICE, lambda now: F("tier"), choices=lambda: [("r", "Red"), ("g", "Green")]
    ),
    Fact("tests.free", "Free", FactType.CHOICE, lambda now: F("country")),
    Fact("tests.holds", "It", FactType.YES_NO, lambda now: Value(True)),
    Fact("tests.day", "Day", FactType.DAY, lambda now: Value(YESTERDAY)),
    Fact("tests.words", "Words", FactType.TAGS, lambda now: F("tags__name")),
    Fact(
        "tests.slow",
        "Slow",
        FactType.NUMBER,
        lambda now: Func(
            Value(0.5),
            function="pg_sleep",
            template="length(%(function)s(%(expressions)s)::text)",
            output_field=FloatField(),
        ),
    ),
)


@pytest.fixture(autouse=True, scope="module")
def known_facts() -> Iterator[None]:
    for fact in KNOWN:
        facts.register(fact)
    yield
    for fact in KNOWN:
        del facts._items[fact.key]


class TheForm(forms.Form):
    who = ConditionField(label="Who")


def filled(*rows: tuple[str, ...], match: str = "all") -> MultiValueDict[str, str]:
    """What is sent of rows of fact, operator and values."""
    sent: dict[str, list[str]] = {"who-match": [match]}
    for number, (fact, operator, *values) in enumerate(rows):
        sent |= {f"who-{number}-fact": [fact], f"who-{number}-operator": [operator], f"who-{number}-value": values}
    return MultiValueDict(sent)


def read(*rows: tuple[str, ...], match: str = "all") -> Any:
    form = TheForm(filled(*rows, match=match))
    assert form.is_valid(), form.errors
    return form.cleaned_data["who"]


@pytest.mark.parametrize(
    ("row", "value"),
    [
        (("tests.number", "below", "50"), 50),
        (("tests.number", "below", "0,5"), 0.5),
        (("tests.number", "below", "-1.25"), -1.25),
        (("tests.number", "known", "50"), None),
        (("tests.colour", "in", "r", "g"), ["r", "g"]),
        (("tests.colour", "not_in", "Green, r"), ["g", "r"]),  # typed, without scripts
        (("tests.free", "in", "DE, FR ,DE"), ["DE", "FR"]),
        (("tests.holds", "yes"), None),
        (("tests.day", "within_next", "30"), 30),
        (("tests.words", "has", "a b, c"), ["a b", "c"]),
    ],
)
def test_a_row_is_read_as_its_operator_needs_it(row: tuple[str, ...], value: Any) -> None:
    expected = {"fact": row[0], "operator": row[1], **({} if value is None else {"value": value})}

    assert read(row, match="any") == {"match": "any", "rows": [expected]}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("tests.none", "below", "1"), "There is no fact “tests.none” here: choose another, or take the row out."),
        (("tests.number", "", "1"), "Choose how to compare."),
        (("tests.number", "has", "1"), "Choose how to compare."),
        (("tests.number", "below", ""), "Give a number."),
        (("tests.number", "below", "many"), "Give a number."),
        (("tests.number", "below", "inf"), "Must be a number, not inf."),
        (("tests.number", "below", "nan"), "Must be a number, not nan."),
        (("tests.colour", "in"), "Choose at least one."),
        (("tests.colour", "in", "blue"), "There is no blue; it may be Red, Green."),
        (("tests.free", "in", " , "), "Give at least one word."),
        (("tests.day", "within_last", "1.5"), "Must be whole days from 0 to 3650, not 1.5."),
        (("tests.day", "within_last", "-1"), "Must be whole days from 0 to 3650, not -1."),
    ],
)
def test_a_row_that_cannot_be_asked_says_why_where_it_stands_and_keeps_what_was_typed(
    row: tuple[str, ...], said: str
) -> None:
    form = TheForm(filled(("tests.holds", "no"), row))

    shown = str(form["who"])

    assert form.errors["who"] == [f"Row 2: {said}"]
    assert shown.count('class="af-condition-row af-wrong"') == 1
    assert f'<p class="af-bad" data-problem id="id_who-1-problem">{said}</p>' in shown
    assert sent_by(shown)["who-1-fact"] == [row[0]]


def test_rows_without_a_fact_ask_for_nothing() -> None:
    form = TheForm(filled(("", "below", "1")))

    assert form.is_valid()
    assert form.cleaned_data["who"] is None


def test_a_required_condition_needs_a_row() -> None:
    field = ConditionField(required=True)

    with pytest.raises(forms.ValidationError, match="Add at least one row"):
        field.clean(None)


def test_more_rows_than_a_condition_may_have_are_refused() -> None:
    form = TheForm(filled(*[("tests.holds", "yes")] * 21))

    assert form.errors["who"] == ["Must be a list of at most 20."]


NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6, allow_nan=False).map(lambda n: round(n, 4)))
WORDS = st.lists(st.text("abc DE-é<&\"'", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=3, unique=True)
ROWS = st.one_of(
    st.tuples(st.just("tests.number"), st.sampled_from(["below", "at_least", "equals"]), NUMBERS),
    st.tuples(st.just("tests.number"), st.sampled_from(["known", "unknown"]), st.none()),
    st.tuples(st.just("tests.colour"), st.sampled_from(["in", "not_in"]), st.sampled_from([["r"], ["g"], ["r", "g"]])),
    st.tuples(st.just("tests.free"), st.just("in"), WORDS),
    st.tuples(st.just("tests.holds"), st.sampled_from(["yes", "no"]), st.none()),
    st.tuples(st.just("tests.day"), st.sampled_from(["within_next", "longer_ago"]), st.integers(0, 3650)),
    st.tuples(st.just("tests.words"), st.sampled_from(["has", "has_not"]), WORDS),
)


@settings(deadline=None)
@given(match=st.sampled_from(["all", "any"]), rows=st.lists(ROWS, min_size=1, max_size=4))
def test_a_stored_condition_comes_back_from_its_editor_as_it_was(match: str, rows: list[tuple[Any, ...]]) -> None:
    stored = {
        "match": match,
        "rows": [
            {"fact": fact, "operator": operator, **({} if value is None else {"value": value})}
            for fact, operator, value in rows
        ],
    }

    form = TheForm(MultiValueDict(sent_by(str(TheForm(initial={"who": stored})["who"]))))

    assert form.is_valid(), form.errors
    assert form.cleaned_data["who"] == stored
    assert not form.fields["who"].has_changed(stored, form["who"].data)


def test_a_stored_fact_that_no_app_offers_is_shown_and_refused() -> None:
    stored = {"match": "all", "rows": [{"fact": "gone.fact", "operator": "below", "value": 5}]}

    shown = str(TheForm(initial={"who": stored})["who"])

    assert "gone.fact (not offered here)" in shown
    assert "There is no fact “gone.fact” here" in shown
    assert sent_by(shown)["who-0-value"] == ["5"]


def test_the_facts_stand_by_the_app_that_offers_them() -> None:
    shown = str(TheForm()["who"])

    assert '<optgroup label="Customers">' in shown
    assert '<option value="customers.tier"' in shown


pages = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
ROW, COUNT = "admin:customers_condition_row", "admin:customers_condition_count"


def counted(console: Client, *rows: tuple[str, ...], match: str = "all") -> str:
    response = console.post(reverse(COUNT), {"name": "who", **dict(filled(*rows, match=match).lists())})
    assert response.status_code == 200
    return response.content.decode()


class TestWhileSomebodyEdits:
    pytestmark = pages

    def test_what_follows_a_fact_fits_it(self, console: Client) -> None:
        text = console.get(reverse(ROW), {"name": "who-3", "fact": "tests.colour"}).content.decode()

        assert 'name="who-3-operator"' in text
        assert ">is not</option>" in text
        assert "is below" not in text
        assert '<input type="checkbox" name="who-3-value" value="g"> Green' in text

    def test_the_count_tells_the_condition_and_how_many_fit_and_how_many_of_them_have_left(
        self, console: Client
    ) -> None:
        make_customer(tier="pro")
        left = make_customer(tier="pro")
        make_customer(tier="free")
        services.record_churn(Churn(customer=left, churned_on=YESTERDAY), now=NOW)

        text = counted(console, ("customers.tier", "in", "pro"))

        assert "Tier is Pro" in text
        assert "2 customers fit now" in text
        assert "1 of them has left" in text

    def test_what_cannot_be_counted_says_why(self, console: Client) -> None:
        assert "Row 1: Give a number." in counted(console, ("tests.number", "below", "x"))

    def test_who_may_not_see_customers_counts_none(self) -> None:
        stranger = Client()
        stranger.force_login(make_user())

        answers = [stranger.post(reverse(COUNT), {"name": "who"}), stranger.get(reverse(ROW))]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_the_count_changes_nothing_and_is_asked_by_post_alone(self, console: Client) -> None:
        assert console.get(reverse(COUNT)).status_code == 405


@pytest.mark.django_db
def test_counting_is_one_query(django_assert_num_queries: Any) -> None:
    condition = Condition.from_data(read(("tests.number", "below", "50"), ("customers.tier", "in", "pro")))

    with django_assert_num_queries(4):  # with a savepoint, its release, and the limit of time
        count_fitting(condition, now=NOW)


@pytest.mark.django_db
def test_a_count_that_takes_too_long_is_given_up(console: Client) -> None:
    make_customer()
    condition = Condition.from_data(read(("tests.slow", "below", "50")))

    assert count_fitting(condition, now=NOW, most_seconds=0.05) is None
    # The connection is fit for use again.
    assert count_fitting(Condition.from_data(None), now=NOW) is not None
