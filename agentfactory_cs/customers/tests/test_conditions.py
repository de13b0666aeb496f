"""Conditions over customers: what each operator asks, that lists and single judgements agree, what is refused."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import BooleanField, Case, DateField, FloatField, TextField, Value, When
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentfactory_cs.customers.conditions import BadCondition, Condition, Fact, FactType, facts
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.customers.services import set_tags

from .factories import NOW, make_customer

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def by_name(field: Any, values: dict[str, Any]) -> Any:
    """A fact whose value follows from the customer's name; SQL NULL for any other name."""
    return lambda now: Case(
        *(When(name=name, then=Value(value, output_field=field)) for name, value in values.items()),
        default=None,
        output_field=field,
    )


KNOWN: dict[str, tuple[FactType, Any, dict[str, Any]]] = {
    "tests.number": (FactType.NUMBER, FloatField(), {"Low": 10.0, "High": 90.0}),
    "tests.choice": (FactType.CHOICE, TextField(), {"Low": "red", "High": "green"}),
    "tests.yes_no": (FactType.YES_NO, BooleanField(), {"Low": False, "High": True}),
    "tests.day": (
        FactType.DAY,
        DateField(),
        {"Low": TODAY - timedelta(days=40), "High": TODAY + timedelta(days=40)},
    ),
}


@pytest.fixture(autouse=True)
def known_facts() -> Iterator[None]:
    """One fact of each type, which knows of Low and High and nothing of Dark."""
    for key, (kind, field, values) in KNOWN.items():
        choices = (lambda: [("red", "Red"), ("green", "Green")]) if kind is FactType.CHOICE else None
        facts.register(Fact(key, key.removeprefix("tests.").title(), kind, by_name(field, values), choices=choices))
    yield
    for key in KNOWN:
        del facts._items[key]


@pytest.fixture
def fleet() -> list[Customer]:
    fleet = [make_customer(name=name) for name in ("Low", "High", "Dark")]
    set_tags(fleet[0], {"pilot"}, now=NOW)
    return fleet


def condition(*rows: tuple[Any, ...], match: str = "all") -> Condition:
    keys = ("fact", "operator", "value")
    return Condition.from_data({"match": match, "rows": [dict(zip(keys, row, strict=False)) for row in rows]})


def narrowed(asked: Condition) -> set[str]:
    return set(asked.narrow(Customer.objects.all(), NOW).values_list("name", flat=True))


def judged(asked: Condition) -> set[str]:
    names = dict(Customer.objects.values_list("pk", "name"))
    return {names[pk] for pk, judgement in asked.judge(names, NOW).items() if judgement.holds}


@pytest.mark.parametrize(
    ("row", "holds_for"),
    [
        (("tests.number", "below", 90), {"Low"}),
        (("tests.number", "at_most", 90), {"Low", "High"}),
        (("tests.number", "above", 10), {"High"}),
        (("tests.number", "at_least", 10), {"Low", "High"}),
        (("tests.number", "equals", 10), {"Low"}),
        (("tests.number", "known"), {"Low", "High"}),
        (("tests.number", "unknown"), {"Dark"}),
        (("tests.choice", "in", ["red"]), {"Low"}),
        (("tests.choice", "in", ["red", "green"]), {"Low", "High"}),
        (("tests.choice", "not_in", ["red"]), {"High", "Dark"}),
        (("tests.choice", "unknown"), {"Dark"}),
        (("tests.yes_no", "yes"), {"High"}),
        (("tests.yes_no", "no"), {"Low"}),
        (("tests.day", "within_next", 40), {"High"}),
        (("tests.day", "within_next", 39), set()),
        (("tests.day", "within_last", 40), {"Low"}),
        (("tests.day", "longer_ago", 39), {"Low"}),
        (("tests.day", "longer_ago", 40), set()),
        (("tests.day", "farther_off", 39), {"High"}),
        (("tests.day", "known"), {"Low", "High"}),
        (("customers.tags", "has", ["pilot"]), {"Low"}),
        (("customers.tags", "has_not", ["pilot"]), {"High", "Dark"}),
        (("customers.tags", "has_not", ["nobody has it"]), {"Low", "High", "Dark"}),
    ],
)
def test_each_operator_over_known_and_unknown_values(
    fleet: list[Customer], row: tuple[Any, ...], holds_for: set[str]
) -> None:
    asked = condition(row)

    assert (narrowed(asked), judged(asked)) == (holds_for, holds_for)


