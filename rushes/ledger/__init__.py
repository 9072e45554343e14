"""What was ordered, sent, spent and delivered: durable, shared by processes, and the only truth about money."""

from rushes.ledger.ids import new_id
from rushes.ledger.ledger import Ledger
from rushes.ledger.rows import (
    FINAL,
    OPEN,
    PARKED,
    Bytes,
    Caps,
    Expense,
    Gone,
    Intent,
    Job,
    Order,
    State,
    TakeRow,
    Transition,
)

__all__ = [
    "FINAL",
    "OPEN",
    "PARKED",
    "Bytes",
    "Caps",
    "Expense",
    "Gone",
    "Intent",
    "Job",
    "Ledger",
    "Order",
    "State",
    "TakeRow",
    "Transition",
    "new_id",
]
