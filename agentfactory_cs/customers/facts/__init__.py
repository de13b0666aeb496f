"""What conditions can ask of the customers' own records: who they are, what they pay, use, and what passes between us.

Of a moment in the past they say what was known then where the records keep their dates: use, interactions, tasks,
goals, and the tier, revenue and payment status of contracts do.
"""

from . import account, contracts, usage, work

__all__ = ["account", "contracts", "usage", "work"]
