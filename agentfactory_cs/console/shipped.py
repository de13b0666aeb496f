"""The periodic jobs of schedule.py, as entries that the console may edit."""

from typing import Any

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from agentfactory_cs.schedule import JOBS, Job

from .models import Shipped
from .shipping import Loader, loaders


def load_schedule() -> None:
    """Put each job in place once; again only when schedule.py says another time than it shipped before."""
    keys = {f"schedule:{job.name}:{job.task}:{job.when}": job for job in JOBS}
    for key in Shipped.first_time(list(keys)):
        job = keys[key]
        defaults = {"task": job.task, "description": job.why, "crontab": None, "interval": None, **_when(job)}
        PeriodicTask.objects.update_or_create(name=job.name, defaults=defaults)


def _when(job: Job) -> dict[str, Any]:
    if job.every_seconds:
        interval, _ = IntervalSchedule.objects.get_or_create(every=job.every_seconds, period=IntervalSchedule.SECONDS)
        return {"interval": interval}
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    fields = dict(zip(names, job.crontab.split(), strict=True))
    crontab, _ = CrontabSchedule.objects.get_or_create(**fields, timezone="UTC")
    return {"crontab": crontab}


loaders.register(Loader("console.schedule", load_schedule))
