"""The image that a clip should begin with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rushes.benchmarks.signals.luma import Grey


def fitted(image: Path | None, sides: tuple[int, int], shape: tuple[int, ...]) -> Grey | str:
    """The image's grey, scaled and cropped around its middle as an adapter sends it; or why there is none."""
    if image is None:
        return "no image was given"
    from PIL import Image, ImageOps

    try:
        with Image.open(image) as opened:
            turned = ImageOps.exif_transpose(opened).convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"the image cannot be read: {error}"
    fitted = ImageOps.fit(turned, sides, Image.Resampling.BOX)
    height, width = shape
    return np.asarray(fitted.resize((width, height), Image.Resampling.BOX), np.float64)
