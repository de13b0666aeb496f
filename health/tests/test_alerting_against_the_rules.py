"""Many customers through many days, held against a second writing of the rules."""

import random
from datetime import date, timedelta

import pytest

from agentfactory_cs.customers.tests.factories import YESTERDAY, make_customer
from health.models import Alert

from .alerting import judge_day, write_scores

pytestmark = pytest.mark.django_db


def on(days_before: int) -> date:
    return YESTERDAY - timedelta(days=days_before)


class Naive:
    """The rules once more, one customer and one day at a time, written down as docs/alerts.md says them."""

    def __init__(self) -> None:
        self.scores: dict[date, float | None] = {}
        self.in_force: dict[str, tuple[float, date]] = {}
        self.raised: list[tuple[str, date]] = []

    def live(self, day: date, score: float | None) -> None:
        self.scores[day] = score
        for kind in ("at_risk", "drop", "left_healthy"):
            before = getattr(self, kind)(day)
            if kind in self.in_force:
                self._go_on(kind, day, before)
            elif before is not None:
                self.raised.append((kind, day))
                self.in_force[kind] = (before, day)

    def _go_on(self, kind: str, day: date, found: float | None) -> None:
        before, last = self.in_force[kind]
        score = self.scores[day]
        if score is not None and self._is_over(kind, day, score, before, found):
            del self.in_force[kind]
        elif kind == "drop" and found is not None:
            self.in_force[kind] = (before, day)
        elif kind == "drop" and (day - last).days >= 28:
            del self.in_force[kind]

    def _is_over(self, kind: str, day: date, score: float, before: float, found: float | None) -> bool:
        if kind == "at_risk":
            return score >= 55
        if kind == "drop":
            return score >= max(before - 5, 50) and found is None
        return score >= 85 and all((self.scores.get(day - timedelta(days=back)) or 0) > 80 for back in range(2))

    def week(self, day: date) -> list[float | None]:
        days = [day - timedelta(days=back) for back in range(1, 8)]
        return [self.scores[day] for day in days if day in self.scores]

    def at_risk(self, day: date) -> float | None:
        score, week = self.scores[day], self.week(day)
        if score is None or score >= 50 or not any(past is None or past >= 50 for past in week):
            return None
        return max((past for past in week if past is not None), default=score)

    def drop(self, day: date) -> float | None:
        score, week = self.scores[day], [past for past in self.week(day) if past is not None]
        return max(week) if score is not None and week and max(week) - score >= 15 else None

    def left_healthy(self, day: date) -> float | None:
        last = [self.scores.get(day - timedelta(days=back)) for back in range(2)]
        earlier = self.week(day - timedelta(days=1))
        healthy = [past for past in earlier if past is not None and past > 80]
        return max(healthy) if healthy and all(past is not None and past <= 80 for past in last) else None


def test_forty_customers_through_forty_days_get_the_alerts_of_the_rules_as_written() -> None:
    rng, told = random.Random(4), {make_customer(): Naive() for _ in range(40)}

    for back in range(40, -1, -1):
        for customer, naive in told.items():
            last = naive.scores.get(on(back + 1)) or rng.choice([48, 52, 65, 79, 81, 90])
            # In eighths, so that four bytes hold them exactly; some days without data.
            score = None if rng.random() < 0.05 else round(min(max(last + rng.gauss(0, 6), 0), 100) * 8) / 8
            naive.live(on(back), score)
            write_scores(customer, [score], on(back))
        judge_day(on(back))

    for customer, naive in told.items():
        got = Alert.objects.filter(customer=customer).order_by("day", "kind").values_list("kind", "day")
        assert list(got) == sorted(naive.raised, key=lambda item: (item[1], item[0]))
    assert Alert.objects.count() > 60
