"""Inbound mail in the sidebar."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

from ..models import InboundMail
from ..models.inbound import FOR_A_PERSON


def to_decide(request: HttpRequest) -> QuerySet[InboundMail]:
    return InboundMail.objects.filter(state__in=FOR_A_PERSON)


entries.register(
    Entry(
        "support.inbound",
        _("Inbound mail"),
        "inbox",
        "support_inboundmail_changelist",
        "records",
        77,
        "support.view_inboundmail",
        to_decide,
    )
)