ROWS = st.one_of(
    st.tuples(
        st.just("tests.number"),
        st.sampled_from(["below", "at_most", "above", "at_least", "equals"]),
        st.sampled_from([10, 50, 90]),
    ),
    st.tuples(st.sampled_from(["tests.number", "tests.choice", "tests.day"]), st.sampled_from(["known", "unknown"])),
    st.tuples(
        st.just("tests.choice"),
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(["red", "green"]), min_size=1),
    ),
    st.tuples(st.just("tests.yes_no"), st.sampled_from(["yes", "no"])),
    st.tuples(
        st.just("tests.day"),
        st.sampled_from(["within_next", "within_last", "longer_ago", "farther_off"]),
        st.sampled_from([0, 39, 40, 41]),
    ),
    st.tuples(st.just("customers.tags"), st.sampled_from(["has", "has_not"]), st.just(["pilot"])),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, max_size=4), match=st.sampled_from(["all", "any"]))
def test_a_list_and_single_judgements_always_agree(
    fleet: list[Customer], rows: list[tuple[Any, ...]], match: str
) -> None:
    asked = condition(*rows, match=match)

    assert narrowed(asked) == judged(asked)


def test_a_judgement_says_what_it_was_judged_by(fleet: list[Customer]) -> None:
    asked = condition(("tests.number", "below", 50), ("tests.day", "known"), ("customers.tags", "has", ["pilot"]))

    judgement = asked.judge([fleet[0].pk], NOW)[fleet[0].pk]

    assert judgement.rows == [
        ("Number is below 50", True, 10.0),
        ("Day is known", True, (TODAY - timedelta(days=40)).isoformat()),
        ("Tags include pilot", True, ["pilot"]),
    ]
    assert asked.sentence() == "Number is below 50 and Day is known and Tags include pilot"


def test_many_are_judged_and_narrowed_by_one_query_each(fleet: list[Customer], django_assert_num_queries: Any) -> None:
    asked = condition(("tests.number", "below", 50), ("customers.tags", "has", ["pilot"]))
    ids = [customer.pk for customer in fleet]

    with django_assert_num_queries(2):
        asked.judge(ids, NOW)
        list(asked.narrow(Customer.objects.all(), NOW))


def test_without_rows_it_holds_for_everybody(fleet: list[Customer]) -> None:
    asked = Condition.from_data(None)

    assert narrowed(asked) == judged(asked) == {"Low", "High", "Dark"}
    assert asked.sentence() == "everybody"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (["rows"], "condition: must hold match and rows"),
        ({"match": "most", "rows": []}, "condition.match: must be all or any, not 'most'"),
        ({"rows": "number"}, "condition.rows: must be a list of at most 20"),
        ({"rows": [{}] * 21}, "condition.rows: must be a list of at most 20"),
        ({"rows": ["number"]}, "condition.rows.0: must hold fact, operator and value"),
        ({"rows": [{"fact": "tests.none"}]}, "condition.rows.0.fact: there is no fact 'tests.none'"),
        ({"rows": [{"fact": "tests.number", "operator": "has"}]}, "condition.rows.0.operator: must be one of below"),
        (
            {"rows": [{"fact": "tests.number", "operator": "below", "value": "5"}]},
            "condition.rows.0.value: must be a number, not '5'",
        ),
        ({"rows": [{"fact": "tests.number", "operator": "below", "value": True}]}, "must be a number, not True"),
        (
            {"rows": [{"fact": "tests.number", "operator": "below", "value": float("nan")}]},
            "must be a number, not nan",
        ),
        (
            {"rows": [{"fact": "tests.day", "operator": "within_last", "value": -1}]},
            "must be whole days from 0 to 3650, not -1",
        ),
        ({"rows": [{"fact": "tests.day", "operator": "within_last", "value": 1.5}]}, "must be whole days"),
        ({"rows": [{"fact": "tests.day", "operator": "within_last", "value": 4000}]}, "must be whole days"),
        (
            {"rows": [{"fact": "tests.choice", "operator": "in", "value": ["blue"]}]},
            "condition.rows.0.value: must be of green, red, not blue",
        ),
        ({"rows": [{"fact": "tests.choice", "operator": "in", "value": []}]}, "must be a list of words, not []"),
        ({"rows": [{"fact": "customers.tags", "operator": "has", "value": [1]}]}, "must be a list of words, not [1]"),
        (
            {"rows": [{"fact": "tests.yes_no", "operator": "yes", "value": 1}]},
            "condition.rows.0.value: this operator takes no value",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_by_place_and_reason(data: Any, said: str) -> None:
    with pytest.raises(BadCondition) as refusal:
        Condition.from_data(data)

    assert said in str(refusal.value)
