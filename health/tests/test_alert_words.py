"""What an alert says: numbers on their side of the border, and reasons that pulled the score down."""

from datetime import timedelta

import pytest

from agentfactory_cs.customers.tests.factories import YESTERDAY, make_customer
from health.alerting.reasons import reasons
from health.metrics import PLACE
from health.models import Alert, HealthScore
from health.queries import explain

from .alerting import write_scores


@pytest.mark.parametrize(
    ("kind", "score", "before", "shown"),
    [
        ("at_risk", 49.6, 58.4, (49, 58, 9)),
        ("at_risk", 49.99, 50, (49, 50, 1)),
        ("drop", 59.6, 75.4, (60, 75, 15)),
        ("left_healthy", 79.6, 80.2, (80, 81, 1)),
        ("left_healthy", 80.0, 80.0001, (80, 81, 1)),
    ],
)
def test_a_number_is_shown_on_its_side_of_the_border(
    kind: str, score: float, before: float, shown: tuple[int, int, int]
) -> None:
    alert = Alert(kind=kind, score=score, score_before=before)

    assert (alert.shown, alert.shown_before, alert.shown_lost) == shown


@pytest.mark.django_db
class TestReasons:
    def _reasons(self, now: dict[str, float], before: dict[str, float]) -> list[str]:
        """Of a customer whose metrics read so, now and a week before."""
        customer = make_customer()
        for day, changed in ((YESTERDAY, now), (YESTERDAY - timedelta(days=7), before)):
            write_scores(customer, [60], day)
            row = HealthScore.objects.get(customer=customer, day=day)
            for key, reading in changed.items():
                row.readings[PLACE[key]] = reading
            row.save(update_fields=("readings",))
        return reasons(explain(customer.pk, YESTERDAY))

    def test_what_fell_is_a_reason_and_what_rose_is_not(self) -> None:
        said = self._reasons(
            {"nps": 50, "api_calls_per_day": 20, "login_frequency": 0.3},
            {"nps": -50, "api_calls_per_day": 120, "login_frequency": 0.3},
        )

        assert said[0].endswith("API calls per day fell from 120 to 20")
        assert all(sentence.startswith("−") for sentence in said)

    def test_where_nothing_fell_it_is_what_holds_the_score_down(self) -> None:
        said = self._reasons({"login_frequency": 0.1}, {"login_frequency": 0.1})

        assert said == ["Login frequency at 10 % against a target of 50 %: 20 of 100 points"]

    def test_without_an_explanation_there_is_none(self) -> None:
        assert reasons(None) == []
