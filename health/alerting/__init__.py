"""Alerts: which customers somebody should look at, said once, and taken back when it is over.

`judge` is called once a run is done. It reads how everybody stands on the scored day (`standing`, one
statement), decides by the rules (`rules`, pure), and raises, repeats and closes alerts in one transaction.
Which of them their owners are told of is decided in `announcing`: not those that a playbook is already on
(`suppression`), and no more a day than a person can look into.
"""

from .judging import Judgement, judge
from .suppression import Suppressor, suppressors

__all__ = ["Judgement", "Suppressor", "judge", "suppressors"]
