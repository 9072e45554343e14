"""Makes the clips of a run: block after block, one job in flight for each provider unless asked otherwise.

A slot is a label in the ledger, so a run that is started again under its name makes only what is missing: a clip that
is there is used, an open job is waited for, a parked one looked up again, a failure stays.
"""

from __future__ import annotations

import asyncio
import platform
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import version

from rushes import __version__
from rushes.amounts import counted, usd
from rushes.app import Rushes
from rushes.benchmarks.folder import Folder, RunInfo
from rushes.benchmarks.result import Result, of_job, of_take
from rushes.benchmarks.schedule import Slot
from rushes.benchmarks.settings import RunSettings
from rushes.benchmarks.suite import Suite
from rushes.clock import Clock
from rushes.errors import BadInput, NotAuthorized, NotSent, OverBudget, Retired, SetupError, Unsupported, VideoError
from rushes.jobs.polling import expected
from rushes.ledger import FINAL, OPEN, PARKED, Job, State
from rushes.plan import Plan
from rushes.take import Take

#: Ends of a job that was not accepted and that say nothing of the model: such a slot is made again.
NEVER_ASKED = ("not sent", "access", "cancelled")


def begin(
    folder: Folder,
    suite: Suite,
    settings: RunSettings,
    *,
    simulated: bool,
    day: date,
    now: datetime,
    command: Sequence[str],
) -> RunInfo:
    """What `run.json` is to say: of a new run, or of the one that stands in `folder`, if it is the same.

    Puts the suite's images into the folder. Raises BadInput for a suite that names no models or no cells, and where the
    folder holds another run.
    """
    if not (suite.endpoints and suite.cells):
        lacking = "models" if suite.cells else "cells"
        raise BadInput(
            f"the suite '{suite.id}' has no {lacking}: nothing can be made of it",
            hint=f"Add {lacking}, or bring clips that are there with `rushes bench import`.",
        )
    there = folder.info()
    if there is None:
        return RunInfo(
            name=folder.name,
            suite=folder.keep_images(suite),
            settings=settings,
            simulated=simulated,
            day=day,
            started=now,
            command=tuple(command),
            versions=versions(),
        )
    before = there.settings
    wanted = {
        "suite": (
            f"{there.suite.id} version {there.suite.version}",
            folder.identity(there.suite) == folder.identity(suite),
        ),
        "seed": (f"seed {before.seed}", settings.seed == before.seed),
        "fit": (f"fit {before.fit}", settings.fit == before.fit),
        "world": ("simulated" if there.simulated else "real", simulated == there.simulated),
        "day": (f"world of {there.day}", not simulated or day == there.day),
        "samples": (counted(before.samples, "sample"), settings.samples >= before.samples),
    }
    other = [said for said, same in wanted.values() if not same]
    if other:
        raise BadInput(
            f"the run '{folder.name}' was begun otherwise: {', '.join(other)}",
            hint="Give another --name, or the same suite and options to go on with it.",
        )
    return there.model_copy(update={"settings": settings, "finished": None, "stopped": None})


def versions() -> dict[str, str]:
    """What made a run: rushes, Python and the packages that read and write its files."""
    return {
        "rushes": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("av", "matplotlib", "numpy", "pandas")},
    }


@dataclass(frozen=True)
class Survey:
    """What a run would do, before anything is sent."""

    slots: Sequence[Slot]
    #: What the ledger has already, by label.
    found: Mapping[str, Job]
    #: Slots that a new job is made for.
    missing: Sequence[Slot]
    #: US dollars that the missing ones cost at most.
    usd: Decimal
    #: US dollars that the run has spent or reserved.
    spent: Decimal
    #: About how long the missing ones take, by the cards' priors; None where a card says nothing.
    seconds: float | None
    #: Endpoints with missing slots that cannot be made, with every reason; their slots are in no other field.
    unusable: Mapping[str, tuple[str, ...]]


