"""Kept reports read back: a shelf of weeks for each book, and the way from one report to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.utils.functional import cached_property

from agentfactory_cs.customers.days import utc_day

from ..models import WeeklyReport
from .content import Content, read
from .weeks import WEEK, newest_whole_week

# A quarter of weeks on a page of the list.
SHELF_WEEKS = 13


@dataclass(frozen=True)
class Book:
    """A book that has reports: the whole one (`owner_id` None), or a success manager's."""

    owner_id: int | None
    name: str


@dataclass(frozen=True)
class Kept:
    """A week of a book, with its report where there is one."""

    week: date
    report: WeeklyReport | None

    @cached_property
    def content(self) -> Content | None:
        return read(self.report.content) if self.report else None


def books() -> list[Book]:
    """The whole book, and every success manager who ever had a report, by name."""
    owned = WeeklyReport.objects.filter(owner__isnull=False).order_by("owner_id").distinct("owner_id")
    found = [Book(row.owner_id, _name(row.owner)) for row in owned.select_related("owner") if row.owner]
    return [Book(None, ""), *sorted(found, key=lambda book: book.name)]


def _name(user: User) -> str:
    return user.get_full_name() or user.get_username()


def shelf(owner_id: int | None, *, before: date | None, now: datetime) -> Sequence[Kept]:
    """SHELF_WEEKS weeks of a book, the newest first, down to the first report there is; weeks without a report as well.

    Starts with the newest whole week, or with the week before `before`.
    """
    reports = WeeklyReport.objects.filter(owner_id=owner_id)
    first = reports.order_by("week").values_list("week", flat=True).first()
    newest = newest_whole_week(utc_day(now))
    if first is None:
        return [Kept(newest, None)] if before is None else []
    top = before - WEEK if before else max(newest, first)
    weeks = [top - WEEK * back for back in range(SHELF_WEEKS) if top - WEEK * back >= first]
    found: Mapping[date, WeeklyReport] = {row.week: row for row in reports.filter(week__in=weeks)}
    return [Kept(week, found.get(week)) for week in weeks]


@dataclass(frozen=True)
class Neighbours:
    """The same book's reports before and after, and the same week's of other books."""

    previous: WeeklyReport | None
    following: WeeklyReport | None
    same_week: Sequence[WeeklyReport]


def neighbours(report: WeeklyReport) -> Neighbours:
    """Three queries; their contents are left where they are."""
    own = WeeklyReport.objects.defer("content").filter(owner_id=report.owner_id)
    same_week = WeeklyReport.objects.defer("content").filter(week=report.week).select_related("owner")
    return Neighbours(
        own.filter(week__lt=report.week).order_by("-week").first(),
        own.filter(week__gt=report.week).order_by("week").first(),
        sorted(same_week, key=lambda row: (row.owner is not None, _name(row.owner) if row.owner else "")),
    )


def opens_on(user: User, offered: Sequence[Book], *, is_manager: bool) -> int | None:
    """Whose reports somebody sees first: their own; a manager, and who has none, the whole book's."""
    own = any(book.owner_id == user.pk for book in offered)
    return user.pk if own and not is_manager else None
