"""What playbook steps can do about onboarding."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from playbooks.mailing import templates
from playbooks.models import RunStep
from playbooks.models.run import StepState
from playbooks.people import ask_also
from playbooks.registry import Action, Context, Outcome, Parameter, actions, done, skipped, wait_until

from . import course, milestones, provisioning, rules, success_metrics
from .briefs import brief_of, latest
from .checklists import known_items
from .models import Milestone, Onboarding, ProvisioningStep
from .models.onboarding import MilestoneSource
from .models.platform import ProvisioningKind
from .welcome import follow_mail

# What a step of account set-up makes true.
REACHED_BY = {
    ProvisioningKind.ACCOUNT: rules.PROVISIONED,
    ProvisioningKind.AGENT: rules.FIRST_AGENT,
    ProvisioningKind.KNOWLEDGE_BASE: rules.KNOWLEDGE_BASE,
}

Params = Mapping[str, Any]

LOOK_AGAIN = timedelta(hours=1)
# So long a step waits for account set-up; whoever has it then goes on by themselves.
PATIENCE = timedelta(days=3)


def begin(context: Context, params: Params) -> Outcome:
    """Signups begin it by themselves; this one is for whoever came in another way, and says by which checklist."""
    begun = course.begin_all([context.customer], now=context.now)
    onboarding = begun[0] if begun else latest(context.customer)
    if onboarding is None:
        return skipped("The customer is no newcomer, or not in the stage Onboarding.")
    if onboarding.state != Onboarding.State.RUNNING:
        return skipped(f"Its onboarding is over: {onboarding.ended_because}")
    required = len(onboarding.version.plan.required())
    return done(f"{onboarding.version}: {required} required milestones.", onboarding=onboarding.pk)


def prepare_provisioning(context: Context, params: Params) -> Outcome:
    onboarding = latest(context.customer)
    if onboarding and onboarding.state != Onboarding.State.RUNNING:
        return skipped(f"Its onboarding is over: {onboarding.ended_because}")
    provisioning.prepare([context.customer], now=context.now)
    steps = list(ProvisioningStep.objects.filter(customer=context.customer))
    states = ", ".join(f"{step.get_kind_display()}: {step.get_state_display().lower()}" for step in steps)
    return done(f"{states}.")


def check_setup(context: Context, params: Params) -> Outcome:
    """Wait for a step of account set-up, or for the customer to do it itself; after some days no longer."""
    reached = Milestone.objects.filter(customer=context.customer, key=REACHED_BY.get(params["step"])).first()
    if reached is not None:
        return done(f"{rules.title_of(reached.key)}: reached on {reached.reached_at:%Y-%m-%d}.")
    step = ProvisioningStep.objects.filter(customer=context.customer, kind=params["step"]).first()
    if step is None:
        return skipped("No account set-up was prepared for the customer.")
    if step.state == ProvisioningStep.State.DONE:
        return done(step.because or f"{step.get_kind_display()} is set up.")
    if step.state == ProvisioningStep.State.NOT_NEEDED:
        return skipped(step.because or "It is not needed.")
    words = f"{step.get_state_display()}: {step.because or step.last_error or 'it is not there yet.'}"
    if context.now >= context.due_at + PATIENCE:
        return skipped(f"Not there after {PATIENCE.days} days. {words}")
    return wait_until(context.now + LOOK_AGAIN, words)


def check_progress(context: Context, params: Params) -> Outcome:
    """Write up what is reached and what is missing; a task behind it can carry the write-up."""
    brief = brief_of(context.customer, now=context.now)
    if brief is None:
        return skipped("No onboarding of the customer ever began.")
    return done(brief.sentence, brief=brief.text, reached=brief.reached, of=brief.of)


def reach_milestone(context: Context, params: Params) -> Outcome:
    key = params["milestone"]
    titles = dict(known_items())
    words = f"{context.playbook}: {context.step_title}"
    milestone = milestones.reach(
        context.customer,
        key,
        at=context.now,
        source=MilestoneSource.TASK,
        detail=words,
        title=titles[key],
        now=context.now,
    )
    before = "reached on" if milestone.detail == words else "reached before, on"
    return done(f"{titles[key]}: {before} {milestone.reached_at:%Y-%m-%d}.", milestone=milestone.pk)


def complete(context: Context, params: Params) -> Outcome:
    """The review is done: the customer moves on, whatever is missing."""
    onboarding = Onboarding.objects.running().filter(customer=context.customer).first()
    if onboarding is None:
        over = latest(context.customer)
        return skipped(f"Onboarding is over: {over.ended_because}" if over else "No onboarding ever began.")
    review = RunStep.objects.filter(run=context.run_id, key=params["review"]).first() if params["review"] else None
    if params["review"] and (review is None or review.state != StepState.DONE):
        return skipped("The review was not done.")
    because = _reviewed(context, review)
    course.complete(onboarding, because=because, by=review.settled_by if review else None, now=context.now)
    return done(because, onboarding=onboarding.pk)


def _reviewed(context: Context, review: RunStep | None) -> str:
    brief = brief_of(context.customer, now=context.now)
    said = ["The review of day 14 is done.", review.because if review else "", brief.sentence if brief else ""]
    return " ".join(filter(None, said))


def set_success_metrics(context: Context, params: Params) -> Outcome:
    goals = success_metrics.set_up(context.customer, now=context.now)
    if not goals:
        return skipped("They are set already.")
    said = "; ".join(f"{goal.title}: {goal.start_value:g}, to become {goal.target_value:g}" for goal in goals)
    return done(f"{said}.", goals=[goal.pk for goal in goals])


_MILESTONE = Parameter("milestone", _("Milestone"), "choice", choices=known_items)

for action in (
    Action("onboarding.begin", _("Begin the onboarding checklist"), begin, icon="checklist"),
    Action(
        "onboarding.prepare_provisioning",
        _("Set the account up on the platform"),
        prepare_provisioning,
        icon="build",
    ),
    Action(
        "onboarding.check_setup",
        _("Wait for a step of account set-up"),
        check_setup,
        (Parameter("step", _("Step"), "choice", choices=lambda: ProvisioningKind.choices),),
        icon="build_circle",
    ),
    Action(
        "onboarding.welcome_mail",
        _("Follow a mail of the welcome sequence"),
        follow_mail,
        (Parameter("template", _("Mail"), "choice", choices=templates),),
        icon="mark_email_read",
    ),
    Action("onboarding.check_progress", _("Write up the progress of onboarding"), check_progress, icon="fact_check"),
    Action("onboarding.reach_milestone", _("Reach a milestone"), reach_milestone, (_MILESTONE,), icon="flag_circle"),
    Action(
        "onboarding.complete",
        _("Complete onboarding"),
        complete,
        (
            Parameter(
                "review",
                _("Review"),
                required=False,
                default="",
                help=_("The key of the step that must be done, not skipped. Empty: in any case."),
            ),
        ),
        icon="celebration",
    ),
    Action("onboarding.set_success_metrics", _("Set the success metrics"), set_success_metrics, icon="target"),
):
    actions.register(action)

ask_also(
    Parameter(
        "milestone",
        _("Milestone it reaches"),
        "choice",
        required=False,
        default="",
        choices=known_items,
        help=_("Reached when the task is done, not when it is skipped."),
    )
)
