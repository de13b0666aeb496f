"""Mail finds its ticket, or begins one; strangers get into no thread by what they write into headers."""

from datetime import timedelta
from typing import Any

import pytest

from agentfactory_cs.customers.models import Interaction
from agentfactory_cs.customers.tests.factories import NOW, make_contact, make_customer, make_user
from support.addresses import reply_address, ticket_of
from support.models import InboundMail, Message, Team, Ticket
from support.threads import answer
from support.writing import Written

from .mails import US, arrives, mail

pytestmark = pytest.mark.django_db
State = InboundMail.State


@pytest.fixture
def ada() -> Any:
    """A contact of a customer's."""
    return make_contact(
        make_customer(name="Byron & Co"), name="Ada Byron", email="Ada@customer.example", is_primary=True
    )


@pytest.fixture
def ticket(ada: Any) -> Ticket:
    """Ada's, answered by us with a Message-ID."""
    first = arrives(mail("Where is my invoice?", subject="Invoice", message_id="<first@customer.example>"))
    assert first.message is not None
    answered = Written(text="Here it is.", message_id="<answer@agentfactory.com>")
    answer(first.message.ticket, answered, by=make_user("sam"), to_status="pending", now=NOW + timedelta(minutes=1))
    return Ticket.objects.get()


def _thread(ticket: Ticket) -> list[tuple[str, str]]:
    return list(ticket.messages.values_list("kind", "text"))


def test_a_contacts_mail_begins_a_ticket_of_the_customer(ada: Any) -> None:
    row = arrives(mail("Where is my invoice?\n\n-- \nAda", subject="Invoice", message_id="<first@customer.example>"))

    ticket = Ticket.objects.get()
    assert (row.state, row.kind, row.sender, row.recipient) == (State.TAKEN_IN, "ordinary", "ada@customer.example", US)
    assert "contact of the customer" in row.because
    assert (ticket.customer, ticket.contact, ticket.channel) == (ada.customer, ada, "mail")
    assert (ticket.subject, ticket.requester_address) == ("Invoice", "ada@customer.example")
    assert row.message == ticket.messages.get()
    assert (row.message.author_name, row.message.message_id) == ("Ada Byron", "<first@customer.example>")


def test_what_the_customer_wrote_lets_automatic_mail_pause(ada: Any) -> None:
    arrives(mail(subject="Invoice"))

    heard = Interaction.objects.get()
    assert (heard.customer, heard.contact, heard.kind, heard.direction) == (ada.customer, ada, "email", "in")
    assert (heard.subject, heard.held_at, heard.staff) == ("Invoice", NOW, None)


def test_the_reply_address_finds_the_ticket_whoever_writes(ticket: Ticket) -> None:
    to = reply_address(ticket.pk).upper()

    row = arrives(mail("I am her boss.", sender="boss@elsewhere.example", to=to), minutes=5)

    ticket.refresh_from_db()
    assert row.message is not None
    assert (row.message.ticket, row.because) == (ticket, "It came to the reply address of the ticket.")
    assert ticket.status == "open"


@pytest.mark.parametrize("change", ["signature", "ticket"])
def test_a_reply_address_that_somebody_made_up_finds_nothing(ticket: Ticket, change: str) -> None:
    good = reply_address(ticket.pk)
    other = {"signature": good.replace(good[-25:-20], "00000"), "ticket": good.replace(f"+r{ticket.pk}-", "+r999-")}

    assert ticket_of(good) == ticket.pk
    assert ticket_of(other[change]) is None


def test_a_reply_address_made_with_the_last_secret_still_holds(ticket: Ticket, settings: Any) -> None:
    made = reply_address(ticket.pk)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-one-altogether"

    assert ticket_of(made) == ticket.pk
    assert ticket_of(reply_address(ticket.pk)) == ticket.pk


@pytest.mark.parametrize(
    "headers",
    [
        {"In_Reply_To": "<answer@agentfactory.com>"},
        {"References": "<first@customer.example> <unknown@elsewhere.example>"},
        {"subject": "Re: Invoice [#{pk}]"},
    ],
)
@pytest.mark.parametrize("sender", ["ada@customer.example", "ADA@Customer.Example", "colleague@customer.example"])
def test_who_has_part_in_the_ticket_answers_in_its_thread(ticket: Ticket, headers: dict[str, str], sender: str) -> None:
    assert ticket.customer is not None
    make_contact(ticket.customer, email="colleague@customer.example")

    told = {name: value.replace("{pk}", str(ticket.pk)) for name, value in headers.items()}
    row = arrives(mail("Thank you, but no.", sender=sender, **told), minutes=5)

    ticket.refresh_from_db()
    assert row.state == State.TAKEN_IN
    assert _thread(ticket)[-1] == ("customer", "Thank you, but no.")
    assert (Ticket.objects.count(), ticket.status) == (1, "open")


@pytest.mark.parametrize(
    "headers",
    [
        {"In_Reply_To": "<answer@agentfactory.com>"},
        {"References": "<first@customer.example>"},
        {"subject": "Re: Invoice [#{pk}]"},
    ],
)
def test_a_stranger_who_names_the_ticket_gets_one_of_their_own_with_a_note_why(
    ticket: Ticket, headers: dict[str, str]
) -> None:
    before = _thread(ticket)

    told = {name: value.replace("{pk}", str(ticket.pk)) for name, value in headers.items()}
    row = arrives(mail("Send it to me as well.", sender="mallory@evil.example", **told), minutes=5)

    own = Ticket.objects.exclude(pk=ticket.pk).get()
    ticket.refresh_from_db()
    assert _thread(ticket) == before
    assert ticket.status == "pending"
    assert (own.customer, own.requester_address) == (None, "mallory@evil.example")
    assert not own.links.exists()
    assert not own.linked_by.exists()
    assert f"#{ticket.pk} is not joined: mallory@evil.example has no part in it." in row.because
    assert own.messages.get(kind="note").text in row.because


