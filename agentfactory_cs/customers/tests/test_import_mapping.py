"""Mapping files and the matching of columns."""

import pytest

from agentfactory_cs.customers.imports import ImportRefused, Mapping, kind_named, make_plan, read_mapping, suggest

HEADER = ["account_id", "company", "signed up-at", "colour"]
MAP = "map: {account_id: external_id, company: name}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("map: [", "is not YAML"),
        ("- a\n- b", "docs/imports.md"),
        ("mapp: {a: b}", "did you mean 'map'"),
        ("map: nonsense", "name: value"),
        ("map: {a: {b: c}}", "must be one value"),
        ("values: {tier: {a: [b]}}", "must be one value"),
        ("clear_empty: perhaps", "true or false"),
        ("time_zone: Mars/Olympus", "not a time zone"),
        ("new_features: gold", "free, starter, pro, enterprise"),
    ],
)
def test_a_wrong_mapping_file_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ImportRefused, match=sentence):
        read_mapping(text)


@pytest.mark.parametrize(
    ("text", "header", "sentence"),
    [
        (MAP, HEADER, "columns that are no field of customers: colour"),
        (MAP + "ignore: '*'", ["account_id"], "no column 'company' in the file"),
        ("map: {account_id: externalid}\nignore: '*'", HEADER, "did you mean 'external_id'"),
        ("defaults: {teir: pro}", ["external_id"], "did you mean 'tier'"),
        ("ignore: '*'", HEADER, "No column gives external_id"),
        ("map: {a: external_id, b: external_id}", ["a", "b"], "Both 'a' and 'b' are mapped"),
        ("map: {a: external_id}", ["a", "a"], "more than one column 'a'"),
        ("date_format: {signed_up: '%d'}", ["external_id"], "did you mean 'signed_up_at'"),
    ],
)
def test_columns_that_do_not_fit_are_refused_in_a_sentence(text: str, header: list[str], sentence: str) -> None:
    with pytest.raises(ImportRefused, match=sentence):
        make_plan(kind_named("customers"), header, read_mapping(text))


def test_a_column_called_like_a_field_needs_no_mapping() -> None:
    plan = make_plan(kind_named("customers"), HEADER, read_mapping(MAP + "ignore: colour"))

    assert plan.column_of("signed_up_at") == "signed up-at"
    assert plan.ignored == ("colour",)


def test_a_column_may_feed_several_fields() -> None:
    mapping = read_mapping("map: {code: [external_id, name]}")

    plan = make_plan(kind_named("customers"), ["code"], mapping)

    assert (plan.column_of("external_id"), plan.column_of("name")) == ("code", "code")


def test_a_pair_on_the_command_line_wins_over_the_file() -> None:
    mapping = read_mapping("map: {a: external_id, b: name}").with_columns(["c=name"])

    assert mapping.columns == {"a": ("external_id",), "c": ("name",)}


def test_a_pair_that_is_none_is_refused() -> None:
    with pytest.raises(ImportRefused, match="their_column=our_field"):
        Mapping().with_columns(["name"])


def test_a_nameless_column_is_left_out() -> None:
    plan = make_plan(kind_named("customers"), ["external_id", ""], Mapping())

    assert plan.ignored == ("",)


def test_norway_stays_norway() -> None:
    assert read_mapping("values: {country: {NOR: NO}}").values == {"country": {"NOR": "NO"}}


def test_columns_are_suggested_by_name_alias_and_likeness_and_each_field_once() -> None:
    suggested = suggest(
        kind_named("customers"), ["Account ID", "Company", "signup-date", "industri", "tenant_id", "xyz"]
    )

    assert suggested == {
        "Account ID": "external_id",
        "Company": "name",
        "signup-date": "signed_up_at",
        "industri": "industry",
    }


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ImportRefused, match="churn_dates"):
        kind_named("churns")
