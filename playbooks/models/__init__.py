"""Playbooks in their versions, the runs of customers through them, and every step of every run."""

from .fault import Fault
from .measurement import Measurement
from .playbook import Playbook, PlaybookVersion
from .preview import Preview
from .run import Refusal, Run, RunStep

__all__ = ["Fault", "Measurement", "Playbook", "PlaybookVersion", "Preview", "Refusal", "Run", "RunStep"]
