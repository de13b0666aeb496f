"""Whether playbooks work: what became of those who entered, against those held out by the draw."""

from .figures import Effect, effects, of_playbook
from .verdicts import Verdict, verdict

__all__ = ["Effect", "Verdict", "effects", "of_playbook", "verdict"]
