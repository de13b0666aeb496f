"""The statistics of a backtest against definitions written out by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from health.backtesting.figures import (
    Measure,
    Ranking,
    in_lowest,
    lead_days,
    lowest_by_day,
    measure,
    resample,
    tenths,
)

NAN = float("nan")

looks = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=30
)
weights = st.lists(st.integers(0, 3), min_size=4, max_size=4)


def by_definition(rows: list[tuple[int, bool, int, int]], weight: Any) -> float:
    """Every pair of one who left and one who stayed, of one stratum, counted one by one."""
    won = pairs = 0.0
    for value, left, cluster, stratum in rows:
        for other, other_left, other_cluster, other_stratum in rows:
            if left and not other_left and stratum == other_stratum:
                both = weight[cluster] * weight[other_cluster]
                pairs += both
                won += both * (1.0 if value < other else 0.5 if value == other else 0.0)
    return won / pairs if pairs else NAN


def ranking(rows: list[tuple[int, bool, int, int]]) -> Ranking:
    values, left, clusters, strata = zip(*rows, strict=True)
    return Ranking(np.array(values, float), np.array(left), np.array(clusters), np.array(strata))


class TestArea:
    @given(looks, weights)
    def test_it_is_the_share_of_pairs_in_the_right_order(
        self, rows: list[tuple[int, bool, int, int]], weight: list[int]
    ) -> None:
        found = ranking(rows)

        assert found.area() == pytest.approx(by_definition(rows, [1, 1, 1, 1]), nan_ok=True)
        assert found.areas(np.array([weight], float))[0] == pytest.approx(by_definition(rows, weight), nan_ok=True)

    def test_looks_without_data_are_left_out(self) -> None:
        values = np.array([1.0, NAN, 2.0, NAN])

        found = Ranking(values, np.array([True, True, False, False]), np.arange(4))

        assert found.area() == 1.0

    def test_what_only_tells_the_stratum_tells_nothing_within_it(self) -> None:
        strata = np.repeat([0, 1], 50)
        left = np.concatenate((np.arange(50) < 25, np.arange(50) < 5))

        plain = Ranking(strata.astype(float), left, np.arange(100))
        net = Ranking(strata.astype(float), left, np.arange(100), strata)

        assert plain.area() > 0.7
        assert net.area() == 0.5


class TestInterval:
    def test_the_same_looks_give_the_same_interval_and_more_customers_a_narrower_one(self) -> None:
        few, again, many = (interval_of(size) for size in (60, 60, 2_000))

        assert few == again
        assert many.high - many.low < few.high - few.low

    def test_months_of_one_customer_do_not_count_as_many_customers(self) -> None:
        once, twelve_times = interval_of(80), interval_of(80, months=12)

        assert twelve_times.value == pytest.approx(once.value, abs=1e-4)
        assert twelve_times.high - twelve_times.low == pytest.approx(once.high - once.low, rel=0.05)

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 10_000))
    def test_chance_is_known_for_chance(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        drawn = Ranking(rng.random(300), rng.random(300) < 0.3, np.arange(300))

        found = measure(drawn.area(), resample({"it": drawn}, 300, rounds=200)["it"])

        # 95 % intervals miss now and then, but never by much.
        assert found is not None
        assert found.low - 0.06 <= 0.5 <= found.high + 0.06

    def test_nothing_is_said_where_too_few_drawings_can_be_computed(self) -> None:
        assert measure(0.8, np.array([0.8] * 8 + [NAN] * 2)) is None
        assert measure(NAN, np.array([0.8] * 10)) is None

    @pytest.mark.parametrize(("low", "high", "chance"), [(0.4, 0.6, True), (0.5, 0.7, True), (0.51, 0.9, False)])
    def test_an_interval_that_includes_one_half_is_chance(self, low: float, high: float, chance: bool) -> None:
        assert Measure(0.55, low, high).is_chance is chance


def interval_of(customers: int, months: int = 1) -> Measure:
    rng = np.random.default_rng(5)
    left = rng.random(customers) < 0.3
    values = rng.normal(size=customers) - left
    drawn = Ranking(np.tile(values, months), np.tile(left, months), np.tile(np.arange(customers), months))
    found = measure(drawn.area(), resample({"it": drawn}, customers)["it"])
    assert found is not None
    return found


class TestLowest:
    @given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.sampled_from([0.1, 0.2, 0.5, 1.0]))
    def test_those_in_the_lowest_share_add_up_to_it_whoever_ties(self, values: list[int], share: float) -> None:
        found = in_lowest(np.array(values, float), share)

        assert found.sum() == pytest.approx(share * len(values))
        assert ((found >= 0) & (found <= 1)).all()

    def test_the_lowest_come_first_and_ties_share_what_is_left(self) -> None:
        assert in_lowest(np.array([5.0, 1.0, 3.0, 3.0, 9.0]), 0.4).tolist() == [0, 1, 0.5, 0.5, 0]

    def test_each_day_is_cut_for_itself(self) -> None:
        values, days = np.array([1.0, 2.0, 80.0, 90.0]), np.array([1, 1, 2, 2])

        assert lowest_by_day(values, days, 0.5).tolist() == [1, 0, 1, 0]

    @given(st.lists(st.integers(0, 20), min_size=10, max_size=60))
    def test_tenths_rise_with_the_score_and_never_part_those_who_tie(self, values: list[int]) -> None:
        found = tenths(np.array(values, float))

        order = np.argsort(values, kind="stable")
        assert (np.diff(found[order]) >= 0).all()
        assert set(found) <= set(range(10))
        assert len(set(zip(values, found, strict=True))) == len(set(values))


@pytest.mark.parametrize(
    ("warned", "lead"),
    [
        ([False, False, False], NAN),
        ([False, False, True], 10),
        ([False, True, True], 40),
        ([True, True, True], 70),
        ([True, False, True], 10),  # an old warning that went away is not counted
        ([True, True, False], NAN),
    ],
)
def test_the_lead_counts_from_the_first_of_the_warnings_that_lasted(warned: list[bool], lead: float) -> None:
    as_of, customers = np.array([100, 130, 160]), np.zeros(3, dtype=np.int64)

    found = lead_days(np.array(warned), as_of, customers, np.array([70.0, 40.0, 10.0]))

    assert found.tolist() == pytest.approx([lead], nan_ok=True)


def test_two_departures_of_one_customer_are_two() -> None:
    as_of, leaves_in = np.array([160, 100, 400, 100]), np.array([10.0, 70.0, 5.0, NAN])
    customers = np.array([0, 0, 0, 1])

    found = lead_days(np.array([True, False, True, True]), as_of, customers, leaves_in)

    assert found.tolist() == [10, 5]
