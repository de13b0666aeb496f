"""Settings of the platform that cannot work are said by `manage.py check`."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

GOOD = {
    "AGENTFACTORY_API_URL": "https://platform.example.com/api/v1",
    "AGENTFACTORY_API_KEY": "key",
    "AGENTFACTORY_WEBHOOK_SECRET": "secret",
}
NOTHING = dict.fromkeys(GOOD, "")


def complaints() -> list[str]:
    return sorted(message.id or "" for message in run_checks() if (message.id or "").startswith("onboarding."))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (GOOD, []),
        (NOTHING, []),
        ({**GOOD, "AGENTFACTORY_API_KEY": ""}, ["onboarding.E002"]),
        ({**NOTHING, "AGENTFACTORY_API_KEY": "key"}, ["onboarding.E002"]),
        ({**GOOD, "AGENTFACTORY_API_URL": "platform.example.com/api/v1"}, ["onboarding.E001"]),
        ({**GOOD, "AGENTFACTORY_API_URL": "http://platform.example.com/api/v1"}, ["onboarding.W001"]),
        ({**GOOD, "AGENTFACTORY_API_URL": "http://127.0.0.1:9000/api/v1"}, []),
        ({**GOOD, "AGENTFACTORY_API_URL": "https://platform.example.com"}, ["onboarding.W002"]),
        ({**GOOD, "AGENTFACTORY_WEBHOOK_SECRET": ""}, ["onboarding.W003"]),
        ({**GOOD, "AGENTFACTORY_API_KEY": "two\nlines"}, ["onboarding.E003"]),
        ({**GOOD, "AGENTFACTORY_BLUEPRINTS": {"premium": "kit"}}, ["onboarding.E004"]),
        ({**GOOD, "AGENTFACTORY_KNOWLEDGE_BLUEPRINTS": {"pro": "kit"}}, []),
        ({**GOOD, "AGENTFACTORY_CALLS_PER_MINUTE": 0}, ["onboarding.E005"]),
    ],
)
def test_each_mistake_is_named(settings: Any, values: dict[str, Any], said: list[str]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)

    assert complaints() == said


def test_half_a_configuration_stops_the_command_and_says_what_is_missing(settings: Any) -> None:
    settings.AGENTFACTORY_API_URL, settings.AGENTFACTORY_API_KEY = GOOD["AGENTFACTORY_API_URL"], ""

    with pytest.raises(CommandError, match="AGENTFACTORY_API_URL is set and AGENTFACTORY_API_KEY is not"):
        call_command("check")
