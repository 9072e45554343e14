"""What a video file really is, read from the file and not from what anybody says about it."""

from rushes.probe.facts import Probe, probe
from rushes.probe.frames import first_frame, frames, image_of

__all__ = ["Probe", "first_frame", "frames", "image_of", "probe"]
