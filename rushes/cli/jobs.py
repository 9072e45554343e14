"""`rushes jobs`: what became of every submission, and what a person can do about those that stand still."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App

from rushes.amounts import usd
from rushes.cli.ending import error_json, report
from rushes.cli.options import FLAG, MANY, Common, Spending
from rushes.cli.results import asked, chosen_by, tell
from rushes.cli.show import clean, columns, console, grid, moment, say, settings, write_json
from rushes.cli.work import look, work
from rushes.errors import BadInput, VideoError

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.ledger import Job, Order
    from rushes.take import Take

jobs = App(
    name="jobs",
    help="Show jobs, go on with them, stop them, decide those that are unclear.",
)


@jobs.default
@jobs.command(name="list")
def list_(
    *,
    state: Annotated[tuple[str, ...], MANY] = (),
    limit: int | None = None,
    common: Common = Common(),
) -> int:
    """Show jobs, newest first.

    Parameters
    ----------
    state
        Only jobs in this state, such as running or unclear; may be repeated.
    limit
        Show so many at most.
    """
    from rich.padding import Padding

    from rushes.app.calls import completed

    states = _states(state)
    found = look(common, lambda rushes: rushes.jobs(states=states, limit=limit))
    if common.json:
        write_json([_json(job) for job in found])
        return 0
    screen = console()
    if not found:
        screen.print("There are no such jobs.")
        return 0
    rows = [[job.id, job.state, job.endpoint, moment(job.created), usd(_counted(job))] for job in found]
    head, *lines = columns([["Job", "State", "Endpoint", "Made (UTC)", "Counts"], *rows])
    screen.print(head, style="bold")
    for job, line in zip(found, lines, strict=True):
        screen.print(line)
        # A reason is a sentence: below its row, over the whole width.
        if said := "; ".join([*(["simulated"] if job.simulated else []), *([job.reason] if job.reason else [])]):
            screen.print(Padding(clean(completed(said, common.again())), (0, 0, 0, 2)), style="dim")
    return 0


@jobs.command
def show(id: str, /, *, common: Common = Common()) -> int:
    """Show everything known of one job.

    Parameters
    ----------
    id
        The job.
    """

    async def read(rushes: Rushes) -> tuple[Job, list[Order], list[Take]]:
        return await rushes.job(id), await rushes.orders_of(id), await rushes.takes(job=id)

    from rushes.app.calls import completed

    job, orders, takes = look(common, read)
    if common.json:
        write_json(_json(job) | {"orders": [asdict(each) for each in orders], "takes": [take.json() for take in takes]})
        return 0
    screen = console()
    screen.print(f"Job {job.id}  {job.state}{'  (simulated)' if job.simulated else ''}", style="bold")
    lines = grid("dim", None)
    for word, text in _lines(job, orders):
        told = completed(text, common.again()) if word == "because" else text
        lines.add_row(f"  {word}", clean(told))
    screen.print(lines)
    for take in takes:
        # On one line, however long: it is there to be copied.
        screen.print(f"  clip         {take.path}", soft_wrap=True)
    return 0


@jobs.command
def resume(
    *ids: str,
    all: Annotated[bool, FLAG] = False,
    common: Common = Common(),
) -> int:
    """Go on with jobs that stand still or whose process has ended, until each has its clip or cannot have one.

    Parameters
    ----------
    ids
        The jobs.
    all
        Every open, overdue or unclear job that no other process drives.
    """
    from rushes.ledger import State

    if bool(ids) == all:
        raise BadInput("name the jobs to go on with, or give --all")

    async def go_on(rushes: Rushes) -> list[Take | VideoError]:
        if all:
            parked = [job.id for job in await rushes.jobs(states=[State.OVERDUE])]
            found = await rushes.mine()
        else:
            parked, found = [*ids], []
        for id in parked:
            try:
                found.append(await rushes.resume(id))
            except BadInput:
                if not all:
                    raise
        return [result for job in found for result in await rushes.wait(job)]

    results = work(common, go_on, resume=all)
    if not results and not common.json:
        say("There was nothing to go on with.")
    return tell(results, None, as_json=common.json, one=False)


@jobs.command
def cancel(*ids: str, common: Common = Common()) -> int:
    """Stop jobs: what was not sent is given up at no cost, of anything else the vendor is asked to stop it.

    Waits until the vendor says what became of each, where no other process does: a job may have finished meanwhile, and
    then its clip is fetched. A cancelled job costs what the vendor's rule for clips that fail says; where that is not
    known, all of it counts.

    Parameters
    ----------
    ids
        The jobs.
    """
    from rushes.ledger import State

    if not ids:
        raise BadInput("name the jobs to cancel", hint="`rushes jobs list` shows them.")

    async def stop(rushes: Rushes) -> list[tuple[Job | VideoError, list[Take | VideoError]]]:
        stopped: list[Job | VideoError] = []
        for id in dict.fromkeys(ids):
            try:
                job = await rushes.job(id)
                if job.state in {State.RUNNING, State.OVERDUE}:
                    counts = f"counts for {usd(_counted(job))}; stopping it may not change that"
                    say(f"Job {id} at {job.endpoint} is {job.state} and {counts}.")
                stopped.append(await rushes.cancel(id))
            except VideoError as error:
                stopped.append(error)
        return [
            (each, []) if isinstance(each, VideoError) else (await rushes.job(each.id), results)
            for each, results in zip(stopped, [await _end_of(rushes, each) for each in stopped], strict=True)
        ]

    found = work(common, stop, resume=False)
    if common.json:
        told = zip(dict.fromkeys(ids), found, strict=True)
        write_json([_stopped_json(id, job, results) for id, (job, results) in told])
    codes = [_tell_stopped(job, results, quiet=common.json) for job, results in found]
    return next((code for code in codes if code), 0)


async def _end_of(rushes: Rushes, job: Job | VideoError) -> list[Take | VideoError]:
    return [] if isinstance(job, VideoError) else await rushes.wait(job)


def _stopped_json(id: str, job: Job | VideoError, results: list[Take | VideoError]) -> dict[str, Any]:
    if isinstance(job, VideoError):
        return {"id": id, "error": error_json(job)}
    return _json(job) | {"takes": [take.json() for take in results if not isinstance(take, VideoError)]}


def _tell_stopped(job: Job | VideoError, results: list[Take | VideoError], *, quiet: bool) -> int:
    """What became of a job that was to be cancelled; 0 where nothing is left of it to wait for."""
    from rushes.jobs.cancelling import asked
    from rushes.ledger import OPEN, State

    if isinstance(job, VideoError):
        return report(job, as_json=False)
    cost = usd(_counted(job))
    if job.state is State.CANCELLED:
        how = "" if job.settled_how is None else f" ({job.settled_how})"
        say(f"Job {job.id} is cancelled and counts for {cost}{how}.")
        return 0
    if job.state in OPEN:
        how = "The vendor was asked to stop" if asked(job) else "It was too late: the vendor has finished"
        say(f"{how} job {job.id}. The process that drives it sees it to its end; until then it counts for {cost}.")
        return 0
    if job.state is State.SUCCEEDED:
        say(f"Job {job.id} had finished at the vendor already.")
    return 0 if quiet and job.state is State.SUCCEEDED else tell(results, None, as_json=False, one=False)


@jobs.command
def resolve(
    id: str,
    /,
    *,
    adopt: str | None = None,
    resubmit: Annotated[bool, FLAG] = False,
    write_off: Annotated[bool, FLAG] = False,
    spending: Spending = Spending(),
    common: Common = Common(),
) -> int:
    """Decide a job that is unclear or overdue: nobody but a person can know what the vendor did with it.

    Parameters
    ----------
    id
        The job.
    adopt
        The vendor's own id of the job that it became: go on with that one.
    resubmit
        Send the very same bytes once more, as a new job; both count as spent.
    write_off
        Give it up; what it may have cost stays counted.
    """
    from rushes.ledger import PARKED

    if (adopt is not None) + resubmit + write_off != 1:
        raise BadInput("give one of --adopt VENDOR_ID, --resubmit and --write-off")
    cap = spending.cap()
    job = look(common, lambda rushes: rushes.job(id))
    if job.state not in PARKED:
        raise BadInput(f"job {id} is {job.state}; only unclear and overdue ones need a decision")
    cost = usd(_counted(job))
    say(f"Job {id} ({job.endpoint}) is {job.state}: {job.reason or 'nobody knows why'}. It may have cost {cost}.")
    if adopt is not None:
        question = f"Take the vendor's job {adopt} for it?"
    elif resubmit:
        question = f"Send it again, for up to {cost} more?"
    else:
        question = f"Give it up? {cost} stay counted as spent."
    if not spending.confirm(question, free=common.simulate):
        say("Nothing was changed.")
        return 1

    async def decide(rushes: Rushes) -> tuple[Job, list[Take | VideoError]]:
        if write_off:
            return await rushes.write_off(id), []
        if adopt is not None:
            from rushes.providers.base import Ticket

            chosen = await rushes.adopt(id, Ticket(adopt))
        else:
            chosen = await rushes.resubmit(id, max_usd=cap)
        return chosen, await rushes.wait(chosen)

    decided, results = work(common, decide, resume=False)
    if not write_off:
        return tell(results, None, as_json=common.json, one=True)
    if common.json:
        write_json(_json(decided))
    else:
        console().print(f"Job {id} is given up; {cost} stay counted as spent.")
    return 0


def _states(names: tuple[str, ...]) -> list[Any] | None:
    from rushes.ledger import State

    if wrong := [name for name in names if name not in [*State]]:
        raise BadInput(f"there is no state '{wrong[0]}'", hint=f"There are {', '.join(State)}.")
    return [State(name) for name in names] or None


def _counted(job: Job) -> Any:
    from rushes.jobs.money import counted

    return counted(job)


def _dollars(micro: int) -> Any:
    from rushes.jobs.money import dollars

    return dollars(micro)


def _json(job: Job) -> dict[str, Any]:
    """A job for other programs, in US dollars instead of micro-dollars."""
    money = {
        name: None if (amount := getattr(job, name)) is None else _dollars(amount)
        for name in ("price", "reserved", "settled", "spent")
    }
    return asdict(job) | money


def _lines(job: Job, orders: list[Order]) -> list[tuple[str, str]]:
    from rushes.jobs.cancelling import taken

    lines = [("endpoint", f"{job.endpoint} at {job.base_url}")]
    if job.credential is not None:
        lines.append(("key", job.credential))
    if job.reason:
        lines.append(("because", job.reason if job.kind is None else f"{job.reason} ({job.kind})"))
    for order in orders:
        lines += [("prompt", order.request["prompt"]), ("asked", asked(order.request))]
        if order.route is not None:
            lines.append(("chosen", chosen_by(order.route)))
    lines.append(("sent", settings(job.settings)))
    lines += [("note", note) for note in job.notes]
    lines += [("changed", f"{each['field']}: asked {each['asked']}, sent {each['sent']}") for each in job.changes]
    if job.ticket is not None:
        lines.append(("vendor's id", str(job.ticket["id"])))
    if (moment_taken := taken(job)) is not None:
        lines.append(("cancel", f"taken by the vendor on {moment_taken:%Y-%m-%d %H:%M:%S} UTC"))
    for word in ("created", "sending", "accepted", "deadline", "ended"):
        at = getattr(job, word)
        if at is not None:
            lines.append((word, f"{at:%Y-%m-%d %H:%M:%S} UTC"))
    how = f"{job.settled_how}" if job.settled is not None else "reserved"
    lines.append(("counts for", f"{usd(_counted(job))} ({how})"))
    lines.append(("tries", str(job.attempts)))
    return lines
