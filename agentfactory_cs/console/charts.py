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
    area: str
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
    low = min(0.0, *values) if low is None else low
    high = max(*values, low + 1.0) if high is None else high
    step = width / max(len(points) - 1, 1)

    def across(place: int) -> float:
        return round(place * step, 1)

    def down(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(1 + (height - 2) * (1 - share), 1)

    runs = _runs([(across(place), down(point)) if point is not None else None for place, point in enumerate(points)])
    return Line(
        width,
        height,
        " ".join("M" + "L".join(f"{x} {y}" for x, y in run) for run in runs if len(run) > 1),
        " ".join(_area(run, height) for run in runs if len(run) > 1),
        [run[0] for run in runs if len(run) == 1],
        values[0],
        values[-1],
        low,
        high,
        [Stripe(down(end), round(down(start) - down(end), 1), kind) for start, end, kind in bands],
        [across(place) for place in marks],
    )


def _runs(places: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The places cut where one is missing."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is not None:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _area(run: Sequence[tuple[float, float]], height: int) -> str:
    line_part = "L".join(f"{x} {y}" for x, y in run)
    return f"M{run[0][0]} {height}L{line_part}L{run[-1][0]} {height}Z"
