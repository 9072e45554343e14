"""What could keep this machine from making clips: keys, endpoints, clock, disk, open jobs. Nothing is sent."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rushes.errors import VideoError

if TYPE_CHECKING:
    from rushes.app import Rushes
    from rushes.ledger import Gone, Job

Level = Literal["ok", "note", "warning", "broken"]
#: An endpoint whose vendor promises less than this much more is worth a warning.
SOON = timedelta(days=180)
#: Seconds that a file's time stamp may differ from the system clock, in either direction.
DRIFT = 2.0
PACKAGES = ("httpx2", "pydantic", "sqlalchemy", "av", "cyclopts")
EXTRAS = {"bench": ("matplotlib", "pandas"), "vertex": ("google-auth",)}


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    area: str
    level: Level
    text: str


async def findings(rushes: Rushes, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """Everything found, by area. `rushes` is not open yet; broken is what would stop every clip."""
    given = os.environ if environ is None else environ
    found = [*_versions(), *_extras(), *_keys(rushes, given), *_endpoints(rushes)]
    home = [*_home(rushes.home)]
    found += home
    if not any(each.level == "broken" for each in home):
        found += _clock(rushes)
        found += await _jobs(rushes)
        found += _worlds(rushes.home)
    return found


def _versions() -> Iterator[Finding]:
    from rushes import __version__

    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield Finding(
        "versions",
        "ok",
        f"rushes {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}",
    )


def _extras() -> Iterator[Finding]:
    for extra, packages in EXTRAS.items():
        missing = [name for name in packages if not _installed(name)]
        if missing:
            yield Finding(
                "extras", "note", f"{extra}: {', '.join(missing)} not installed; `pip install 'rushes[{extra}]'`"
            )
        else:
            yield Finding("extras", "ok", f"{extra}: {', '.join(f'{name} {version(name)}' for name in packages)}")


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _keys(rushes: Rushes, environ: Mapping[str, str]) -> Iterator[Finding]:
    from rushes.providers import PROVIDERS

    served = {endpoint.provider for card in rushes.config.cards.values() for endpoint in card.endpoints}
    usable = False
    for name, provider in rushes.config.providers.items():
        if name not in served or provider.wire not in PROVIDERS:
            continue
        missing = rushes.access(name).missing
        held = next((variable for variable in provider.key_variables if environ.get(variable)), None)
        usable = usable or not missing
        if missing:
            yield Finding("keys", "note", f"{name}: {'; '.join(missing)}")
        elif held is not None:
            yield Finding("keys", "ok", f"{name}: {held} is set")
        elif provider.auth == "google":
            yield Finding(
                "keys",
                "ok",
                f"{name}: {provider.key_variables[0]} is not set; Application Default Credentials are asked",
            )
        else:
            yield Finding("keys", "ok", f"{name}: needs no key")
    if not usable:
        yield Finding("keys", "warning", "no provider can be used: set one of these variables, or use --simulate")


def _endpoints(rushes: Rushes) -> Iterator[Finding]:
    day = rushes.day
    everything = [endpoint for card in rushes.config.cards.values() for endpoint in card.endpoints]
    alive = [endpoint for endpoint in everything if endpoint.alive(day)]
    level: Level = "ok" if alive else "warning"
    yield Finding("endpoints", level, f"{len(alive)} of {len(everything)} are alive on {day}")
    for endpoint in everything:
        life = endpoint.lifecycle
        if life.retired is not None and day >= life.retired:
            after = f"; successor: {life.successor}" if life.successor else ""
            yield Finding("endpoints", "note", f"{endpoint.id}: retired on {life.retired}{after}")
        elif life.retired is not None:
            yield Finding("endpoints", _soon(life.retired, day), f"{endpoint.id}: retires on {life.retired}")
        elif life.earliest_retirement is not None:
            level = _soon(life.earliest_retirement, day)
            yield Finding("endpoints", level, f"{endpoint.id}: may be retired from {life.earliest_retirement} on")


def _soon(end: date, day: date) -> Level:
    return "warning" if end - day <= SOON else "ok"


def _home(home: Path) -> Iterator[Finding]:
    from rushes.jobs.fetch import ROOM

    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home, prefix=".doctor-") as file:
            apart = Path(file.name).stat().st_mtime - time.time()
        free = shutil.disk_usage(home).free
    except OSError as error:
        yield Finding("home", "broken", f"{home}: cannot be written to: {error.strerror or error}; give another --home")
        return
    yield Finding("home", "ok", f"{home} can be written to")
    if free < ROOM:
        yield Finding("disk", "broken", f"{free / 1e6:.0f} MB free; nothing is sent below {ROOM / 1e6:.0f} MB")
    else:
        yield Finding("disk", "ok", f"{free / 1e9:.1f} GB free")
    if abs(apart) > DRIFT:
        yield Finding("clock", "warning", f"files in {home} are stamped {apart:+.0f} s off the system clock")
    else:
        yield Finding("clock", "ok", "file stamps and system clock agree")


def _clock(rushes: Rushes) -> Iterator[Finding]:
    """The cards were read on known days, none of which can lie ahead."""
    read = max(source.read for card in rushes.config.cards.values() for source in card.sources.values())
    today = datetime.now(UTC).date()
    if today < read:
        yield Finding("clock", "warning", f"the system clock says {today}, and the cards were read on {read}: set it")


async def _jobs(rushes: Rushes) -> Iterator[Finding]:
    from rushes.ledger import OPEN, State

    try:
        async with rushes:
            jobs = await rushes.jobs(states=OPEN | {State.UNCLEAR, State.OVERDUE})
            newest = await rushes.jobs(limit=1)
            gone = await rushes.gone()
    except VideoError as error:
        return iter([Finding("jobs", "broken", error.message)])
    return iter([*_told(jobs, newest, rushes.command), *_gone(gone)])


def _told(jobs: list[Job], newest: list[Job], command: Callable[[str], str]) -> Iterator[Finding]:
    from rushes.ledger import PARKED

    parked = [job for job in jobs if job.state in PARKED]
    if len(jobs) > len(parked):
        yield Finding(
            "jobs", "note", f"{len(jobs) - len(parked)} open: `{command('jobs resume --all')}` goes on with them"
        )
    for job in parked:
        todo = "resolve" if job.state == "unclear" else "resume"
        yield Finding("jobs", "warning", f"{job.id} is {job.state}: `{command(f'jobs {todo} {job.id}')}`")
    if not jobs:
        yield Finding("jobs", "ok", "none is open, unclear or overdue")
    if newest and not newest[0].simulated and newest[0].created > datetime.now(UTC) + timedelta(seconds=DRIFT):
        yield Finding(
            "clock", "warning", f"job {newest[0].id} is dated {newest[0].created:%Y-%m-%d %H:%M}, ahead of now"
        )


def _gone(gone: list[Gone]) -> Iterator[Finding]:
    for each in gone:
        yield Finding(
            "endpoints",
            "warning",
            f"{each.endpoint}: answered on {each.at.date()} that it is retired (job {each.job}: {each.reason}); "
            f"no route uses it, --endpoint {each.endpoint} asks it again",
        )


def _worlds(home: Path) -> Iterator[Finding]:
    folder = home / "simulator"
    days = sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
    yield Finding("worlds", "ok", f"simulated: {', '.join(days)}" if days else "none simulated yet")
