"""Every write to customers' records. Console, REST, imports and demo all come through here.

Each function checks the record (ValidationError names field and reason), writes it with its history and
its event in one transaction, and takes who did it (`by`, None for the system) and the moment (`now`).
"""

from .contracts import save_subscription
from .customers import assign_manager, reactivate, record_churn, remove_churn, save_contact, save_customer
from .goals import correct_reading, record_reading, save_goal, save_outcome_report
from .relationship import (
    estimate_renewal,
    finish_task,
    log_interaction,
    reopen_task,
    save_task,
    save_training,
)
from .usage import add_feature, save_feature

__all__ = [
    "add_feature",
    "assign_manager",
    "correct_reading",
    "estimate_renewal",
    "finish_task",
    "log_interaction",
    "reactivate",
    "record_churn",
    "record_reading",
    "remove_churn",
    "reopen_task",
    "save_contact",
    "save_customer",
    "save_feature",
    "save_goal",
    "save_outcome_report",
    "save_subscription",
    "save_task",
    "save_training",
]
