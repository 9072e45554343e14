"""A request held against one endpoint: a plan that says what will be sent and what it costs, or every reason why not.

Nothing is sent to find out. Nothing is rounded, swapped or dropped on the quiet: what a `fit` mode adapts is listed.
"""

from rushes.plan.fit import FITS, Fit
from rushes.plan.inputs import picture_misfits
from rushes.plan.outcome import DROPPABLE, Change, Plan, Refusal, describe, sent, successor_hint
from rushes.plan.planning import NO_PRICE, check, plan
from rushes.plan.settings import LINES, Settings
from rushes.plan.words import STARTS

__all__ = [
    "DROPPABLE",
    "FITS",
    "LINES",
    "NO_PRICE",
    "STARTS",
    "Change",
    "Fit",
    "Plan",
    "Refusal",
    "Settings",
    "check",
    "describe",
    "picture_misfits",
    "plan",
    "sent",
    "successor_hint",
]
