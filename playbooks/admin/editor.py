"""Writing a playbook: its draft as a form, with what is wrong and what it changes beside it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.views.decorators.http import require_POST

from agentfactory_cs.console.saving import show_refusal

from .. import services
from ..checking import Problem
from ..differences import differences
from ..models import Playbook, PlaybookVersion
from ..registry import asking_once
from ..rules import BadDefinition, Data
from ..telling import problem_words
from .definition_form import EMPTY, DefinitionForm
from .reshaping import reshaped

MAY_CHANGE = "playbooks.change_playbookversion"


class Editor:
    """Mixed into the admin of playbooks."""

    admin_site: Any
    opts: Any

    def editor_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/edit/", view(self.edit_view), name="playbooks_playbook_edit"),
            path("<int:pk>/edit/check/", view(require_POST(self.check_view)), name="playbooks_playbook_check"),
        ]

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The draft, or what is in force to make one of. Only "save" stores; other buttons reshape the page."""
        with asking_once():
            return self._edit(request, _asked(request, pk))

    def _edit(self, request: HttpRequest, playbook: Playbook) -> HttpResponse:
        draft, current = services.draft_of(playbook), services.in_force(playbook)
        shown = draft or current
        if request.method != "POST":
            form = DefinitionForm(
                shown.definition if shown else EMPTY,
                revision=draft.revision if draft else 0,
                is_sequence=playbook.is_sequence,
            )
            return self._editor(request, playbook, form)
        do = request.POST.get("do", "save")
        if not do.startswith("save"):
            sent, number = reshaped(request.POST, do)
            return self._editor(
                request, playbook, DefinitionForm(data=sent, is_sequence=playbook.is_sequence), focus=number, do=do
            )
        form = DefinitionForm(data=request.POST, is_sequence=playbook.is_sequence)
        if form.is_valid() and self._saved(request, playbook, form):
            page = reverse("admin:playbooks_playbook_change", args=(playbook.pk,))
            again = reverse("admin:playbooks_playbook_edit", args=(playbook.pk,))
            return HttpResponseRedirect(f"{page}?draft" if do == "save-show" else again)
        return self._editor(request, playbook, form, is_refused=True)

    def _saved(self, request: HttpRequest, playbook: Playbook, form: DefinitionForm) -> bool:
        """Where somebody saved since, "save-over" does it all the same, having seen whose saving (`over`) it was."""
        over, revision = request.POST.get("over", ""), form.cleaned_data["revision"]
        if request.POST.get("do") == "save-over" and over.isdecimal() and len(over) < 10:
            revision = int(over)
        try:
            services.save_draft(playbook, form.definition(), revision=revision, by=request.user, now=timezone.now())
        except ValidationError as refusal:
            form.is_late = "revision" in getattr(refusal, "error_dict", {})
            show_refusal(form, ValidationError(refusal.messages))
            return False
        messages.success(request, _now("Saved. Nothing changes for customers until it is published."))
        return True

    def _editor(
        self,
        request: HttpRequest,
        playbook: Playbook,
        form: DefinitionForm,
        *,
        focus: int | None = None,
        do: str = "",
        is_refused: bool = False,
    ) -> HttpResponse:
        draft, current = services.draft_of(playbook), services.in_force(playbook)
        told = _told(form, current)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "is_fullwidth": "1",
            "title": playbook.name,
            "original": playbook,
            "playbook": playbook,
            "form": form,
            "draft": draft,
            "current": current,
            "steps": _steps(form, told["problems"], set(request.POST.getlist("open")), focus),
            "focus": focus,
            "moved": do.partition(":")[0] if do.startswith(("up:", "down:")) else "",
            "is_refused": is_refused,
            "in_order": _is_in_order(form),
            **_conflict(form, draft),
            **told,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/playbooks/edit.html", context)

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is wrong with what stands in the form, and what it would change: a part of the editor."""
        playbook = _asked(request, pk)
        form = DefinitionForm(data=request.POST, is_sequence=playbook.is_sequence)
        current = services.in_force(playbook)
        context = {"form": form, "current": current, "playbook": playbook, **_told(form, current)}
        return TemplateResponse(request, "admin/playbooks/told.html", context)


def _asked(request: HttpRequest, pk: int) -> Playbook:
    if not request.user.has_perm(MAY_CHANGE):
        raise PermissionDenied
    return get_object_or_404(Playbook, pk=pk)


def _told(form: DefinitionForm, current: PlaybookVersion | None) -> dict[str, Any]:
    """Problems by place, and what differs from the version in force (None: there is none, or it cannot be told)."""
    found = form.problems()
    said = form.definition() if form.is_bound and found else form.stored
    problems = [(problem_words(problem, said), _anchor(problem, form)) for problem in found]
    return {"problems": found, "shown_problems": problems, "changes": _changes(form, current), "wrong": _wrong(form)}


def _changes(form: DefinitionForm, current: PlaybookVersion | None) -> Sequence[str] | None:
    if current is None or (form.is_bound and not form.is_valid()):
        return None
    try:
        return differences(current.definition, form.definition() if form.is_bound else form.stored)
    except BadDefinition:
        return None


def _wrong(form: DefinitionForm) -> list[tuple[str, str]]:
    """Fields that do not fit: words, and where they stand."""
    if not form.is_bound:
        return []
    rules = [
        (f"{form[name].label}: {_first(errors)}", f"at-{name}")
        for name, errors in form.errors.items()
        if name in form.fields
    ]
    steps = [
        (f"{step.shown_title}, {step[name].label}: {_first(errors)}", f"at-step-{step.number}")
        for step in form.steps
        for name, errors in step.errors.items()
        if name in step.fields
    ]
    return [*rules, *steps]


def _first(errors: Any) -> str:
    return str(errors[0])


def _anchor(problem: Problem, form: DefinitionForm) -> str:
    if problem.step is not None:
        return f"at-step-{form.steps[problem.step].number}"
    place = problem.place.partition(".")[0]
    return f"at-{place if place in form.fields else 'steps'}"


def _steps(
    form: DefinitionForm, problems: Sequence[Problem], opened: set[str], focus: int | None
) -> list[dict[str, Any]]:
    """Each step with whether it is open on the page: those somebody opened, the one looked at, and what is wrong."""
    wrong = {form.steps[problem.step].number for problem in problems if problem.step is not None}
    return [
        {
            "form": step,
            "said": step.said,
            "has_problem": step.number in wrong or bool(form.is_bound and step.errors),
            "is_open": str(step.number) in opened or step.number == focus or bool(form.is_bound and step.errors),
        }
        for step in form.steps
    ]


def _is_in_order(form: DefinitionForm) -> bool:
    def number(text: str) -> int:
        return int(text) if text.isascii() and text.isdigit() else 0

    moments = [(number(step.raw("day")), number(step.raw("hour"))) for step in form.steps]
    return moments == sorted(moments)


def _conflict(form: DefinitionForm, draft: PlaybookVersion | None) -> dict[str, Any]:
    """Somebody saved meanwhile: what this page would change in what they saved."""
    if not form.is_late:
        return {}
    return {"conflict": True, "over": draft.revision if draft else 0, "against_theirs": _against(draft, form)}


def _against(draft: PlaybookVersion | None, form: DefinitionForm) -> list[str]:
    theirs: Data | None = draft.definition if draft else None
    try:
        return differences(theirs, form.definition()) if theirs else []
    except BadDefinition:
        return []