async def survey(rushes: Rushes, slots: Sequence[Slot], run: str, settings: RunSettings) -> Survey:
    """Holds every slot against the ledger, the cards and the keys; sends nothing."""
    found = await _found(rushes, run)
    reasons: dict[str, dict[str, None]] = defaultdict(dict)
    plans: list[tuple[Slot, Plan]] = []
    for slot in slots:
        if slot.label in found:
            continue
        [candidate] = rushes.plan(slot.request, endpoint=slot.endpoint, fit=settings.fit, unpriced=settings.unpriced)
        if candidate.plan is None or not candidate.usable:
            reasons[slot.endpoint] |= dict.fromkeys(candidate.reasons)
        else:
            plans.append((slot, candidate.plan))
    plans = [(slot, plan) for slot, plan in plans if slot.endpoint not in reasons]
    return Survey(
        slots=[slot for slot in slots if slot.label in found or slot.endpoint not in reasons],
        found=found,
        missing=[slot for slot, _ in plans],
        usd=sum((plan.price or Decimal(0) for _, plan in plans), Decimal(0)),
        spent=await rushes.spent(run=run),
        seconds=_duration(plans, settings),
        unusable={endpoint: tuple(each) for endpoint, each in reasons.items()},
    )


def _duration(plans: Sequence[tuple[Slot, Plan]], settings: RunSettings) -> float | None:
    """By the cards' priors: no faster than the slowest provider, nor than the blocks that wait for each other."""
    providers: dict[str, float] = defaultdict(float)
    blocks: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for slot, plan in plans:
        wait = expected(plan.endpoint, plan.settings.seconds)
        if wait is None:
            return None
        side_by_side = settings.concurrency.get(slot.provider, 1)
        providers[slot.provider] += wait.median / side_by_side
        if side_by_side == 1:
            blocks[slot.block][slot.provider] += wait.median
    together = sum(max(each.values()) for each in blocks.values())
    paced = settings.block_minutes * 60 * (len({slot.block for slot, _ in plans}) - 1)
    return max([together, paced, *providers.values()])


def check_usable(survey: Survey, *, skip: bool) -> None:
    """Raises Unsupported with every endpoint that cannot be used and every reason, unless `skip`.

    Where none can, `skip` does not help.
    """
    if not survey.unusable or (skip and survey.slots):
        return
    reasons = [f"{endpoint}: {'; '.join(why)}" for endpoint, why in survey.unusable.items()]
    hint = "--simulate needs no key, and runs retired models in a world where they live."
    if survey.slots:
        hint = f"--skip-unusable goes on with the others. {hint}"
    raise Unsupported("the run cannot be made on every endpoint; nothing was sent:", reasons=reasons, hint=hint)


def check_budget(survey: Survey, max_usd: Decimal | None) -> None:
    """Raises OverBudget where the run would cost more than `max_usd`, counting what it has spent."""
    total = survey.spent + survey.usd
    if max_usd is not None and survey.missing and total > max_usd:
        raise OverBudget(
            f"the run may cost {usd(total)} ({usd(survey.spent)} spent or reserved, "
            f"{usd(survey.usd)} for {len(survey.missing)} clips), {usd(total - max_usd)} over the cap of "
            f"{usd(max_usd)}",
            hint="Nothing was sent. Raise --max-usd, or take fewer samples or a smaller suite.",
        )


