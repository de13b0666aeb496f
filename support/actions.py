"""What playbook steps can do about support."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Words
from agentfactory_cs.customers.models import Contact
from playbooks.registry import Action, Context, Outcome, Parameter, actions, done

from .models import Area, Team, Ticket
from .opening import Asked, open_ticket
from .writing import Written

Params = Mapping[str, Any]


def _areas() -> Sequence[tuple[str, Words]]:
    return list(Area.objects.filter(is_active=True).values_list("key", "name"))


def _teams() -> Sequence[tuple[str, Words]]:
    return list(Team.objects.active().values_list("key", "name"))


def open_one(context: Context, params: Params) -> Outcome:
    """On the customer's behalf: nobody wrote it, so nothing answers it by itself. One a step, by its reference."""
    contact = Contact.objects.filter(customer=context.customer, is_primary=True).first()
    asked = Asked(
        subject=params["subject"],
        written=Written(params["text"], author_name=context.playbook),
        channel=Ticket.Channel.STAFF,
        customer=context.customer,
        contact=contact,
        area=Area.objects.filter(key=params["area"]).first(),
        severity=params["severity"],
        team=Team.objects.filter(key=params["team"]).first(),
        external_id=context.reference,
        is_automatic=True,
    )
    ticket = open_ticket(asked, now=context.now)
    who = ticket.assignee.get_full_name() or ticket.assignee.get_username() if ticket.assignee else "nobody yet"
    return done(f"Opened #{ticket.pk}; {ticket.team or 'no team'}, {who}.", ticket=ticket.pk)


actions.register(
    Action(
        "support.open_ticket",
        _("Open a support ticket"),
        open_one,
        (
            Parameter("subject", _("Subject")),
            Parameter("text", _("Text"), "long_text", help=_("What the desk is asked to do for the customer.")),
            Parameter(
                "severity",
                _("Severity"),
                "choice",
                required=False,
                default=Ticket.Severity.NORMAL.value,
                choices=lambda: Ticket.Severity.choices,
            ),
            Parameter("area", _("Area"), "choice", required=False, default="", choices=_areas),
            Parameter(
                "team",
                _("Team"),
                "choice",
                required=False,
                default="",
                choices=_teams,
                help=_("Empty: by the routing rules."),
            ),
        ),
        icon="confirmation_number",
    )
)
