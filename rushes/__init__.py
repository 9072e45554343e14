"""One request for every video model: a router, and a harness that measures what it routes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rushes.errors import VideoError
from rushes.request import VideoRequest

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.take import Take

__all__ = ["Rushes", "Take", "VideoError", "VideoRequest", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # What these need (PyYAML, the cards, the ledger) is loaded only by those who use them.
    if name == "Rushes":
        from rushes.app import Rushes

        return Rushes
    if name == "Take":
        from rushes.take import Take

        return Take
    raise AttributeError(f"module 'rushes' has no attribute '{name}'")
