"""Routing rules as plain data: what may be written, what a ticket makes of them, who is chosen."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.customers.tests.factories import NOW
from support.routing import versions
from support.routing.choosing import Candidate, Choice, Why, choose
from support.routing.rules import PRIORITIES, SEVERITIES, TIERS, BadRouting, Outcome, Routing, Subject, route

TEAMS = ("api", "billing", "general", "enterprise")
STARTER = Subject("api", "normal", "starter", "en")

conditions = st.fixed_dictionaries(
    {},
    optional={
        "areas": st.lists(st.sampled_from(["api", "billing"]), min_size=1, unique=True),
        "severities": st.lists(st.sampled_from(SEVERITIES), min_size=1, unique=True),
        "tiers": st.lists(st.sampled_from(TIERS), min_size=1, unique=True),
        "languages": st.lists(st.sampled_from(["en", "de", "pt-BR"]), min_size=1, unique=True),
    },
)
bodies = st.fixed_dictionaries(
    {"active": st.booleans(), "when": conditions, "add_tags": st.just(["seen"])},
    optional={
        "team": st.sampled_from(TEAMS),
        "priority": st.sampled_from(PRIORITIES),
        "gives_way": st.booleans(),
        "escalate": st.just("Look."),
    },
)
definitions = st.lists(bodies, min_size=1, max_size=8).map(
    lambda rules: {"rules": [{"name": f"Rule {place}", **body} for place, body in enumerate(rules)]}
)
subjects = st.builds(
    Subject,
    st.sampled_from(["api", "billing", "agents", None]),
    st.sampled_from(SEVERITIES),
    st.sampled_from([*TIERS, None]),
    st.sampled_from(["en", "de", "pt", "fr"]),
)


def of(*rules: dict[str, Any]) -> Routing:
    return Routing.from_data({"rules": [{"name": f"Rule {place}", **rule} for place, rule in enumerate(rules)]})


def sent(routing: Routing, subject: Subject = STARTER, **start: Any) -> Outcome:
    return route(routing, subject, teams=TEAMS, **start)


class TestReading:
    @pytest.mark.parametrize(
        ("definition", "words"),
        [
            ([], "routing: must be an object"),
            ({}, "rules: must be a list of 1 to 100"),
            ({"rules": []}, "rules: must be a list of 1 to 100"),
            ({"rules": {}, "more": 1}, "routing: knows no more"),
            ({"rules": ["x"]}, "rules.0: must be an object"),
            ({"rules": [{"team": "api"}]}, "rules.0.name: must be words"),
            ({"rules": [{"name": " ", "team": "api"}]}, "rules.0.name: must be words"),
            ({"rules": [{"name": "A", "team": "api", "then": 1}]}, "rules.0: knows no then"),
            ({"rules": [{"name": "A"}]}, "rules.0: must do something"),
            ({"rules": [{"name": "A", "team": "a b"}]}, "rules.0.team: must be the key of a team"),
            ({"rules": [{"name": "A", "team": 3}]}, "rules.0.team: must be the key of a team"),
            ({"rules": [{"name": "A", "active": "yes", "team": "api"}]}, "rules.0.active: must be true or false"),
            ({"rules": [{"name": "A", "team": "api", "when": []}]}, "rules.0.when: must be an object"),
            ({"rules": [{"name": "A", "team": "api", "when": {"area": ["api"]}}]}, "rules.0.when: knows no area"),
            ({"rules": [{"name": "A", "team": "api", "when": {"areas": "api"}}]}, "rules.0.when.areas: must be a list"),
            (
                {"rules": [{"name": "A", "team": "api", "when": {"tiers": ["vip"]}}]},
                "rules.0.when.tiers: must be a list of some of free, starter, pro, enterprise; 'vip' is none",
            ),
            (
                {"rules": [{"name": "A", "team": "api", "when": {"languages": ["German"]}}]},
                "rules.0.when.languages: must be a list of language codes such as en or pt-BR; 'German' is none",
            ),
            ({"rules": [{"name": "A", "priority": "top"}]}, "rules.0.priority: must be one of low, normal"),
            ({"rules": [{"name": "A", "add_tags": [""]}]}, "rules.0.add_tags: must be a list of tags"),
            ({"rules": [{"name": "A", "escalate": 1}]}, "rules.0.escalate: must be words"),
            ({"rules": [{"name": "A", "team": "x"}, {"name": "A", "team": "y"}]}, "rules: two are named 'A'"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_place(self, definition: Any, words: str) -> None:
        with pytest.raises(BadRouting) as refusal:
            Routing.from_data(definition)

        assert words in str(refusal.value)

    def test_the_shipped_ones_can_be_read(self) -> None:
        routing = Routing.from_data(versions.shipped())

        assert routing.rules[0].name == "API"

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["rules", "name", "when", "team", "areas"]), x),
        )
    )
    def test_whatever_is_given_it_is_read_or_refused_in_words(self, definition: Any) -> None:
        with contextlib.suppress(BadRouting):
            assert Routing.from_data(definition).rules


class TestTrying:
    def test_of_team_and_priority_the_later_rules_count(self) -> None:
        outcome = sent(of({"team": "api", "priority": "low"}, {"team": "billing"}, {"priority": "high"}))

        assert (outcome.team, outcome.priority, outcome.team_by) == ("billing", "high", 2)

    def test_one_that_gives_way_only_gives_what_nothing_before_has_given(self) -> None:
        outcome = sent(of({"team": "api"}, {"team": "general", "priority": "low", "gives_way": True}))

        assert (outcome.team, outcome.priority) == ("api", "low")
        assert outcome.steps[1].withheld == {"team": "gives_way"}

    def test_tags_and_escalations_add_up(self) -> None:
        outcome = sent(of({"add_tags": ["a", "b"], "escalate": "One."}, {"add_tags": ["b", "c"]}, {"escalate": "Two."}))

        assert outcome.tags == ["a", "b", "c"]
        assert [words for _rule, words in outcome.escalations] == ["One.", "Two."]

    def test_one_that_is_off_is_passed_over(self) -> None:
        outcome = sent(of({"team": "api", "active": False}))

        assert outcome.team is None
        assert outcome.steps[0].verdict == "off"

    def test_a_team_that_is_gone_is_not_given(self) -> None:
        outcome = sent(of({"team": "api"}, {"team": "closed"}))

        assert outcome.team == "api"
        assert outcome.steps[1].withheld == {"team": "gone"}

    def test_the_team_that_was_chosen_before_stays(self) -> None:
        outcome = sent(of({"team": "api", "priority": "high"}), team="billing", team_is_fixed=True)

        assert (outcome.team, outcome.priority) == ("billing", "high")

    @pytest.mark.parametrize(
        ("when", "subject", "missed"),
        [
            ({"areas": ["billing"]}, STARTER, ("areas",)),
            ({"areas": ["api"]}, Subject(None, "low", None, "en"), ("areas",)),
            ({"tiers": ["pro"], "severities": ["high"]}, STARTER, ("severities", "tiers")),
            ({"languages": ["pt"]}, Subject("api", "low", "pro", "pt-BR"), ()),
            ({"languages": ["pt-BR"]}, Subject("api", "low", "pro", "pt"), ()),
            ({"languages": ["de"]}, STARTER, ("languages",)),
            ({}, Subject(None, "low", None, "xx"), ()),
        ],
    )
    def test_it_says_what_did_not_fit(self, when: dict[str, Any], subject: Subject, missed: tuple[str, ...]) -> None:
        [step] = sent(of({"team": "api", "when": when}), subject).steps

        assert step.missed_by == missed

    @given(definitions, subjects)
    def test_every_rule_leaves_its_line_and_the_outcome_follows_from_the_lines(
        self, definition: dict[str, Any], subject: Subject
    ) -> None:
        routing = Routing.from_data(definition)

        outcome = sent(routing, subject)

        given_teams = [step.given["team"] for step in outcome.steps if "team" in step.given]
        assert len(outcome.steps) == len(routing.rules)
        assert outcome.team == (given_teams[-1] if given_teams else None)
        for step, rule in zip(outcome.steps, routing.rules, strict=True):
            assert (step.verdict == "matched") == (rule.active and not rule.missed_by(subject))
            assert not step.given or step.verdict == "matched"

    @given(definitions, subjects)
    def test_switching_a_rule_off_is_as_if_it_were_not_there(
        self, definition: dict[str, Any], subject: Subject
    ) -> None:
        without = [rule for rule in definition["rules"] if rule["active"]]
        if not without:
            return

        all_of_them = sent(Routing.from_data(definition), subject)
        fewer = sent(Routing.from_data({"rules": without}), subject)

        assert (all_of_them.team, all_of_them.priority) == (fewer.team, fewer.priority)
        assert all_of_them.tags == fewer.tags


def person(agent: int, **fields: Any) -> Candidate:
    usual: dict[str, Any] = {"teams": frozenset({1}), "languages": ("en",), "is_here": True, "capacity": 5}
    return Candidate(agent=agent, user=agent, name=f"P{agent}", **{**usual, **fields})


people = st.builds(
    Candidate,
    agent=st.integers(1, 10_000),
    user=st.integers(1, 10_000),
    name=st.just("P"),
    teams=st.frozensets(st.integers(1, 3)),
    languages=st.lists(st.sampled_from(["en", "de", "fr"])),
    is_here=st.booleans(),
    capacity=st.integers(1, 4),
    load=st.integers(0, 5),
    last_assigned_at=st.none() | st.integers(0, 9).map(lambda hours: NOW - timedelta(hours=hours)),
)


class TestChoosing:
    @pytest.mark.parametrize(
        ("candidates", "why"),
        [
            ([], Why.EMPTY),
            ([person(1, teams=frozenset({2}))], Why.EMPTY),
            ([person(1, is_here=False)], Why.NOBODY_HERE),
            ([person(1, languages=("de",))], Why.NOBODY_SPEAKS),
            ([person(1, load=5)], Why.FULL),
            ([person(1, languages=("de",)), person(2, teams=frozenset({2}), load=5)], Why.OTHER_FULL),
        ],
    )
    def test_it_says_why_there_is_nobody(self, candidates: list[Candidate], why: Why) -> None:
        assert choose(candidates, 1, "en") == Choice(None, why, choose(candidates, 1, "en").among)

    @given(st.lists(people, unique_by=lambda one: one.agent), st.sampled_from(["en", "de", "fr", "pt"]))
    def test_whoever_is_chosen_is_here_speaks_it_has_room_and_nobody_suits_better(
        self, candidates: list[Candidate], language: str
    ) -> None:
        choice = choose(candidates, 1, language)

        chosen = choice.candidate
        if chosen is None:
            assert not [
                one
                for one in candidates
                if 1 in one.teams and one.is_here and one.speaks(language) and one.load < one.capacity
            ]
            return
        assert chosen.is_here
        assert chosen.speaks(language)
        assert chosen.load < chosen.capacity
        assert (1 in chosen.teams) is (choice.why is Why.TEAM)
        alike = [
            one
            for one in candidates
            if one.is_here and one.speaks(language) and (1 in one.teams) == (1 in chosen.teams)
        ]
        assert chosen.load == min(one.load for one in alike if one.has_room)
