"""The arithmetic of small pictures: points in, SVG coordinates out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Point = float | int | None


@dataclass(frozen=True)
class Stripe:
    """A band behind a line, from `top` downwards."""

    top: float
    height: float
    kind: str


@dataclass(frozen=True)
class Line:
    """A line chart ready to draw: `path` is broken where values are missing."""

    width: int
    height: int
    path: str
    dots: Sequence[tuple[float, float]]
    first: Point
    last: Point
    low: float
    high: float
    stripes: Sequence[Stripe] = field(default_factory=tuple)
    ticks: Sequence[float] = field(default_factory=tuple)


def line(
    points: Sequence[Point],
    *,
    low: float | None = None,
    high: float | None = None,
    width: int = 96,
    height: int = 24,
    bands: Sequence[tuple[float, float, str]] = (),
    marks: Sequence[int] = (),
) -> Line | None:
    """The line through `points`, evenly spaced; None where no point has a value.

    `low` and `high` fix the scale (otherwise zero to the highest value); `bands` are (from, to, kind) in
    values; `marks` are places in `points` to tick, such as the days a scorecard version changed.
    """
    values = [point for point in points if point is not None]
    if not values:
        return None
    scale = _Scale.fitting(values, low, high, width / max(len(points) - 1, 1), height)
    runs = _runs([scale.place(at, point) for at, point in enumerate(points)])
    return Line(
        width,
        height,
        path=" ".join("M" + _through(run) for run in runs if len(run) > 1),
        dots=[run[0] for run in runs if len(run) == 1],
        first=values[0],
        last=values[-1],
        low=scale.low,
        high=scale.high,
        stripes=[
            Stripe(scale.down(end), round(scale.down(start) - scale.down(end), 1), kind) for start, end, kind in bands
        ],
        ticks=[scale.across(at) for at in marks],
    )


@dataclass(frozen=True)
class _Scale:
    """From a place and a value to the picture's coordinates."""

    low: float
    high: float
    step: float
    height: int

    @classmethod
    def fitting(
        cls, values: Sequence[float], low: float | None, high: float | None, step: float, height: int
    ) -> "_Scale":
        floor = min(0.0, *values) if low is None else low
        return cls(floor, max(*values, floor + 1.0) if high is None else high, step, height)

    def across(self, at: int) -> float:
        return round(at * self.step, 1)

    def down(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(1 + (self.height - 2) * (1 - share), 1)

    def place(self, at: int, value: Point) -> tuple[float, float] | None:
        return None if value is None else (self.across(at), self.down(value))


def _through(run: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x} {y}" for x, y in run)


def _runs(places: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The places cut where one is missing."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is not None:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
