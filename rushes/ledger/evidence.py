"""The table of evidence: one row for what a run found out, and one for each live job, put together by the day.

A run whose clips or votes are others by now, or fewer, may no longer say what it said: that is a row too. A run is its
name and when it was started: another one of that name, and one in another world, leaves its rows alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    exists,
    func,
    insert,
    select,
    type_coerce,
)
from sqlalchemy import values as inline

from rushes.evidence import Evidence, EvidenceCell
from rushes.ledger.ids import new_id
from rushes.ledger.tables import EPOCH, evidence

#: What a row is about.
_KIND = ("endpoint", "mode", "length", "resolution", "audio", "metric")


def read(connection: Connection, *, simulated: bool) -> list[Evidence]:
    """What counts of the evidence, oldest first: of several rows of one run on the same thing the newest."""
    said = [row for row, _ in _said(connection, simulated=simulated) if row.withdrawn is None]
    return [*_live(connection, said, simulated=simulated), *said]


def withdrawn(connection: Connection, *, simulated: bool) -> list[Evidence]:
    """What runs said last of a thing before they no longer said it, oldest first."""
    return [row for row, _ in _said(connection, simulated=simulated) if row.withdrawn is not None]


def of_run(connection: Connection, run: str, started: datetime, *, simulated: bool) -> list[Evidence]:
    """What counts of what this very run said, oldest first.

    Rows of before runs were told apart are of the run of their name that had been started when they were recorded.
    """
    return [
        row
        for row, recorded in _said(connection, simulated=simulated)
        if row.run == run and row.withdrawn is None and _is_of(started, row, recorded)
    ]


#: A row, and when it was recorded.
Word = tuple[Evidence, datetime]


def _said(connection: Connection, *, simulated: bool) -> list[Word]:
    """The newest word of each run on each thing."""
    query = select(evidence).where((evidence.c.simulated == simulated) & (evidence.c.source != "live"))
    counts: dict[tuple[Any, ...], Word] = {}
    for found in connection.execute(query.order_by(evidence.c.recorded, evidence.c.id)).mappings():
        given = {each.name: found[each.name] for each in fields(Evidence) if each.name != "cell"}
        row = Evidence(cell=_cell(found), **given)
        if (older := _older(counts, row)) is not None:
            del counts[_same_thing(older)]
        counts[_same_thing(row)] = row, found["recorded"]
    return [*counts.values()]


def _is_of(started: datetime, row: Evidence, recorded: datetime) -> bool:
    return row.started == started or (row.started is None and recorded >= started)


def _older(counts: Mapping[tuple[Any, ...], Word], row: Evidence) -> Evidence | None:
    """What the run of a row said of the same before runs were told apart; None where that was not this run."""
    older = counts.get(_same_thing(replace(row, started=None)))
    return older[0] if older and row.started and _is_of(row.started, *older) else None


def _live(connection: Connection, said: Sequence[Evidence], *, simulated: bool) -> list[Evidence]:
    """The newest word on each job, put together by the day; how long was waited in vain stands with it.

    A run that was measured, and of which that still holds, speaks for its own jobs, and better.
    """
    live = (evidence.c.simulated == simulated) & (evidence.c.source == "live")
    speaks: dict[str, datetime] = {}
    for row in said:
        if row.source == "measured" and row.run is not None:
            # Of several runs of one name the first; unknown is as early as can be.
            speaks[row.run] = min(row.started or EPOCH, speaks.get(row.run, row.started or EPOCH))
    if speaks:
        measured = inline(evidence.c.run, evidence.c.recorded, name="measured").data([*speaks.items()]).cte("measured")
        spoken_for = (measured.c.run == evidence.c.run) & (measured.c.recorded <= evidence.c.recorded)
        live &= ~exists().where(spoken_for)
    later = evidence.alias("later")
    live &= ~exists().where((later.c.job == evidence.c.job) & (later.c.recorded > evidence.c.recorded))
    kind = [evidence.c[name] for name in _KIND]
    day = (type_coerce(evidence.c.observed, BigInteger) // (86_400 * 1_000_000)).label("day")
    query = (
        select(
            *kind,
            day,
            func.count().label("n"),
            func.avg(evidence.c.mean).label("mean"),
            func.avg(evidence.c.mean * evidence.c.mean).label("square"),
            func.max(evidence.c.observed).label("observed"),
        )
        .where(live)
        .group_by(*kind, day)
        .order_by(func.max(evidence.c.observed), *kind)
    )
    waited = _waited(connection, select(*kind, day).where(live))
    found = []
    for values in connection.execute(query).mappings():
        n, mean = int(values["n"]), float(values["mean"])
        variance = max(float(values["square"]) - mean**2, 0.0)
        longer_than = waited.get(_group(values))
        found.append(
            Evidence(
                endpoint=values["endpoint"],
                cell=_cell(values),
                metric=values["metric"],
                mean=mean,
                sd=(variance * n / (n - 1)) ** 0.5 if n > 1 else None,
                n=n,
                source="live",
                simulated=simulated,
                observed=values["observed"],
                run=None,
                detail={} if longer_than is None else {"longer_than": sorted(longer_than)},
            )
        )
    return found


def _waited(connection: Connection, newest: Select[Any]) -> dict[tuple[Any, ...], list[float]]:
    """Seconds that were waited in vain for jobs of which nobody saw later how long they took, by kind and day.

    `newest`: kind and day of the newest word on each job.
    """
    vain, told = evidence.alias("vain"), evidence.alias("told")
    seen_later = (
        exists()
        .where((told.c.job == vain.c.job) & (told.c.recorded > vain.c.recorded))
        .where((told.c.metric == "log_seconds") | _says_longer(told))
    )
    query = (
        newest.add_columns(vain.c.id, vain.c.detail)
        .join(vain, (vain.c.job == evidence.c.job) & (vain.c.metric == evidence.c.metric))
        .where((evidence.c.metric == "usable") & _says_longer(vain) & ~seen_later)
    )
    # A job of several clips has several rows.
    found = {values["id"]: values for values in connection.execute(query).mappings()}
    waited: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for values in found.values():
        waited[_group(values)].extend(values["detail"]["longer_than"])
    return waited


def _says_longer(row: FromClause) -> ColumnElement[bool]:
    says: ColumnElement[bool] = row.c.detail["longer_than"].as_string().is_not(None)
    return says


def _group(values: Mapping[Any, Any]) -> tuple[Any, ...]:
    """What live rows are put together by."""
    return tuple(values[name] for name in (*_KIND, "day"))


def _cell(values: Mapping[Any, Any]) -> EvidenceCell:
    return EvidenceCell(**{each.name: values[each.name] for each in fields(EvidenceCell)})


def _same_thing(row: Evidence) -> tuple[Any, ...]:
    return row.simulated, row.run, row.started, row.endpoint, row.cell, row.metric, row.source


def record(connection: Connection, found: Sequence[Evidence], now: datetime) -> int:
    """Adds what is new; returns how much that was."""
    there = {_same_thing(word[0]): word for each in (True, False) for word in _said(connection, simulated=each)}

    def is_known(row: Evidence) -> bool:
        before = there[_same_thing(row)][0] if _same_thing(row) in there else _older(there, row)
        return before is not None and replace(before, started=row.started) == row

    new = [row for row in found if not is_known(row)]
    add(connection, new, now)
    return len(new)


def speak(
    connection: Connection,
    run: str,
    found: Sequence[Evidence],
    now: datetime,
    *,
    started: datetime,
    worlds: Collection[bool],
) -> tuple[int, int]:
    """Adds what is new of everything that a run says by now, and that it no longer says the rest; returns how much.

    worlds: whether simulated, of all that the run speaks for; what it said of others stays.
    """
    found = [replace(row, started=started) for row in found]
    new = record(connection, found, now)
    says = {_same_thing(row) for row in found}
    said = [row for each in worlds for row in of_run(connection, run, started, simulated=each)]
    gone = [replace(row, withdrawn=now) for row in said if _same_thing(replace(row, started=started)) not in says]
    add(connection, gone, now)
    return new, len(gone)


def add(connection: Connection, rows: Sequence[Evidence], now: datetime) -> None:
    """Adds all of it."""
    if rows:
        connection.execute(
            insert(evidence), [{"id": new_id("evidence"), "recorded": now} | _columns(row) for row in rows]
        )


def _columns(row: Evidence) -> dict[str, Any]:
    values = {each.name: getattr(row, each.name) for each in fields(Evidence) if each.name != "cell"}
    detail = dict(row.detail)
    job = detail.pop("job", None) if row.source == "live" else None
    return asdict(row.cell) | values | {"job": job, "detail": detail}
