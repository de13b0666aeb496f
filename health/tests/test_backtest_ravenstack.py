"""Somebody else's books, in which nothing tells who will leave: a backtest that finds a sign is leaking the future."""

from datetime import UTC, datetime

import pytest
from django.conf import settings

from agentfactory_cs.customers.imports import kind_named, open_source, read_mapping, run_import
from health.backtesting import Result, start, work_off

DATA = settings.BASE_DIR.parent / "shared" / "data" / "ravenstack"
MAPPINGS = settings.BASE_DIR / "docs" / "examples" / "ravenstack"
NOW = datetime(2025, 1, 10, 12, tzinfo=UTC)
FILES = {
    "customers": "ravenstack_accounts.csv",
    "subscriptions": "ravenstack_subscriptions.csv",
    "churn_dates": "ravenstack_churn_events.csv",
    "usage": "ravenstack_feature_usage.csv",
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"RavenStack's files are not at {DATA}"),
]


@pytest.fixture
def result() -> Result:
    for kind, name in FILES.items():
        mapping = read_mapping((MAPPINGS / f"{kind}.yaml").read_text(encoding="utf-8"))
        with open_source(DATA / name) as source:
            run_import(kind_named(kind), source, mapping, now=NOW)
    found = work_off(start(now=NOW), clock=lambda: NOW)
    assert found
    return found


def test_where_nothing_tells_who_leaves_the_backtest_says_so(result: Result) -> None:
    assert result.churners > 100
    assert result.score.net is not None
    assert result.score.net.low <= 0.5 <= result.score.net.high
    assert result.verdict in ("no_signal", "only_age")
    assert not result.suggestion.is_offered
