"""API keys in the console."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agentfactory_cs.rest.models import ApiKey
from agentfactory_cs.rest.services import create_key, find_key


@pytest.fixture
def boss(admin_user: User, client: Client) -> Client:
    client.force_login(admin_user)
    return client


@pytest.mark.django_db
class TestApiKeyPages:
    def test_a_new_key_is_shown_once_and_works(self, boss: Client) -> None:
        response = boss.post(reverse("admin:rest_apikey_add"), {"name": "billing", "scope": "write"})

        shown = re.search(r'value="(afcs_[^"]+)"', response.content.decode())
        assert shown is not None
        key = find_key(shown[1], now=timezone.now())
        assert key is not None
        assert (key.name, str(key.created_by)) == ("billing", "admin")
        assert "no-store" in response["Cache-Control"]
        for page in ("changelist", "change"):
            args = [key.pk] if page == "change" else []
            assert shown[1] not in boss.get(reverse(f"admin:rest_apikey_{page}", args=args)).content.decode()

    def test_a_name_in_force_is_refused_in_the_form(self, boss: Client) -> None:
        create_key(name="billing", scope="read", now=timezone.now())

        response = boss.post(reverse("admin:rest_apikey_add"), {"name": "billing", "scope": "write"})

        assert "A key of that name is in force" in response.content.decode()
        assert ApiKey.objects.count() == 1

    def test_revoking_asks_first(self, boss: Client) -> None:
        key, _ = create_key(name="billing", scope="read", now=timezone.now())
        address = reverse("admin:rest_apikey_revoke", args=[key.pk])

        question = boss.get(address)
        key.refresh_from_db()
        assert "Revoke this key?" in question.content.decode()
        assert key.revoked_at is None

        answer = boss.post(address, {"_form_submitted": "True"})
        key.refresh_from_db()
        assert answer["HX-Redirect"] == reverse("admin:rest_apikey_changelist")
        assert key.revoked_at is not None

    def test_a_key_is_neither_edited_nor_deleted(self, boss: Client) -> None:
        key, _ = create_key(name="billing", scope="read", now=timezone.now())

        assert boss.post(reverse("admin:rest_apikey_change", args=[key.pk]), {"scope": "admin"}).status_code == 403
        assert boss.post(reverse("admin:rest_apikey_delete", args=[key.pk]), {"post": "yes"}).status_code == 403
