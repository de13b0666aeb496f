"""The mails of the welcome sequence, as the onboarding playbook sees them: the sequence sends them, and nobody else.

So nobody gets one twice, whoever began the sequence. A step of the playbook follows one mail and says what became
of it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agentfactory_cs.messaging.models import Email
from playbooks.mailing import SOURCE
from playbooks.models import Run, RunStep
from playbooks.registry import Context, Outcome, done, skipped, wait_until

SEQUENCE = "welcome"
LOOK_AGAIN = timedelta(hours=1)
# A mail that has not gone out so long after its day does not come any more.
PATIENCE = timedelta(days=7)

_NEVER = (Email.State.WITHHELD, Email.State.FAILED)


def follow_mail(context: Context, params: Mapping[str, Any]) -> Outcome:
    """Done once the sequence's mail went out; skipped, with the reason, where it does not."""
    run = Run.objects.filter(playbook__key=SEQUENCE, customer=context.customer).order_by("-entered_at", "-id").first()
    if run is None:
        return skipped("The customer is not in the welcome sequence.")
    step = _step_of(run, params["template"])
    if step is None:
        return skipped(f"{run.version} does not send this mail.")
    email = Email.objects.filter(source=SOURCE, source_id=step.pk).first()
    if email is None:
        return _without_mail(step, context)
    if email.state == Email.State.SENT:
        return done(f"“{email.subject}” went out on {email.sent_at:%Y-%m-%d %H:%M} UTC.", email=email.pk)
    if email.state in _NEVER:
        return skipped(email.reason)
    return _later(email.reason or f"It is in the outbox: {email.get_state_display().lower()}.", context)


def _step_of(run: Run, template: str) -> RunStep | None:
    keys = [step.key for step in run.version.plan.steps if step.params.get("template") == template]
    return run.steps.filter(key__in=keys).first()


def _without_mail(step: RunStep, context: Context) -> Outcome:
    if step.state in RunStep.SETTLED:
        return skipped(step.because or "The welcome sequence did not send it.")
    return _later(step.because or "The welcome sequence has not come to it.", context)


def _later(because: str, context: Context) -> Outcome:
    if context.now >= context.due_at + PATIENCE:
        return skipped(f"It did not go out within {PATIENCE.days} days: {because}")
    return wait_until(context.now + LOOK_AGAIN, because)
