"""What it costs to hold a request against fifty endpoints, with every reason where it does not fit.

And to rank them, once they are planned and it is known how good they are.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import cycle, islice

from bench_measure import Measure, at_most, middle

from rushes import VideoRequest
from rushes.config import Config, load_config
from rushes.plan import Fit, Plan
from rushes.router.candidates import Candidate, candidates, endpoints
from rushes.router.known import Known, Rating, Reliability, Seconds
from rushes.router.policies import policies
from rushes.router.rank import rank

ENDPOINTS, ROUNDS = 50, 30
#: On this day all models of the cards lived.
DAY = date(2026, 8, 1)
#: Fits some of them; and fits none: no endpoint makes seven seconds of 480p as a square.
FITS = VideoRequest(prompt="a fox in snow", seconds=8, resolution="720p", aspect_ratio="16:9")
FITS_NONE = VideoRequest(prompt="a fox in snow", seconds=7, resolution="480p", aspect_ratio="1:1", audio=False, seed=1)
#: Adapted, all of them do.
ANY = VideoRequest(prompt="a fox in snow", seconds=7, resolution="480p", aspect_ratio="1:1")


def measures() -> Iterator[Measure]:
    yield at_most(f"plan {ENDPOINTS} endpoints, some fit", _planning(FITS, "exact"), "ms", 10)
    yield at_most(f"plan {ENDPOINTS} endpoints, none fits", _planning(FITS_NONE, "exact"), "ms", 10)
    yield at_most(f"plan {ENDPOINTS} endpoints, each adapted", _planning(FITS_NONE, "nearest"), "ms", 10)
    for name in ("speed", "quality", "cost", "balanced"):
        yield at_most(f"rank {ENDPOINTS} endpoints by {name}", _ranking(name), "ms", 0.5)


def _planning(request: VideoRequest, fit: Fit) -> float:
    config = load_config()
    return _milliseconds(lambda: _planned(request, fit, config))


def _ranking(name: str) -> float:
    """All fifty planned and rated, each with numbers of its own."""
    config, policy, drawn = load_config(), policies()[name], random.Random(1)
    # Also those whose wire is not spoken here.
    found = [replace(each, needs=()) for each in _planned(ANY, "nearest", config)]
    known = {id(each.plan): _known(drawn) for each in found}

    def knows(plan: Plan) -> Known:
        return known[id(plan)]

    route = rank(found, policy, knows=knows, config=config)
    if len(route.standings) < ENDPOINTS:
        raise SystemExit(f"{len(route.standings)} of {ENDPOINTS} endpoints were ranked: nothing was measured")
    return _milliseconds(lambda: rank(found, policy, knows=knows, config=config))


def _planned(request: VideoRequest, fit: Fit, config: Config) -> list[Candidate]:
    fifty = list(islice(cycle(endpoints(config)), ENDPOINTS))
    return candidates(request, fifty, config=config, day=DAY, fit=fit, unpriced=True, missing=lambda endpoint: ())


def _known(drawn: random.Random) -> Known:
    seconds = Seconds(mean=drawn.gauss(5, 0.5), error=0.1, spread=0.5, basis=())
    rating = Rating(elo=drawn.gauss(0, 60), sd=30, basis=())
    return Known(seconds, Reliability(share=drawn.uniform(0.8, 0.99), basis=()), rating)


def _milliseconds(work: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return middle(took)
