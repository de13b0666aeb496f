"""Headers that the apps put on the mails they asked for, beside the usual ones (`letter`).

An app that queues mail with a `source` registers an envelope under that name; a mail whose source has none goes out
with the usual headers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentfactory_cs.registry import Registry

from .models import Email


@dataclass(frozen=True)
class Envelope:
    """`headers(email)` are laid over the usual: such as Auto-Submitted, In-Reply-To or References.

    Asked once a mail, as it is sent: what it needs of the database it reads by `email.source_id`.
    """

    key: str
    headers: Callable[[Email], Mapping[str, str]]


envelopes: Registry[Envelope] = Registry("envelope of mail")


def own_headers(email: Email) -> Mapping[str, str]:
    return envelopes.get(email.source).headers(email) if email.source in envelopes else {}
