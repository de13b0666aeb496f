"""The sidebar's line of notices to our own people, with the number that waits for a person."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Entry, entries

from ..models import Notice


def stuck(request: HttpRequest) -> QuerySet[Notice]:
    """Notices that only a person can bring on."""
    return Notice.objects.filter(state__in=(Notice.State.FAILED, Notice.State.UNCERTAIN))


entries.register(
    Entry(
        "messaging.slack_channels",
        _("Slack channels"),
        "tag",
        "messaging_slackchannel_changelist",
        "integrations",
        78,
        "messaging.view_slackchannel",
    )
)
entries.register(
    Entry(
        "messaging.notices",
        _("Notices"),
        "outgoing_mail",
        "messaging_notice_changelist",
        "settings",
        60,
        "messaging.view_notice",
        stuck,
    )
)
