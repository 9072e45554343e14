"""The ledger's tables: what was ordered, every paid submission and its life, the takes that came of it, and evidence.

Money is whole micro-dollars. Times are whole microseconds since 1970 (UTC), so that every database keeps them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from json import dumps, loads
from typing import Any
from zlib import compress, decompress

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Time(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Packed(TypeDecorator[Any]):
    """JSON, compressed: of a route's tens of thousands of characters a tenth is left."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        return None if value is None else compress(dumps(value).encode())

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        return None if value is None else loads(decompress(value))


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Processes that drive jobs. One whose lock file is free, or whose heartbeat is old, is dead: others take its jobs
#: over.
runners = Table(
    "runners",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("heartbeat", Time, nullable=False),
)

#: One clip asked for, until it is there or given up.
orders = Table(
    "orders",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("created", Time, nullable=False),
    #: The caller's own name for it, such as a benchmark's cell; unique within a run.
    Column("label", String(200)),
    Column("run", String(200)),
    Column("simulated", Boolean, nullable=False),
    #: The request as asked; media by name or hash, never their bytes.
    Column("request", JSON, nullable=False),
    #: How its first endpoint was chosen, with every other one and the numbers; None where nothing was to be chosen.
    Column("route", Packed),
    Index(None, "run", "label"),
)

#: One paid submission for one or more orders, and its life.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("endpoint", String(200), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("run", String(200)),
    Column("state", String(20), nullable=False),
    #: Why it ended or stands still: a failure's kind, and what was said.
    Column("kind", String(20)),
    Column("reason", Text),
    # who drives it
    Column("runner", String(40), ForeignKey("runners.id")),
    Column("fence", Integer, nullable=False),
    # what was sent, where, and with which of the provider's keys: its name, None for the one without a name
    Column("base_url", Text, nullable=False),
    Column("credential", String(40)),
    Column("samples", Integer, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("fingerprint", JSON, nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("ticket", JSON),
    Column("attempts", Integer, nullable=False),
    # money
    #: The day (UTC) that it counts for in a cap a day.
    Column("day", String(10), nullable=False),
    #: The day by which its price and the endpoint's lifecycle were judged.
    Column("as_of", String(10), nullable=False),
    #: For one clip; None where the endpoint has no price.
    Column("price", BigInteger),
    Column("price_source", Text),
    Column("reserved", BigInteger, nullable=False),
    Column("settled", BigInteger),
    Column("settled_how", String(20)),
    # its life
    Column("created", Time, nullable=False),
    Column("sending", Time),
    Column("accepted", Time),
    Column("deadline", Time),
    Column("ended", Time),
    #: How much faster than ours the clock of a simulated world ran; durations are in its seconds.
    Column("time_scale", Float, nullable=False, server_default="1"),
    Index(None, "state"),
    Index(None, "day"),
    Index(None, "run"),
)

job_orders = Table(
    "job_orders",
    metadata,
    Column("job", String(40), ForeignKey("jobs.id"), primary_key=True),
    Column("sample", Integer, primary_key=True),
    Column("order", String(40), ForeignKey("orders.id"), nullable=False, index=True),
)

#: The exact bytes of each submission, until its outcome is known.
submissions = Table(
    "submissions",
    metadata,
    Column("job", String(40), ForeignKey("jobs.id"), primary_key=True),
    Column("path", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

#: One finished clip.
takes = Table(
    "takes",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("order", String(40), ForeignKey("orders.id"), nullable=False, index=True),
    Column("job", String(40), ForeignKey("jobs.id"), nullable=False, index=True),
    Column("sample", Integer, nullable=False),
    Column("created", Time, nullable=False),
    #: Relative to the home folder.
    Column("path", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("delivered", JSON, nullable=False),
    Column("timing", JSON, nullable=False),
    #: Micro-dollars; None where the endpoint has no price.
    Column("cost", BigInteger),
    Column("cost_how", String(20), nullable=False),
    Column("rewritten_prompt", Text),
)

#: What was found out about endpoints; only added to. Of several rows of one run on the same thing the newest counts,
#: unless it says that the run has taken back what it said; of the rows of one live job those that were added last.
evidence = Table(
    "evidence",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("recorded", Time, nullable=False),
    Column("observed", Time, nullable=False),
    Column("endpoint", String(200), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("length", String(20), nullable=False),
    Column("resolution", String(20)),
    Column("audio", Boolean),
    Column("metric", String(40), nullable=False),
    Column("mean", Float, nullable=False),
    Column("sd", Float),
    Column("n", Integer, nullable=False),
    Column("source", String(20), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("run", String(200)),
    #: Whose life it tells, of live rows.
    Column("job", String(40)),
    Column("detail", JSON, nullable=False),
    #: When the run no longer said so; the other columns repeat what it had said.
    Column("withdrawn", Time),
    #: When the run was started: with its name it says which run it is.
    Column("started", Time),
    Index(None, "simulated", "endpoint"),
    Index(None, "job", "recorded"),
)

#: What was paid for other things than clips, such as a judge's answers; counts in every cap.
expenses = Table(
    "expenses",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("at", Time, nullable=False),
    Column("what", String(200), nullable=False),
    Column("run", String(200)),
    #: The day (UTC) that it counts for in a cap a day.
    Column("day", String(10), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    #: None while nobody knows what it cost; then it counts for what is reserved.
    Column("settled", BigInteger),
    Index(None, "run"),
    Index(None, "day"),
)
