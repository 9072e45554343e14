"""What it costs to hold a request against fifty endpoints, with every reason where it does not fit."""

import time
from collections.abc import Iterator
from datetime import date
from itertools import cycle, islice

from bench_measure import Measure, at_most, middle

from rushes import VideoRequest
from rushes.config import load_config
from rushes.plan import Fit
from rushes.router.candidates import candidates, endpoints

ENDPOINTS, ROUNDS = 50, 30
#: On this day all models of the cards lived.
DAY = date(2026, 8, 1)
#: Fits some of them; and fits none: no endpoint makes seven seconds of 480p as a square.
FITS = VideoRequest(prompt="a fox in snow", seconds=8, resolution="720p", aspect_ratio="16:9")
FITS_NONE = VideoRequest(prompt="a fox in snow", seconds=7, resolution="480p", aspect_ratio="1:1", audio=False, seed=1)


def measures() -> Iterator[Measure]:
    yield at_most(f"plan and rank {ENDPOINTS} endpoints, some fit", _milliseconds(FITS, "exact"), "ms", 10)
    yield at_most(f"plan and rank {ENDPOINTS} endpoints, none fits", _milliseconds(FITS_NONE, "exact"), "ms", 10)
    yield at_most(f"plan and rank {ENDPOINTS} endpoints, each adapted", _milliseconds(FITS_NONE, "nearest"), "ms", 10)


def _milliseconds(request: VideoRequest, fit: Fit) -> float:
    config = load_config()
    fifty = list(islice(cycle(endpoints(config)), ENDPOINTS))
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        candidates(request, fifty, config=config, day=DAY, fit=fit, unpriced=True, missing=lambda endpoint: ())
        took.append((time.perf_counter() - began) * 1000)
    return middle(took)
