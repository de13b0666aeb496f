"""EMAIL_URL and SITE_ADDRESS: what is read from them, and the sentence that says what is wrong."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from agentfactory_cs import addresses


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp+tls://cs%40example.com:p%2Fss@mail.example.com",
            {"EMAIL_HOST_USER": "cs@example.com", "EMAIL_HOST_PASSWORD": "p/ss", "EMAIL_PORT": 587},
        ),
        ("smtp+tls://mail.example.com:2525", {"EMAIL_PORT": 2525, "EMAIL_USE_TLS": True, "EMAIL_HOST_USER": ""}),
        ("smtp+ssl://mail.example.com", {"EMAIL_PORT": 465, "EMAIL_USE_SSL": True}),
        ("smtp://127.0.0.1", {"EMAIL_PORT": 25, "EMAIL_HOST": "127.0.0.1"}),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, expected: dict[str, object]) -> None:
    assert expected.items() <= addresses.mail(url).items()


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://x", "smtp://:secret@", "smtp://u:secret@host:port", "filemail:///tmp"]
)
def test_an_address_of_no_mail_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as refusal:
        addresses.mail(url)

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "host", "port", "expected"),
    [
        ("", "", "", "http://localhost:8000"),
        ("", "0.0.0.0", "8204", "http://localhost:8204"),  # noqa: S104 - nothing listens here
        ("", "cs.internal", "80", "http://cs.internal:80"),
        ("https://cs.example.com/", "0.0.0.0", "8000", "https://cs.example.com"),  # noqa: S104
    ],
)
def test_the_site_is_where_people_reach_it(given: str, host: str, port: str, expected: str) -> None:
    assert addresses.site(given, host, port) == expected


@pytest.mark.parametrize("given", ["cs.example.com", "ftp://cs.example.com", "https://"])
def test_an_address_of_no_site_is_refused(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SITE_ADDRESS must look like"):
        addresses.site(given, "", "")
