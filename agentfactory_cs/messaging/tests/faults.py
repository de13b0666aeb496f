"""A worker for the tests of faults: sends what is due again and again until it is told to stop, on a short lease.

`python -m agentfactory_cs.messaging.tests.faults` with DATABASE_URL and EMAIL_URL in the environment.
"""

import time
from datetime import timedelta

import django


def work() -> None:
    from django.db import Error, connection

    from agentfactory_cs.messaging import settling
    from agentfactory_cs.messaging.models import Email
    from agentfactory_cs.messaging.sending import deliver_due

    Email.LEASE = timedelta(seconds=4)
    settling.FIRST_WAIT = timedelta(seconds=1)
    while True:
        try:
            deliver_due()
        except Error:  # the server is being restarted: what a worker under Celery does is begin anew
            connection.close()
        time.sleep(0.05)


if __name__ == "__main__":
    django.setup()
    work()
