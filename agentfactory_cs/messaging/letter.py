"""A mail to a customer as it goes over the wire: addresses and headers around the rendered words."""

from dataclasses import dataclass
from email.utils import formataddr, make_msgid

from django.core.mail import EmailMultiAlternatives

from agentfactory_cs.customers.models import Company

from .enclosures import enclosed_in
from .models import Email
from .unsubscribing import one_click_link


@dataclass(frozen=True)
class Sender:
    """Whom mail is from. `domain` names us in Message-IDs and lists."""

    name: str
    address: str

    @classmethod
    def of(cls, company: Company) -> "Sender":
        return cls(company.name, company.sender_email)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def new_message_id(self) -> str:
        return make_msgid(domain=self.domain)


def letter(email: Email, sender: Sender) -> EmailMultiAlternatives:
    """The message of a rendered mail. Its topic, contact, and customer with success manager are loaded.

    What was given with it (`headers`) stands before the usual.
    """
    message = EmailMultiAlternatives(
        email.subject,
        email.text,
        formataddr((sender.name, sender.address)),
        [formataddr((_name(email), email.address))],
        headers=_headers(email, sender),
        reply_to=_reply_to(email),
    )
    message.attach_alternative(email.html, "text/html")
    for file in enclosed_in(email):
        message.attach(file.name, file.content, file.content_type)
    # For django-anymail: what comes back in the provider's webhooks.
    message.metadata = {"email": str(email.pk)}  # type: ignore[attr-defined]
    message.tags = [email.topic_id]  # type: ignore[attr-defined]
    return message


def _headers(email: Email, sender: Sender) -> dict[str, str]:
    headers = {
        "Message-ID": email.message_id,
        # Mail programs that group by subject keep two of our mails apart.
        "X-Entity-Ref-ID": f"{email.pk}@{sender.domain}",
    }
    if email.is_automatic:
        headers["Auto-Submitted"] = "auto-generated"
    if email.contact_id and not email.topic.is_transactional:
        headers["List-Id"] = formataddr((email.topic.name, f"{email.topic_id.replace('_', '-')}.{sender.domain}"))
        headers["List-Unsubscribe"] = f"<{one_click_link(email)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers | {name: value for name, value in email.headers.items() if name != "Reply-To"}


def _name(email: Email) -> str:
    """Of the contact, where the address is theirs."""
    contact = email.contact
    return contact.name if contact and contact.email.lower() == email.address.lower() else ""


def _reply_to(email: Email) -> list[str]:
    """An answer goes where it was said, else to the success manager, where there is one with an address."""
    if given := email.headers.get("Reply-To"):
        return [given]
    manager = email.customer.success_manager if email.customer else None
    return [formataddr((manager.get_full_name(), manager.email))] if manager and manager.email else []
