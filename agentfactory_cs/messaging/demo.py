"""The demo's survey answers: what the eight stories say, and what the fleet's mood makes it say."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from agentfactory_cs.customers.demo import Account, Telling, tellings
from agentfactory_cs.customers.models import Contact, Customer
from agentfactory_cs.demo import Stage, World, stages

from .models import Response, Survey, SurveyKind
from .services import record_response

_NPS, _SUPPORT, _ONBOARDING = SurveyKind

# Scoring looks 180 days back for NPS, on the first day shown too.
_LEAD_IN_DAYS = 180
# So many days after signup the onboarding is asked about.
_ONBOARDING_ASKED = 16


class Answer(NamedTuple):
    days_ago: int
    kind: SurveyKind
    score: int
    comment: str = ""


STORIES: dict[str, tuple[Answer, ...]] = {
    "thriving": (
        Answer(150, _NPS, 9),
        Answer(62, _NPS, 10, "Our second plant asked for it before we offered it."),
        Answer(40, _SUPPORT, 5),
        Answer(11, _NPS, 10, "If only every supplier worked like this. We need single sign-on next."),
    ),
    "stalled in onboarding": (),
    "silent decline": (Answer(180, _NPS, 9), Answer(101, _NPS, 8), Answer(13, _NPS, 6)),
    "angry": (
        Answer(170, _NPS, 8),
        Answer(85, _SUPPORT, 4),
        Answer(11, _SUPPORT, 2, "Four days for an answer that did not answer."),
        Answer(6, _NPS, 2, "Our customers got wrong delivery dates twice in a month, and nobody can tell me why."),
        Answer(4, _SUPPORT, 1, "Closed without a solution."),
    ),
    "payment trouble": (Answer(140, _NPS, 7), Answer(75, _SUPPORT, 4)),
    "champion left": (
        Answer(130, _NPS, 10, "You made me look good in front of the board."),
        Answer(60, _SUPPORT, 5),
        Answer(40, _NPS, 8),
    ),
    "renewing": (
        Answer(160, _NPS, 7),
        Answer(70, _NPS, 8, "Solid. The price has to stay where it is."),
        Answer(35, _SUPPORT, 4),
    ),
    "recovered": (
        Answer(170, _NPS, 8),
        Answer(81, _SUPPORT, 2, "It took a week to find out that your side was fine and ours had changed."),
        Answer(78, _NPS, 4, "We had half switched it off."),
        Answer(25, _SUPPORT, 5, "Quick and to the point."),
        Answer(8, _NPS, 8, "Came back from the brink. Thank you for the weekly calls."),
    ),
}  # fmt: skip

_PLEASED = (
    "Saves us hours every week.",
    "The team answers fast and knows what it talks about.",
    "Set up in an afternoon, and it simply works.",
    "",
    "",
)
_MIDDLING = ("Good, but the documentation could be better.", "Does what it should.", "", "", "")
_DISPLEASED = (
    "Too much of our own work is needed to keep it useful.",
    "Answers are slow, and we cannot see why.",
    "We expected more for the price.",
    "",
)


def tell_answers(world: World) -> None:
    surveys = {survey.kind: survey for survey in Survey.objects.all()}
    for chunk in tellings(world):
        for telling in chunk:
            contact = telling.customer.contacts.filter(is_primary=True).first()
            for answer in telling.while_here(_answers(telling)):
                _record(telling, surveys[answer.kind], contact, answer)


def _answers(telling: Telling) -> Iterator[Answer]:
    account = telling.account
    if account.story:
        yield from STORIES[account.story]
        return
    reach = min(account.signed_up, telling.world.days + _LEAD_IN_DAYS)
    yield from _onboarding(account, reach, telling.world.rng("messaging.onboarding", account.index))
    yield from _nps(account, reach, telling.world.rng("messaging.nps", account.index))
    if account.pays:
        yield from _support(account, reach, telling.world.rng("messaging.support", account.index))


def _onboarding(account: Account, reach: int, rng: Random) -> Iterator[Answer]:
    days_ago = account.signed_up - _ONBOARDING_ASKED
    if account.onboarded() and days_ago < reach and rng.random() < 0.5:
        yield _satisfaction(account, max(days_ago, 1), _ONBOARDING, rng)


def _nps(account: Account, reach: int, rng: Random) -> Iterator[Answer]:
    """Asked by the quarter from the second month on; two thirds of paying customers answer."""
    willing = 0.65 if account.pays else 0.25
    for days_ago in range(rng.randint(3, 90), reach - 30, 91):
        if rng.random() < willing:
            score = round(min(max(1.2 + 9.2 * account.mood.at(days_ago) + rng.gauss(0, 1), 0), 10))
            comments = _PLEASED if score >= 9 else _MIDDLING if score >= 7 else _DISPLEASED
            yield Answer(days_ago, _NPS, score, rng.choice(comments))


def _support(account: Account, reach: int, rng: Random) -> Iterator[Answer]:
    for days_ago in range(rng.randint(2, 70), reach - 10, 70):
        if rng.random() < (0.75 if account.tier == Customer.Tier.ENTERPRISE else 0.45):
            yield _satisfaction(account, days_ago, _SUPPORT, rng)


def _satisfaction(account: Account, days_ago: int, kind: SurveyKind, rng: Random) -> Answer:
    score = round(min(max(1.2 + 3.9 * account.mood.at(days_ago) + rng.gauss(0, 0.5), 1), 5))
    comments = _PLEASED if score == 5 else _MIDDLING if score >= 3 else _DISPLEASED
    return Answer(days_ago, kind, score, rng.choice(comments))


def _record(telling: Telling, survey: Survey, contact: Contact | None, answer: Answer) -> None:
    answered_at = telling.moment(answer.days_ago, 13)
    response = Response(
        survey=survey,
        customer=telling.customer,
        contact=contact,
        score=answer.score,
        comment=answer.comment,
        answered_at=answered_at,
    )
    record_response(response, now=answered_at)


stages.register(Stage("messaging.answers", "Survey answers", tell_answers, order=50))
