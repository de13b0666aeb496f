"""The many customers around the stories: a believable mix of tiers, ages and fortunes."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, TypeVar

from agentfactory_cs.demo import World

from ..models import Churn
from ..models.customer import CustomerTier
from .accounts import Account, Curve, Departure
from .stories import STORIES
from .words import COUNTRIES, INDUSTRIES, NAME_BEGINNINGS, NAME_ENDINGS, NAME_SUFFIXES

Option = TypeVar("Option")
_TIERS = (
    (0.40, CustomerTier.FREE),
    (0.30, CustomerTier.STARTER),
    (0.22, CustomerTier.PRO),
    (0.08, CustomerTier.ENTERPRISE),
)


class Fortune(NamedTuple):
    """How a kind of customer fares: use and mood long ago and today, each drawn from a span."""

    use_then: tuple[float, float]
    use_now: tuple[float, float]
    mood: tuple[float, float]
    posts: tuple[float, float]
    leaves: bool = False
    returns: bool = False


_THRIVING = Fortune((0.85, 1.1), (1.05, 1.4), (0.8, 1.0), (3, 8))
_GROWING = Fortune((0.45, 0.75), (0.85, 1.2), (0.7, 0.95), (1, 5))
_STEADY = Fortune((0.5, 0.9), (0.5, 0.9), (0.45, 0.85), (0, 2.5))
_DECLINING = Fortune((0.7, 1.0), (0.2, 0.5), (0.2, 0.55), (0, 1.5))
_SLEEPING = Fortune((0.1, 0.4), (0.02, 0.25), (0.3, 0.6), (0, 0.5))
_LEAVING = Fortune((0.5, 0.9), (0.05, 0.3), (0.05, 0.4), (0, 1), leaves=True)
_RETURNING = Fortune((0.5, 0.8), (0.5, 0.8), (0.4, 0.7), (0, 2), leaves=True, returns=True)
_FORTUNES = (
    (0.12, _THRIVING),
    (0.12, _GROWING),
    (0.50, _STEADY),
    (0.09, _DECLINING),
    (0.05, _SLEEPING),
    (0.10, _LEAVING),
    (0.02, _RETURNING),
)

# Signed up so many days ago; a twentieth is younger than the week that scoring waits for.
_AGES = ((0.05, (1, 6)), (0.06, (8, 27)), (0.19, (28, 119)), (0.45, (120, 420)), (0.25, (421, 900)))

# Departures lie up to so many days back, far enough for a backtest to see several months of them; who leaves had
# stayed for a while.
_LEFT_DAYS, _STAY_DAYS = 170, 90

_GOODBYES = {
    Churn.Reason.PRICE: "The budget for next year was cut; our price was the first to go.",
    Churn.Reason.FEATURES: "Needed on-premises hosting, which we do not have.",
    Churn.Reason.SUPPORT: "Two tickets took more than a week, and nobody called back.",
    Churn.Reason.COMPETITOR: "Moved to a product their parent company already pays for.",
    Churn.Reason.NO_VALUE: "The agents were built, but no team took them up.",
    Churn.Reason.CHAMPION_LEFT: "The person who ran it left, and the successor did not want it.",
    Churn.Reason.CLOSED_DOWN: "The business was wound up.",
    Churn.Reason.NON_PAYMENT: "Three reminders unanswered; the contract was ended.",
}
_OVER_MONEY = (Churn.Reason.PRICE, Churn.Reason.NON_PAYMENT)


def account(world: World, index: int) -> Account:
    """The customer of that index: the stories come first, then the fleet."""
    if index < len(STORIES):
        return STORIES[index].account
    rng = world.rng("customers.account", index)
    tier = _spread(world, "tier", index, _TIERS)
    fortune = _spread(world, "fortune", index, _FORTUNES)
    departure = _departure(fortune, tier, rng) if fortune.leaves else None
    signed_up = rng.randint(*_spread(world, "age", index, _AGES))
    if departure:
        signed_up = rng.randint(departure.days_ago + _STAY_DAYS, 900)
    use, mood = _use(fortune, signed_up, departure, rng), _mood(fortune, departure, rng)
    return Account(
        index=index,
        name=_name(world, index),
        tier=tier,
        industry=rng.choice(INDUSTRIES),
        country=rng.choice(COUNTRIES),
        signed_up=signed_up,
        use=use,
        mood=mood,
        presence=use,
        posts_a_quarter=rng.uniform(*fortune.posts),
        was=_upgrade(tier, fortune, signed_up, rng),
        departure=departure,
        stalled=fortune is _SLEEPING and signed_up < 45,
    )


# Multiples of irrational numbers, cut to their fraction, fill the interval evenly: 200 customers already
# have the mix that drawing at random reaches with thousands. Different ones keep the choices independent.
_STEPS = {"tier": 0.7548776662466927, "fortune": 0.5698402909980532, "age": 0.4142135623730951}


def _spread(world: World, topic: str, index: int, options: Sequence[tuple[float, Option]]) -> Option:
    start = world.rng(f"customers.{topic}").random()
    left = (start + index * _STEPS[topic]) % 1
    for share, option in options:
        if left < share:
            return option
        left -= share
    return options[-1][1]


def _name(world: World, index: int) -> str:
    """No name twice before all are used: an index is one combination, in shuffled order."""
    pairs = len(NAME_BEGINNINGS) * len(NAME_ENDINGS)
    start = world.rng("customers.name").randrange(pairs)
    # 2 741 is a prime that divides no number of pairs, so its multiples meet every pair once.
    beginning, ending = divmod((start + index * 2741) % pairs, len(NAME_ENDINGS))
    suffix = NAME_SUFFIXES[(index // pairs + index) % len(NAME_SUFFIXES)]
    word = NAME_BEGINNINGS[beginning]
    joined = word[:-1] if word[-1] == NAME_ENDINGS[ending][0] else word
    return f"{joined}{NAME_ENDINGS[ending]} {suffix}"


def _use(fortune: Fortune, signed_up: int, departure: Departure | None, rng: Random) -> Curve:
    """Who leaves has turned away before that day; whose fortunes change otherwise is there today."""
    then, now = rng.uniform(*fortune.use_then), rng.uniform(*fortune.use_now)
    if fortune is _STEADY:
        now = then * rng.uniform(0.88, 1.12)
    turn = rng.randint(15, 75)
    end = departure.days_ago if departure else 0
    points = [
        (end + 240.0, then),
        (end + turn + 45.0, then + 0.15 * (now - then)),
        (end + float(turn), then + 0.7 * (now - then)),
        (float(end), now),
    ]
    return _learning(points, signed_up, rng)


def _learning(points: list[tuple[float, float]], signed_up: int, rng: Random) -> Curve:
    """Nobody starts at full use: the first weeks rise towards it."""
    whole = Curve(tuple(points))
    weeks = rng.randint(14, 35)
    learnt = max(0, signed_up - weeks)
    start = (float(signed_up), 0.2 * whole.at(learnt))
    return Curve((start, (float(learnt), whole.at(learnt)), *(point for point in points if point[0] < learnt)))


def _mood(fortune: Fortune, departure: Departure | None, rng: Random) -> Curve:
    mood = rng.uniform(*fortune.mood)
    before = min(1.0, max(mood, 0.7)) if fortune in (_DECLINING, _LEAVING) else mood
    end = departure.days_ago if departure else 0
    return Curve(((end + 240, before), (end + 90, before), (end, mood)))


def _upgrade(tier: CustomerTier, fortune: Fortune, signed_up: int, rng: Random) -> tuple[int, CustomerTier] | None:
    """Who grows has often come from the tier below."""
    order = list(CustomerTier)
    if fortune not in (_GROWING, _THRIVING) or tier == CustomerTier.FREE or signed_up < 100 or rng.random() > 0.4:
        return None
    return rng.randint(20, 95), order[order.index(tier) - 1]


def _departure(fortune: Fortune, tier: CustomerTier, rng: Random) -> Departure:
    reason = rng.choice([reason for reason in _GOODBYES if tier != CustomerTier.FREE or reason not in _OVER_MONEY])
    left = rng.randint(50, 95) if fortune.returns else rng.randint(3, _LEFT_DAYS)
    back = left - rng.randint(20, 40) if fortune.returns else None
    return Departure(left, reason, _GOODBYES[reason], back)
