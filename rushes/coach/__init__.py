"""The prompt coach: what a prompt describes and what it leaves out, by plain rules over curated English words."""

from rushes.coach.advice import DESCRIBE, Advice, Mark, Tip, coach
from rushes.coach.reading import Span
from rushes.coach.variants import Variant

__all__ = ["DESCRIBE", "Advice", "Mark", "Span", "Tip", "Variant", "coach"]
