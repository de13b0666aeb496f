"""Every write to customers' records. Console, REST, imports and demo all come through here.

Each function checks the record (ValidationError names field and reason), writes it with its history and
its event in one transaction, and takes who did it (`by`, None for the system) and the moment (`now`).
"""

from .assignment import assign_best_manager, assign_manager
from .contracts import save_subscription
from .customers import reactivate, record_churn, remove_churn, save_contact, save_customer
from .goals import correct_reading, record_reading, save_goal, save_outcome_report
from .ingest import Ingested, RowError, UsageRow, ingest_usage
from .relationship import (
    estimate_renewal,
    finish_task,
    log_interaction,
    reopen_task,
    save_task,
    save_training,
)
from .removal import erase_customer, remove_record
from .segments import remove_segment, save_segment
from .tags import set_tags
from .usage import add_feature, forget_old_receipts, save_feature

__all__ = [
    "Ingested",
    "RowError",
    "UsageRow",
    "add_feature",
    "assign_best_manager",
    "assign_manager",
    "correct_reading",
    "erase_customer",
    "estimate_renewal",
    "finish_task",
    "forget_old_receipts",
    "ingest_usage",
    "log_interaction",
    "reactivate",
    "record_churn",
    "record_reading",
    "remove_churn",
    "remove_record",
    "remove_segment",
    "reopen_task",
    "save_contact",
    "save_customer",
    "save_feature",
    "save_goal",
    "save_outcome_report",
    "save_segment",
    "save_subscription",
    "save_task",
    "save_training",
    "set_tags",
]
