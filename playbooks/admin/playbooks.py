"""Playbooks: the list with what became of their runs, and one in words, step by step."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from agentfactory_cs.console.registry import Column, DefaultOrder, OrderedPart, columns, default_orders
from agentfactory_cs.console.saving import ReadOnlyAdmin

from .. import authoring, services
from ..differences import differences
from ..effect.page import effect_of
from ..models import Playbook, PlaybookVersion
from ..models.playbook import PlaybookState
from ..queries import Counts, counts, standing_still
from ..registry import asking_once
from ..rules import BadDefinition
from ..shipped import reset_to_shipped, shipped
from ..telling import Told, tell
from .editor import MAY_CHANGE, Editor
from .previews import line_of
from .reviews import REVIEW, review_of
from .settings import Settings
from .verbs import Verb, do, offered

State = PlaybookState
SUBJECT = "playbooks.Playbook"
COLOURS = {State.DRAFT: "default", State.ACTIVE: "success", State.PAUSED: "warning", State.RETIRED: "default"}


def _may_become(state: PlaybookState) -> Any:
    return lambda playbook: state in Playbook.TRANSITIONS[State(playbook.state)]


def _seen(request: HttpRequest) -> dict[str, int]:
    """The saving of the draft that the page showed."""
    revision = request.POST.get("revision", "")
    return {"revision": int(revision)} if revision.isdecimal() and len(revision) < 10 else {}


def _discard(playbook: Playbook, *, reason: str, by: Any, now: datetime, **seen: int) -> None:
    authoring.discard_draft(playbook, **seen, by=by, now=now)


def _reset(playbook: Playbook, *, reason: str, by: Any, now: datetime) -> PlaybookVersion:
    return reset_to_shipped(playbook, by=by, now=now)


def _may_reset(playbook: Playbook) -> bool:
    """Where it came with the system, and neither its draft nor what is in force says that."""
    content = dict(shipped()).get(playbook.key)
    newest = draft_of(playbook) or shown_version(playbook)
    wanted = services.content_hash(content["definition"]) if content else ""
    return content is not None and (newest is None or newest.content_hash != wanted)


def _become(state: PlaybookState) -> Any:
    return lambda playbook, *, reason, by, now: services.set_state(playbook, state, now=now)


VERBS = (
    Verb(
        "publish",
        _("Publish the draft"),
        "publish",
        lambda playbook: draft_of(playbook) is not None,
        services.publish,
        "playbooks.publish_playbookversion",
        _("Published. Whoever enters from now on goes by this version."),
        _("Whoever is under way finishes on the version it entered by."),
        needs_reason=True,
        is_primary=True,
        told=_seen,
    ),
    Verb(
        "activate",
        _("Activate"),
        "play_arrow",
        lambda playbook: _may_become(State.ACTIVE)(playbook) and services.in_force(playbook) is not None,
        _become(State.ACTIVE),
        "playbooks.publish_playbookversion",
        _("It is active: customers enter from now on."),
        _("From now on customers enter, and what its steps say is done: mails go out, tasks are made."),
        is_primary=True,
    ),
    Verb(
        "pause",
        _("Pause"),
        "pause",
        lambda playbook: playbook.state == State.ACTIVE,
        _become(State.PAUSED),
        "playbooks.publish_playbookversion",
        _("It is paused: nobody enters, and all runs stand still."),
        _("Nobody enters, and all runs stand still. Mail that is about to go out waits."),
    ),
    Verb(
        "retire",
        _("Retire"),
        "inventory_2",
        _may_become(State.RETIRED),
        _become(State.RETIRED),
        "playbooks.publish_playbookversion",
        _("It is retired: nobody enters any more. Runs under way finish."),
        _("Nobody enters any more; runs under way finish. It can be taken up again."),
    ),
    Verb(
        "take-up",
        _("Take up again"),
        "undo",
        lambda playbook: playbook.state == State.RETIRED,
        _become(State.PAUSED),
        "playbooks.publish_playbookversion",
        _("It is paused: activate it when you are ready."),
        _("It comes back paused."),
    ),
    Verb(
        "reset",
        _("Reset to shipped"),
        "restart_alt",
        _may_reset,
        _reset,
        "playbooks.change_playbookversion",
        _("The draft says what came with the system. Nothing changes for customers until it is published."),
        _("What came with the system becomes the draft. What the draft says now is lost; published versions stay."),
    ),
    Verb(
        "discard",
        _("Discard the draft"),
        "delete",
        lambda playbook: draft_of(playbook) is not None and services.in_force(playbook) is not None,
        _discard,
        "playbooks.change_playbookversion",
        _("The draft is discarded."),
        _("It cannot be brought back. The version in force stays as it is."),
        told=_seen,
    ),
)


def draft_of(playbook: Playbook) -> PlaybookVersion | None:
    return next((version for version in playbook.versions.all() if version.state == "draft"), None)


def shown_version(playbook: Playbook) -> PlaybookVersion | None:
    """The one in force, or the draft where none is; from the versions that came with the playbook."""
    published = [version for version in playbook.versions.all() if version.number]
    return max(published, key=lambda version: version.number or 0, default=None) or draft_of(playbook)


def _changes(current: PlaybookVersion | None, draft: PlaybookVersion) -> list[str] | None:
    """What publishing the draft would change; None where nothing is in force, or it cannot be told."""
    try:
        return differences(current.definition, draft.definition) if current else None
    except BadDefinition:
        return None


def _counts(playbooks: Sequence[Playbook], now: datetime) -> Mapping[int, Counts]:
    return counts(playbook.pk for playbook in playbooks)


def _told(playbooks: Sequence[Playbook], now: datetime) -> Mapping[int, Told]:
    versions = {playbook.pk: shown_version(playbook) for playbook in playbooks}
    with asking_once():
        return {pk: tell(version) for pk, version in versions.items() if version}


def _themselves(playbooks: Sequence[Playbook], now: datetime) -> Mapping[int, Playbook]:
    return {playbook.pk: playbook for playbook in playbooks}


def _name(playbook: Playbook) -> str:
    words = '<span class="af-two"><span class="af-name">{}</span><span class="af-quiet">{}</span></span>'
    kind = _("Mail sequence") if playbook.is_sequence else _("Playbook")
    return format_html(words, playbook.name, kind)


def _state(playbook: Playbook) -> str:
    colour = COLOURS[State(playbook.state)]
    return format_html('<span class="af-state af-state-{}">{}</span>', colour, playbook.get_state_display())


def _entering(told: Told | None) -> str:
    if told is None or told.problems:
        return format_html(
            '<span class="af-why af-warn">{}</span>', told.problems[0] if told else _("Nothing written yet.")
        )
    return format_html('<span class="af-why">{}. {}</span>', told.trigger, told.entry)


def _number(name: str) -> Any:
    return lambda found: str(getattr(found or Counts(), name))


for column in (
    Column("playbooks.name", SUBJECT, _("Playbook"), _themselves, _name, ordering="name", order=1),
    Column("playbooks.state", SUBJECT, _("State"), _themselves, _state, ordering="state", order=2),
    Column("playbooks.enters", SUBJECT, _("Who enters"), _told, _entering, order=3),
    Column("playbooks.under_way", SUBJECT, _("Runs under way"), _counts, _number("under_way"), order=4),
    Column("playbooks.finished", SUBJECT, _("Finished"), _counts, _number("finished"), order=5),
    Column("playbooks.goal", SUBJECT, _("Goal reached"), _counts, _number("goal_reached"), order=6),
):
    columns.register(column)
default_orders.register(
    DefaultOrder(
        "playbooks.playbooks",
        SUBJECT,
        _("the one that goes first on top"),
        lambda: [OrderedPart(condition=Q(), ordering=("-priority", "name", "pk"))],
    )
)


@admin.register(Playbook)
class PlaybookAdmin(Editor, Settings, ReadOnlyAdmin):
    actions_list = ("new_playbook",)
    list_filter = ("state", "is_sequence")
    search_fields = ("name",)
    search_help_text = _("Name")
    empty_words = _("Those that come with the system are put in place by its migrations.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Playbook]:
        return super().get_queryset(request).prefetch_related("versions")

    def get_urls(self) -> list[Any]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [
            path("<int:pk>/act/<str:verb>/", act, name="playbooks_playbook_act"),
            *self.editor_urls(),
            *self.settings_urls(),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The playbook in words. Its draft is shown on request (`?draft`), or where nothing is published."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = object_id if object_id.isdecimal() else 0
        playbook = get_object_or_404(Playbook.objects.prefetch_related("versions__published_by"), pk=pk)
        draft, current = draft_of(playbook), shown_version(playbook)
        version = draft if draft and "draft" in request.GET else current
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": playbook.name,
            "original": playbook,
            "playbook": playbook,
            "colour": COLOURS[State(playbook.state)],
            "version": version,
            "draft": draft,
            "told": tell(version) if version else Told(problems=[str(_("Nothing is written yet."))]),
            "faults": standing_still(playbook.pk),
            "counts": counts([playbook.pk]).get(playbook.pk, Counts()),
            "versions": [one for one in playbook.versions.all() if one.number],
            "changes": _changes(current, draft) if draft and draft != current else None,
            "verbs": offered(VERBS, playbook, request),
            "may_edit": request.user.has_perm(MAY_CHANGE),
            "may_set": request.user.has_perm("playbooks.change_playbook"),
            "may_copy": self.has_new_permission(request),
            **line_of(version),
            **effect_of(version),
            **review_of(playbook, request),
        }
        return TemplateResponse(request, "admin/playbooks/playbook.html", context)

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        do((*VERBS, REVIEW), verb, get_object_or_404(Playbook.objects.prefetch_related("versions"), pk=pk), request)
        return redirect(reverse("admin:playbooks_playbook_change", args=(pk,)))
