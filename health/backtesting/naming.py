"""The scorecard version somebody means by what they type."""

from ..models import Scorecard, ScorecardVersion


def version_named(text: str) -> ScorecardVersion | None:
    """ "Standard v2", "Standard" (its newest published version), or the id of a version, such as a draft's.

    None for nothing: those in force. Raises LookupError naming the published ones.
    """
    text = text.strip()
    if not text:
        return None
    versions = ScorecardVersion.objects.select_related("scorecard")
    name, _, number = text.rpartition(" v")
    if number.isdecimal() and (found := versions.filter(scorecard__name=name, number=number).first()):
        return found
    if found := versions.published().filter(scorecard__name=text).order_by("-number").first():
        return found
    if text.isdecimal() and (found := versions.filter(pk=text).first()):
        return found
    known = ", ".join(str(version) for version in versions.published().order_by("scorecard__name", "number"))
    drafts = ", ".join(f"{draft.pk} ({draft})" for draft in versions.drafts().order_by("pk")) or "none"
    raise LookupError(f"There is no scorecard {text!r}. Published: {known}. Drafts: {drafts}.")


def choices() -> list[tuple[int, str]]:
    """Every version that could be put to the test: of scorecards in use, the newest first, drafts at the end."""
    versions = ScorecardVersion.objects.filter(scorecard__in=Scorecard.objects.in_use()).select_related("scorecard")
    published = versions.published().order_by("scorecard__name", "-number")
    return [(version.pk, str(version)) for version in (*published, *versions.drafts().order_by("-pk"))]