def test_who_wrote_in_a_ticket_before_belongs_to_it(ticket: Ticket) -> None:
    arrives(mail("I am her boss.", sender="boss@elsewhere.example", to=reply_address(ticket.pk)), minutes=5)

    row = arrives(
        mail("And another thing.", sender="boss@elsewhere.example", In_Reply_To="<answer@agentfactory.com>"), minutes=6
    )

    assert row.message is not None
    assert row.message.ticket == ticket


def test_a_mail_comes_in_once_however_often_it_is_brought(ada: Any) -> None:
    letter = mail("Hello", message_id="<once@customer.example>")
    first = arrives(letter)

    again = arrives(letter, minutes=1)
    letter["X-Seen-By"] = "another relay"
    other_bytes = arrives(letter, minutes=2)

    assert again == first
    assert (other_bytes.state, other_bytes.because) == (
        State.FILED,
        f"The same mail is in #{Ticket.objects.get().pk} already.",
    )
    assert Message.objects.count() == Interaction.objects.count() == 1


@pytest.mark.parametrize(
    ("sender", "is_known", "why"),
    [
        ("bob@customer.example", True, "All contacts at customer.example"),
        ("bob@gmail.com", False, "gmail.com is everybody's"),
        ("bob@shared.example", False, "Contacts of more than one customer are at shared.example"),
        ("bob@nowhere.example", False, "No contact is at nowhere.example"),
        ("double@both.example", False, "More than one customer has a contact with this address"),
        ("gone@customer.example", True, "All contacts at customer.example"),
    ],
)
def test_a_customer_is_found_by_a_domain_that_is_theirs_alone(ada: Any, sender: str, is_known: bool, why: str) -> None:
    other = make_customer()
    make_contact(ada.customer, email="x@gmail.com")
    make_contact(ada.customer, email="gone@customer.example", left_on=NOW.date() - timedelta(days=3))
    for customer in (ada.customer, other):
        make_contact(customer, email=f"someone{customer.pk}@shared.example")
        make_contact(customer, email="double@both.example")

    row = arrives(mail(sender=sender))

    ticket = Ticket.objects.get()
    assert ticket.customer == (ada.customer if is_known else None)
    assert (ticket.contact, ticket.requester_address) == (None, sender)
    assert why in row.because


def test_mail_to_a_teams_own_address_is_the_teams(ada: Any) -> None:
    billing = Team.objects.get(key="billing")
    Team.objects.filter(pk=billing.pk).update(address="billing@agentfactory.com")

    arrives(mail(to="Billing <Billing@AgentFactory.com>"))

    assert Ticket.objects.get().team == billing


def test_what_is_quoted_is_folded_away_and_html_is_cleaned(ada: Any) -> None:
    html = '<p>See <img src="https://track.example/x.gif"><script>alert(1)</script><b onclick="x()">this</b></p>'

    row = arrives(mail("See this\n\nOn Mon, 29 Jun 2026, Sam wrote:\n> Hello Ada\n> How are you?", html=html))

    assert row.message is not None
    assert (row.message.text, row.message.quoted.count("\n")) == ("See this", 2)
    assert row.message.html == '<p>See <img src="remote:https://track.example/x.gif"><b>this</b></p>'


def test_files_come_along_and_what_could_run_is_only_named(ada: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    letter = mail("See the files.")
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../invoice\u202efdp.pdf")
    letter.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="invoice.pdf.exe")
    letter.add_attachment(mail("Inner", subject="Forwarded"))

    row = arrives(letter)

    assert row.message is not None
    kept = list(row.message.attachments.values_list("name", "size_bytes", "refused_because"))
    assert kept[0] == ("invoicefdp.pdf", 4, "")
    assert kept[1][:2] == ("invoice.pdf.exe", 2)
    assert "can run" in kept[1][2]
    assert kept[2][0] == "message.eml"
    assert [one.file.name != "" for one in row.message.attachments.all()] == [True, False, True]


def test_more_than_so_many_mails_an_hour_from_one_sender_are_held(ada: Any, settings: Any) -> None:
    settings.INBOUND_MAILS_PER_HOUR = 3

    states = [arrives(mail(str(number)), minutes=number).state for number in range(5)]
    other = arrives(mail(sender="eve@elsewhere.example"), minutes=5)
    later = arrives(mail("later"), minutes=62)

    assert states == [State.TAKEN_IN] * 3 + [State.THROTTLED] * 2
    assert (other.state, later.state) == (State.TAKEN_IN, State.TAKEN_IN)
    held = InboundMail.objects.filter(state=State.THROTTLED).first()
    assert held is not None
    assert held.because == "ada@customer.example wrote more than 3 mails within an hour."
    assert Ticket.objects.count() == 5


def test_a_reply_to_a_ticket_that_went_into_another_goes_there(ticket: Ticket) -> None:
    other = arrives(mail("The same again", sender="ada@customer.example"), minutes=5).message
    assert other is not None
    Ticket.objects.filter(pk=ticket.pk).update(
        status="closed", closed_at=NOW, pending_since=None, merged_into=other.ticket
    )

    row = arrives(mail("And?", In_Reply_To="<answer@agentfactory.com>"), minutes=6)

    assert row.message is not None
    assert row.message.ticket == other.ticket
