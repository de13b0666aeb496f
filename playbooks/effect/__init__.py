"""Whether playbooks work: what became of those who entered, against those held out by the draw."""

from .figures import Effect, effects
from .keeping import Kept, kept, of_playbook, refresh
from .verdicts import Verdict, verdict

__all__ = ["Effect", "Kept", "Verdict", "effects", "kept", "of_playbook", "refresh", "verdict"]
