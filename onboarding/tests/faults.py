"""A worker for the tests of faults: feeds consumers and sets accounts up again and again, on a short lease.

`python -m onboarding.tests.faults` with DATABASE_URL and the platform's address in the environment.
"""

import random
import time
from datetime import timedelta

import django


def work() -> None:
    from django.utils import timezone

    from agentfactory_cs.events.consumers import feed_all
    from onboarding.provisioning import work_off, working

    working.LEASE = timedelta(seconds=4)
    working.FIRST_WAIT = timedelta(seconds=0.3)
    random.seed(7)
    while True:
        feed_all(now=timezone.now())
        work_off()
        time.sleep(0.1)


if __name__ == "__main__":
    django.setup()
    work()
