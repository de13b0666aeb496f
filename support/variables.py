"""What mails about tickets may say."""

from django.utils.translation import gettext_lazy as _

from agentfactory_cs.messaging.catalogue import Group, Variable, groups

from . import undelivered as _undelivered  # noqa: F401 - registers who hears of answers that did not arrive
from .following import wanted as _wanted  # noqa: F401 - registers when what follows is not wanted any more
from .knowledge import mail as _of_automatic_answers  # noqa: F401 - registers how they go out

groups.register(
    Group(
        "support.ticket",
        "ticket",
        _("Ticket (only in mails about one, and in canned replies)"),
        (
            Variable("number", "text", _("Its number."), "1234"),
            Variable("subject", "text", _("What it is about."), "429 errors since this morning"),
        ),
        given=True,
        order=90,
    )
)
groups.register(
    Group(
        "support.letter",
        "letter",
        _("Answer (only in mails that carry one)"),
        (
            Variable("author", "text", _("Who answers."), "Sam Porter"),
            Variable(
                "paragraphs",
                "list",
                _("What was answered."),
                [{"lines": ["Your key was limited to 60 calls a minute.", "From today it is 600."]}],
                fields=(Variable("lines", "list", _("Its lines."), ["From today it is 600."]),),
            ),
            Variable(
                "history",
                "list",
                _("The latest messages before it, the newest first."),
                [{"who": "Ada Lovelace", "when": "2026-06-30 09:12 UTC", "lines": ["We get 429 since this morning."]}],
                fields=(
                    Variable("who", "text", _("Who wrote it."), "Ada Lovelace"),
                    Variable("when", "text", _("When that was."), "2026-06-30 09:12 UTC"),
                    Variable("lines", "list", _("Its lines."), ["We get 429 since this morning."]),
                ),
            ),
        ),
        given=True,
        order=93,
    )
)
groups.register(
    Group(
        "support.follow_up",
        "follow_up",
        _("Following up (only in mails that ask or remind)"),
        (
            Variable("days", "number", _("For how many days we have waited."), 2, may_be_missing=True),
            Variable("is_second", "flag", _("Whether it is the second reminder."), False, may_be_missing=True),
            Variable(
                "yes", "link", _("Where one says that it is solved."), "https://cs.agentfactory.example/support/yes/"
            ),
            Variable("no", "link", _("Where one says that it is not."), "https://cs.agentfactory.example/support/no/"),
        ),
        given=True,
        order=94,
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
