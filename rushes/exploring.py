"""Explore and finalize: several cheap drafts of one prompt, and the chosen one rendered again on the final model.

Not part of `Rushes` itself, but of what is done with one: `explore(rushes, …)`, `finalize(rushes, …)`. Each has a part
that only plans, so that a person can be told what it will cost.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rushes.app import Rushes, as_request
from rushes.errors import BadInput, VideoError
from rushes.jobs.orders import request_json
from rushes.ledger import Job, Order, new_id
from rushes.plan import Fit, Plan
from rushes.request import VideoRequest
from rushes.router.policy import Draft as Drafting
from rushes.router.policy import Policy
from rushes.router.route import Route
from rushes.take import Take

POLICY = "draft-then-final"
FEWEST, MOST = 2, 12
#: Seeds are counted up from one below this.
SEEDS = 2**31 - MOST
#: The orders of an exploration are labelled so, and numbered from 1.
LABEL = "draft-"
DRAFT = re.compile(f"{LABEL}[1-9][0-9]*")


@dataclass(frozen=True)
class Variant:
    """One prompt to try, and in a few words what it varies."""

    prompt: str
    direction: str


@dataclass(frozen=True)
class Draft:
    """One of the drafts; `take` None where it came to nothing, and `error` says why."""

    number: int
    request: VideoRequest
    #: What it varies besides the seed; None where nothing.
    direction: str | None
    take: Take | None
    error: VideoError | None = None


@dataclass(frozen=True)
class Planned:
    """What an exploration is going to make; nothing has been sent."""

    name: str
    policy: Policy
    requests: tuple[VideoRequest, ...]
    directions: tuple[str | None, ...]
    #: How the endpoint of the drafts was chosen, for all of them together.
    route: Route
    #: The clip on the final model; its `standings` may be empty.
    final: Route
    fit: Fit
    max_usd: Decimal | None


@dataclass(frozen=True)
class Saving:
    """Dollars and seconds of drafts and final clip, beside drafting on the final model itself."""

    #: The final model's endpoint.
    endpoint: str
    #: US dollars and seconds that so many drafts would have taken there; None where nobody knows. The seconds are those
    #: of the jobs added up, by what is known of such clips.
    usd: Decimal | None
    seconds: float | None
    #: What was paid and waited instead.
    spent: Decimal | None
    took: float | None

    @property
    def saved_usd(self) -> Decimal | None:
        """Less than nothing where it cost more."""
        return None if self.usd is None or self.spent is None else self.usd - self.spent

    @property
    def saved_seconds(self) -> float | None:
        return None if self.seconds is None or self.took is None else self.seconds - self.took


@dataclass(frozen=True)
class Exploration:
    """What became of the drafts; `name` is the run that they stand under in the ledger."""

    name: str
    drafts: tuple[Draft, ...]
    route: Route
    #: None where no final model can be used.
    saving: Saving | None

    @property
    def takes(self) -> tuple[Take, ...]:
        return tuple(draft.take for draft in self.drafts if draft.take is not None)


@dataclass(frozen=True)
class Chosen:
    """A take about to be rendered on its final model; nothing has been sent."""

    take: Take
    route: Route
    #: What is sent as it was for the draft, and what cannot be, in words.
    carried: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True)
class Final:
    take: Take
    chosen: Chosen
    #: Beside exploring on the final model; None where the draft is no part of an exploration.
    saving: Saving | None


# --- explore ----------------------------------------------------------------------------------------------------------


async def plan_exploration(
    rushes: Rushes,
    request: VideoRequest | str,
    *,
    n: int = 6,
    variants: Sequence[Variant] = (),
    policy: Policy | Path | str | None = None,
    model: str | None = None,
    endpoint: str | None = None,
    among: Sequence[str] = (),
    fit: Fit = "exact",
    max_usd: Decimal | float | str | None = None,
    name: str | None = None,
    **settings: Any,
) -> Planned:
    """`n` drafts of a request: a seed for each where the endpoint takes one, and `variants` of its prompt in turn.

    `policy` (draft-then-final unless given) says in its `draft` block where to draft; one without chooses as it always
    does. `max_usd` caps all of it. Under a `name` that was used before, the drafts are those of then, at the endpoint
    of then. Raises BadInput, also for a name that stands for something else, and what `Route.error` says where nothing
    can be used; a draft that its endpoint does not make is an error of the whole.
    """
    if not FEWEST <= n <= MOST:
        raise BadInput(f"an exploration makes {FEWEST} to {MOST} drafts, not {n}")
    request = as_request(request, settings)
    if request.count != 1:
        raise BadInput("an exploration has its own number of drafts: say n, not count")
    whole = rushes.policy(policy or POLICY)
    last_seed = None if request.seed is None else request.seed + n - 1
    several = request.model_copy(update={"count": n, "seed": last_seed})
    how: dict[str, Any] = {"model": model, "endpoint": endpoint, "among": among, "fit": fit, "max_usd": max_usd}
    before = [] if name is None else await _before(rushes, name)
    route = await _drafting(rushes, several, whole, how)
    if before:
        route = await _as_before(rushes, several, whole, how, route, before[-1][1])
    first = route.first.plan
    name = name or new_id("explore")
    seeded = first.endpoint.inputs.seed is not None
    base = request.seed if request.seed is not None else int(sha256(name.encode()).hexdigest()[:12], 16) % SEEDS
    tried = [*variants] or [Variant(request.prompt, "")]
    requests, directions = [], []
    for number in range(n):
        variant = tried[number % len(tried)]
        draft = _changed(request, {"seed": base + number if seeded else None}, prompt=variant.prompt)
        [candidate] = rushes.plan(draft, endpoint=first.endpoint.id, fit=fit)
        if candidate.plan is None:
            raise candidate.error()
        requests.append(draft)
        directions.append(variant.direction or None)
    _as_then(name, before, requests)
    final = await _final_route(rushes, whole, _settled(request, first), first.endpoint.model, {})
    return Planned(name, whole, tuple(requests), tuple(directions), route, final, fit, route.question.budget)


async def explore(
    rushes: Rushes, planned: Planned, *, on_done: Callable[[Draft], None] = lambda draft: None
) -> Exploration:
    """Makes the drafts, all at once; goes on when some fail.

    Under a name that was used before, drafts that are there or on their way are not made again.
    """
    folder = rushes.home / "explorations"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / f"{sha256(planned.name.encode()).hexdigest()[:16]}.lock", timeout=0):
            return await _explore(rushes, planned, on_done)
    except Timeout:
        raise BadInput(
            f"the exploration '{planned.name}' is being made by somebody else",
            hint="Wait for it, or give another name.",
        ) from None


async def _explore(rushes: Rushes, planned: Planned, on_done: Callable[[Draft], None]) -> Exploration:
    endpoint = planned.route.first.candidate.endpoint.id
    there = await _there(rushes, planned.name)

    async def make(number: int) -> Draft:
        request, label = planned.requests[number - 1], f"{LABEL}{number}"
        try:
            job = there.get(label)
            [result] = (
                await rushes.generate_all(
                    request,
                    policy=_single(planned.policy),
                    endpoint=endpoint,
                    fit=planned.fit,
                    run=planned.name,
                    run_max_usd=planned.max_usd,
                    label=label,
                )
                if job is None
                else await rushes.wait(job)
            )
        except VideoError as error:
            result = error
        take, failed = (result, None) if isinstance(result, Take) else (None, result)
        draft = Draft(number, request, planned.directions[number - 1], take, failed)
        on_done(draft)
        return draft

    making = [asyncio.ensure_future(make(number)) for number in range(1, len(planned.requests) + 1)]
    try:
        drafts = await asyncio.gather(*making)
    finally:
        for each in making:
            each.cancel()
        await asyncio.gather(*making, return_exceptions=True)
    takes = [draft.take for draft in drafts if draft.take is not None]
    spent = await _spent(rushes, planned.name, planned.route.first.plan)
    saving = _saving(planned.final, len(drafts), spent, takes)
    return Exploration(planned.name, tuple(drafts), planned.route, saving)


async def _there(rushes: Rushes, name: str) -> dict[str, Job]:
    """The jobs of an earlier start that are not over, or came to a clip, by the draft they are for."""
    before = await _before(rushes, name)
    return {order.label or "": job for order, job in before if job.state not in ("failed", "cancelled", "lost")}


async def _before(rushes: Rushes, name: str) -> list[tuple[Order, Job]]:
    """What was ordered under a name before, oldest first. Raises BadInput where that is no exploration."""
    jobs = [*reversed(await rushes.jobs(run=name))]
    if any(job.simulated != rushes.simulate for job in jobs):
        theirs = "real" if rushes.simulate else "simulated"
        raise BadInput(f"the exploration '{name}' is {theirs}, and this would not be", hint="Give another name.")
    found = [(order, job) for job in jobs for order in await rushes.orders_of(job.id)]
    if not all(DRAFT.fullmatch(order.label or "") for order, _ in found):
        raise BadInput(f"the run '{name}' is no exploration", hint="Give another name.")
    return found


async def _as_before(
    rushes: Rushes, request: VideoRequest, whole: Policy, how: Mapping[str, Any], route: Route, job: Job
) -> Route:
    """The route to the endpoint of an earlier draft, whatever has been found out since."""
    if route.standings and route.first.candidate.endpoint.id == job.endpoint:
        return route
    if job.endpoint not in {each.endpoint.id for each in route.question.found}:
        raise BadInput(f"the drafts of '{job.run}' are of {job.endpoint}", hint="Give another name.")
    pinned = {**how, "model": None, "among": (), "endpoint": job.endpoint}
    return await rushes.route(request, policy=_single(whole), **pinned)


def _as_then(name: str, before: Sequence[tuple[Order, Job]], requests: Sequence[VideoRequest]) -> None:
    """Raises BadInput where drafts of an earlier start are of other requests."""
    asked = {int((order.label or "").removeprefix(LABEL)): order.request for order, _ in before}
    for number, then in sorted(asked.items()):
        if number > len(requests):
            continue
        now = request_json(requests[number - 1])
        if others := [field for field in {**then, **now} if now.get(field) != then.get(field)]:
            raise BadInput(
                f"draft {number} of '{name}' was asked for with another {' and another '.join(others)}",
                hint="Give another name, or everything as it was then.",
            )


def _single(policy: Policy) -> Policy:
    """The same with one attempt: drafts of one exploration are all of one endpoint."""
    return policy.model_copy(update={"fallback": policy.fallback.model_copy(update={"attempts": 1})})


async def _drafting(rushes: Rushes, request: VideoRequest, whole: Policy, how: Mapping[str, Any]) -> Route:
    """Where to draft: on what the policy names, else on the drafts of other models, else on the cheapest."""
    drafting = whole.draft or Drafting(choose=whole.choose, final_choose=whole.choose)
    policy = _single(whole).model_copy(update={"choose": drafting.choose})
    if how["model"] or how["endpoint"] or how["among"] or drafting.models or whole.allow:
        return await rushes.route(request, policy=_only(policy, drafting.models or whole.allow), **how)
    drafts = tuple(card.id for card in rushes.config.cards.values() if card.draft_of is not None)
    route = await rushes.route(request, policy=_only(policy, drafts), **how)
    return route if route.standings else await rushes.route(request, policy=policy, **how)


def _only(policy: Policy, names: Sequence[str]) -> Policy:
    return policy.model_copy(update={"allow": tuple(names)})


# --- finalize ---------------------------------------------------------------------------------------------------------


async def plan_final(
    rushes: Rushes,
    take: Take | str,
    *,
    policy: Policy | Path | str | None = None,
    model: str | None = None,
    endpoint: str | None = None,
    fit: Fit = "nearest",
    first_frame: bool = False,
    max_usd: Decimal | float | str | None = None,
    **settings: Any,
) -> Chosen:
    """A take's request on its final model: the policy's, or else the one that the draft's card names.

    Prompt, seed, inputs, length and shape are those of the draft; `settings` change fields of the request. With
    `first_frame` the draft's own first picture is given too, where it started from words alone. Raises BadInput for an
    unknown take.
    """
    if fixed := [field for field in ("prompt", "count") if field in settings]:
        raise BadInput(f"a take is rendered once and by its own prompt: leave {' and '.join(fixed)} out")
    found = await rushes.take(take) if isinstance(take, str) else take
    request, missing = _request_of(found)
    pinned = {name: found.sent[name] for name in ("seconds", "aspect_ratio") if getattr(request, name) is None}
    request = _changed(request, {name: value for name, value in pinned.items() if value is not None} | settings)
    if first_frame:
        if request.image is not None or request.reference_images or request.extend is not None:
            raise BadInput(f"take {found.id} started from a picture or a clip already, so first_frame has no place")
        request = request.model_copy(update={"image": _first_frame(found, rushes.home)})
    if found.simulated != rushes.simulate:
        raise BadInput(
            f"take {found.id} is {'simulated' if found.simulated else 'real'}, and its final clip would not be",
            hint="With --simulate simulated drafts are finalized, without it real ones.",
        )
    how = {"model": model, "endpoint": endpoint, "fit": fit, "max_usd": max_usd}
    route = await _final_route(rushes, rushes.policy(policy or POLICY), request, found.model, how)
    carried, lost = _carried(found, request, route.first.plan, first_frame=first_frame)
    return Chosen(found, route, carried, (*missing, *lost))


async def finalize(rushes: Rushes, chosen: Chosen) -> Final:
    """Makes the clip. Raises a VideoError that says what became of it, as `Rushes.generate` does."""
    [result] = await rushes.follow(chosen.route)
    if isinstance(result, VideoError):
        raise result
    saving = None
    if chosen.take.run is not None and DRAFT.fullmatch(chosen.take.label or ""):
        drafts, paid = await rushes.takes(run=chosen.take.run), None
        # A draft that was made again has several orders.
        labels = {order.label for order in await rushes.orders(chosen.take.run)}
        if chosen.take.cost is not None and result.cost is not None:
            paid = await rushes.spent(run=chosen.take.run) + result.cost
        saving = _saving(chosen.route, len(labels), paid, [*drafts, result])
    return Final(result, chosen, saving)


async def _final_route(
    rushes: Rushes, whole: Policy, request: VideoRequest, drafted: str, how: Mapping[str, Any]
) -> Route:
    drafting = whole.draft or Drafting(choose=whole.choose, final_choose=whole.choose)
    policy = whole.model_copy(update={"choose": drafting.final_choose})
    given = dict(how)
    if given.get("model") is None and given.get("endpoint") is None:
        card = rushes.config.cards.get(drafted)
        given["model"] = drafting.final or (None if card is None else card.draft_of)
    return await rushes.route(request, policy=policy, **({"fit": "nearest"} | given))


def _settled(request: VideoRequest, drafted: Plan) -> VideoRequest:
    """The request with the length and shape that the draft has of its own accord."""
    unset = {name: getattr(drafted.settings, name) for name in ("seconds", "aspect_ratio")}
    return request.model_copy(update={name: value for name, value in unset.items() if getattr(request, name) is None})


def _request_of(take: Take) -> tuple[VideoRequest, tuple[str, ...]]:
    """The request that a take was made for, and what of it the ledger does not keep."""
    asked, missing = dict(take.asked), []
    asked.pop("count", None)
    for field in ("image", "last_image", "audio_track", "extend"):
        given = asked.get(field)
        if isinstance(given, str) and _gone(given):
            del asked[field]
            missing.append(f"{field}: {_why_gone(given)}")
    references = asked.pop("reference_images", [])
    kept = [each for each in references if not _gone(each)]
    missing += [f"reference_images: {_why_gone(each)}" for each in references if each not in kept]
    if "last_image" in asked and "image" not in asked:
        del asked["last_image"]
        missing.append("last_image: it has no place without the first one")
    return _changed(VideoRequest(prompt=asked.pop("prompt")), asked | {"reference_images": kept}), tuple(missing)


def _gone(media: str) -> bool:
    return media.startswith("sha256:") or ("://" not in media and not Path(media).exists())


def _why_gone(media: str) -> str:
    return "given as bytes, which are not kept" if media.startswith("sha256:") else f"{media} is not there any more"


def _changed(request: VideoRequest, settings: Mapping[str, Any], prompt: str | None = None) -> VideoRequest:
    """The request with other values, checked as if it had been given so."""
    given = {name: getattr(request, name) for name in request.model_fields_set if name != "prompt"}
    return as_request(request.prompt if prompt is None else prompt, given | dict(settings))


def _first_frame(take: Take, home: Path) -> Path:
    """A picture of how the take begins. Raises BadFile where it does not open."""
    from rushes.probe import first_frame

    path = home / "frames" / f"{take.id}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(first_frame(take.path))
    return path


def _carried(
    take: Take, request: VideoRequest, held: Plan, *, first_frame: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    carried = ["the prompt, word for word"]
    lost = [str(change) for change in held.changes]
    if take.rewritten_prompt:
        lost.append("the draft's prompt as its vendor rewrote it: this one goes out as it was asked")
    if held.seed is not None:
        carried.append(f"seed {held.seed}, of which another model makes something else")
    if first_frame:
        carried.append("the draft's first picture")
    elif request.image is not None:
        by_address = isinstance(request.image, str) and "://" in request.image
        carried.append("the first frame" + (", by its address without what stood behind a '?'" if by_address else ""))
    if request.last_image is not None:
        carried.append("the last frame")
    if request.reference_images:
        carried.append("the reference images")
    return tuple(carried), tuple(lost)


async def _spent(rushes: Rushes, run: str, held: Plan) -> Decimal | None:
    """US dollars that a run counts for, failed drafts included; None where its endpoint has no price."""
    return None if held.price is None else await rushes.spent(run=run)


def _saving(final: Route, count: int, spent: Decimal | None, made: Sequence[Take]) -> Saving | None:
    """What was spent and made, beside `count` drafts on the final model."""
    if not final.standings:
        return None
    first = final.first
    seconds = [each.seconds_to_file for each in made]
    known = [each for each in seconds if each is not None]
    typical = first.terms.typical_seconds
    return Saving(
        endpoint=first.candidate.endpoint.id,
        usd=None if first.plan.price is None else first.plan.price * count,
        seconds=None if typical is None else typical * count,
        spent=spent,
        took=sum(known) if len(known) == len(seconds) else None,
    )
