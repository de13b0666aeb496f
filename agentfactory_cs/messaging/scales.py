"""The scales of surveys, and what a score means. Pure."""

from typing import Literal

NPS = "nps"
PROMOTER, DETRACTOR = 9, 6
LOW_CSAT, HIGH_CSAT = 2, 5

Mood = Literal["bad", "plain", "good"]


def scale(kind: str) -> range:
    """The scores one may give: NPS 0 to 10, satisfaction 1 to 5."""
    return range(11) if kind == NPS else range(1, 6)


def mood(kind: str, score: int) -> Mood:
    """Detractors and low satisfaction are bad, promoters and full satisfaction good."""
    bad, good = (DETRACTOR, PROMOTER) if kind == NPS else (LOW_CSAT, HIGH_CSAT)
    return "bad" if score <= bad else "good" if score >= good else "plain"
