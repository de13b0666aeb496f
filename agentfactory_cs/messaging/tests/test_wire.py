"""What we write is what Python's email package writes, byte for byte."""

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from hypothesis import given
from hypothesis import strategies as st

from agentfactory_cs.messaging.wire import envelope_address, wire_of, write

texts = st.text(max_size=400) | st.text(alphabet="ab .\r\n=é\t", max_size=3_000)
lines = st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200)


@given(lines, texts, texts, lines)
def test_a_mail_is_written_as_python_writes_it(subject: str, text: str, html: str, extra: str) -> None:
    mail = EmailMultiAlternatives(
        subject,
        text,
        "A <a@example.com>",
        ["b@example.com"],
        headers={"X-Extra": extra, "Message-ID": "<1@example.com>"},
    )
    mail.attach_alternative(html, "text/html")
    message: Any = mail.message()
    # The boundary is made by whoever writes first.
    ours = write(message)

    assert ours == message.as_bytes(linesep="\r\n")


def test_a_mail_is_written_once() -> None:
    mail = EmailMultiAlternatives("Hello", "Hello", "a@example.com", ["b@example.com"])

    assert wire_of(mail) is wire_of(mail)


ADDRESSES = [
    ("ada@example.com", "ada@example.com"),
    ("Ada Lovelace <ada+cs@example.com>", "ada+cs@example.com"),
    ('"Lovelace, Ada" <ada@example.com>', "ada@example.com"),
    ("ada@bücher.example", "ada@xn--bcher-kva.example"),
]


@pytest.mark.parametrize(("given_as", "address"), ADDRESSES)
def test_the_envelope_has_the_address_alone(given_as: str, address: str) -> None:
    assert envelope_address(given_as).rpartition("<")[2].rstrip(">") == address


@pytest.mark.parametrize("nonsense", ["", "ada@example.com\nRCPT TO:<eve@example.com>", "a@b <c@d> e"])
def test_what_is_no_address_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        envelope_address(nonsense)
