"""Mail of the demo's past: judged, written and told of like any other, and handed to nobody."""

from datetime import datetime

from django.db.models import Case, CharField, F, Value, When
from django.db.models.functions import Cast, Concat

from .claiming import claim
from .models import Email
from .settling import tell_of_sent

BATCH = 200


def pretend_to_send(now: datetime) -> int:
    """Write down everything due as sent at `now`; returns how many mails that were. For the demo alone."""
    pretended = 0
    while (batch := claim(BATCH, now=now)).seen:
        pks = [email.pk for email in batch.emails]
        Email.objects.filter(pk__in=pks).update(
            state=Email.State.SENT,
            sent_at=now,
            attempts=F("attempts") + 1,
            reason="",
            # The same in every demo, as nothing that leaves the house may be; of an answer its thread knows the id.
            message_id=Case(
                When(
                    headers={}, then=Concat(Value("<demo."), Cast("pk", CharField()), Value("@agentfactory.example>"))
                ),
                default=F("message_id"),
            ),
        )
        tell_of_sent(batch.emails, now=now)
        pretended += len(pks)
    return pretended
