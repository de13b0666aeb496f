"""PostgreSQL and Valkey for machines that have neither: real servers out of two PyPI wheels.

Each server has a small *keeper* process, its parent. Every process that uses a server holds a shared lock on a
file for as long as it lives; the keeper tries to lock the same file exclusively and, when that succeeds,
nobody uses the server: it stops it and ends. The kernel therefore counts the users, and a process that is killed
cannot forget to sign off. Should the keeper itself be killed, the kernel stops the server (PR_SET_PDEATHSIG).

No Django in here, and nothing beyond the standard library: settings import this package.
"""

from agentfactory_cs.embedded.kernel import die_with_parent
from agentfactory_cs.embedded.places import Unavailable, database_url, redis_url, secret_key
from agentfactory_cs.embedded.users import ensure_running, leave, stopped

__all__ = [
    "Unavailable",
    "database_url",
    "die_with_parent",
    "ensure_running",
    "leave",
    "redis_url",
    "secret_key",
    "stopped",
]
