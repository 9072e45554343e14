"""What was measured of one clip: a line of a run's `measures.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

#: not_measurable: the clip has nothing there to measure. degenerate: the number is there and does not mean what it
#: usually does, such as the motion of a clip that stands still.
Status = Literal["ok", "not_measurable", "degenerate"]


class Value(BaseModel):
    """One metric of one clip; `value` is None where it could not be measured, and `why` says why."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    value: float | None
    status: Status
    #: None only where the status is ok.
    why: str | None = None

    @model_validator(mode="after")
    def _status_fits(self) -> Self:
        if (self.value is None) != (self.status == "not_measurable"):
            raise ValueError(f"a value that is {self.value} cannot be {self.status}")
        if (self.why is None) != (self.status == "ok"):
            raise ValueError(f"a value that is {self.status} {'needs a' if self.why is None else 'has no'} why")
        return self

    @classmethod
    def ok(cls, value: float) -> Self:
        return cls(value=value, status="ok")

    @classmethod
    def missing(cls, why: str) -> Self:
        return cls(value=None, status="not_measurable", why=why)

    @classmethod
    def degenerate(cls, value: float, why: str) -> Self:
        return cls(value=value, status="degenerate", why=why)


class Measured(BaseModel):
    """Everything measured of one clip. Two of them compare only where `impl` is the same for the metric in question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    label: str
    sha256: str
    #: Metric to the version of how it is measured.
    impl: Mapping[str, int]
    #: What it was measured with: av, numpy and FFmpeg's libraries.
    versions: Mapping[str, str]
    #: By the names of rushes.benchmarks.metrics.METRICS; empty where the file cannot be read.
    values: Mapping[str, Value]
    #: Why the file cannot be read, in words.
    error: str | None = None

    def number(self, metric: str) -> float | None:
        """The metric's number, also a degenerate one; None where there is none."""
        found = self.values.get(metric)
        return None if found is None else found.value

    def why(self, metric: str) -> str:
        """Why the metric has no plain number; empty where it has one."""
        if self.error is not None:
            return self.error
        found = self.values.get(metric)
        return "it was not measured" if found is None else found.why or ""
