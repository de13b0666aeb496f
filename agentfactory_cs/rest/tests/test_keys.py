"""API keys: handed out once, checked by hash, taken back for good."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agentfactory_cs.rest.models import ApiKey, IdempotentRequest
from agentfactory_cs.rest.services import create_key, find_key, forget_answers, note_use, revoke_key
from agentfactory_cs.rest.tasks import forget_answers_of_yesterday

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.django_db
class TestKeys:
    def test_a_key_is_found_by_its_secret_which_is_nowhere_in_the_database(self) -> None:
        key, secret = create_key(name="billing", scope="write", now=NOW)

        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(k)::text FROM rest_apikey k")
            row = cursor.fetchone()[0]

        assert find_key(secret, now=NOW) == key
        assert secret.split("_", 2)[2] not in row

    @pytest.mark.parametrize("wrong", ["", "x", "afcs_", "afcs_00000000_nothing", "a_b_c", "afcs_\x00_x"])
    def test_anything_else_finds_no_key(self, wrong: str) -> None:
        create_key(name="billing", scope="write", now=NOW)

        assert find_key(wrong, now=NOW) is None

    def test_the_right_prefix_with_a_wrong_rest_finds_no_key(self) -> None:
        _, secret = create_key(name="billing", scope="write", now=NOW)

        assert find_key(secret[:-1] + ("a" if secret[-1] != "a" else "b"), now=NOW) is None

    def test_an_expired_key_opens_nothing_from_that_moment_on(self) -> None:
        expiry = NOW + timedelta(days=1)
        _, secret = create_key(name="billing", scope="write", expires_at=expiry, now=NOW)

        assert find_key(secret, now=expiry - timedelta(seconds=1)) is not None
        assert find_key(secret, now=expiry) is None

    def test_a_revoked_key_opens_nothing_and_is_revoked_once(self) -> None:
        key, secret = create_key(name="billing", scope="write", now=NOW)

        assert revoke_key(key, now=NOW) is True
        assert revoke_key(key, now=NOW + timedelta(days=1)) is False
        assert find_key(secret, now=NOW) is None
        assert ApiKey.objects.get().revoked_at == NOW

    def test_a_name_is_free_again_when_its_key_is_revoked(self) -> None:
        key, _ = create_key(name="billing", scope="write", now=NOW)
        with pytest.raises(ValidationError, match="in force"):
            create_key(name="billing", scope="read", now=NOW)

        revoke_key(key, now=NOW)

        assert create_key(name="billing", scope="read", now=NOW)[0].pk != key.pk

    def test_the_database_itself_refuses_two_keys_of_a_name_and_unknown_scopes(self) -> None:
        key, _ = create_key(name="billing", scope="write", now=NOW)

        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.create(name="billing", prefix="other", hashed="x", created_at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.filter(pk=key.pk).update(scope="all")

    def test_a_key_cannot_be_made_expired(self) -> None:
        with pytest.raises(ValidationError, match="expired already"):
            create_key(name="billing", scope="write", expires_at=NOW, now=NOW)

    def test_use_is_noted_once_an_hour(self) -> None:
        key, secret = create_key(name="billing", scope="write", now=NOW)
        note_use(key, now=NOW)
        found = find_key(secret, now=NOW)
        assert found is not None

        with CaptureQueriesContext(connection) as queries:
            note_use(found, now=NOW + timedelta(minutes=59))
        note_use(found, now=NOW + timedelta(minutes=61))

        assert len(queries) == 0
        assert ApiKey.objects.get().last_used_at == NOW + timedelta(minutes=61)

    @pytest.mark.parametrize(
        ("scope", "allowed"),
        [("read", {"read"}), ("write", {"read", "write"}), ("admin", {"read", "write", "admin"})],
    )
    def test_each_scope_includes_those_below(self, scope: str, allowed: set[str]) -> None:
        key = ApiKey(scope=scope)

        assert {each for each in ApiKey.Scope.values if key.allows(each)} == allowed


@pytest.mark.django_db
class TestCommands:
    def test_create_api_key_prints_the_key_and_nothing_else(self) -> None:
        out = StringIO()

        call_command("create_api_key", "billing", scope="write", stdout=out)

        key = find_key(out.getvalue().strip(), now=timezone.now())
        assert key is not None
        assert (key.name, key.scope, key.expires_at) == ("billing", "write", None)

    def test_create_api_key_takes_days_until_it_expires(self) -> None:
        call_command("create_api_key", "billing", expires=30, stdout=StringIO())

        key = ApiKey.objects.get()
        assert key.scope == "read"
        assert key.expires_at == key.created_at + timedelta(days=30)

    def test_create_api_key_says_why_it_does_not(self) -> None:
        call_command("create_api_key", "billing", stdout=StringIO())

        with pytest.raises(CommandError, match="in force"):
            call_command("create_api_key", "billing", stdout=StringIO())

    def test_revoke_api_key_ends_a_key_by_name(self) -> None:
        call_command("create_api_key", "billing", stdout=StringIO())

        call_command("revoke_api_key", "billing", stdout=StringIO())

        assert ApiKey.objects.get().revoked_at is not None
        with pytest.raises(CommandError, match="No key named billing"):
            call_command("revoke_api_key", "billing", stdout=StringIO())


@pytest.mark.django_db
def test_answers_kept_for_repeats_are_forgotten_after_a_day() -> None:
    for hours in (23, 25):
        IdempotentRequest.objects.create(
            principal="key-1", key=str(hours), fingerprint="x", created_at=NOW - timedelta(hours=hours)
        )

    assert forget_answers(now=NOW) == 1
    assert forget_answers(now=NOW) == 0
    assert IdempotentRequest.objects.get().key == "23"


@pytest.mark.django_db
def test_the_hourly_job_forgets_them_and_may_run_twice() -> None:
    old = timezone.now() - timedelta(hours=25)
    IdempotentRequest.objects.create(principal="key-1", key="k", fingerprint="x", created_at=old)

    forget_answers_of_yesterday()
    forget_answers_of_yesterday()

    assert not IdempotentRequest.objects.exists()
