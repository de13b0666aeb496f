"""Whether a playbook works, on its page and on the dashboard."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from agentfactory_cs.console.templatetags.console import figure

from ..models import Playbook, PlaybookVersion
from .figures import Effect
from .keeping import Kept, kept
from .proportions import Arm, Estimate
from .verdicts import Verdict, verdict
from .words import MOODS, headline, interval, sentences


def effect_of(version: PlaybookVersion | None) -> Mapping[str, Any]:
    """What the playbook's page says of the version that it shows; nothing of one that was not counted yet."""
    found = kept([version.pk]).get(version.pk) if version and version.number else None
    if version is None or found is None:
        return {"effect": None}
    has_goal = version.definition.get("goal") is not None
    return {**told(found.effect, has_goal=has_goal), "effect_as_of": found.as_of}


def told(effect: Effect, *, has_goal: bool) -> Mapping[str, Any]:
    judged = verdict(effect, has_goal=has_goal)
    return {
        "effect": effect,
        "effect_words": headline(effect, judged),
        "effect_mood": MOODS[judged.kind],
        "effect_sentences": sentences(effect, judged),
        "effect_arms": _arms(effect, judged) if has_goal else [],
        "effect_figures": _figures(effect),
    }


def _line(found: Kept | None, *, has_goal: bool) -> Mapping[str, Any]:
    if found is None:
        return {
            "effect": Effect(),
            "effect_words": _("Nobody was in it when it was counted last."),
            "effect_mood": "quiet",
        }
    return {**told(found.effect, has_goal=has_goal), "effect_as_of": found.as_of}


def _arms(effect: Effect, judged: Verdict) -> Sequence[Mapping[str, Any]]:
    return [
        _arm(_("With it"), effect.treated, judged.treated, "good"),
        _arm(_("Held out"), effect.control, judged.control, "plain"),
    ]


def _arm(label: str, arm: Arm, estimate: Estimate | None, mood: str) -> Mapping[str, Any]:
    if estimate is None:
        return {"label": label, "words": _("nobody yet"), "share": None}
    words = _("%(reached)s of %(size)s reached the goal; the share lies within %(span)s") % {
        "reached": figure(arm.reached),
        "size": figure(arm.size),
        "span": interval(estimate),
    }
    return {
        "label": label,
        "words": words,
        "counts": f"{figure(arm.reached)} / {figure(arm.size)}",
        "share": 100 * estimate.value,
        "low": 100 * estimate.low,
        "width": 100 * (estimate.high - estimate.low),
        "mood": mood,
    }


def _figures(effect: Effect) -> Sequence[tuple[str, str]]:
    days = f"{figure(effect.days_to_goal, 1)} {_('days')}" if effect.days_to_goal is not None else "–"
    return [
        (_("Entered"), figure(effect.entered)),
        (_("Held out"), figure(effect.held_out)),
        (_("Reached the goal"), figure(effect.goal_reached)),
        (_("Days to the goal, median"), days),
        (_("Finished"), figure(effect.finished)),
        (_("Left by the exit condition"), figure(effect.exited)),
        (_("Left because they churned"), figure(effect.churned)),
        (_("Stopped by hand"), figure(effect.stopped)),
        (_("Mails sent"), figure(effect.mails)),
        (_("Tasks made"), figure(effect.tasks)),
    ]


def at_work(playbooks: Sequence[tuple[Playbook, PlaybookVersion]]) -> Sequence[Mapping[str, Any]]:
    """A line for each active playbook, those with the clearest effect first. One query."""
    found = kept([version.pk for _playbook, version in playbooks])
    lines = [
        {
            "playbook": playbook,
            "link": reverse("admin:playbooks_playbook_change", args=(playbook.pk,)),
            "version": version,
            **_line(found.get(version.pk), has_goal=version.definition.get("goal") is not None),
        }
        for playbook, version in playbooks
    ]
    order = list(MOODS.values())
    return sorted(lines, key=lambda line: (order.index(line["effect_mood"]), -line["effect"].entered))
