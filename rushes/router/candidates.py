"""Every endpoint in question, with its plan for a request or every reason why it cannot make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from rushes.card import Endpoint
from rushes.config import Config
from rushes.errors import BadInput, NotAuthorized, VideoError
from rushes.media import pictures_of
from rushes.nearest import unknown
from rushes.plan import Fit, Plan, Refusal, plan
from rushes.providers import PROVIDERS
from rushes.request import VideoRequest


@dataclass(frozen=True)
class Candidate:
    """One endpoint held against a request."""

    endpoint: Endpoint
    plan: Plan | None
    refusal: Refusal | None
    #: What keeps this machine from using the endpoint, such as a missing key; empty where nothing does, and where the
    #: endpoint is retired.
    needs: tuple[str, ...] = ()
    #: True where no adapter here speaks its wire, so that no key would help.
    unspoken: bool = False

    @property
    def usable(self) -> bool:
        return self.plan is not None and not self.needs

    @property
    def reasons(self) -> tuple[str, ...]:
        return (*(self.refusal.reasons if self.refusal else ()), *self.needs)

    def error(self) -> VideoError:
        """Why not, as an exception."""
        if self.refusal is not None:
            return self.refusal.error()
        return NotAuthorized(f"{self.endpoint.id} cannot be used: {'; '.join(self.needs)}")


def endpoints(config: Config, *, model: str | None = None, endpoint: str | None = None) -> list[Endpoint]:
    """The endpoints of a model, or the one named; all of them where neither is given.

    `model` may also be an endpoint's id, `provider/model`. Raises BadInput, with the nearest name.
    """
    name = endpoint or (model if model and "/" in model else None)
    everything = [each for card in config.cards.values() for each in card.endpoints]
    if name is not None:
        found = [each for each in everything if each.id == name]
        if not found:
            raise BadInput(unknown("endpoint", name, (each.id for each in everything)))
        return found
    if model is not None:
        if model not in config.cards:
            raise BadInput(unknown("model", model, config.cards))
        return [*config.cards[model].endpoints]
    return everything


def candidates(
    request: VideoRequest,
    among: Iterable[Endpoint],
    *,
    config: Config,
    day: date,
    fit: Fit,
    unpriced: bool,
    missing: Callable[[Endpoint], tuple[str, ...]],
) -> list[Candidate]:
    """`request` on each endpoint, in the order in which they are given.

    `missing` says what keeps this machine from using an endpoint. Raises BadInput for inputs that cannot be read.
    """
    pictures = pictures_of(request)
    found = []
    for endpoint in among:
        adapter = PROVIDERS.get(config.providers[endpoint.provider].wire)
        known = adapter.options if adapter else None
        held = plan(request, endpoint, day=day, fit=fit, unpriced=unpriced, options=known, pictures=pictures)
        # Where a service has ended, no key and no adapter would bring it back.
        needs = () if not isinstance(held, Plan) and held.retired else needs_of(endpoint, config, missing)
        if isinstance(held, Plan):
            found.append(Candidate(endpoint, held, None, needs, unspoken=adapter is None))
        else:
            found.append(Candidate(endpoint, None, held, needs, unspoken=adapter is None))
    return found


def needs_of(endpoint: Endpoint, config: Config, missing: Callable[[Endpoint], tuple[str, ...]]) -> tuple[str, ...]:
    """What keeps this machine from using an endpoint: a wire that is not spoken here, or what `missing` says."""
    wire = config.providers[endpoint.provider].wire
    return missing(endpoint) if wire in PROVIDERS else (f"rushes does not speak the {wire} wire",)
