"""Every periodic job in one table. The console may change when a job runs; see Settings, Schedules."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """A task and when it runs (UTC): `crontab` as "minute hour day month weekday", or `every_seconds`."""

    name: str
    task: str
    why: str
    crontab: str = ""
    every_seconds: int = 0

    @property
    def when(self) -> str:
        return self.crontab or f"every {self.every_seconds} s"


JOBS = (
    Job(
        "Daily health scores",
        "health.tasks.score_all_customers",
        "Scores every customer for the day that has just ended.",
        crontab="0 2 * * *",
    ),
    Job(
        "Resume interrupted scoring",
        "health.tasks.resume_scoring",
        "Takes up what a stopped worker left behind.",
        every_seconds=60,
    ),
    Job(
        "Feed events",
        "agentfactory_cs.events.tasks.feed_consumers",
        "Hands new events to whoever acts on them: playbooks, webhooks.",
        every_seconds=5,
    ),
    Job(
        "Work off playbook steps",
        "playbooks.tasks.work_off_due",
        "Does the steps of playbooks that are due.",
        every_seconds=10,
    ),
    Job(
        "Look at everybody for playbooks",
        "playbooks.tasks.look_at_everybody",
        "Lets in whoever the conditions of scheduled playbooks fit; after the daily scoring.",
        crontab="30 4 * * *",
    ),
    Job(
        "Watch playbook runs",
        "playbooks.tasks.watch_runs",
        "Ends runs whose exit condition holds, and notes goals that were reached.",
        crontab="45 * * * *",
    ),
    Job(
        "Look for milestones",
        "onboarding.tasks.look_for_milestones",
        "Notes what customers in onboarding have reached by their usage and courses, and completes who is done.",
        every_seconds=300,
    ),
    Job(
        "Look for stuck customers",
        "onboarding.tasks.look_for_stuck",
        "Notices who does not go on in onboarding, and who does again.",
        every_seconds=900,
    ),
    Job(
        "Read success metrics",
        "onboarding.tasks.read_success_metrics",
        "Reads last week's use into the success metrics that were set at the end of onboarding.",
        crontab="30 1 * * 1",
    ),
    Job(
        "Resume interrupted previews",
        "playbooks.tasks.resume_previews",
        "Takes up previews of playbooks that no worker holds.",
        every_seconds=60,
    ),
    Job(
        "Overrides that ran out",
        "health.tasks.note_expired_overrides",
        "Records scores set by hand that have run out, and tells their owners.",
        crontab="30 2 * * *",
    ),
    Job(
        "Weekly reports",
        "health.tasks.make_due_reports",
        "Makes and sends the weekly reports once they are due: the day and time are in Settings, Health settings.",
        every_seconds=300,
    ),
    Job(
        "Send notices",
        "agentfactory_cs.messaging.tasks.deliver_notices",
        "Sends what waits for our own people, by e-mail and to Slack, and tries again what failed.",
        every_seconds=60,
    ),
    Job(
        "Tell of alerts",
        "health.tasks.tell_of_alerts",
        "Brings back alerts whose snooze is over, and writes the daily digest when its time has come.",
        every_seconds=60,
    ),
    Job(
        "Resume interrupted backtests",
        "health.tasks.resume_backtests",
        "Takes up backtests that no worker holds.",
        every_seconds=60,
    ),
    Job(
        "Send mail",
        "agentfactory_cs.messaging.tasks.deliver_mail",
        "Sends the mail to customers that is due, and looks after what a stopped worker left behind.",
        every_seconds=10,
    ),
    Job(
        "Look after surveys",
        "agentfactory_cs.messaging.tasks.look_after_surveys",
        "Reminds who has not answered, once, and closes what nobody answered in time.",
        every_seconds=300,
    ),
    Job(
        "Set accounts up",
        "onboarding.tasks.set_accounts_up",
        "Does the steps of account set-up that are due, on the platform.",
        every_seconds=10,
    ),
    Job(
        "Apply what the platform told us",
        "onboarding.tasks.apply_deliveries",
        "Puts the platform's webhooks on timelines, and notes the milestones they tell of.",
        every_seconds=10,
    ),
    Job(
        "Tend what the platform told us",
        "onboarding.tasks.tend_deliveries",
        "Tries again what could not be applied or fitted nobody, and drops webhooks older than PLATFORM_DELIVERY_DAYS.",
        crontab="*/10 * * * *",
    ),
    Job(
        "Hand out tickets",
        "support.tasks.hand_out_tickets",
        "Gives tickets that wait for somebody to those who have room by now.",
        every_seconds=60,
    ),
    Job(
        "Answer new tickets",
        "support.tasks.answer_new_tickets",
        "Acknowledges tickets that came in, with articles where some are sure to fit, or notes why not.",
        every_seconds=10,
    ),
    Job(
        "Look after articles",
        "support.tasks.look_after_articles",
        "Drafts articles of solved tickets that none covered, and flags those that do not help.",
        crontab="20 3 * * *",
    ),
    Job(
        "Take in mail",
        "support.tasks.read_inbound_mail",
        "Makes messages and tickets of mail that came in.",
        every_seconds=10,
    ),
    Job(
        "Fetch mail",
        "support.tasks.fetch_inbound_mail",
        "Fetches mail from the mailbox of IMAP_URL, where one is set.",
        every_seconds=60,
    ),
    Job(
        "Forget old mail",
        "support.tasks.forget_inbound_mail",
        "Drops the bytes of mail taken in longer ago than INBOUND_MAIL_DAYS; what was made of it stays.",
        crontab="50 3 * * *",
    ),
    Job(
        "Watch service levels",
        "support.tasks.watch_service_levels",
        "Warns of promises to customers that are about to be missed, and escalates those that were.",
        every_seconds=30,
    ),
    Job(
        "Follow up tickets",
        "support.tasks.follow_up_tickets",
        "Reminds customers we wait for, resolves and closes what nobody comes back to, asks whether it was solved.",
        every_seconds=60,
    ),
    Job(
        "Send webhooks",
        "agentfactory_cs.events.tasks.deliver_webhooks",
        "Posts the outgoing webhooks that are due, and tries again what failed.",
        every_seconds=10,
    ),
    Job(
        "Forget old webhook deliveries",
        "agentfactory_cs.events.tasks.forget_deliveries",
        "Drops deliveries of webhooks that are older than WEBHOOK_DELIVERY_DAYS.",
        crontab="40 3 * * *",
    ),
    Job(
        "Forget old usage ids",
        "agentfactory_cs.customers.tasks.forget_receipts",
        "Drops the ids of usage rows imported longer ago than USAGE_RECEIPT_DAYS.",
        crontab="30 3 * * *",
    ),
    Job(
        "Forget repeated requests",
        "agentfactory_cs.rest.tasks.forget_answers_of_yesterday",
        "Drops the answers kept for requests with an Idempotency-Key that are older than 24 hours.",
        crontab="15 * * * *",
    ),
)
