"""What a clip's file holds, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rushes.benchmarks.signals.filters import Spans
from rushes.benchmarks.signals.luma import Grey
from rushes.benchmarks.signals.sound import Sound
from rushes.probe import Probe

Series = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Signals:
    """What a clip's file holds. Arrays have one entry a frame, but for blur, block and si: those one a sample."""

    probe: Probe
    #: How long the picture is shown, in seconds.
    length: float
    #: When each frame is shown, in seconds after the first.
    times: Series
    #: Mean luma.
    luma: Series
    #: How much each frame differs from the one before: mean of the absolute luma differences, their standard
    #: deviation, and the mean in that block of BLOCK×BLOCK pixels where it is largest. The first is NaN.
    change: Series
    spread: Series
    local: Series
    #: FFmpeg's vmafmotion: the same of blurred pictures. The first is 0.
    motion: Series
    #: True where a frame begins a new shot; never the first.
    cuts: NDArray[np.bool_]
    frozen: Spans
    black: Spans
    #: FFmpeg's blurdetect and blockdetect, and P.910's SI; NaN where a picture is blank.
    blur: Series
    block: Series
    si: Series
    #: None where the file has no sound track.
    sound: Sound | None
    #: The luma of the first frame at a tenth of the small canvas's sides.
    first: Grey
    #: The given image, fitted to the frame as `first` is; or why there is none.
    given: Grey | str
