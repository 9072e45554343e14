"""A clip read once into plain numbers: one entry a frame, four samples a second, and its sound in steps of 10 ms.

Nothing is judged here. Every picture is first brought to one of two canvases with the clip's own shape, as sharpness
and change depend on size: a small one with the area of 640×360 and a large one with that of 1280×720. Luma is always
on the scale of television, 16 to 235. What is kept of a frame is a few numbers, so memory does not grow with length.

Filters: https://ffmpeg.org/ffmpeg-filters.html (freezedetect, blackdetect, scdet, vmafmotion, blurdetect, blockdetect,
ebur128, silencedetect). SI and TI: ITU-T P.910.
"""

from rushes.benchmarks.signals.clip import Series, Signals
from rushes.benchmarks.signals.filters import Spans
from rushes.benchmarks.signals.luma import LARGE, SMALL, Grey, canvas
from rushes.benchmarks.signals.read import read_signals
from rushes.benchmarks.signals.sound import BANDS, LOUDNESS_FROM, RANGE_FROM, RATE, STEP, Sound

__all__ = [
    "BANDS",
    "LARGE",
    "LOUDNESS_FROM",
    "RANGE_FROM",
    "RATE",
    "SMALL",
    "STEP",
    "Grey",
    "Series",
    "Signals",
    "Sound",
    "Spans",
    "canvas",
    "read_signals",
]
