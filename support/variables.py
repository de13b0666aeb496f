"""What mails about tickets may say."""

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.messaging.catalogue import Group, Variable, groups

from .knowledge import mail as _of_automatic_answers  # noqa: F401 - registers how they go out

groups.register(
    Group(
        "support.ticket",
        "ticket",
        _("Ticket (only in mails about one, and in canned replies)"),
        (
            Variable("number", "number", _("Its number."), 1234),
            Variable("subject", "text", _("What it is about."), "429 errors since this morning"),
        ),
        given=True,
        order=90,
    )
)
groups.register(
    Group(
        "support.answer",
        "answer",
        _("Automatic answer (only in mails that acknowledge a ticket)"),
        (
            Variable(
                "articles",
                "list",
                _("Up to three articles that fit, the best first."),
                [
                    {
                        "title": "Rate limits, and what to do about 429 Too Many Requests",
                        "address": "https://cs.agentfactory.example/help/en/rate-limits/",
                    }
                ],
                fields=(
                    Variable("title", "text", _("Its title."), "Rate limits"),
                    Variable("address", "link", _("Where it is."), "https://cs.agentfactory.example/help/en/limits/"),
                ),
            ),
            Variable(
                "solved_address",
                "link",
                _("Where the reader says whether that solved it."),
                "https://cs.agentfactory.example/help/solved/example/",
                may_be_missing=True,
            ),
        ),
        given=True,
        order=91,
    )
)
groups.register(
    Group(
        "support.agent",
        "agent",
        _("Whoever answers (only in canned replies)"),
        (Variable("name", "text", _("Who answers the ticket."), "Sam Porter"),),
        given=True,
        order=92,
    )
)
