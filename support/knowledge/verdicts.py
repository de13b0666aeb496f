"""What readers say of articles: on the help page, and by the links of an automatic answer."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from ..models import Article, AutomaticAnswer, Ticket, Verdict
from ..moving import move

LONGEST_COMMENT = 2_000


@transaction.atomic
def give_verdict(
    article: Article,
    *,
    helped: bool,
    language: str,
    comment: str = "",
    ticket: Ticket | None = None,
    now: datetime,
) -> Verdict:
    """Store whether an article helped. Of one ticket and article the newest word holds.

    ValidationError names `comment` where it is too long.
    """
    comment = comment.replace("\r\n", "\n").replace("\0", "").strip()
    if len(comment) > LONGEST_COMMENT:
        raise ValidationError({"comment": f"At most {LONGEST_COMMENT:,} characters, please."})
    told = {"helped": helped, "comment": comment, "language": language, "given_at": now}
    if ticket is None:
        return Verdict.objects.create(article=article, **told)
    return Verdict.objects.update_or_create(article=article, ticket=ticket, defaults=told)[0]


@transaction.atomic
def say_solved(
    answer: AutomaticAnswer, *, solved: bool, article_ids: Collection[int] = (), comment: str = "", now: datetime
) -> AutomaticAnswer:
    """The customer says whether the automatic answer was enough; the newest word holds.

    If it was, the ticket is resolved unless a person is at it; the chosen articles helped. If not, those that were sent
    did not help, and a person answers as before.
    """
    stored = AutomaticAnswer.objects.select_for_update(of=("self",)).select_related("ticket").get(pk=answer.pk)
    stored.solved, stored.said_at = solved, now
    stored.save(update_fields=("solved", "said_at"))
    ticket = stored.ticket
    sent = Article.objects.filter(offers__ticket=ticket, offers__sent_at__isnull=False)
    for article in sent.filter(pk__in=article_ids) if solved else sent:
        give_verdict(article, helped=solved, language=ticket.language, comment=comment, ticket=ticket, now=now)
    if solved and ticket.status in Ticket.UNSOLVED and ticket.first_response_at is None:
        move(ticket, Ticket.Status.RESOLVED, reason="The customer said that the articles solved it.", now=now)
    return stored