@dataclass
class Run:
    """A run being made, or made."""

    rushes: Rushes
    survey: Survey
    settings: RunSettings
    folder: Folder
    max_usd: Decimal | None
    #: Called with every result as it comes, and with those of earlier starts first.
    on_result: Callable[[Slot, Result], None] = lambda slot, result: None
    #: Why nothing more is sent, to anybody.
    stopped: VideoError | None = None
    #: Endpoints that turned us away, with the reason.
    closed: dict[str, str] = field(default_factory=dict)

    async def make(self) -> None:
        """Makes what is missing and collects what is there; results are on disk as they come.

        A block is begun once the one before it has ended, so that its models meet the same hour; a provider that may
        have more jobs in flight goes as many blocks ahead. Cancelling it stops sending; jobs on their way are found
        again at the next start.
        """
        self._before = self.folder.results()
        self._pace = _Pace(self.survey, self.settings, self.rushes.clock)
        lanes: dict[str, list[Slot]] = defaultdict(list)
        for slot in self.survey.slots:
            lanes[slot.provider].append(slot)
        async with asyncio.TaskGroup() as group:
            for provider, lane in lanes.items():
                group.create_task(self._lane(lane, self.settings.concurrency.get(provider, 1)))

    async def _lane(self, slots: Sequence[Slot], side_by_side: int) -> None:
        turns = asyncio.Semaphore(side_by_side)
        async with asyncio.TaskGroup() as group:
            for slot in slots:
                await turns.acquire()
                await self._pace.may_begin(slot, side_by_side)
                group.create_task(self._turn(slot, turns))

    async def _turn(self, slot: Slot, turns: asyncio.Semaphore) -> None:
        try:
            result = await self._one(slot)
        except (NotAuthorized, Retired, Unsupported) as error:
            self.closed[slot.endpoint] = error.message
        except VideoError as error:
            self.stopped = self.stopped or error
        else:
            if result is not None:
                if result != self._before.get(slot.label):
                    self.folder.add(result)
                self.on_result(slot, result)
        self._pace.ended(slot)
        turns.release()

    async def _one(self, slot: Slot) -> Result | None:
        job = self.survey.found.get(slot.label)
        if job is not None:
            return await self._collect(slot, job)
        if self.stopped or slot.endpoint in self.closed:
            return None
        [made] = await self.rushes.generate_all(
            slot.request,
            endpoint=slot.endpoint,
            fit=self.settings.fit,
            unpriced=self.settings.unpriced,
            run=self.folder.name,
            run_max_usd=self.max_usd,
            label=slot.label,
        )
        if isinstance(made, NotAuthorized | NotSent | Retired):
            self.closed[slot.endpoint] = made.message
        return await self._result(slot, made)

    async def _collect(self, slot: Slot, job: Job) -> Result | None:
        job = await self.rushes.job(job.id)
        if job.state in PARKED:
            job = await self.rushes.resume(job.id)
        [made] = await self.rushes.wait(job)
        return await self._result(slot, made)

    async def _result(self, slot: Slot, made: Take | VideoError) -> Result | None:
        """None where the vendor took nothing: that says nothing of the model, and the slot is made again."""
        if isinstance(made, Take):
            clip = self.folder.keep(made.path, slot.stem)
            return of_take(slot, made, await self.rushes.job(made.job), clip, self._before.get(slot.label))
        job = (await _labelled(self.rushes, self.folder.name, only=slot.label))[slot.label]
        if job.state in OPEN:
            raise SetupError(
                f"{slot.label}: another process is at work on job {job.id}",
                hint="Start the run again once that has ended.",
            )
        return None if _never_asked(job) else of_job(slot, job)


class _Pace:
    """When a slot's turn has come: the blocks before it have ended, and it is late enough."""

    def __init__(self, survey: Survey, settings: RunSettings, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.monotonic()
        self._gap = settings.block_minutes * 60
        self._left = Counter(slot.block for slot in survey.slots)
        self._blocks = sorted(self._left)
        #: Only blocks with something to send are spread over the day.
        self._places = {block: place for place, block in enumerate(sorted({slot.block for slot in survey.missing}))}
        #: When a block began, by its place.
        self._begun: dict[int, float] = {}
        self._moved = asyncio.Event()

    async def may_begin(self, slot: Slot, ahead: int) -> None:
        """Waits until at most `ahead` blocks are under way, this one counted."""
        while slot.block not in self._blocks[:ahead]:
            await self._moved.wait()
        place = self._places.get(slot.block)
        if place is None:
            return
        while (late := self._due(place) - self._clock.monotonic()) > 0:
            await self._clock.sleep(late)
        self._begun.setdefault(place, self._clock.monotonic())

    def _due(self, place: int) -> float:
        """The earliest moment of a block: so long after the one before it began, or might have begun."""
        if not place:
            return self._start
        before = self._begun.get(place - 1)
        return (self._due(place - 1) if before is None else before) + self._gap

    def ended(self, slot: Slot) -> None:
        self._left[slot.block] -= 1
        if not self._left[slot.block]:
            self._blocks.remove(slot.block)
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()


async def _found(rushes: Rushes, run: str) -> dict[str, Job]:
    """The jobs of a run that need no other one made, by label."""
    found = await _labelled(rushes, run)
    return {label: job for label, job in found.items() if not _never_asked(job)}


def _never_asked(job: Job) -> bool:
    return job.state in FINAL and job.accepted is None and job.kind in NEVER_ASKED


async def _labelled(rushes: Rushes, run: str, *, only: str | None = None) -> dict[str, Job]:
    """The job that counts for each label of a run: the one with a clip, else the newest."""
    found: dict[str, Job] = {}
    for job in await rushes.jobs(run=run):
        for order in await rushes.orders_of(job.id):
            # A simulated run and a real one may bear the same name; one is nothing to the other.
            if order.label is None or order.simulated != rushes.simulate or only not in (None, order.label):
                continue
            if order.label not in found or job.state is State.SUCCEEDED:
                found[order.label] = job
                if only is not None:
                    return found
    return found
