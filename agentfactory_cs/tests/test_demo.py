import hashlib
from datetime import date

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone

from agentfactory_cs import demo
from agentfactory_cs.console.models import Shipped
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.demo import DemoRefused, Stage, World, load
from agentfactory_cs.registry import Registry

TODAY = date(2026, 3, 4)
SMALL = World(TODAY, customers=12, days=3)

OURS = ("auth", "customers", "events", "health", "messaging", "onboarding", "playbooks", "support")


def _told(field: models.Field) -> bool:
    """Whether the demo decides the value: not the clock at the writing (which signed links in mails carry as well),
    nor the noise in an unusable password."""
    by_clock = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return (
        not by_clock
        and field.default is not timezone.now
        and field.name not in ("password", "published_at", "html", "text")
    )


def _digest() -> dict[str, str]:
    """A hash of each table's rows, by model."""
    digests = {}
    configs = [apps.get_app_config(label) for label in OURS]
    for model in (model for config in configs for model in config.get_models(include_auto_created=True)):
        names = [field.attname for field in model._meta.concrete_fields if _told(field)]
        rows = sorted(repr(row) for row in model._default_manager.values_list(*names))
        digests[model._meta.label] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return digests


def _digest_of(world: World) -> dict[str, str]:
    """Load into a database that is as new: nothing is kept, and numbering starts where it did before."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models(include_auto_created=True)):
            cursor.execute(statement)
    with transaction.atomic():
        load(world)
        digest = _digest()
        transaction.set_rollback(True)
    return digest


@pytest.fixture
def own_stages(monkeypatch: pytest.MonkeyPatch) -> Registry[Stage]:
    """An empty registry in the place of the apps' stages."""
    registry: Registry[Stage] = Registry("stage")
    monkeypatch.setattr(demo, "stages", registry)
    return registry


def _note(key: str) -> Stage:
    def run(world: World) -> None:
        Shipped.objects.create(key=f"{key} on {world.today}")

    return Stage(f"test.{key}", key, run)


@pytest.mark.django_db
def test_the_same_seed_and_day_give_the_same_rows_in_every_table() -> None:
    first = _digest_of(SMALL)

    second = _digest_of(SMALL)

    assert first == second


@pytest.mark.django_db
def test_another_seed_gives_other_customers_and_other_usage() -> None:
    first = _digest_of(SMALL)

    second = _digest_of(World(TODAY, customers=12, days=3, seed=2))

    told_anew = ("customers.Customer", "customers.UsageDay", "messaging.Response", "health.HealthScore")
    assert all(first[label] != second[label] for label in told_anew)


@pytest.mark.django_db
def test_a_second_run_adds_nothing() -> None:
    call_command("demo", customers=8, days=1, verbosity=0)
    before = _digest()

    call_command("demo", customers=8, days=1, verbosity=0)

    assert _digest() == before


@pytest.mark.django_db
def test_a_database_with_customers_is_refused_and_left_as_it_was() -> None:
    Customer.objects.create(name="A real one", signed_up_at=timezone.now())
    before = _digest()

    with pytest.raises(CommandError, match=r"already holds customers \(1\)"):
        call_command("demo", verbosity=0)

    assert _digest() == before
    assert not Shipped.objects.filter(key__startswith="demo:").exists()


@pytest.mark.django_db
def test_a_demo_of_other_figures_is_refused_with_the_figures_that_are_there(own_stages: Registry[Stage]) -> None:
    load(World(TODAY, customers=8, days=3))

    with pytest.raises(DemoRefused, match="customers=8,days=3,seed=1"):
        load(World(TODAY, customers=9, days=3))


@pytest.mark.django_db
def test_a_stage_that_breaks_leaves_nothing_and_the_next_run_goes_on_from_there(own_stages: Registry[Stage]) -> None:
    broken = [True]

    def break_once(world: World) -> None:
        Shipped.objects.create(key="second")
        if broken.pop():
            raise RuntimeError("power cut")

    own_stages.register(_note("first"))
    own_stages.register(Stage("test.second", "second", break_once))
    with pytest.raises(RuntimeError, match="power cut"):
        load(SMALL)
    kept_of_second = Shipped.objects.filter(key="second").count()

    broken.append(False)
    load(SMALL)

    assert kept_of_second == 0
    assert Shipped.objects.filter(key="second").count() == 1
    assert Shipped.objects.filter(key__startswith="first on").count() == 1


@pytest.mark.django_db
def test_a_demo_completed_later_keeps_the_day_it_was_begun_on(own_stages: Registry[Stage]) -> None:
    own_stages.register(_note("first"))
    load(SMALL)
    own_stages.register(_note("second"))

    load(World(date(2026, 3, 9), customers=12, days=3))

    assert Shipped.objects.filter(key="second on 2026-03-04").exists()


@pytest.mark.django_db
def test_a_first_start_wants_the_demo_until_it_is_complete(own_stages: Registry[Stage]) -> None:
    own_stages.register(_note("first"))
    wanted_at_first = demo.is_wanted()
    load(SMALL)
    wanted_when_complete = demo.is_wanted()
    own_stages.register(_note("second"))

    assert (wanted_at_first, wanted_when_complete, demo.is_wanted()) == (True, False, True)


@pytest.mark.django_db
def test_a_first_start_leaves_a_database_with_customers_alone() -> None:
    Customer.objects.create(name="A real one", signed_up_at=timezone.now())

    assert not demo.is_wanted()


@pytest.mark.django_db
def test_a_demo_is_completed_without_repeating_its_figures(own_stages: Registry[Stage]) -> None:
    own_stages.register(_note("first"))
    load(SMALL)
    own_stages.register(_note("second"))

    call_command("demo", verbosity=0)

    assert Shipped.objects.filter(key="second on 2026-03-04").exists()


def test_fewer_customers_than_stories_are_refused() -> None:
    with pytest.raises(CommandError, match="at least 8, please"):
        call_command("demo", "--customers", "7")


@pytest.mark.parametrize("days_ago", range(7))
def test_a_workday_is_never_on_a_weekend_nor_later_than_the_day(days_ago: int) -> None:
    workday = SMALL.workday(days_ago)

    assert workday.isoweekday() <= 5
    assert 0 <= (SMALL.day(days_ago) - workday).days <= 2


def test_a_stream_depends_on_seed_topic_and_customer_only() -> None:
    stream = SMALL.rng("usage", 3)

    same = World(date(2025, 1, 1), customers=500, days=9).rng("usage", 3).random()
    others = {
        SMALL.rng("usage", 4).random(),
        SMALL.rng("talks", 3).random(),
        World(TODAY, seed=2).rng("usage", 3).random(),
    }

    assert stream.random() == same
    assert len(others | {same}) == 4
