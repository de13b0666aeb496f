"""Did the score see coming who left? A replay of the past with only what was known then (docs/health.md).

`span` chooses the month ends, `replay` scores everybody as of each, `judging` compares with who left by the
statistics of `figures`, `suggestion` proposes weights, `words` says it all in sentences, `work` keeps the rows.
"""

from .result import Result
from .work import start, unfinished, work_off

__all__ = ["Result", "start", "unfinished", "work_off"]
