"""When an alert is raised, holds and is over: arithmetic, without a database."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from health.alerting.rules import AT_RISK, DROP, LEFT_HEALTHY, Standing, found, holds, recovered


@dataclass
class RuleOf:
    days: int
    threshold: float | None = None
    recovery: float = 5


RULES = {AT_RISK: RuleOf(1), DROP: RuleOf(7, 15), LEFT_HEALTHY: RuleOf(2)}
CALM = Standing(
    customer_id=1,
    score=65,
    computed=65,
    at_risk_below=50,
    healthy_above=80,
    was_elsewhere=True,
    highest=65,
    highest_alike=65,
    highest_computed=None,
    unhealthy_days=2,
    healthy_days=0,
    highest_healthy=None,
)


def test_a_calm_customer_is_found_by_no_rule() -> None:
    assert [found(kind, CALM, rule) for kind, rule in RULES.items()] == [None, None, None]


@pytest.mark.parametrize(
    ("score", "highest", "was_elsewhere", "before"),
    [
        (49.9, 60, True, 60),
        (50.0, 60, True, None),
        (49.9, 60, False, None),
        (30, None, True, 50),
        (30, 40, True, 50),
    ],
)
def test_at_risk_is_who_comes_below_the_band_from_elsewhere(
    score: float, highest: float | None, was_elsewhere: bool, before: float | None
) -> None:
    standing = replace(CALM, score=score, highest=highest, was_elsewhere=was_elsewhere)

    finding = found(AT_RISK, standing, RULES[AT_RISK])

    assert (finding and finding.before) == before


@pytest.mark.parametrize(
    ("score", "is_over", "goes_on"), [(49.9, False, True), (50, False, False), (54.9, False, False), (55, True, False)]
)
def test_at_risk_is_over_five_points_above_the_band(score: float, is_over: bool, goes_on: bool) -> None:
    standing = replace(CALM, score=score)

    assert recovered(AT_RISK, standing, RULES[AT_RISK], before=70) is is_over
    assert holds(AT_RISK, standing, RULES[AT_RISK]) is goes_on


@pytest.mark.parametrize(("highest", "is_drop"), [(79.9, False), (80.0, True), (80.3, True)])
def test_fifteen_points_are_a_drop(highest: float, is_drop: bool) -> None:
    standing = replace(CALM, highest_alike=highest)

    assert (found(DROP, standing, RULES[DROP]) is not None) is is_drop


def test_fifteen_points_between_scores_of_four_bytes_are_a_drop() -> None:
    standing = replace(CALM, score=50.299999, highest_alike=65.299995)

    assert found(DROP, standing, RULES[DROP]) is not None


@pytest.mark.parametrize(
    ("score", "computed", "alike", "computed_before", "fell"),
    [
        (70, 40, None, 70, None),  # set to 70 by hand, while what is computed fell
        (40, 70, None, 70, None),  # set to 40 by hand, while what is computed stayed
        (40, 40, None, 70, (40, 70)),  # what was set by hand ended, and what was computed had fallen
        (60, 60, None, 60, None),  # set to 90 by hand, ended; computed never moved
        (50, 50, 66, None, (50, 66)),
    ],
)
def test_an_override_that_starts_or_ends_is_no_fall(
    score: float,
    computed: float,
    alike: float | None,
    computed_before: float | None,
    fell: tuple[float, float] | None,
) -> None:
    standing = replace(
        CALM, score=score, computed=computed, highest_alike=alike, highest_computed=computed_before, highest=70
    )

    finding = found(DROP, standing, RULES[DROP])

    assert (finding and (finding.score, finding.before)) == fell


@pytest.mark.parametrize(
    ("score", "alike", "is_over"), [(64.9, 65, False), (65, 65, True), (49, 50, False), (66, 82, False)]
)
def test_a_drop_is_over_when_nearly_back_and_not_at_risk(score: float, alike: float, is_over: bool) -> None:
    before = 70 if score > 50 else 54

    assert recovered(DROP, replace(CALM, score=score, highest_alike=alike), RULES[DROP], before) is is_over


@pytest.mark.parametrize(
    ("unhealthy", "highest", "is_found"), [(2, 85, True), (1, 85, False), (2, None, False), (0, 85, False)]
)
def test_leaving_health_takes_two_days_and_having_been_there(
    unhealthy: int, highest: float | None, is_found: bool
) -> None:
    standing = replace(CALM, unhealthy_days=unhealthy, highest_healthy=highest)

    assert (found(LEFT_HEALTHY, standing, RULES[LEFT_HEALTHY]) is not None) is is_found


@pytest.mark.parametrize(("healthy", "is_over"), [(2, True), (1, False)])
def test_being_healthy_again_takes_two_days_too(healthy: int, is_over: bool) -> None:
    standing = replace(CALM, healthy_days=healthy, unhealthy_days=2 - healthy)

    assert recovered(LEFT_HEALTHY, standing, RULES[LEFT_HEALTHY], before=85) is is_over


SCORES = st.floats(0, 100, width=32)
STANDINGS = st.builds(
    Standing,
    customer_id=st.just(1),
    score=SCORES,
    computed=st.none() | SCORES,
    at_risk_below=st.just(50.0),
    healthy_above=st.just(80.0),
    was_elsewhere=st.booleans(),
    highest=st.none() | SCORES,
    highest_alike=st.none() | SCORES,
    highest_computed=st.none() | SCORES,
    unhealthy_days=st.integers(0, 1),
    healthy_days=st.just(0),
    highest_healthy=st.none() | st.floats(80.125, 100, width=32),
).flatmap(lambda standing: st.sampled_from([standing, replace(standing, healthy_days=2, unhealthy_days=0)]))


@given(STANDINGS, st.sampled_from(sorted(RULES)), st.floats(0, 50), SCORES)
def test_nothing_is_found_or_holds_and_is_over_at_once(
    standing: Standing, kind: str, recovery: float, before: float
) -> None:
    rule = replace(RULES[kind], recovery=recovery)

    if recovered(kind, standing, rule, before):
        assert found(kind, standing, rule) is None
        assert not holds(kind, standing, rule)


@given(STANDINGS, st.sampled_from(sorted(RULES)), st.floats(0, 50))
def test_whatever_is_found_holds_and_lost_something(standing: Standing, kind: str, recovery: float) -> None:
    rule = replace(RULES[kind], recovery=recovery)

    if finding := found(kind, standing, rule):
        assert holds(kind, standing, rule)
        assert finding.lost >= 0
